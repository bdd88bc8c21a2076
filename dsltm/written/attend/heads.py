"""Which of the teacher's attention heads follow a document's topic, found without a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DEGREE = 3  # of the polynomial in a document's length; chosen, not measured
# A document is compared, for chance, with those so far away in the order of lengths; chosen, not measured.
_PARTNERS = (1, 2, 3)


@dataclass(frozen=True)
class Baseline:
    """The attention that each topic draws whatever a document says, by the document's length.

    Attention depends on where a topic stands, on the length of its name and on its distance from the answer.
    This part is fitted as a cubic in the logarithm of the document's length, and subtracted.

    Attributes:
        coefficients: [degree + 1, ...].
        centre, spread: of the logarithms of the lengths.
    """

    coefficients: NDArray[np.float64]
    centre: float
    spread: float

    @classmethod
    def fit(cls, logs: NDArray[np.float32], lengths: NDArray[np.int64]) -> Baseline:
        """Fit to n documents: logs [n, ...] of attention, and lengths [n] in tokens."""
        size = np.log1p(lengths)
        centre, spread = float(size.mean()), max(float(size.std()), 1e-6)
        powers = min(_DEGREE, len(np.unique(lengths)) - 1)
        design = np.vander((size - centre) / spread, powers + 1, increasing=True)
        flat = logs.reshape(len(logs), -1).astype(np.float64)
        # A small ridge penalty keeps the curve from following the few documents of rare lengths exactly. Its
        # weight was chosen, not measured.
        penalty = 1e-3 * len(logs) * np.diag([0.0] + [1.0] * powers)
        weights = np.asarray(np.linalg.solve(design.T @ design + penalty, design.T @ flat), np.float64)
        return cls(weights.reshape(powers + 1, *logs.shape[1:]), centre, spread)

    def off(self, logs: NDArray[np.float32], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        """`logs` [n, ...] without the baseline."""
        size = np.clip((np.log1p(lengths) - self.centre) / self.spread, -3, 3)
        design = np.vander(size, len(self.coefficients), increasing=True)
        usual = np.tensordot(design, self.coefficients, 1)
        return np.asarray(logs - usual, np.float32)


def agreement(scores: NDArray[np.float32], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """How well a head's choice of topic under one order of the list predicts the same choice under another.

    Attention that follows meaning chooses the same topic wherever it stands in the list, and different topics
    for different documents; attention that follows places fails one of the two. The measure is the part of
    the mutual information of the two choices that comes from equal choices, in nats, at most log K. The same
    measure between documents of neighbouring lengths is subtracted, so that a choice which only the length
    decides counts for nothing.

    Args:
        scores: [orders, n, heads, K], the baseline subtracted.
        lengths: [n] of the documents.

    Returns:
        [heads], the mean over pairs of orders.
    """
    choices = scores[:, np.argsort(lengths, kind="stable")].argmax(-1)
    orders, _, heads = choices.shape
    pairs = [(a, b) for a in range(orders) for b in range(a)]
    out = np.zeros(heads)
    for a, b in pairs:
        for head in range(heads):
            left, right = choices[a, :, head], choices[b, :, head]
            chance = [shared_information(left, np.roll(right, by), scores.shape[-1]) for by in _PARTNERS]
            out[head] += shared_information(left, right, scores.shape[-1]) - np.mean(chance)
    return out / max(len(pairs), 1)


def shared_information(left: NDArray[np.int64], right: NDArray[np.int64], kinds: int) -> float:
    """Σ_k p(k, k) log(p(k, k) / p(k) q(k)) of two choices among `kinds`, in nats."""
    table = np.bincount(left * kinds + right, minlength=kinds * kinds).reshape(kinds, kinds) / len(left)
    same, expected = table.diagonal(), table.sum(1) * table.sum(0)
    present = same > 0
    return float((same[present] * np.log(same[present] / expected[present])).sum())


def choose(value: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """The heads to use, in ascending order: the best ones, and of these the ones that are better than chance.

    A head that alone is far from the best still errs in other documents than the best, and counts by its
    value. Where none is better than chance, the best one is used.

    Args:
        value: [heads] `agreement`.
        most: how many heads at most.
    """
    order = np.argsort(-value, kind="stable")[:most]
    return np.asarray(np.sort(order[: max(1, int((value[order] > 0).sum()))]))
