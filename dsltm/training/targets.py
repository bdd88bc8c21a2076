"""Soft labels from logits: the step between what the teacher said and what the model learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.formats.scratch import scratch
from dsltm.space.neighbours import averaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dsltm.formats.stacked import Rows

_BLOCK = 1024


def soft_targets(
    logits: Rows,
    rows: NDArray[np.int64],
    temperature: float,
    top: int | None = None,
    *,
    centre: NDArray[np.float32] | None = None,
    neighbours: NDArray[np.int32] | None = None,
) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """y = softmax(ℓ / τ) of the documents `rows`, and its entropy.

    Stored as float16, whose spacing at the share of an average word (5e-4 for V = 2000) is a thousandth of
    it; above a gigabyte in a temporary file, memory-mapped.

    Args:
        logits: ℓ [N, V].
        rows: the documents wanted, M indices.
        temperature: τ.
        top: keep the `top` largest logits of a row (ties by position), and renormalise.
        centre: [V] taken away from every document's logits (`mean_logits`, for one).
        neighbours: [M, n] positions in `rows`; ℓ becomes the mean of a document's and its neighbours'.

    Returns:
        y [M, V] and H(y) [M] in nats.
    """
    targets = scratch((len(rows), logits.shape[1]), np.float16)
    entropy = np.empty(len(rows), np.float32)
    zero = np.float32(0) if centre is None else centre

    def raw(members: NDArray[np.int64]) -> NDArray[np.float32]:
        values: NDArray[np.float32] = logits[rows[members]].astype(np.float32)
        return values

    for block in _blocks(len(rows)):
        members = np.arange(block.start, min(block.stop, len(rows)))
        own = raw(members) if neighbours is None else averaged(raw, members, neighbours)
        scores = (own - zero) / np.float32(temperature)
        if top is not None and top < scores.shape[1]:
            scores = _keep_top(scores, top)
        scores -= scores.max(1, keepdims=True)
        weights = np.exp(scores)
        totals = weights.sum(1, keepdims=True)
        targets[block] = weights / totals
        finite = np.where(weights > 0, scores, 0)
        entropy[block] = np.log(totals[:, 0]) - (weights * finite).sum(1) / totals[:, 0]
    return targets, entropy


def mean_logits(logits: Rows, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """[V] what the teacher says of every one of the documents `rows`."""
    total = np.zeros(logits.shape[1])
    for block in _blocks(len(rows)):
        total += logits[rows[block]].sum(0, dtype=np.float64)
    mean: NDArray[np.float32] = (total / len(rows)).astype(np.float32)
    return mean


def _keep_top(scores: NDArray[np.float32], top: int) -> NDArray[np.float32]:
    order = np.argsort(-scores, axis=1, kind="stable")
    np.put_along_axis(scores, order[:, top:], -np.inf, 1)
    return scores


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK))
