"""k-means, which gives the topics a place to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_ROUNDS = 30
_RESTARTS = 8
_BLOCK = 1 << 14
_SAMPLE = 1 << 18  # at most so many points, evenly spaced, are what the centres are found from


def cluster(
    points: NDArray[np.float32], count: int, seed: int, restarts: int = _RESTARTS
) -> NDArray[np.int64]:
    """The cluster, 0 to `count` - 1, of each point; the tightest of some runs of Lloyd's algorithm.

    Args:
        points: [M, d], M at least `count`.
        count: K.
        seed: of the first centres, which k-means++ chooses (Arthur and Vassilvitskii, 2007).
        restarts: how many runs.
    """
    generator = torch.Generator().manual_seed(seed)
    values = torch.from_numpy(points)
    some = values[:: -(-len(values) // _SAMPLE)]
    runs = (_lloyd(some, _spread(some, count, generator)) for _ in range(restarts))
    centres = min(runs, key=lambda run: run[1])[0]
    chosen: NDArray[np.int64] = _assign(values, centres)[0].numpy()
    return chosen


def _spread(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """First centres [K, d] by k-means++: far from each other, with chance."""
    first = int(torch.randint(len(points), (1,), generator=generator))
    centres = [points[first]]
    distance = (points - centres[0]).square().sum(1)
    for _ in range(count - 1):
        # by the running sum: torch.multinomial ends at 2^24 points; the sum in float64 reaches every point
        reach = distance.double().cumsum(0)
        drawn = torch.rand((), generator=generator, dtype=torch.float64) * reach[-1]
        chosen = min(int(torch.searchsorted(reach, drawn, right=True)), len(points) - 1)
        centres.append(points[chosen])
        distance = torch.minimum(distance, (points - centres[-1]).square().sum(1))
    return torch.stack(centres)


def _lloyd(points: Tensor, centres: Tensor) -> tuple[Tensor, float]:
    """Centres [K, d] and the sum of squared distances to the nearest."""
    chosen, gap = _assign(points, centres)
    for _ in range(_ROUNDS):
        centres, sizes = means(points, chosen, len(centres))
        if len(
            empty := torch.nonzero(sizes == 0)[:, 0]
        ):  # a centre that lost its points goes where few are near
            centres[empty] = points[gap.topk(len(empty)).indices]
        before = chosen
        chosen, gap = _assign(points, centres)
        if torch.equal(before, chosen):
            break
    return centres, float(gap.double().sum())


def means(points: Tensor, chosen: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Centres [K, d] of each cluster's points, 0 where it has none, and how many [K] it has.

    Args:
        points: [M, d].
        chosen: [M] each point's cluster, below `count`, which is K.
    """
    sizes = torch.bincount(chosen, minlength=count)
    totals = torch.zeros(count, points.shape[1], device=points.device).index_add_(0, chosen, points)
    return totals / sizes.clamp_min(1)[:, None], sizes


def _assign(points: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest centre [M], and its squared distance [M]."""
    lengths = centres.square().sum(1)
    chosen, gaps = [], []
    for block in torch.split(points, _BLOCK):
        gap, nearest = (lengths - 2 * block @ centres.T).min(1)
        chosen.append(nearest)
        gaps.append(gap + block.square().sum(1))
    return torch.cat(chosen), torch.cat(gaps)
