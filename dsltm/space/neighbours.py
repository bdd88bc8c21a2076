"""Each document's nearest neighbours, in blocks: memory stays flat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from dsltm.space.cells import nearest_in_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_CELLS = 1 << 25  # similarities held at once: 128 MB
_BLOCK = 1024  # points compared with all others at once
_SETTLED = 4  # rounds of averaging, from tests/bench/README.md, "The space of neighbours and clusters"
EXACT = 100_000  # documents up to which all pairs are compared; chosen, not measured


def nearest(points: NDArray[np.float32], count: int, device: torch.device | None = None) -> NDArray[np.int32]:
    """The `count` other points of largest cosine to each, nearest first.

    Exact up to `EXACT` points, in time that grows with M²; above that nearly so (`nearest_in_cells`).

    Args:
        points: [M, d]; 20,000 of 100 coordinates take a second or two on two cores.
        count: neighbours of each; where it is larger, M - 1.

    Returns:
        [M, count] indices.
    """
    count = min(count, len(points) - 1)
    units = torch.nn.functional.normalize(torch.from_numpy(points).to(device), dim=1)
    if len(points) > EXACT:
        return nearest_in_cells(units, count)
    neighbours = np.empty((len(points), count), np.int32)
    step = max(1, min(_BLOCK, _CELLS // len(points)))
    for start in range(0, len(points), step):
        cosines = units[start : start + step] @ units.T
        own = torch.arange(len(cosines), device=cosines.device)
        cosines[own, own + start] = -torch.inf
        neighbours[start : start + step] = cosines.topk(count, 1).indices.cpu().numpy()
    return neighbours


def averaged(
    values: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    members: NDArray[np.int64],
    neighbours: NDArray[np.int32],
) -> NDArray[np.float32]:
    """The mean of each member's value and those of its neighbours.

    Args:
        values: the values [m, D] of m members.
        members: n members wanted.
        neighbours: [M, count] of all members.

    Returns:
        [n, D].
    """
    group = np.concatenate([members[:, None], neighbours[members]], 1)
    distinct, places = np.unique(group, return_inverse=True)
    table = torch.from_numpy(values(distinct))
    return torch.nn.functional.embedding_bag(
        torch.from_numpy(places.reshape(group.shape)), table, mode="mean"
    ).numpy()


def settled(points: NDArray[np.float32], neighbours: NDArray[np.int32]) -> NDArray[np.float32]:
    """Points [M, d], each moved four times to the middle of its neighbours, then of length one.

    A document between topics ends up near the origin, and k-means would gather such documents in clusters
    of their own; at length one they go to the topic that they lean to.
    """
    members = np.arange(len(points))
    for _ in range(_SETTLED):
        points = averaged(points.__getitem__, members, neighbours)
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    return points
