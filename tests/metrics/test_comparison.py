"""Stability between seeds, and several models side by side."""

import math
import random
from itertools import permutations
from statistics import mean, stdev
from typing import Any

import pytest

from dsltm.metrics.compare import compare
from dsltm.metrics.diversity import rbo
from dsltm.metrics.evaluate import Scores
from dsltm.metrics.stability import matched_overlap, stability
from dsltm.metrics.subject import Subject


def topics(seed: int, count: int = 4) -> list[list[str]]:
    chance = random.Random(seed)
    return [chance.sample("abcdefghijklmnop", 6) for _ in range(count)]


def test_matching_is_the_best_of_all_permutations() -> None:
    first, second = topics(1), topics(2)
    best = max(mean(rbo(a, b) for a, b in zip(first, order, strict=True)) for order in permutations(second))
    assert matched_overlap(first, second) == pytest.approx(best)
    assert matched_overlap(second, first) == pytest.approx(best)


def test_shuffled_topics_are_the_same_topics() -> None:
    first = topics(3, 8)
    assert matched_overlap(first, random.Random(0).sample(first, 8)) == pytest.approx(1.0)
    assert matched_overlap([["a"], ["b"]], [["c"], ["d"]]) == 0.0


def test_topics_without_a_partner_cost() -> None:
    first = topics(4, 4)
    assert matched_overlap(first, first[:3]) == pytest.approx(3 / 4)
    assert matched_overlap([["a"]], []) == 0.0


def test_stability_is_the_mean_over_pairs() -> None:
    models = [topics(5), topics(5), topics(6)]
    other = matched_overlap(models[0], models[2])
    assert stability(models) == pytest.approx((1 + 2 * other) / 3)
    assert stability(models[:1]) is None


def model(name: str, seed: int, **config: Any) -> Subject:
    return Subject(name, topics(seed), config={"model": "prodlda", **config}, seed=seed)


def two_sided(t: float, df: float) -> float:
    """The probability beyond ±t under Student's density, by adding up Simpson's rule."""
    scale = math.gamma((df + 1) / 2) / (math.sqrt(df * math.pi) * math.gamma(df / 2))
    steps = 2000
    weights = [1, *([4, 2] * (steps // 2 - 1)), 4, 1]
    inside = sum(w * (1 + (i * t / steps) ** 2 / df) ** (-(df + 1) / 2) for i, w in enumerate(weights))
    return 1 - 2 * scale * inside * t / steps / 3


def test_seeds_are_summed_up_and_configurations_tested() -> None:
    subjects = [model(f"a{s}", s, topics=50) for s in range(3)] + [
        model(f"b{s}", s, topics=25) for s in range(3)
    ]
    purities = [0.70, 0.72, 0.71, 0.60, 0.65, 0.61]
    scores = [Scores({"documents": 100, "purity": purity, "nmi": 0.5}) for purity in purities]
    found = compare(subjects, scores)
    assert found is not None
    assert [group.name for group in found.groups] == ["prodlda topics=50", "prodlda topics=25"]
    assert [group.members for group in found.groups] == [[0, 1, 2], [3, 4, 5]]
    first = found.groups[0]
    assert first.mean == {"purity": pytest.approx(0.71), "nmi": 0.5}
    assert first.sd == {"purity": pytest.approx(stdev(purities[:3])), "nmi": 0.0}
    assert first.stability == pytest.approx(stability([topics(s) for s in range(3)]))
    (test,) = found.tests
    assert test.difference["purity"] == pytest.approx(0.09)
    # By hand: se² = s₁²/3 + s₂²/3, t = difference / se, Welch-Satterthwaite degrees of freedom.
    s1, s2 = stdev(purities[:3]) ** 2 / 3, stdev(purities[3:]) ** 2 / 3
    assert test.t["purity"] == pytest.approx(0.09 / (s1 + s2) ** 0.5)
    assert test.df["purity"] == pytest.approx((s1 + s2) ** 2 / (s1**2 / 2 + s2**2 / 2))
    assert test.p["purity"] == pytest.approx(two_sided(test.t["purity"], test.df["purity"]), abs=1e-6)
    assert "nmi" not in test.p  # it does not vary: there is nothing to test
    assert test.difference["nmi"] == 0.0


def test_one_model_is_not_compared_and_others_stand_alone() -> None:
    score = Scores({"purity": 0.5})
    assert compare([model("a", 0)], [score]) is None
    found = compare([Subject("t.jsonl"), Subject("u.jsonl"), model("a", 0)], [score] * 3)
    assert found is not None
    assert [group.name for group in found.groups] == ["t.jsonl", "u.jsonl", "prodlda"]
    assert found.tests == []
    assert found.groups[0].stability is None


def test_groups_that_differ_in_nothing_that_has_a_name_are_told_apart_by_their_files() -> None:
    subjects = [
        model("a", 0, prompts=[{"name": "own", "template": "A {document}"}]),
        model("b", 0, prompts=[{"name": "own", "template": "B {document}"}]),
        model("c", 0, teacher={"name": "big"}),
    ]
    found = compare(subjects, [Scores({})] * 3)
    assert found is not None
    names = [group.name for group in found.groups]
    assert len(set(names)) == 3
    assert "own" in names[0]
