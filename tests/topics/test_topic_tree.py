"""Distances and the tree, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import average, cophenet
from scipy.spatial.distance import pdist, squareform

from dsltm.topics.tree import distances, drawing, leaves, tree


def _topics(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(30, 0.2), count).astype(np.float32)


def test_distance_is_hellingers() -> None:
    beta = _topics(9, 0).astype(np.float64)
    expected = squareform(pdist(np.sqrt(beta))) / np.sqrt(2)
    assert distances(beta.astype(np.float32)) == pytest.approx(expected, abs=1e-3)


def test_joins_are_those_of_average_linkage() -> None:
    beta = _topics(14, 1)
    joins = tree(beta)
    apart = squareform(distances(beta), checks=False)
    assert [join.distance for join in joins] == pytest.approx(average(apart)[:, 2])
    together = np.zeros((14, 14))
    for join in reversed(joins):
        together[np.ix_(join.topics, join.topics)] = join.distance
    np.fill_diagonal(together, 0)
    assert squareform(together) == pytest.approx(cophenet(average(apart)))


def test_one_topic_has_no_tree() -> None:
    assert tree(_topics(1, 0)) == []
    assert leaves([]) == [0]
    assert list(drawing([], 10)) == [(0, "")]


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.integers(0, 99), st.integers(4, 60))
def test_a_drawing_is_one_connected_tree(count: int, seed: int, width: int) -> None:
    joins = tree(_topics(count, seed))
    lines = list(drawing(joins, width))
    assert sorted(topic for topic, _ in lines) == list(range(count))
    assert all(len(line) <= width for _, line in lines)
    ways = dict(zip("╴╶─╵┘└┴╷┐┌┬│┤├┼ ", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0], strict=True))
    cells = {(r, c): ways[s] for r, (_, line) in enumerate(lines) for c, s in enumerate(line) if s != " "}
    for (row, column), way in cells.items():  # what goes up, down or left is met there
        if way & 4:
            assert cells[row - 1, column] & 8
        if way & 8:
            assert cells[row + 1, column] & 4
        if way & 1 and column:
            assert cells[row, column - 1] & 2
    seen, todo = set(), [next(iter(cells))]
    while todo:
        row, column = todo.pop()
        if (row, column) in seen:
            continue
        seen.add((row, column))
        way = cells[row, column]
        steps = {4: (row - 1, column), 8: (row + 1, column), 1: (row, column - 1), 2: (row, column + 1)}
        todo += [place for bit, place in steps.items() if way & bit and place in cells]
    assert seen == set(cells)
