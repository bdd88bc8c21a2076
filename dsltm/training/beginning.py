"""Where documents begin whose topics are known in part: the others join a topic that is known, or a new one.

What a person says of a few documents reaches the others through the space of neighbours. A document that it
does not reach, because nothing was said of any document around it, fits no known topic, and new topics are
found among such documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices
from dsltm.formats.scratch import scratch
from dsltm.space.kmeans import cluster, nearest_mean
from dsltm.space.neighbours import averaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# From the table in tests/bench/README.md, "Seeds: which documents fit none".
_REACHED = 0.01  # of what is usual around a topic's own documents; what has less around it does not fit
_ELSEWHERE = 0.95  # of the documents that are nearer to other topics do not fit either
_BLOCK = 4096  # documents that are placed at once, which changes no result


@dataclass(frozen=True)
class Beginning:
    """Where M documents begin.

    Attributes:
        topics: [M] the topic of each.
        stays: [M] whether a person said so, so that nothing else may move it.
    """

    topics: NDArray[np.int64]
    stays: NDArray[np.bool_]

    @classmethod
    def of(cls, topics: NDArray[np.int64]) -> Beginning:
        """One from which every document may be moved."""
        return cls(topics, np.zeros(len(topics), bool))


def begin_around(
    points: Floats, neighbours: NDArray[np.int32], known: NDArray[np.int64], count: int, new: int, seed: int
) -> NDArray[np.int64]:
    """The topic [M] that each document begins in: a known one, or one of the new ones above them.

    Args:
        points: [M, d] places.
        neighbours: [M, n].
        known: [M] the topic of each document of which it is known, below `count`, else -1.
        count: how many known topics there are; those without a document stay without.
        new: how many others.
        seed: of the clusters that new topics begin as.

    Raises:
        DsltmError: too few documents are left for new topics.
    """
    own = np.flatnonzero(known >= 0)
    topics = np.where(known < 0, nearest_mean(points, points[own], known[own], count), known)
    if not new:
        return topics
    open_to = np.flatnonzero(known < 0)
    if len(open_to) < new:
        raise DsltmError(
            f"{len(open_to):,} documents belong to no known topic, which is too few for {new:,} new topics"
        )
    fit = fits(neighbours, known, topics, count)[open_to]
    # Where nearly all documents fit, those that do least are taken: the new topics then are small.
    least = np.partition(fit, new - 1)[new - 1]
    left = open_to[fit <= max(1, least)]
    topics[left] = count + cluster(points[left], new, seed)
    return topics


def fits(
    neighbours: NDArray[np.int32], known: NDArray[np.int64], nearest: NDArray[np.int64], count: int
) -> Floats:
    """How well each document [M] fits the known topic that is commonest around it; up to 1 it fits none.

    Words of a topic are found elsewhere, too, and so is a known topic around documents of others: what is
    usual there is no sign of it.

    Args:
        neighbours: [M, n].
        known: [M] topics below `count`, -1 where a document's is not known.
        nearest: [M] the topic that each document is nearest to.
        count: of the known topics.
    """
    own = np.flatnonzero(known >= 0)
    around = scratch((len(known), count), np.float32)
    around[:] = 0
    around[own, known[own]] = 1
    # Twice, because a word of the topic may be missing from all of a document's neighbours, but hardly from
    # all of theirs, too.
    for _ in range(2):
        before, around = around, scratch(around.shape, np.float32)
        for block in slices(len(around), _BLOCK):
            around[block] = averaged(before.__getitem__, np.arange(block.start, block.stop), neighbours)
    best = np.zeros(len(known), np.float32)
    for topic in np.unique(known[own]).tolist():
        share, others = around[:, topic], nearest != topic
        chance = np.quantile(share[others], _ELSEWHERE) if others.any() else 0
        best = np.maximum(best, share / max(_REACHED * np.median(share[known == topic]), chance))
    return best
