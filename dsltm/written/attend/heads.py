"""Which of the teacher's heads say something about a document's topic, found without a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DEGREE = 3
_PARTNERS = (1, 2, 3)  # how far off in the order of lengths the documents are that tell what chance is


@dataclass(frozen=True)
class Baseline:
    """What attention is on each topic whatever a document says, by the document's length.

    Where a topic stands, how long its name is and how far away the answer is all show in attention. They are
    fitted as a cubic in the logarithm of the length, and taken off.

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
        # a little ridge keeps lengths that the sample has seldom from being fitted exactly
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
    """How well a head's choice of topic under one order of the list foretells the same choice under another.

    Attention that follows meaning chooses the same topic wherever it stands in the list, and different ones
    for different documents; attention that follows places does one or the other. The measure is the part of
    the mutual information of the two choices that comes from equal ones, in nats, at most log K; less what it
    is between one document and another of the same length, so that what only the length decides counts as
    nothing.

    Args:
        scores: [orders, n, heads, K], the baseline taken off.
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
    """The heads to use: up to `most`, none worth less than half of the best."""
    order = np.argsort(-value, kind="stable")[:most]
    best = value[order[0]]
    return np.asarray(np.sort(order[value[order] >= best - abs(best) / 2]))
