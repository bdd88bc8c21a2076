"""Targets: the word distributions that a model learns, made of the teacher's logits and documents' words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.formats.blocks import slices
from dsltm.formats.scratch import scratch
from dsltm.space.inputs import dense
from dsltm.space.neighbours import averaged
from dsltm.words.bm25 import document_frequency

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from dsltm.formats.stacked import Rows

    Floats = NDArray[np.float32]
    Members = NDArray[np.int64]

_BLOCK = 1024
_BACKGROUND = 0.05
"""Share of the corpus's word distribution in that of a neighbourhood, so that no word has probability zero;
chosen, not measured."""
_LIFTS = (-1.0, 2.0)
"""Bounds, in logits, of what the teacher may take from a word or give to it, because a token whose logit is
far from its mean in one document says more about the token than about the topic. The bounds are those of
tests/bench/README.md, "Words: which score, which target"; chosen, not measured."""


def soft_targets(
    logits: Rows,
    rows: Members,
    temperature: float,
    top: int | None = None,
    *,
    centre: Floats | None = None,
    neighbours: NDArray[np.int32] | None = None,
) -> tuple[NDArray[np.float16], Floats]:
    """y = softmax(ℓ / τ) of the documents `rows`, and its entropy: the paper's soft label.

    Args:
        logits: ℓ [N, V].
        rows: indices of the M documents wanted.
        temperature: τ.
        top: keep the `top` largest values of a row (ties by position), and renormalise.
        centre: [V] subtracted from every document's logits, such as `mean_logits`.
        neighbours: [M, n] positions in `rows`; ℓ becomes the mean of a document's and its neighbours'.

    Returns:
        y [M, V] and H(y) [M] in nats.
    """
    lifts = _lifts(logits, rows, centre, neighbours)
    return _distributions(
        lambda members: lifts(members) / np.float32(temperature), logits.shape[1], rows, top
    )


def mixed_targets(
    logits: Rows,
    counts: csr_array,
    rows: Members,
    temperature: float,
    top: int | None = None,
    *,
    own_logit: NDArray[np.bool_],
    centre: Floats | None = None,
    neighbours: NDArray[np.int32] | None = None,
) -> tuple[NDArray[np.float16], Floats]:
    """y ∝ u · exp(clip(ℓ - c) / τ): the words of a neighbourhood, weighed by the teacher's logits.

    u is the distribution of words over the documents of a neighbourhood, so that a topic's words, names among
    them, are words that its documents use. ℓ - c is how much more the teacher expects a word for this
    document than for the others, which tells words that mean the topic from words that only occur with it. A
    word that the teacher cannot say in one token has no such lift, and counts by its use alone.

    Args:
        logits, rows, temperature, top, centre, neighbours: as of `soft_targets`.
        counts: [N, V] how often each word occurs in each document.
        own_logit: [V] whether the word is one token of the teacher, so that its logit is its own.

    Returns:
        As `soft_targets`.
    """
    lifts, use = _lifts(logits, rows, centre, neighbours), _use(counts, rows, neighbours)

    def scores(members: Members) -> Floats:
        lift = np.where(own_logit, lifts(members).clip(*_LIFTS), np.float32(0))
        return np.asarray(np.log(use(members)) + lift / np.float32(temperature), np.float32)

    return _distributions(scores, logits.shape[1], rows, top)


def counted_targets(
    counts: csr_array, rows: Members, temperature: float
) -> tuple[NDArray[np.float16], Floats]:
    """y = softmax(n / τ) of the word counts n of the documents `rows`, and its entropy: the paper's ablation.

    Words that a document lacks have a share, too: at τ = 1 a word that comes once has e times theirs, so that
    the targets of short texts are nearly even.

    Args:
        counts: [N, V] how often each word occurs in each document.
        rows: indices of the M documents wanted.
        temperature: τ.
    """
    return _distributions(
        lambda members: dense(counts[rows[members]]) / np.float32(temperature), counts.shape[1], rows, None
    )


def _lifts(
    logits: Rows, rows: Members, centre: Floats | None, neighbours: NDArray[np.int32] | None
) -> Callable[[Members], Floats]:
    """A function that gives ℓ - c [m, V] of m members, averaged over neighbourhoods if there are any."""
    zero = np.float32(0) if centre is None else centre

    def own(members: Members) -> Floats:
        values: Floats = logits[rows[members]].astype(np.float32)
        return values

    if neighbours is None:
        return lambda members: own(members) - zero
    return lambda members: averaged(own, members, neighbours) - zero


def _use(
    counts: csr_array, rows: Members, neighbours: NDArray[np.int32] | None
) -> Callable[[Members], Floats]:
    """A function that gives u [m, V] of m members; its rows sum to one, and no entry is zero.

    A word counts once in a document. With neighbours the mean over the neighbourhood is taken twice, which
    brings in the neighbours' neighbours, because the words of a few titles make a poor distribution.
    """
    frequency = document_frequency(counts, rows).astype(np.float64) + 1
    background = (frequency / frequency.sum()).astype(np.float32)

    def own(members: Members) -> Floats:
        return (dense(counts[rows[members]]) > 0).astype(np.float32)

    around = own
    if neighbours is not None:
        near = neighbours
        once = scratch((len(rows), counts.shape[1]), np.float16)
        for block in slices(len(rows), _BLOCK):
            once[block] = averaged(own, np.arange(block.start, min(block.stop, len(rows))), near)

        def around(members: Members) -> Floats:
            return averaged(lambda wanted: once[wanted].astype(np.float32), members, near)

    def use(members: Members) -> Floats:
        shares = around(members)
        total = shares.sum(1, keepdims=True)
        shares = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
        mixed = (1 - _BACKGROUND) * shares + _BACKGROUND * background
        return np.asarray(mixed / mixed.sum(1, keepdims=True), np.float32)

    return use


def _distributions(
    scores: Callable[[Members], Floats], words: int, rows: Members, top: int | None
) -> tuple[NDArray[np.float16], Floats]:
    """softmax of the scores of all members [M, V], and its entropy [M].

    They are stored as float16, whose spacing at the share of an average word (5e-4 for V = 2000) is a
    thousandth of that share. What exceeds a gigabyte lies in a temporary file, memory-mapped.
    """
    targets = scratch((len(rows), words), np.float16)
    entropy = np.empty(len(rows), np.float32)
    for block in slices(len(rows), _BLOCK):
        values = scores(np.arange(block.start, min(block.stop, len(rows))))
        if top is not None and top < values.shape[1]:
            values = _keep_top(values, top)
        values -= values.max(1, keepdims=True)
        weights = np.exp(values)
        totals = weights.sum(1, keepdims=True)
        targets[block] = weights / totals
        finite = np.where(weights > 0, values, 0)
        entropy[block] = np.log(totals[:, 0]) - (weights * finite).sum(1) / totals[:, 0]
    return targets, entropy


def mean_logits(logits: Rows, rows: Members) -> Floats:
    """[V] the mean logit of each word over the documents `rows`."""
    total = np.zeros(logits.shape[1])
    for block in slices(len(rows), _BLOCK):
        total += logits[rows[block]].sum(0, dtype=np.float64)
    mean: Floats = (total / len(rows)).astype(np.float32)
    return mean


def _keep_top(scores: Floats, top: int) -> Floats:
    order = np.argsort(-scores, axis=1, kind="stable")
    np.put_along_axis(scores, order[:, top:], -np.inf, 1)
    return scores
