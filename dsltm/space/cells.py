"""Neighbours among many documents: each looks only through the cells near its own.

An inverted file of one level (Jégou, Douze and Schmid, "Product quantization for nearest neighbor search",
2011, section 4, without the quantisation): k-means cuts the space into about sqrt(N) cells, and a document's
neighbours are sought in the few cells whose centres are nearest to the centre of its own. Time grows with
N^1.5 instead of N².
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from dsltm.space.inputs import evenly
from dsltm.space.kmeans import cluster, means

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

PROBES = 24  # cells looked through; for their recall see "Many documents" in tests/bench/README.md
_PER_CELL = 32  # documents for each cell that the centres are computed from; chosen, not measured
_SIMILARITIES = 1 << 24  # held at once: 64 MB of float32
_BLOCK = 1 << 14  # documents given to their cells at once


def nearest_in_cells(units: Tensor, count: int, probes: int = PROBES) -> NDArray[np.int32]:
    """About the `count` other points of largest cosine to each, nearest first; the same at every call.

    Args:
        units: [M, d] of length one, M above a few thousand.
        count: fewer than M.
        probes: cells looked through.

    Returns:
        [M, count] indices.
    """
    centres = _centres(units)
    chosen = torch.cat([(block @ centres.T).argmax(1) for block in torch.split(units, _BLOCK)])
    order = torch.argsort(chosen, stable=True)
    stops = torch.bincount(chosen, minlength=len(centres)).cumsum(0).tolist()
    cells = [order[start:stop] for start, stop in zip([0, *stops[:-1]], stops, strict=True)]
    near = torch.argsort(centres @ centres.T, dim=1, descending=True, stable=True).tolist()
    neighbours = np.empty((len(units), count), np.int32)
    for cell, others in zip(cells, near, strict=True):
        candidates = torch.cat([cells[other] for other in others[:probes]])
        if len(candidates) <= count:
            # Where most documents are alike they fill one or two cells, and those around hold too few.
            candidates = order
        vectors = units[candidates]
        for members in torch.split(cell, max(1, _SIMILARITIES // len(candidates))):
            cosines = units[members] @ vectors.T
            cosines[members[:, None] == candidates] = -torch.inf
            best = candidates[cosines.topk(count, 1).indices]
            neighbours[members.cpu().numpy()] = best.cpu().numpy()
    return neighbours


def _centres(units: Tensor) -> Tensor:
    """[sqrt(M), d] centres of cells, of length one, computed from an evenly spaced sample of the points."""
    number = round(len(units) ** 0.5)
    part = evenly(np.arange(len(units)), _PER_CELL * number)
    sample = units[torch.from_numpy(part).to(units.device)]
    cells = torch.from_numpy(cluster(sample.cpu().numpy(), number, 0)).to(units.device)
    return torch.nn.functional.normalize(means(sample, cells, number)[0], dim=1)
