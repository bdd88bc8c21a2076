"""Distances against scipy, and the tree against the definition of the information that it loses."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from dsltm.topics.tree import distances, drawing, leaves, tree


def _topics(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(30, 0.2), count).astype(np.float32)


def test_distance_is_hellingers() -> None:
    beta = _topics(9, 0).astype(np.float64)
    expected = squareform(pdist(np.sqrt(beta))) / np.sqrt(2)
    assert distances(beta.astype(np.float32)) == pytest.approx(expected, abs=1e-3)


def _information(beta: np.ndarray, weights: np.ndarray) -> float:
    """The mutual information of topics and words, in nats."""
    joint = beta.astype(np.float64) * (weights / weights.sum())[:, None]
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    return float((joint * np.log(joint / independent)).sum())


def test_the_join_that_loses_least_information_is_made() -> None:
    beta, sizes = _topics(9, 1) + 1e-6, np.array([90, 1, 4, 40, 40, 7, 3, 0, 60])
    beta /= beta.sum(axis=1, keepdims=True)
    branches = {topic: (row, size + 1.0) for topic, (row, size) in enumerate(zip(beta, sizes, strict=True))}

    def left(of: dict[int, tuple[np.ndarray, float]]) -> float:
        rows = list(of.values())
        return _information(np.stack([row for row, _ in rows]), np.array([weight for _, weight in rows]))

    def joined(pair: tuple[int, int], node: int) -> dict[int, tuple[np.ndarray, float]]:
        (one, w), (other, v) = branches[pair[0]], branches[pair[1]]
        rest = {key: value for key, value in branches.items() if key not in pair}
        return rest | {node: ((w * one + v * other) / (w + v), w + v)}

    whole = left(branches)
    for join in tree(beta, sizes):
        best = max(combinations(branches, 2), key=lambda pair: left(joined(pair, join.node)))
        assert {*join.children} == {*best}
        branches = joined(best, join.node)
        assert join.distance == pytest.approx(1 - left(branches) / whole, abs=1e-6)
    assert join.distance == pytest.approx(1)
    assert sorted(join.topics) == list(range(9))


def test_topics_that_are_the_same_are_no_distance_apart() -> None:
    beta = np.repeat(_topics(1, 0), 3, axis=0)
    assert [join.distance for join in tree(beta)] == pytest.approx([0, 0], abs=1e-9)


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
