"""k-means, which gives the topics a place to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_ROUNDS = 30  # of Lloyd's algorithm at most; chosen, not measured
_RESTARTS = 8  # measured in tests/bench/README.md, "The space of neighbours and clusters"
_TINY = 0.2  # of an even share of the points: smaller clusters are given up, as measured there
_MOVES = 10  # rounds of giving up tiny clusters at most; two or three do
_BLOCK = 1 << 14  # points compared with the centres at once
_SAMPLE = 1 << 18  # at most so many evenly spaced points give the centres; chosen, not measured


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
    sample = values[:: -(-len(values) // _SAMPLE)]
    runs = (_lloyd(sample, _spread(sample, count, generator)) for _ in range(restarts))
    centres = _without_tiny(sample, min(runs, key=lambda run: run[1])[0], generator)
    chosen: NDArray[np.int64] = _assign(values, centres)[0].numpy()
    return chosen


def cluster_beside(
    points: NDArray[np.float32],
    known: NDArray[np.int64],
    typical: NDArray[np.bool_],
    count: int,
    new: int,
    seed: int,
) -> NDArray[np.int64]:
    """The cluster of each point: the one that is known, or one of new ones among points far from their own.

    A point leaves its known cluster only for a new one whose centre is nearer. The known clusters' centres
    are those of their typical points at first, and then follow the points that stay.

    Args:
        points: [M, d].
        known: [M] each point's cluster, below `count`.
        typical: [M] whether the point is sure to be of its cluster.
        count: K.
        new: how many more; they are K, K + 1 and so on.
        seed: of the first new centres, which k-means++ chooses.
    """
    generator = torch.Generator().manual_seed(seed)
    values, before = torch.from_numpy(points), torch.from_numpy(known)
    sure = torch.from_numpy(typical)
    centres = means(values[sure], before[sure], count)[0]
    runs = (_leaving(values, before, centres, new, generator) for _ in range(_RESTARTS))
    chosen: NDArray[np.int64] = min(runs, key=lambda run: run[1])[0].numpy()
    return chosen


def _leaving(
    points: Tensor, known: Tensor, centres: Tensor, new: int, generator: torch.Generator
) -> tuple[Tensor, float]:
    """One run: the cluster [M] of each point, and the sum of squared distances to their centres."""
    count = len(centres)
    own = (points - centres[known]).square().sum(1)
    centres = torch.cat([centres, _spread(points, new, generator, own)])
    chosen = known
    for _ in range(_ROUNDS):
        own = (points - centres[known]).square().sum(1)
        nearest, gap = _assign(points, centres[count:])
        before, chosen = chosen, torch.where(gap < own, nearest + count, known)
        if torch.equal(before, chosen):
            break
        fresh, sizes = means(points, chosen, count + new)
        # A cluster that all points left stays where it was.
        centres = torch.where((sizes > 0)[:, None], fresh, centres)
    return chosen, float(torch.minimum(own, gap).double().sum())


def _spread(points: Tensor, count: int, generator: torch.Generator, distance: Tensor | None = None) -> Tensor:
    """First centres [K, d] by k-means++: points far from those drawn before are likelier to be drawn.

    Args:
        points: [M, d].
        count: K.
        generator: of the draws.
        distance: [M] squared distances to centres that there are already; None: there are none.
    """
    centres: list[Tensor] = []
    if distance is None:
        first = int(torch.randint(len(points), (1,), generator=generator))
        centres = [points[first]]
        distance = (points - centres[0]).square().sum(1)
    while len(centres) < count:
        # Drawn by a running sum, because torch.multinomial takes no more than 2^24 points. Summed in float64,
        # because in float32 the far end of a long sum would no longer grow, and could not be drawn.
        reach = distance.double().cumsum(0)
        drawn = torch.rand((), generator=generator, dtype=torch.float64) * reach[-1]
        chosen = min(int(torch.searchsorted(reach, drawn, right=True)), len(points) - 1)
        centres.append(points[chosen])
        distance = torch.minimum(distance, (points - centres[-1]).square().sum(1))
    return torch.stack(centres)


def _lloyd(points: Tensor, centres: Tensor) -> tuple[Tensor, float]:
    """The centres [K, d] at the end of Lloyd's algorithm, and the sum of squared distances to the nearest."""
    chosen, gap = _assign(points, centres)
    for _ in range(_ROUNDS):
        centres, sizes = means(points, chosen, len(centres))
        if len(empty := torch.nonzero(sizes == 0)[:, 0]):
            # A centre without points moves to the point that is farthest from its own centre.
            centres[empty] = points[gap.topk(len(empty)).indices]
        before = chosen
        chosen, gap = _assign(points, centres)
        if torch.equal(before, chosen):
            break
    return centres, float(gap.double().sum())


