"""Which topics are alike: distances between topics, and the tree that joins the nearest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dsltm.formats.numbering import Numbering


@dataclass(frozen=True, slots=True)
class Join:
    """Two branches that become one.

    Args:
        node: its number, K for the first join, K + 1 for the second and so on; topics are 0 to K - 1.
        children: the two topics or earlier joins, the one with the lower topic first.
        distance: mean distance of their topics, in [0, 1].
        topics: all topics below it, in the order of `leaves`.
    """

    node: int
    children: tuple[int, int]
    distance: float
    topics: list[int]

    def row(self, numbering: Numbering) -> dict[str, object]:
        """The join as a line of a file, with the topics' numbers; nodes that are joins follow on them."""
        names = [*numbering.numbers, *range(numbering.given, numbering.given + self.node)]
        return {
            "node": names[self.node],
            "children": [names[child] for child in self.children],
            "distance": self.distance,
            "topics": [names[topic] for topic in self.topics],
        }


def distances(beta: NDArray[np.float32]) -> NDArray[np.float64]:
    """[K, K] Hellinger distances of the topics' words: 0 the same, 1 none in common."""
    root = np.sqrt(beta.astype(np.float64))
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    apart: NDArray[np.float64] = np.sqrt(np.clip(1 - root @ root.T, 0, 1))
    np.fill_diagonal(apart, 0)
    return np.asarray((apart + apart.T) / 2)


def tree(beta: NDArray[np.float32]) -> list[Join]:
    """Join the two nearest branches until there is one, by the mean distance of their topics.

    Args:
        beta: [K, V], rows sum to one.

    Returns:
        K - 1 joins, by distance; none for a single topic.
    """
    if len(beta) < 2:
        return []
    from sklearn.cluster import AgglomerativeClustering

    clustering = AgglomerativeClustering(
        metric="precomputed", linkage="average", distance_threshold=0, n_clusters=None, compute_full_tree=True
    ).fit(distances(beta))
    below: list[list[int]] = [[topic] for topic in range(len(beta))]
    joins = []
    for children, distance in zip(clustering.children_.tolist(), clustering.distances_.tolist(), strict=True):
        a, b = sorted(children, key=lambda child: min(below[child]))
        below.append(below[a] + below[b])
        joins.append(Join(len(below) - 1, (a, b), float(distance), below[-1]))
    return joins


def leaves(joins: list[Join]) -> list[int]:
    """All topics in the order in which a drawing of the tree has no crossing."""
    return joins[-1].topics if joins else [0]


def span(joins: list[Join]) -> tuple[float, float]:
    """The distances at a drawing's left and right edge: a tenth below the first join, and the last join."""
    heights = [join.distance for join in joins] or [0.0]
    return 0.9 * min(heights), max(heights)


def drawing(joins: list[Join], width: int) -> Iterator[tuple[int, str]]:
    """The tree as lines of box characters, growing to the right with the distance.

    Args:
        joins: from `tree`.
        width: of the lines in characters, at least 4.

    Yields:
        A topic and its line, in the order of `leaves`.
    """
    order = leaves(joins)
    # A cell is the sum of the directions in which lines leave it, and `symbols` has a character for each sum.
    left, right, up, down = 1, 2, 4, 8
    cells = np.zeros((len(order), width), np.int8)
    if joins:
        cells[:, 0] = left
    low, high = span(joins)
    end = {topic: (row, 0) for row, topic in enumerate(order)}
    for join in joins:
        (top, from_top), (bottom, from_bottom) = sorted(end[child] for child in join.children)
        at = max(1 + round((join.distance - low) / (high - low or 1) * (width - 2)), from_top, from_bottom)
        for row, start in ((top, from_top), (bottom, from_bottom)):
            if at > start:
                cells[row, start] |= right
                cells[row, start + 1 : at] |= left | right
                cells[row, at] |= left
        cells[top:bottom, at] |= down
        cells[top + 1 : bottom + 1, at] |= up
        end[join.node] = ((top + bottom) // 2, at)
    symbols = np.array(list(" ╴╶─╵┘└┴╷┐┌┬│┤├┼"))
    for topic, row in zip(order, symbols[cells], strict=True):
        yield topic, "".join(row).rstrip()
