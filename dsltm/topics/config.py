"""What can be chosen about the topics that are shown, and about those of an edited model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsltm.errors import UsageError
from dsltm.option import option
from dsltm.topics.formula import parse_formula

Sort = Literal["id", "size", "coherence"]
Every = Literal["day", "week", "month", "quarter", "year"]
"""The periods that dates are counted by."""
QueryReader = Literal["words", "teacher"]
"""Who reads a query."""

# The headings of the options in help and manual.
WORDS, DOCUMENTS, FIELD, QUERY = "Words", "Documents", "Over a field", "By query"
EDITING = "Editing; -o is then the new model"
# So many words are shown of a topic, unless another number is asked for; chosen, not measured.
_WORDS = 10


@dataclass(frozen=True, slots=True)
class WordChoice:
    """How the words of a topic are chosen.

    Attributes:
        words: how many; None is 10, of which a terminal shows those that fit in a line.
        relevance: λ in [0, 1] of Sievert and Shirley; 1 is plain probability; None is `ranking.telling`.
        diversify: in [0, 1], how much a word loses for its likeness to words already chosen; 0: nothing.

    Raises:
        UsageError: `relevance` or `diversify` outside its range.
    """

    words: int | None = option(
        None,
        "How many words of each topic.",
        metavar="N",
        min=1,
        shown="10, on a terminal those of them that fit in a line",
        heading=WORDS,
    )
    relevance: float | None = option(
        None,
        "Order words by relevance: 1 is plain probability, less prefers words that other topics lack "
        "(Sievert and Shirley: 0.6).",
        metavar="λ",
        shown="by use and lift",
        heading=WORDS,
    )
    diversify: float = option(
        0.0,
        "Above 0, to 1, pass over words like those already chosen; needs LABELS.",
        metavar="D",
        heading=WORDS,
    )

    def __post_init__(self) -> None:
        for name in ("relevance", "diversify"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise UsageError(f"--{name} lies between 0 and 1, not {value}")

    @property
    def count(self) -> int:
        """How many words of each topic there are."""
        return _WORDS if self.words is None else self.words


@dataclass(frozen=True)
class ViewOptions:
    """What is shown of the topics, beside their words or in place of them.

    Attributes:
        sort: None is "size" on a terminal where documents are given, else "id".
        levels: numbers of groups, coarse ones first, that the tree of topics is cut into.
        by: a field of the corpus; `every` is the period that counts, where the field is a date.
        effects: a sum of fields that shares are explained by.
        query: a text whose topics, and documents, are wanted; `reader` reads it, None: its words.

    Raises:
        UsageError: `every` without `by`, `reader` without `query`, or an order or kind of documents that a
            view has not.
    """

    sort: Sort | None = option(
        None, "Order of the topics.", shown="on a terminal size if there is one, else id"
    )
    coherence: bool = option(False, "Score the words by NPMI over the documents of LABELS.")
    tree: bool = option(False, "Show which topics are alike.")
    levels: str | None = option(
        None, "The topics in so many groups, level by level: 5,15.", metavar="N,N,..."
    )
    examples: int = option(0, "Show the N most typical documents.", metavar="N", min=0, heading=DOCUMENTS)
    borderline: int = option(0, "Show N that nearly went elsewhere.", metavar="N", min=0, heading=DOCUMENTS)
    by: str | None = option(
        None, "Shares of the topics by a field of the corpus.", metavar="FIELD", heading=FIELD
    )
    every: Every | None = option(None, "The field is a date; count by this period.", heading=FIELD)
    effects: str | None = option(
        None,
        'How shares depend on fields of the corpus, with standard errors: "rating + country".',
        metavar="FIELDS",
        heading=FIELD,
    )
    query: str | None = option(
        None,
        "The topics that a text is about; with LABELS, the documents that answer it, as many as --examples.",
        metavar="TEXT",
        heading=QUERY,
    )
    reader: QueryReader | None = option(
        None,
        "Who reads the query: the model's reader of words, or its teacher.",
        shown="words",
        heading=QUERY,
    )

    def __post_init__(self) -> None:
        if self.every is not None and self.by is None:
            raise UsageError("--every needs --by FIELD")
        if self.reader is not None and self.query is None:
            raise UsageError("--reader needs --query TEXT")
        if self.borderline and (self.levels or self.query is not None):
            raise UsageError("--borderline is of topics, not of --levels or --query", hint="--examples N")
        if self.query is not None and (self.sort or self.coherence):
            raise UsageError("--query has its own order, and no --sort or --coherence")

    @property
    def scored(self) -> bool:
        """Whether coherence is measured, to be shown or to sort by."""
        return self.coherence or self.sort == "coherence"

    @property
    def documents(self) -> bool:
        """Whether documents of each topic are shown."""
        return bool(self.examples or self.borderline)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the corpus that are looked at."""
        if self.effects is not None:
            return tuple(term.field for term in parse_formula(self.effects))
        return () if self.by is None else (self.by,)


@dataclass(frozen=True)
class EditOptions:
    """How a model is edited: topics merged, dropped and named.

    Attributes:
        names: a file of names.
        label: name the topics without a name by the model's teacher.
        labeler: name them by the chat model at this address instead; `labeler_model` is its name there.
        merge, drop: lists of topics, such as "3,17".

    Raises:
        UsageError: one of `labeler` and `labeler_model` without the other.
    """

    names: str | None = option(
        None, 'Take names from lines {"topic", "label"}.', metavar="FILE", heading=EDITING
    )
    label: bool = option(
        False,
        "Name the topics that have no name, by the judgement of the model's own teacher.",
        heading=EDITING,
    )
    labeler: str | None = option(
        None,
        "Let the chat model at this OpenAI-compatible endpoint name them instead.",
        metavar="URL",
        heading=EDITING,
    )
    labeler_model: str | None = option(
        None, "The model's name at that endpoint.", metavar="NAME", heading=EDITING
    )
    merge: list[str] | None = option(
        None, "Make these topics one; may be repeated.", metavar="A,B,...", heading=EDITING
    )
    drop: list[str] | None = option(None, "Leave these topics out.", metavar="A,B,...", heading=EDITING)

    def __post_init__(self) -> None:
        if (self.labeler is None) != (self.labeler_model is None):
            raise UsageError("--labeler and --labeler-model go together")

    @property
    def names_topics(self) -> bool:
        """Whether topics get names that no file has."""
        return self.label or self.labeler is not None

    @property
    def any(self) -> bool:
        """Whether the model changes."""
        return bool(self.merge or self.drop or self.names or self.names_topics)

    def merged(self) -> list[list[int]]:
        """The numbers of the topics of each group that becomes one.

        Raises:
            UsageError: something that is no number is among them.
        """
        return [_numbers(group, "--merge") for group in self.merge or ()]

    def dropped(self) -> list[int]:
        """The numbers of the topics that are left out.

        Raises:
            UsageError: something that is no number is among them.
        """
        return _numbers(",".join(self.drop or ()), "--drop")


def _numbers(listed: str, name: str) -> list[int]:
    try:
        return [int(part) for part in listed.split(",") if part.strip()]
    except ValueError:
        raise UsageError(f"{name} takes topic numbers such as 3,17, not {listed!r}") from None
