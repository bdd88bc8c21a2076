"""The space in which documents are compared: few dimensions, found without a label.

A document is described by the teacher's hidden state, standardised and of length one, and beside it by its
words (TF-IDF of all words of the corpus on its principal axes, of length `_WORDS`). One linear map follows,
which does two things. It shortens the directions in which neighbours differ, because differences about topics
would have kept them from being neighbours. And it turns the space to its principal axes, so that looking for
neighbours among N documents costs N² · 100 multiplications whatever the teacher's width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.formats.blocks import slices
from dsltm.formats.scratch import scratch
from dsltm.space.inputs import Inputs, evenly
from dsltm.space.neighbours import nearest
from dsltm.words.bm25 import document_frequency

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float32]

# "Measured" below means tests/bench/README.md: "The space of neighbours and clusters", and for the number of
# dimensions the table of other spaces in "What did not".
DIMENSIONS = 100  # measured: 30, 50 and 200 are no better
_WORDS = 0.5  # length of the TF-IDF vector, where the hidden state has 1; measured: .45 to .75 do alike
_WORD_AXES = 200  # of TF-IDF, on which words that occur together lie near each other; chosen, not measured
_WORD_SAMPLE = 1 << 16  # documents that these axes are computed from; chosen, not measured
_WIDE = 300  # axes in which neighbours are compared before the last turn; measured: 600 bring nothing more
_NEIGHBOURS = 10  # of a document, whose differences from it are shortened; chosen, not measured
_EVEN = 0.5  # share of these differences held to be alike in all directions; measured: .2 is worse
_SAMPLE = 8192  # documents that the map is computed from; chosen, not measured
_BLOCK = 4096  # documents described at once, which changes no result
_OVERSAMPLED, _ROUNDS = 20, 4  # extra columns and iterations of `principal_axes`; chosen, not measured


def document_space(inputs: Inputs, rows: NDArray[np.int64], dimensions: int = DIMENSIONS) -> Floats:
    """Coordinates [M, d] of the documents `rows`, d at most `dimensions`.

    Args:
        inputs: N hidden states, and word counts where there are any.
        rows: the M documents wanted.
        dimensions: principal axes to keep.
    """
    description = _Description.of(inputs, rows)
    sample = description(evenly(rows, _SAMPLE))
    centre = sample.mean(0)
    sample -= centre
    wide = principal_axes(sample, max(_WIDE, dimensions))
    turned: Floats = sample @ wide
    shortening = _without_differences(turned)
    axes = wide @ shortening @ principal_axes(turned @ shortening, dimensions)
    points = scratch((len(rows), axes.shape[1]), np.float32)
    for block in slices(len(rows), _BLOCK):
        points[block] = (description(rows[block]) - centre) @ axes
    return points


@dataclass(frozen=True)
class _Description:
    """What documents are compared by: a vector [D], or [D + `_WORD_AXES`] with word counts."""

    hidden: Inputs
    mean: Floats
    scale: Floats
    words: _Words | None

    @classmethod
    def of(cls, inputs: Inputs, rows: NDArray[np.int64]) -> _Description:
        hidden = Inputs(inputs.hidden, None)
        words = None if inputs.counts is None else _Words.of(inputs.counts, rows)
        return cls(hidden, *hidden.mean_and_scale(rows), words)

    def __call__(self, rows: NDArray[np.int64]) -> Floats:
        states = _unit((self.hidden.dense(rows) - self.mean) / self.scale)
        if self.words is None:
            return states
        return np.concatenate([states, np.float32(_WORDS) * self.words(rows)], 1)


@dataclass(frozen=True)
class _Words:
    """Documents by their words: TF-IDF on its principal axes, of length one (Deerwester et al., "Indexing by
    latent semantic analysis", 1990)."""

    counts: csr_array  # [N, W]
    rarity: Floats  # [W] log((1 + M) / (1 + documents that have the word))
    axes: Floats  # [W, a]

    @classmethod
    def of(cls, counts: csr_array, rows: NDArray[np.int64]) -> _Words:
        frequency = document_frequency(counts, rows)
        rarity = np.log((1 + len(rows)) / (1 + frequency)).astype(np.float32)
        sample = _weighted(counts[evenly(rows, _WORD_SAMPLE)], rarity)
        return cls(counts, rarity, principal_axes(sample, _WORD_AXES))

    def __call__(self, rows: NDArray[np.int64]) -> Floats:
        return _unit(np.asarray(_weighted(self.counts[rows], self.rarity) @ self.axes))


def _weighted(counts: csr_array, rarity: Floats) -> csr_array:
    """TF-IDF [n, W] of counts, with logarithms of the counts."""
    weights = counts.astype(np.float32)
    weights.data = np.log1p(weights.data) * rarity[weights.indices]
    return weights


def _without_differences(points: Floats) -> Floats:
    """The map [D, D] under which points [M, D] differ from their neighbours about as much in every direction.

    Relevant component analysis (Bar-Hillel, Hertz, Shental and Weinshall, "Learning distance functions using
    equivalence relations", 2003), with neighbours in the place of points that are known to be alike. The map
    is W^-½, where W is the covariance of a point's differences from its neighbours, half of it replaced by
    its mean variance.
    """
    spread = np.zeros((points.shape[1], points.shape[1]))
    for other in nearest(points, _NEIGHBOURS).T:
        difference = points - points[other]
        spread += difference.T @ difference
    variances, directions = np.linalg.eigh(spread / max(1e-30, np.trace(spread)) * len(spread))
    variances = (1 - _EVEN) * np.maximum(variances, 0) + _EVEN
    shortening: Floats = (directions / np.sqrt(variances)).astype(np.float32)
    return shortening


def principal_axes(points: Floats | csr_array, count: int) -> Floats:
    """The `count` axes [D, d] along which points [M, D] are longest; principal axes, if points are centred.

    Randomised subspace iteration (Halko, Martinsson and Tropp, "Finding structure with randomness", 2011,
    algorithm 4.4), seeded, because an exact decomposition is slow for teachers of thousands of units.
    """
    count = min(count, *points.shape)
    width = min(count + _OVERSAMPLED, *points.shape)
    basis = np.random.default_rng(0).standard_normal((points.shape[1], width), np.float32)
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(points.T @ np.linalg.qr(points @ basis)[0])[0]
    axes = basis @ np.linalg.svd(points @ basis, full_matrices=False)[2].T
    longest: Floats = axes[:, :count].astype(np.float32)
    return longest


def _unit(points: Floats) -> Floats:
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    return points
