"""What can be chosen about assigning: who reads the documents, and what is written of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsltm.assigning.budget import USUAL, Budget
from dsltm.errors import UsageError
from dsltm.option import option

Reader = Literal["teacher", "words", "auto"]
"""Who reads new documents; auto: words first, and the teacher what they are least sure of."""
Parts = Literal["sentences", "windows"]
"""What a document is divided into."""
# A topic in a table has so many words: enough to recognise it, few enough for a cell. Chosen, not measured.
_WORDS = 5


@dataclass(frozen=True)
class ReaderOptions:
    """How new documents are read.

    Attributes:
        reader: by whom.
        budget: with "auto", what `Budget.parse` takes; None: the usual.
        parts: what documents are divided into, so that long ones are read whole; None: nothing.
        vectors: a file of vectors in the place of what a teacher would read.

    Raises:
        UsageError: options that do not go together, or a budget that is none.
    """

    reader: Reader = option(
        "teacher",
        "Who reads a corpus: the teacher; the model's reader of words, which needs no teacher; or words "
        "first, and the teacher what they are least sure of (auto).",
    )
    budget: str | None = option(
        None,
        "With --reader auto: how many documents the teacher reads, what share of them, or for how many "
        "seconds; the least sure first.",
        metavar="N|N%|Ns",
        shown=USUAL,
    )
    parts: Parts | None = option(
        None,
        'Read a corpus\'s documents part by part, so that long ones are read whole: "parts" has the topic of '
        "each sentence, or of each window as long as the teacher reads at once.",
    )
    vectors: str | None = option(
        None,
        "With a corpus and a model of distill --vectors: the vectors of these documents, as NPY.",
        metavar="FILE",
    )

    def __post_init__(self) -> None:
        if self.budget is not None and self.reader != "auto":
            raise UsageError("--budget is for --reader auto")
        if self.parts is not None and self.reader == "auto":
            raise UsageError("--parts does not go with --reader auto")
        if self.vectors is not None and self.reader != "teacher":
            raise UsageError("--reader does not go with --vectors")
        if self.vectors is not None and self.parts is not None:
            raise UsageError("--parts does not go with --vectors")
        self.most()

    def most(self) -> Budget:
        """How much the teacher reads."""
        return Budget.parse(self.budget or USUAL)

    def check_for_labels(self) -> None:
        """Refuse what is about texts, where there are labels: their texts were read already.

        Raises:
            UsageError: something of it was chosen.
        """
        usual = ReaderOptions()
        for name in ("reader", "parts", "vectors"):
            if getattr(self, name) != getattr(usual, name):
                why = "labels were read already: a labels file has its vectors"
                raise UsageError(f"--{name} is for a corpus; {why}")


@dataclass(frozen=True)
class RowOptions:
    """What is written of each document.

    Attributes:
        top: how many topics; None: the proportions of all.
        min_prob: what the first topic must be as probable as, or there is none.
        words: how many of the topic's words; None: 5 in a table, none in JSON lines.
        keep: names of fields of the corpus, with commas.
        levels: numbers of groups, coarse ones first, that topics are put into.
        npz: a matrix of proportions in the place of rows.

    Raises:
        UsageError: something beside a matrix.
    """

    top: int | None = option(None, "Only the N most probable topics of each document.", metavar="N", min=1)
    min_prob: float = option(
        0.0, "A document whose first topic is less probable has topic null.", metavar="P", min=0, max=1
    )
    words: int | None = option(
        None,
        "The topic's name and its first N words beside each document.",
        metavar="N",
        min=0,
        shown="5 in CSV, TSV and Parquet, none in JSON lines",
    )
    keep: list[str] | None = option(
        None, "Fields of the corpus to write beside: author,date.", metavar="FIELDS"
    )
    levels: str | None = option(
        None,
        "Also the group of the topic, where topics are put into so many groups: 5,15.",
        metavar="N,N,...",
    )
    npz: bool = option(False, "Write the proportions as a matrix (NPZ).")

    def __post_init__(self) -> None:
        if self.npz and (self.top is not None or self.min_prob or self.words or self.fields or self.levels):
            raise UsageError("--npz writes all proportions and nothing beside them", hint="it alone")

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the corpus that are written."""
        return tuple(
            field for listed in self.keep or () for name in listed.split(",") if (field := name.strip())
        )

    def words_in(self, *, table: bool) -> int:
        """How many of the topic's words are written, in a table or in JSON lines."""
        return self.words if self.words is not None else _WORDS * table
