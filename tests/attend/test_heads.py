"""The heads that follow meaning are found among those that follow places and lengths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.written.attend.heads import Baseline, agreement, choose, shared_information

TOPICS = 6


def planted(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores [2, n, 5, K] of five heads, the documents' topics and lengths.

    Head 0 follows the topic, 1 the place in the list that the topic has, 2 the document's length, 3 always
    prefers one topic, 4 is noise.
    """
    rng = np.random.default_rng(seed)
    truth, lengths = rng.integers(TOPICS, size=n), rng.integers(5, 25, size=n)
    orders = np.stack([np.roll(np.arange(TOPICS), shift) for shift in (0, 2)])  # no topic keeps its place
    scores = rng.normal(0, 0.3, (2, n, 5, TOPICS)).astype(np.float32)
    rows = np.arange(n)
    for order in range(2):
        scores[order, rows, 0, truth] += 2
        scores[order, rows, 1, orders[order][truth]] += 2
        scores[order, rows, 2, lengths % TOPICS] += 2
        scores[order, rows, 3, 4] += 2
    return scores, truth, lengths


def test_only_the_head_that_follows_meaning_agrees_with_itself() -> None:
    scores, _, lengths = planted()
    value = agreement(scores, lengths)
    assert value[0] > 0.7 * math.log(TOPICS)
    assert abs(value[1:]).max() < 0.2 * math.log(TOPICS)
    assert choose(value, 1).tolist() == [0]


def test_baseline_takes_off_what_length_and_place_do() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(4, 200, size=300)
    truth = rng.integers(TOPICS, size=300)
    place = rng.normal(0, 3, TOPICS)
    logs = place + np.log1p(lengths)[:, None] * rng.normal(0, 1, TOPICS) + rng.normal(0, 0.1, (300, TOPICS))
    logs[np.arange(300), truth] += 1.5
    logs = logs.astype(np.float32)
    assert (logs.argmax(1) == truth).mean() < 0.6
    left = Baseline.fit(logs, lengths).off(logs, lengths)
    assert (left.argmax(1) == truth).mean() > 0.97
    far = Baseline.fit(logs, lengths).off(logs[:1], np.array([100_000]))
    assert np.abs(far).max() < 100  # lengths that were never seen do not run away


def test_baseline_of_one_length_is_the_mean() -> None:
    logs = np.arange(8, dtype=np.float32).reshape(4, 2)
    left = Baseline.fit(logs, np.full(4, 7)).off(logs, np.full(4, 9))
    np.testing.assert_allclose(left, logs - logs.mean(0), atol=1e-5)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_shared_information_is_the_diagonal_of_mutual_information(pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array(column) for column in zip(*pairs, strict=True))
    expected = 0.0
    for kind in range(4):
        both = np.mean((left == kind) & (right == kind))
        if both:
            expected += both * math.log(both / (np.mean(left == kind) * np.mean(right == kind)))
    assert shared_information(left, right, 4) == pytest.approx(expected)
    assert shared_information(left, left, 4) <= math.log(4) + 1e-9


def test_choose_takes_the_best_that_beat_chance() -> None:
    assert choose(np.array([0.1, 2.0, -0.9, 1.5, 1.0]), 3).tolist() == [1, 3, 4]
    assert choose(np.array([0.1, 2.0, -0.9, 1.5, 1.0]), 9).tolist() == [0, 1, 3, 4]
    assert choose(np.array([-0.3, -0.1]), 2).tolist() == [1]
