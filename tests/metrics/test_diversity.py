"""How much topics repeat each other: hand-worked rankings and a second implementation of RBO."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.errors import DsltmError
from dsltm.metrics.diversity import i_rbo, jaccard, rbo, topic_diversity

rankings = st.lists(st.sampled_from("abcdefghij"), unique=True, min_size=1, max_size=8)


def rbo_by_residuals(first: list[str], second: list[str], p: float) -> float:
    """Webber et al. 2010, section 4.3, as a limit: the agreement carried on to depth 2,000.

    Beyond the end of the longer list the agreement stays; between the two ends the shorter list is taken
    to go on matching at its last rate.
    """
    short, long = sorted((first, second), key=len)
    s, length = len(short), len(long)
    agreement = []
    for depth in range(1, length + 1):
        found = len(set(short[:depth]) & set(long[:depth]))
        extra = len(set(short) & set(long[:s])) * (depth - s) / s if depth > s else 0
        agreement.append((found + extra) / depth)
    agreement += [agreement[-1]] * (2000 - length)
    return (1 - p) * sum(a * p**d for d, a in enumerate(agreement))


def test_rbo_by_hand() -> None:
    # X = 0, 1, 2 for a,b,c against b,a,d... at p = 0.5: 0.5/0.5 * (0 + 2/2*0.25 + 2/3*0.125) + 2/3*0.125
    assert rbo(["a", "b", "c"], ["b", "a", "d"], p=0.5) == pytest.approx(0.25 + 2 / 3 * 0.125 + 2 / 3 * 0.125)
    assert rbo(["a"], ["a"]) == pytest.approx(1.0)
    assert rbo(["a", "b"], ["c", "d"]) == 0.0


@given(rankings, rankings, st.floats(0.05, 0.98))
@settings(deadline=None)
def test_rbo_equals_the_extrapolated_sum(first: list[str], second: list[str], p: float) -> None:
    assert rbo(first, second, p) == pytest.approx(rbo_by_residuals(first, second, p), abs=1e-9)
    assert rbo(first, second, p) == pytest.approx(rbo(second, first, p), abs=1e-12)
    assert rbo(first, first, p) == pytest.approx(1.0)
    assert -1e-12 <= rbo(first, second, p) <= 1 + 1e-12


def test_rbo_weighs_the_top_more() -> None:
    base = list("abcdefghij")
    assert rbo(base, [*"xbcdefghij"]) < rbo(base, [*"abcdefghix"])


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 1.5])
def test_rbo_refuses_a_persistence_outside_its_range(p: float) -> None:
    with pytest.raises(DsltmError, match="between 0 and 1"):
        rbo(["a"], ["a"], p)


def test_duplicated_topics_have_no_diversity() -> None:
    topics = [[f"word{i}" for i in range(15)]] * 4
    assert i_rbo(topics) == pytest.approx(0.0, abs=1e-12)
    assert jaccard(topics) == 1.0
    assert topic_diversity(topics) == pytest.approx(1 / 4)


def test_disjoint_topics_are_fully_diverse() -> None:
    topics = [[f"{k}-{i}" for i in range(15)] for k in range(5)]
    assert (topic_diversity(topics), i_rbo(topics), jaccard(topics)) == (1.0, 1.0, 0.0)


def test_only_the_top_words_count() -> None:
    topics = [["a", "b", "same"], ["c", "d", "same"]]
    assert topic_diversity(topics, topn=2) == 1.0
    assert i_rbo(topics, topn=2) == 1.0
    assert topic_diversity(topics, topn=3) == pytest.approx(5 / 6)
    assert jaccard(topics, topn=3) == pytest.approx(1 / 5)


def test_i_rbo_is_the_mean_over_pairs_whatever_the_order() -> None:
    chance = random.Random(3)
    topics = [chance.sample("abcdefghijklmnopqrst", 15) for _ in range(6)]
    values = [rbo_by_residuals(a, b, 0.9) for a, b in combinations(topics, 2)]
    assert i_rbo(topics) == pytest.approx(1 - sum(values) / len(values), abs=1e-9)
    shuffled = chance.sample(topics, len(topics))
    for metric in (i_rbo, jaccard, topic_diversity):
        assert metric(shuffled) == pytest.approx(metric(topics), abs=1e-12)


def test_repeated_words_single_words_and_single_topics() -> None:
    assert topic_diversity([["a", "a", "b"]]) == pytest.approx(2 / 3)
    assert i_rbo([["a", "a", "b"], ["a", "b"]]) == pytest.approx(0.0, abs=1e-12)
    assert i_rbo([["a"], ["b"]]) == 1.0
    assert (i_rbo([["a", "b"]]), jaccard([["a", "b"]])) == (1.0, 0.0)
    assert i_rbo([[], ["a"]]) == 1.0
    with pytest.raises(DsltmError, match="at least one topic"):
        topic_diversity([[], []])
