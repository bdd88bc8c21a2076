"""What a user asks for in words: the topics that answer it, and the documents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.assigning.word_reader import WordReader
from dsltm.errors import DsltmError, UsageError
from dsltm.topics import documents
from dsltm.words.bm25 import WordSearch
from dsltm.words.text import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.formats.corpus import Corpus
    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.topics.config import QueryReader
    from dsltm.topics.describe import Topic
    from dsltm.topics.view import View

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answer:
    """A document that answers a query.

    Attributes:
        number: its row in the labels.
        id: its name.
        score: how well it answers; larger is better, and only the order means something.
        topic: the number of its first topic; p is that topic's proportion in it.
        text: its text, or the beginning of it, where the corpus was given.
    """

    number: int
    id: str
    score: float
    topic: int
    p: float
    text: str | None = None

    def row(self) -> dict[str, object]:
        """The document as a line of a file."""
        row: dict[str, object] = {"id": self.id, "score": self.score, "topic": self.topic, "p": self.p}
        return row if self.text is None else {**row, "text": self.text}


def theta_of_query(model: Model, query: str, reader: QueryReader) -> NDArray[np.float32]:
    """Which topics a query is about: its proportions [K], as `dsltm assign` has them for such a document.

    Args:
        model: K topics.
        query: a text, of some words or many.
        reader: the model's reader of words, or its teacher.

    Raises:
        UsageError: the query says nothing.
        DsltmError: the model has no such reader.
    """
    if not any(character.isalnum() for character in query):
        raise UsageError("--query takes some words")
    theta = WordReader.of(model).of_texts([query]) if reader == "words" else _by_teacher(model, query)
    return np.asarray(theta[0, model.numbering.numbers])


def _by_teacher(model: Model, query: str) -> NDArray[np.float32]:
    from dsltm.assigning.documents import assign_corpus
    from dsltm.assigning.vectors import check_teacher_reads
    from dsltm.formats.corpus import Document
    from dsltm.teacher.files.load import recorded_teacher

    check_teacher_reads(model)
    if (recorded := model.header["teacher"]) is None:
        raise DsltmError(
            "no teacher read the model's documents, so none reads a query", hint="--reader words"
        )
    assigned = assign_corpus(model, [Document("0", query)], recorded_teacher(recorded, console.info))
    return np.concatenate([block.theta for block in assigned.blocks])


def by_query(topics: list[Topic], theta: NDArray[np.float32]) -> list[tuple[Topic, float]]:
    """The topics that a query is most about first, each with its part in the query.

    Args:
        topics: in any order.
        theta: [K] of the query.
    """
    pairs = [(topic, float(theta[topic.place])) for topic in topics]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0].topic))


def answers(
    view: View, query: str, theta: NDArray[np.float32], count: int, corpus: Corpus | None = None
) -> list[Answer]:
    """The documents that answer a query best, the best first.

    A document's score is the probability that it and the query are of the same topic, Σ θ_query θ_document,
    times 1 + BM25 of the query's words. So a document need not have the words, and those that have them come
    first among the documents of the topic.

    Args:
        view: model and N documents.
        query: in words.
        theta: [K] of the query.
        count: how many documents at most; those without text are none.
        corpus: where their texts are; None: they have only their names.

    Raises:
        DsltmError: the corpus is not that of the labels.
    """
    scores = (view.theta @ theta).astype(np.float64) * (1 + bm25(view.labels, query))
    rows = np.flatnonzero(view.full)
    best = rows[np.argsort(-scores[rows], kind="stable")[:count]]
    first = view.first[best]
    found = [
        Answer(
            int(row),
            view.labels.ids[int(row)],
            float(scores[row]),
            view.numbers[place],
            float(view.theta[row, place]),
        )
        for row, place in zip(best, first.tolist(), strict=True)
    ]
    if corpus is None:
        return found
    texts = documents.texts_of((each.number for each in found), corpus, view.labels)
    return [replace(each, text=texts[each.number]) for each in found]


def bm25(labels: Labels, query: str) -> Floats:
    """BM25 [N] of the documents for the words of a query that were counted."""
    known = {word: column for column, word in enumerate(labels.words)}
    wanted = [known[word] for word in dict.fromkeys(words(query)) if word in known]
    return WordSearch.of(labels.counts).bm25(wanted)
