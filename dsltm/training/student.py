"""Teaching topics to a reader of words: multinomial logistic regression with soft labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax

from dsltm.formats.blocks import slices
from dsltm.formats.scratch import scratch
from dsltm.space.inputs import evenly
from dsltm.words.bm25 import document_frequency
from dsltm.words.student import Student, has_pieces, log_frequencies, pieces, unit_lengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Doubles = NDArray[np.float64]

# Measured on 4,000 titles out of fold: tests/bench/README.md, "Readers of words".
_FEATURES = 1 << 14  # pieces at most, those of the most documents first; 8,000 lose .005 of purity
_PENALTY = 0.05  # of the squared weights, beside the sum of losses over documents; .03 to .3 do alike
_DOCUMENTS = 1 << 16  # learned from at most, evenly spaced; chosen, not measured
_ROUNDS = 60  # iterations of L-BFGS; of 16,000 titles 30 lose .005 of purity
_ROUNDS_OF_A_HALF = 30  # the same where half of the documents teach, which no model keeps; chosen for time
_MEMORY = 6  # steps that L-BFGS remembers; chosen, not measured
_SCALES = (0.2, 5.0)  # of a student's answers, between which the best is sought; chosen, not measured
_BLOCK = 4096  # documents that are asked about at once, which changes no result
_FOLDS = 2  # parts of the documents, each placed by what the others teach


@dataclass(frozen=True)
class Lessons:
    """The words of M documents, ready to teach from.

    Attributes:
        known: W words.
        pieces: F pieces that two documents or more have.
        rarity: [F] as of `Student`.
        documents: [M, W] weights of the words, each document of length one.
        has: [W, F] the rarity of each piece that a word has.
        language: of the documents.
    """

    known: list[str]
    pieces: list[str]
    rarity: NDArray[np.float32]
    documents: csr_array
    has: csr_array
    language: str

    @classmethod
    def of(cls, counts: csr_array, words: Sequence[str], language: str) -> Lessons:
        """From word counts [M, W]."""
        frequency = document_frequency(counts)
        chosen = _frequent_pieces(words, frequency)
        has = has_pieces(words, {piece: number for number, piece in enumerate(chosen)})
        weights = log_frequencies(counts)
        spread = weights @ has
        rarity = np.log((1 + counts.shape[0]) / (1 + np.bincount(spread.indices, minlength=len(chosen)))) + 1
        has.data = rarity[has.indices].astype(np.float32)
        squares = np.asarray(has.power(2).sum(axis=1), np.float32)
        documents = unit_lengths(weights, squares)
        return cls(list(words), chosen, rarity.astype(np.float32), documents, has, language)

    def __len__(self) -> int:
        return int(self.documents.shape[0])


def taught(lessons: Lessons, theta: NDArray[np.floating]) -> tuple[Student, float]:
    """The student of all documents, as sure as it is right of documents that it has not seen.

    Args:
        lessons: M documents.
        theta: [M, K] their topics.

    Returns:
        The student; of how large a share of documents that it has not seen it names the first topic.
    """
    asked = held_out(lessons, theta)
    some = evenly(np.arange(len(lessons)), _DOCUMENTS)

    def surprise(scale: float) -> float:
        return -float(np.mean((theta[some] * log_softmax(scale * asked[some], axis=1)).sum(1)))

    scale = float(minimize_scalar(surprise, bounds=_SCALES, method="bounded").x)
    return teach(lessons, theta, scale), float((asked.argmax(1) == theta.argmax(1)).mean())


def teach(lessons: Lessons, theta: NDArray[np.floating], scale: float = 1.0) -> Student:
    """The student of all documents; `scale` multiplies its answers before the softmax."""
    weights, bias = _regression(lessons, np.arange(len(lessons)), theta, _ROUNDS)
    features = np.asarray(weights * lessons.rarity[:, None] * scale, np.float32)
    own = np.asarray(bias * scale, np.float32)
    return Student(lessons.known, lessons.pieces, lessons.rarity, features, own, lessons.language)


def held_out(lessons: Lessons, theta: NDArray[np.floating]) -> NDArray[np.float32]:
    """log θ [M, K] of each document as one half of the documents teaches it who is in the other half.

    Every second document is a half, whatever their order has to do with their topics.
    """
    out = scratch(theta.shape, np.float32)
    fold = np.arange(len(lessons)) % _FOLDS
    for number in range(_FOLDS):
        weights, bias = _regression(lessons, np.flatnonzero(fold != number), theta, _ROUNDS_OF_A_HALF)
        of_words, asked = lessons.has @ weights, np.flatnonzero(fold == number)
        for block in slices(len(asked), _BLOCK):
            rows = asked[block]
            out[rows] = log_softmax(lessons.documents[rows] @ of_words + bias, axis=1)
    return out


def _regression(
    lessons: Lessons, rows: NDArray[np.int64], theta: NDArray[np.floating], rounds: int
) -> tuple[Doubles, Doubles]:
    """Weights [F, K] and bias [K] with the least cross-entropy of θ, by L-BFGS.

    A document is the product of two sparse matrices, its words and their pieces, and so is its gradient:
    written out, the pieces of its words would be ten times as many numbers.

    Args:
        rows: the documents that teach.
        rounds: iterations at most.
    """
    rows = evenly(rows, _DOCUMENTS)
    documents, wanted = lessons.documents[rows].astype(np.float64), theta[rows].astype(np.float64)
    has = lessons.has.astype(np.float64)
    documents_of, words_of = documents.T.tocsr(), has.T.tocsr()
    features, topics = has.shape[1], theta.shape[1]

    def loss(point: Doubles) -> tuple[float, Doubles]:
        weights, bias = point[topics:].reshape(features, topics), point[:topics]
        predicted = log_softmax(documents @ (has @ weights) + bias, axis=1)
        wrong = np.exp(predicted) - wanted
        gradient = words_of @ (documents_of @ wrong) + _PENALTY * weights
        value = 0.5 * _PENALTY * float(np.vdot(weights, weights)) - float(np.vdot(wanted, predicted))
        return value / len(rows), np.concatenate([wrong.sum(0), gradient.ravel()]) / len(rows)

    start = np.zeros(topics * (features + 1))
    options = {"maxiter": rounds, "maxcor": _MEMORY}
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return best[topics:].reshape(features, topics), best[:topics]


def _frequent_pieces(words: Sequence[str], frequency: NDArray[np.int64]) -> list[str]:
    """The pieces of words in the most documents; of each at least two documents, counted once a word."""
    counted: Counter[str] = Counter()
    for word, documents in zip(words, frequency.tolist(), strict=True):
        for piece in pieces(word):
            counted[piece] += documents
    order = sorted((-documents, piece) for piece, documents in counted.items() if documents > 1)
    return [piece for _, piece in order[:_FEATURES]]
