"""The space in which documents are near to each other: few dimensions, found without a label.

Hidden states are standardised, brought to unit length and turned to their principal axes, so that looking
for neighbours among N documents costs N² · 100 multiplications whatever the teacher's width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.training.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dsltm.models.inputs import Inputs

DIMENSIONS = 100
_SAMPLE = 8192  # documents that the axes are found from
_BLOCK = 4096
_OVERSAMPLED, _ROUNDS = 20, 4


def document_space(
    inputs: Inputs, rows: NDArray[np.int64], dimensions: int = DIMENSIONS
) -> NDArray[np.float32]:
    """Coordinates [M, d] of the documents `rows`, d at most `dimensions`.

    Args:
        inputs: N document vectors.
        rows: the M documents wanted.
        dimensions: principal axes to keep.
    """
    mean, scale = inputs.mean_and_scale(rows)
    sample = rows[np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(np.int64)]
    units = _unit((inputs.dense(sample) - mean) / scale)
    centre = units.mean(0)
    axes = principal_axes(units - centre, dimensions)
    points = scratch((len(rows), axes.shape[1]), np.float32)
    for block in _blocks(len(rows)):
        points[block] = (_unit((inputs.dense(rows[block]) - mean) / scale) - centre) @ axes
    return points


def principal_axes(points: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """The `count` axes [D, d] of largest variance of centred points [M, D].

    Randomised subspace iteration (Halko, Martinsson and Tropp, "Finding structure with randomness", 2011,
    algorithm 4.4), seeded, because an exact decomposition is slow for teachers of thousands of units.
    """
    count = min(count, *points.shape)
    width = min(count + _OVERSAMPLED, *points.shape)
    basis = np.random.default_rng(0).standard_normal((points.shape[1], width), np.float32)
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(points.T @ np.linalg.qr(points @ basis)[0])[0]
    axes = basis @ np.linalg.svd(points @ basis, full_matrices=False)[2].T
    kept: NDArray[np.float32] = axes[:, :count].astype(np.float32)
    return kept


def _unit(points: NDArray[np.float32]) -> NDArray[np.float32]:
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    return points


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK))
