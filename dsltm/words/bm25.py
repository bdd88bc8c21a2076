"""Words in retrieval: which documents say what a topic is called, and which words go with a topic."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array
    from torch import Tensor

    from dsltm.formats.topics import WrittenTopic

Array = TypeVar("Array", "NDArray[np.float64]", "Tensor")

K1, B = 1.5, 0.75
"""BM25: how soon repetition stops to count, and how far long documents are held to be long-winded.

The defaults of bm25s and of rank_bm25; Robertson and Zaragoza 2009 recommend K1 between 1.2 and 2.
"""
_TERM = re.compile(r"\w+")  # short words too, unlike in a vocabulary: topics are called "go" and "qt"
_BLOCK = 8192  # documents counted at once, which changes no result
_SMOOTHING = 0.05  # share of each topic's probability that all words share alike; chosen, not measured


def saturated(counts: Array, length: Array) -> Array:
    """BM25's weight of word counts, without the inverse document frequency (Robertson et al. 1994).

    Args:
        counts: how often a word comes in a document, of any shape.
        length: of that document (`relative_lengths`); of a shape that fits `counts`.
    """
    return counts * (K1 + 1) / (counts + K1 * (1 - B + B * length))


def relative_lengths(words: NDArray[np.number]) -> NDArray[np.float64]:
    """[N] how long documents of so many words are, the mean being 1; 0 where none has a word."""
    lengths = np.asarray(words, np.float64).ravel()
    return lengths / (float(lengths.mean() if len(lengths) else 0) or 1.0)


def terms(text: str) -> list[str]:
    """The words of a text as retrieval takes them: case folded, of any length."""
    return _TERM.findall(text.casefold())


def queries(topics: Sequence[WrittenTopic]) -> list[list[str]]:
    """The words that each topic is looked for by: its label's and its keywords', each once."""
    return [list(dict.fromkeys(terms(" ".join([topic.label, *topic.keywords])))) for topic in topics]


def search(texts: Iterable[str], wanted: Sequence[Sequence[str]], common: float = 1.0) -> NDArray[np.float32]:
    """BM25 [N, Q] of each text for each query, from one pass over the texts.

    Source: Robertson and Zaragoza 2009, with Lucene's inverse document frequency, which is never negative.
    Only the queries' own words are counted, so that memory grows with their hits.

    Args:
        common: a word that more than this share of the texts have is left out of a query, unless all words of
            the query are so common.
    """
    index = {word: i for i, word in enumerate(dict.fromkeys(word for query in wanted for word in query))}
    rows: list[int] = []
    columns: list[int] = []
    counts: list[int] = []
    lengths: list[int] = []
    for row, text in enumerate(texts):
        own = terms(text)
        lengths.append(len(own))
        for word, count in Counter(word for word in own if word in index).items():
            rows.append(row)
            columns.append(index[word])
            counts.append(count)
    total = len(lengths)
    where, which, often = np.array(rows, np.int64), np.array(columns, np.int64), np.array(counts, np.float64)
    frequency = np.bincount(which, minlength=len(index))
    inverse = idf(frequency, total)
    weight = saturated(often, relative_lengths(np.array(lengths))[where]) * inverse[which]
    scores = np.zeros((total, len(wanted)), np.float32)
    for number, query in enumerate(wanted):
        telling = [word for word in query if frequency[index[word]] <= common * total]
        counted = np.isin(which, [index[word] for word in telling or query])
        np.add.at(scores[:, number], where[counted], weight[counted])
    return scores


@dataclass(frozen=True)
class WordSearch:
    """N documents, searched for words that were counted in them.

    Attributes:
        counts: [N, W] how often each of W words comes.
        frequency: [W] in how many documents each word comes.
        rarity: [W] their inverse document frequencies.
        lengths: [N] how long the documents are, the mean being 1.
    """

    counts: csr_array
    frequency: NDArray[np.int64]
    rarity: NDArray[np.float64]
    lengths: NDArray[np.float64]

    @classmethod
    def of(cls, counts: csr_array) -> WordSearch:
        frequency = document_frequency(counts)
        return cls(counts, frequency, idf(frequency, counts.shape[0]), relative_lengths(counts.sum(axis=1)))

    def evidence(self, words: Sequence[int]) -> NDArray[np.float64]:
        """[N] the rarity of those of these words that a document has, summed."""
        part = self.counts[:, words].tocoo()
        rows, columns = part.coords
        return np.asarray(np.bincount(rows, self.rarity[words][columns], len(self.lengths)), np.float64)

    def bm25(self, words: Sequence[int]) -> NDArray[np.float64]:
        """[N] BM25 of these words."""
        part = self.counts[:, words].tocoo()
        rows, columns = part.coords
        weights = saturated(part.data.astype(np.float64), self.lengths[rows]) * self.rarity[words][columns]
        return np.asarray(np.bincount(rows, weights, len(self.lengths)), np.float64)


def idf(frequency: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """log(1 + (N - df + 1/2) / (df + 1/2)) of words that come in df of N documents."""
    return np.asarray(np.log1p((documents - frequency + 0.5) / (frequency + 0.5)))


def document_frequency(counts: csr_array, rows: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """[V] in how many of N documents, or of those in `rows`, each word comes.

    Raises:
        DsltmError: a count is below zero.
    """
    frequency = np.zeros(counts.shape[1], np.int64)
    for block in slices(counts.shape[0] if rows is None else len(rows), _BLOCK):
        part = counts[block if rows is None else rows[block]]
        if (part.data < 0).any():
            raise DsltmError("the labels hold word counts below zero")
        frequency += np.bincount(part.indices, minlength=len(frequency))
    return frequency


def expansion(
    counts: csr_array, representatives: Sequence[NDArray[np.int64]], inverse: NDArray[np.float64], most: int
) -> NDArray[np.float32]:
    """[K, V] weights in [0, 1] of words that a topic's representative documents have and others lack.

    A word's weight is the share of the representatives that have it, less the share of all documents
    (Rocchio's idea), times its inverse document frequency. The `most` heaviest words of a topic keep their
    weight, scaled so that the largest is 1; the others have 0.

    Args:
        counts: [N, V].
        representatives: for each of K topics the rows of its documents.
        inverse: [V] inverse document frequency.
        most: how many words a topic gets.
    """
    documents, words = counts.shape
    out = np.zeros((len(representatives), words), np.float32)
    everywhere = document_frequency(counts) / max(documents, 1)
    for topic, rows in enumerate(representatives):
        if not len(rows):
            continue
        share = document_frequency(counts, rows) / len(rows) - everywhere
        weight = np.maximum(share, 0) * inverse
        best = np.argsort(-weight, kind="stable")[:most]
        out[topic, best] = weight[best] / max(weight.max(), 1e-9)
    return out


def class_tfidf(counts: csr_array, theta: NDArray[np.float32]) -> NDArray[np.float32]:
    """Topics [K, V] from documents' topics: θ-weighted class-based tf-idf, smoothed, rows sum to one.

    w[k, v] = tf[k, v] / Σ_v tf[k, v] · log(1 + A / Σ_k tf[k, v]) with tf[k, v] = Σ_d θ[d, k] n[d, v] and
    A the words of an average topic (Grootendorst 2022).

    Args:
        counts: [N, V] how often each word comes in each document, or its weight there.
        theta: [N, K].
    """
    return smoothed(np.ascontiguousarray((counts.T @ theta.astype(np.float64)).T))


def smoothed(total: NDArray[np.float64]) -> NDArray[np.float32]:
    """Class-based tf-idf of weighted counts [K, V], mixed with a little of every word, rows sum to one."""
    size = total.sum(1, keepdims=True)
    word = total.sum(0)
    average = size.mean()
    tfidf = total / np.maximum(size, 1e-12) * np.log1p(average / np.maximum(word, 1e-12))
    tfidf[:, word <= 0] = 0
    share = tfidf / np.maximum(tfidf.sum(1, keepdims=True), math.ulp(0.0))
    mixed = (1 - _SMOOTHING) * share + _SMOOTHING / total.shape[1]
    return np.asarray(mixed / mixed.sum(1, keepdims=True), np.float32)
