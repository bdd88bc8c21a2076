"""Which topics are alike: distances between topics, and the tree that joins those most alike first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlogy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dsltm.formats.numbering import Numbering

_NOTHING = 1e-12  # nats; less is left by rounding


@dataclass(frozen=True, slots=True)
class Join:
    """Two branches that become one.

    Args:
        node: its number, K for the first join, K + 1 for the second and so on; topics are 0 to K - 1.
        children: the two topics or earlier joins, the one with the lower topic first.
        distance: how much of what topics say about words is lost by this join and those before, in [0, 1].
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


def tree(beta: NDArray[np.float32], sizes: NDArray[np.int64] | None = None) -> list[Join]:
    """Join two branches until there is one, always those whose difference says least about words.

    This is the agglomerative information bottleneck (Slonim and Tishby 1999): a join loses some of the
    information that the topic of a word gives about the word, and the one that loses least is made. Topics
    that are alike are joined early, and so are small ones; so the branches stay about equally large.

    Args:
        beta: [K, V], rows sum to one.
        sizes: [K] documents of each topic; None: all alike.

    Returns:
        K - 1 joins; none for a single topic.
    """
    weights = np.ones(len(beta)) if sizes is None else sizes + 1.0  # as in `edit.edited`
    parts = beta.astype(np.float64) * (weights / weights.sum())[:, None]
    apart = _Branches(parts)
    whole = apart.said.sum() - _said(parts.sum(axis=0))
    below: list[list[int]] = [[topic] for topic in range(len(beta))]
    nodes = list(range(len(beta)))
    lost, joins = 0.0, []
    for _ in range(len(beta) - 1):
        loss, one, other = apart.join()
        lost += loss
        a, b = sorted((nodes[one], nodes[other]), key=lambda node: min(below[node]))
        below.append(below[a] + below[b])
        nodes[one] = len(below) - 1
        distance = min(float(lost / whole), 1.0) if whole > _NOTHING else 0.0
        joins.append(Join(len(below) - 1, (a, b), distance, below[-1]))
    return joins


class _Branches:
    """Branches of the tree, and what the join of any two of them loses.

    Args:
        parts: [K, V] p(topic, word).

    Attributes:
        said: [K] what each branch says of words, see `_said`.
    """

    def __init__(self, parts: NDArray[np.float64]) -> None:
        self._parts, self.said = parts.copy(), _said(parts)
        self._loss = np.full((len(parts), len(parts)), np.inf)
        for branch in range(len(parts)):
            self._compare(branch, np.arange(branch))

    def _compare(self, branch: int, others: NDArray[np.int64]) -> None:
        together = _said(self._parts[others] + self._parts[branch])
        loss = np.maximum(self.said[others] + self.said[branch] - together, 0)
        self._loss[branch, others] = self._loss[others, branch] = loss

    def join(self) -> tuple[float, int, int]:
        """Join the two branches that lose least; the second is no more, and the first is both.

        Returns:
            What is lost in nats, and the two branches.
        """
        place = int(self._loss.argmin())
        one, other = sorted(divmod(place, len(self._loss)))
        loss = float(self._loss[one, other])
        self._parts[one] += self._parts[other]
        self.said[one] = _said(self._parts[one])
        self._loss[other] = self._loss[:, other] = np.inf
        others = np.flatnonzero(np.isfinite(self._loss[one]))
        self._compare(one, others)
        return loss, one, other


def _said(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Σ p log p - (Σ p) log (Σ p) over words; summed over topics it is their information less a constant."""
    total = parts.sum(axis=-1)
    return np.asarray(xlogy(parts, parts).sum(axis=-1) - xlogy(total, total))


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