def _without_tiny(points: Tensor, centres: Tensor, generator: torch.Generator) -> Tensor:
    """The centres [K, d], where those of a few points halve the widest clusters instead.

    A few outliers are no topic, and training loses a topic that hardly any documents have. Two centres in a
    wide cluster bring the points nearer to their centres than one among the outliers does (Fritzke, "The
    breathing k-means algorithm", 2020, moves centres for that alone).
    """
    least = _TINY * len(points) / len(centres)
    for _ in range(_MOVES):
        chosen, gap = _assign(points, centres)
        tiny = torch.nonzero(torch.bincount(chosen, minlength=len(centres)) < least)[:, 0].tolist()
        width = torch.zeros(len(centres)).index_add_(0, chosen, gap.clamp_min(0))
        wide = (place for place in width.argsort(descending=True).tolist() if place not in tiny)
        before = centres.clone()
        for place in tiny:
            for halved in wide:
                halves, sizes = _halves(points[chosen == halved], generator)
                if min(sizes) >= least:
                    centres[[halved, place]] = halves
                    break
        if torch.equal(before, centres):
            break
        centres = _lloyd(points, centres)[0]
    return centres


def _halves(points: Tensor, generator: torch.Generator) -> tuple[Tensor, list[int]]:
    """Two centres [2, d] among points [m, d], and how many points are nearer to each."""
    centres = _lloyd(points, _spread(points, 2, generator))[0]
    return centres, torch.bincount(_assign(points, centres)[0], minlength=2).tolist()


def means(points: Tensor, chosen: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The mean [K, d] of each cluster's points, 0 where it has none, and the number [K] of its points.

    Args:
        points: [M, d].
        chosen: [M] each point's cluster, below `count`, which is K.
    """
    sizes = torch.bincount(chosen, minlength=count)
    totals = torch.zeros(count, points.shape[1], device=points.device).index_add_(0, chosen, points)
    return totals / sizes.clamp_min(1)[:, None], sizes


def nearest_mean(
    points: NDArray[np.float32], known: NDArray[np.float32], clusters: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """The cluster [M] of each point, as that of known points whose mean is nearest to it.

    Args:
        points: [M, d].
        known: [m, d] points whose clusters are known; a cluster without any of them gets no point.
        clusters: [m] below `count`.
        count: K.
    """
    centres, sizes = means(torch.from_numpy(known), torch.from_numpy(clusters), count)
    used = torch.nonzero(sizes)[:, 0]
    nearest: NDArray[np.int64] = used[_assign(torch.from_numpy(points), centres[used])[0]].numpy()
    return nearest


def _assign(points: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest centre [M] of each point, and the squared distance [M] to it."""
    lengths = centres.square().sum(1)
    chosen, gaps = [], []
    for block in torch.split(points, _BLOCK):
        gap, nearest = (lengths - 2 * block @ centres.T).min(1)
        chosen.append(nearest)
        gaps.append(gap + block.square().sum(1))
    return torch.cat(chosen), torch.cat(gaps)
