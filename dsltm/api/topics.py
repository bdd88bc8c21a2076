"""What a model's topics are, and what can be asked about them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.api.corpora import corpus_of, labels_of
from dsltm.api.records import Record, plain
from dsltm.formats.fields import Fields
from dsltm.formats.labels import Labels
from dsltm.topics.config import Every, QueryReader, ViewOptions, WordChoice
from dsltm.topics.describe import describe
from dsltm.topics.drift import counted, drift
from dsltm.topics.formula import parse_formula
from dsltm.topics.showing import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsltm.api.corpora import Path, TextsLike
    from dsltm.formats.model import Model as Stored
    from dsltm.topics.view import View


class Topics:
    """The topics of a model, with documents or without.

    Args:
        stored: the content of a model file.
    """

    def __init__(self, stored: Stored) -> None:
        self.stored = stored

    def topics(
        self,
        labels: Labels | Path | None = None,
        *,
        words: int = 10,
        coherence: bool = False,
        examples: int = 0,
        borderline: int = 0,
        by: str | None = None,
        every: Every | None = None,
        tree: bool = False,
        levels: Sequence[int] = (),
        texts: TextsLike | None = None,
    ) -> list[Record]:
        """The topics as records, which `pandas.DataFrame` takes as they are.

        Args:
            labels: the documents to count; None: topics have no sizes.
            words: how many of each topic.
            coherence: score the words by NPMI over these documents.
            examples, borderline: how many typical documents, and how many that nearly went elsewhere.
            by, every: in their place the topics' shares over this field of the texts, or, where the field is
                a date, over periods such as "month".
            tree: in their place which topics are alike.
            levels: in their place groups of topics, so many at each level, coarse levels first.
            texts: what the labels were made from, for the texts of such documents and for `by`.

        Returns:
            As the lines of a topics file: "topic", "words", "weights", and what was asked for of "size",
            "label", "coherence", "examples" and "borderline". Groups have "level", "topics" (the numbers of
            their topics) and "parent" (the number of their group one level up), too. With `by` or `tree` as
            `dsltm topics` writes them.

        Raises:
            DsltmError: the labels are not of this model's teacher, or the texts not those of the labels.
            UsageError: what is asked for needs labels or texts, or does not go together.

        >>> model = dsltm.load("model.npz")
        >>> first = model.topics(words=3)[0]
        >>> first["topic"], len(first["words"])
        (0, 3)
        >>> sum(topic["size"] for topic in model.topics("labels.npz"))
        120
        >>> [(group["level"], group["topics"]) for group in model.topics(levels=[1])]
        [(1, [0, 1, 2, 3, 4, 5])]
        >>> sorted(model.topics("labels.npz", by="label")[0])
        ['count', 'high', 'low', 'of', 'share', 'topic', 'value']
        """
        shown = ViewOptions(
            coherence=coherence,
            tree=tree,
            levels=",".join(map(str, levels)) or None,
            examples=examples,
            borderline=borderline,
            by=by,
            every=every,
        )
        view = None if labels is None else self._view(labels)
        fields = Fields(label="label", keep=() if by is None else (by,))
        corpus = None if texts is None else corpus_of(texts, fields)
        asked = table(self.stored, view, WordChoice(words), shown, corpus, "label", by_size=False)
        return [plain(row) for row in asked.rows]

    def query(
        self,
        text: str,
        labels: Labels | Path | None = None,
        *,
        count: int = 10,
        texts: TextsLike | None = None,
        words: int = 10,
        reader: QueryReader = "words",
    ) -> list[Record]:
        """The topics that a text is about or, with labels, the documents that answer it, the best first.

        Args:
            text: what is asked for, in some words or many.
            labels: the documents to look among.
            count: how many documents.
            texts: what the labels were made from, for the texts of the documents.
            words: how many of each topic.
            reader: who reads the text, the model's reader of words or its teacher.

        Returns:
            Topics as `topics` gives them, each with its part "p" in the text; or documents, with "id",
            "score", "topic", "p" (of that topic in the document) and "text".

        Raises:
            DsltmError: the model has no such reader, or the labels are not of its teacher.

        >>> model = dsltm.load("model.npz")
        >>> len(model.query("a late goal")), len(model.query("a late goal", "labels.npz", count=3))
        (6, 3)
        """
        from dsltm.topics.query import answers, by_query, theta_of_query

        with console.called_by_a_program(progress=False):
            theta = theta_of_query(self.stored, text, reader)
        if labels is None:
            ranking = by_query(describe(self.stored, WordChoice(words)), theta)
            return [plain({"topic": topic.topic, "p": p} | topic.row()) for topic, p in ranking]
        corpus = None if texts is None else corpus_of(texts)
        return [plain(answer.row()) for answer in answers(self._view(labels), text, theta, count, corpus)]

    def effects(self, formula: str, labels: Labels | Path, texts: TextsLike | None = None) -> list[Record]:
        """How the shares of the topics depend on fields of the documents.

        Args:
            formula: a sum of fields, such as "rating + C(year)"; numbers in C() are classes.
            labels: the documents.
            texts: what the labels were made from, rows with these fields; None: the field "label" alone.

        Returns:
            As the lines of `dsltm topics --effects`: "topic", "field", "value" and "against" (two classes, or
            None for a number), "estimate", "error", "low", "high", "p" and "p_adjusted".

        Raises:
            DsltmError: a field whose effect cannot be told, or statsmodels is not installed.

        >>> effects = dsltm.load("model.npz").effects("label", "labels.npz")
        >>> sorted({effect["topic"] for effect in effects})
        [0, 1, 2, 3, 4, 5]
        """
        from dsltm.topics.effects import effects_on

        terms = parse_formula(formula)
        fields = [term.field for term in terms]
        corpus = None if texts is None else corpus_of(texts, Fields(label="label", keep=fields))
        view = self._view(labels)
        with console.called_by_a_program(progress=False):
            found = effects_on(view, terms, view.fields(fields, corpus))
        return [plain(effect.row()) for effect in found]

    def drift(self, old: Labels | Path, new: Labels | Path, *, words: int = 10) -> list[Record]:
        """What became of the topics' shares between older and newer documents, the largest change first.

        Args:
            old, new: labels, or the path of a labels file or of assignments that `dsltm assign` wrote.
            words: how many of each topic.

        Returns:
            As the lines of `dsltm drift`: "topic", "words", "old" and "new" (documents), "old_share",
            "new_share", "change" with its limits "low" and "high", and "verdict": new, gone, grew, shrank, or
            same where the change may be chance.

        Raises:
            DsltmError: documents of another model, or none with text.

        >>> {each["verdict"] for each in dsltm.load("model.npz").drift("labels.npz", "labels.npz")}
        {'same'}
        """
        older, newer = (
            counted(self.stored, each if isinstance(each, Labels) else os.fspath(each)) for each in (old, new)
        )
        return [plain(change.row()) for change in drift(self.stored, older, newer, WordChoice(words))]

    def _view(self, labels: Labels | Path) -> View:
        from dsltm.topics.view import View

        return View.of(self.stored, labels_of(labels))
