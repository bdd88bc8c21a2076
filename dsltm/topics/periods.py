"""Which words a topic had in each period: those of its documents then, without another training."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from dsltm.formats.blocks import slices
from dsltm.training.targets import soft_targets
from dsltm.words.ranking import ranked, telling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.topics.shares import Shares
    from dsltm.topics.view import View

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_TEMPERATURE = 3.0  # the paper's
# So many documents are looked at at a time, to bound the memory; chosen, not measured.
_BLOCK = 1 << 13


def with_words(view: View, shares: Shares, count: int) -> Shares:
    """Shares over time with the words of each topic in each period; shares by class as they are."""
    return replace(shares, words=words_over_time(view, shares, count)) if shares.every else shares


def words_over_time(view: View, shares: Shares, count: int) -> list[list[list[str]]]:
    """The words [K, T] of each topic in each period, in the order of `ranking.telling`.

    What stands in `telling` for the topics' words are, for the documents of one topic in one period, the mean
    of the teacher's soft labels and the number of documents that have a word. They are compared with all
    other documents. Where no teacher read, the documents' words are all there is.

    Args:
        view: model and N documents.
        shares: the same documents over time.
        count: how many words at most; a period without documents of a topic has none.
    """
    model, labels = view.model, view.labels
    has = labels.vocabulary_counts.astype(bool).astype(np.float64)
    used, predicted, documents = _of_all(view, has)
    out: list[list[list[str]]] = []
    for topic in range(model.topics):
        own = np.flatnonzero((view.first == topic) & (shares.places >= 0))
        words: list[list[str]] = [[] for _ in shares.values]
        if len(own):
            periods, which = np.unique(shares.places[own], return_inverse=True)
            groups = csr_array((np.ones(len(own)), (which, np.arange(len(own)))))
            sizes = np.bincount(which)
            usage = np.asarray((groups @ has[own]).todense())
            soft = np.asarray(groups @ _soft(view, own))
            beta = _distributions(np.vstack([soft, predicted - soft.sum(0)]))
            scores = telling(
                beta, np.vstack([usage, used - usage.sum(0)]), np.append(sizes, documents - len(own))
            )
            shown = ranked(
                scores[:-1], model.vocabulary, count, usage=usage.astype(np.int64), language=model.language
            )
            for period, row in zip(periods.tolist(), shown, strict=True):
                words[period] = [model.vocabulary[word] for word in row]
        out.append(words)
    return out


def _of_all(view: View, has: csr_array) -> tuple[Floats, Floats, int]:
    """How many documents have each word [V], the sum of their soft labels [V], and how many there are."""
    full = np.flatnonzero(view.full)
    predicted = np.zeros(view.model.beta.shape[1])
    for block in slices(len(full), _BLOCK):
        predicted += _soft(view, full[block]).sum(0, dtype=np.float64)
    return np.asarray(has.sum(0), np.float64), predicted, len(full)


def _soft(view: View, rows: Integers) -> NDArray[np.float32]:
    """The soft labels [n, V] of documents; their words, where no teacher read."""
    labels = view.labels
    if not labels.logits.shape[1]:
        return np.asarray(labels.vocabulary_counts[rows].todense(), np.float32)
    targets, _ = soft_targets(labels.logits, rows, _TEMPERATURE)
    return targets.astype(np.float32)


def _distributions(sums: Floats) -> NDArray[np.float32]:
    """Rows that sum to one; a row without anything is even."""
    positive = np.maximum(sums, 0) + np.finfo(np.float32).tiny
    return np.asarray(positive / positive.sum(1, keepdims=True), np.float32)
