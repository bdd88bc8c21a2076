"""A trained model in a program's hands: its topics, the topics of documents, its report."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.api.corpora import corpus_of, labels_or_corpus, open_teacher
from dsltm.api.page import Page
from dsltm.api.records import Record, plain
from dsltm.api.topics import Topics
from dsltm.assigning.config import Parts, Reader, ReaderOptions
from dsltm.assigning.rows import assignment_rows
from dsltm.assigning.run import assign
from dsltm.formats.model import read_model, write_model
from dsltm.formats.output import open_output
from dsltm.report.config import ReportOptions
from dsltm.report.notebook import topics_table
from dsltm.topics.config import WordChoice
from dsltm.topics.describe import describe
from dsltm.topics.edit import edited, named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from dsltm.api.corpora import Path, TextsLike
    from dsltm.assigning.documents import Assigned
    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model as Stored
    from dsltm.teacher.reading.teacher import Teacher


class Model(Topics):
    """A topic model: what its topics are, and which of them documents have.

    A model is not changed: `merge`, `drop` and `rename` give another one. In a notebook it shows its topics.

    Args:
        stored: the content of a model file; `dsltm.load` and `dsltm.train` make models.
        teacher: one that is open; None: the one that the file names is opened when texts are to be read, and
            stays open as long as the model is there.
    """

    def __init__(self, stored: Stored, teacher: Teacher | None = None) -> None:
        super().__init__(stored)
        self._teacher = teacher

    def assign(
        self,
        texts: Labels | TextsLike,
        *,
        top: int | None = None,
        min_prob: float = 0.0,
        reader: Reader = "teacher",
        budget: int | str | None = None,
        parts: Parts | None = None,
        progress: bool = False,
    ) -> list[Record]:
        """The topics of documents as records, one a document, in their order.

        Args:
            texts: labels, or texts as `dsltm.distill` takes them, which the model's teacher then reads.
            top: only so many topics of each document.
            min_prob: a document whose first topic is less probable has topic None.
            reader: who reads texts: the teacher; the model's reader of words, which needs no teacher, is
                much faster, and a little less good; or "auto", words first, and the teacher those texts of
                which they are least sure.
            budget: with "auto", how many texts the teacher reads, what share of them ("5%"), or for how long
                ("60s"); None is 20%.
            parts: read texts part by part, by "sentences" or by "windows" of some, so that long ones are
                read whole.
            progress: show on standard error how far it has come.

        Returns:
            As the lines of an assignments file: "id", "topic", "p" and "theta", the probabilities of all
            topics; with `top` "topics", pairs of topic and probability, in its place. "empty" is True for a
            document without text, whose topics mean nothing. "reader" says who placed a document, where
            that was not the teacher for all of them. "parts" has "start", "end", "topic" and "p" of
            each part of a text.

        Raises:
            DsltmError: labels of another teacher, or texts that cannot be read.
            UsageError: a reader for labels, which were read already, or a budget without "auto".

        >>> model = dsltm.load("model.npz")
        >>> (record,) = model.assign(["the striker scored a late goal"])
        >>> sorted(record)
        ['id', 'p', 'theta', 'topic']
        >>> some = model.assign(["the cat sat", "a late goal"], reader="auto", budget=1)
        >>> sorted(record["reader"] for record in some)
        ['teacher', 'words']
        """
        options = _reader_options(reader, budget, parts)
        with console.called_by_a_program(progress=progress):
            assigned = self._assigned(texts, options, progress=progress)
            return [plain(row) for row in assignment_rows(assigned.blocks, top=top, min_prob=min_prob)]

    def theta(
        self,
        texts: Labels | TextsLike,
        *,
        reader: Reader = "teacher",
        budget: int | str | None = None,
        progress: bool = False,
    ) -> NDArray[np.float32]:
        """The probabilities [N, K] of all topics in N documents; rows sum to one.

        Column k is the topic of number k, and holds zeros where that topic was merged or dropped.

        Args:
            texts, reader, budget, progress: as of `assign`.

        >>> dsltm.load("model.npz").theta("labels.npz").shape
        (120, 6)
        """
        with console.called_by_a_program(progress=progress):
            assigned = self._assigned(texts, _reader_options(reader, budget), progress=progress)
            blocks = [block.theta for block in assigned.blocks]
        return np.concatenate(blocks) if blocks else np.empty((0, self.stored.numbering.given), np.float32)

    def report(
        self,
        labels: Labels | Path,
        texts: TextsLike | None = None,
        *,
        title: str = "Topics",
        progress: bool = False,
    ) -> Page:
        """The page of `dsltm topics --html`: a map of the documents and the topics; a notebook shows it.

        Args:
            labels: the documents.
            texts: what they were made from, to be searched and shown.
            title: the page's heading.
            progress: print messages on standard error.

        >>> page = dsltm.load("model.npz").report("labels.npz", "corpus.jsonl")
        >>> page.save("report.html")
        """
        with console.called_by_a_program(progress=progress):
            corpus = None if texts is None else corpus_of(texts)
            return Page.of(self._view(labels), corpus, ReportOptions(title))

    def merge(self, *groups: Sequence[int]) -> Model:
        """The model with each group of topics made one, which has the lowest of their numbers.

        >>> model = dsltm.load("model.npz")
        >>> len(model.merge([1, 4]).topics())
        5
        """
        return self._with(edited(self.stored, groups, ()))

    def drop(self, *topics: int) -> Model:
        """The model without these topics; documents get the others."""
        return self._with(edited(self.stored, (), topics))

    def rename(self, names: Mapping[int, str | None]) -> Model:
        """The model with other names for some topics; None takes a name away.

        Raises:
            UsageError: there is no such topic.

        >>> dsltm.load("model.npz").rename({0: "football"}).topics()[0]["label"]
        'football'
        """
        renamed = self.names
        for topic, name in names.items():
            renamed[self.stored.numbering.place(topic)] = name
        return self._with(named(self.stored, renamed))

    def save(self, path: Path) -> None:
        """Write a model file, which `dsltm.load` and the commands read.

        Raises:
            DsltmError: it cannot be written.
        """
        with open_output(os.fspath(path), binary=True) as file:
            write_model(file, self.stored)

    @property
    def numbers(self) -> list[int]:
        """The topics' numbers, rising. A topic keeps its number whatever becomes of the others."""
        return self.stored.numbering.numbers

    @property
    def names(self) -> list[str | None]:
        """What the topics are called, in their order; None for those without a name."""
        return self.stored.names

    @property
    def vocabulary(self) -> list[str]:
        """The V words that topics are made of."""
        return self.stored.vocabulary

    @property
    def beta(self) -> NDArray[np.float32]:
        """[K, V] the probabilities of the words in each topic; rows sum to one."""
        return self.stored.beta

    def __repr__(self) -> str:
        teacher = (self.stored.header.get("teacher") or {}).get("name")
        return f"<Model: {self.stored.topics} topics, {len(self.vocabulary):,} words, teacher {teacher}>"

    def _repr_html_(self) -> str:
        return topics_table(describe(self.stored, WordChoice(), self.stored.sizes))

    def __getstate__(self) -> Record:
        # A teacher is large, and another process opens its own.
        return {"stored": self.stored, "_teacher": None}

    def _with(self, stored: Stored) -> Model:
        return Model(stored, self._teacher)

    def _assigned(self, texts: Labels | TextsLike, options: ReaderOptions, *, progress: bool) -> Assigned:
        return assign(self.stored, labels_or_corpus(texts), partial(self._open, progress=progress), options)

    def _open(self, *, progress: bool) -> Teacher:
        if self._teacher is None:
            recorded = self.stored.header["teacher"]
            self._teacher = open_teacher(
                str(recorded["name"]), weights_sha256=recorded["weights_sha256"], progress=progress
            )
        return self._teacher


def _reader_options(reader: Reader, budget: int | str | None, parts: Parts | None = None) -> ReaderOptions:
    return ReaderOptions(reader, None if budget is None else str(budget), parts)


def load(path: Path, *, teacher: str | Teacher | None = None) -> Model:
    """Read a model file.

    Args:
        path: what `dsltm train` or `Model.save` wrote.
        teacher: reads texts in the place of the one that the file names, such as the same one elsewhere.

    Raises:
        DsltmError: it is no model file.

    >>> dsltm.load("model.npz")
    <Model: 6 topics, ... words, teacher ...>
    """
    return Model(read_model(os.fspath(path)), None if teacher is None else open_teacher(teacher))
