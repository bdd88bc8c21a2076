"""The agreement of topics and classes: hand-worked tables, a second implementation, invariances."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.errors import DsltmError
from dsltm.metrics import clustering
from dsltm.metrics.clustering import ASSIGNMENT
from dsltm.metrics.subject import assign

# The worked example of Manning, Raghavan and Schütze 2008, "Introduction to information retrieval", figure
# 16.4: clusters of x/o/d as xxxxxo, xooood, xxddd; the book gives purity 0.71 and NMI 0.36.
BOOK_CLUSTERS = [0] * 6 + [1] * 6 + [2] * 5
BOOK_CLASSES = list("xxxxxoxoooodxxddd")

labellings = st.integers(2, 40).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 5), min_size=n, max_size=n),
        st.lists(st.integers(0, 4), min_size=n, max_size=n),
    )
)


def test_the_textbook_example() -> None:
    assert clustering.purity(BOOK_CLUSTERS, BOOK_CLASSES) == pytest.approx(12 / 17)
    assert clustering.inverse_purity(BOOK_CLUSTERS, BOOK_CLASSES) == pytest.approx((5 + 4 + 3) / 17)
    assert clustering.nmi(BOOK_CLUSTERS, BOOK_CLASSES) == pytest.approx(0.3646, abs=1e-4)


def test_purities_by_hand() -> None:
    clusters, classes = [0, 0, 0, 1, 1, 2], ["a", "a", "b", "b", "b", "a"]
    assert clustering.purity(clusters, classes) == pytest.approx((2 + 2 + 1) / 6)
    assert clustering.inverse_purity(clusters, classes) == pytest.approx((2 + 2) / 6)
    assert clustering.harmonic_purity(clusters, classes) == pytest.approx(2 * (5 / 6) * (4 / 6) / (9 / 6))


@pytest.mark.parametrize("name", ASSIGNMENT)
def test_a_perfect_clustering_scores_one(name: str) -> None:
    assert ASSIGNMENT[name]([7, 7, 2, 2, 5], ["c", "c", "a", "a", "b"]) == pytest.approx(1.0)


@given(labellings, st.permutations(range(6)))
@settings(deadline=None, max_examples=40)
def test_renaming_topics_changes_nothing(pair: tuple[list[int], list[int]], names: list[int]) -> None:
    clusters, classes = pair
    renamed = [names[cluster] for cluster in clusters]
    for metric in ASSIGNMENT.values():
        assert metric(renamed, classes) == pytest.approx(metric(clusters, classes), abs=1e-9)


@given(labellings)
@settings(deadline=None)
def test_purities_and_nmi_equal_their_definitions(pair: tuple[list[int], list[int]]) -> None:
    clusters, classes = pair
    n = len(clusters)
    majority = sum(
        max(sum(c == k and y == j for c, y in zip(clusters, classes, strict=True)) for j in set(classes))
        for k in set(clusters)
    )
    assert clustering.purity(clusters, classes) == pytest.approx(majority / n)

    def entropy(values: list[object]) -> float:
        return -sum(values.count(v) / n * math.log(values.count(v) / n) for v in set(values))

    joint = entropy([(c, y) for c, y in zip(clusters, classes, strict=True)])
    each = entropy(list(clusters)), entropy(list(classes))
    expected = 1.0 if sum(each) == 0 else 2 * (sum(each) - joint) / sum(each)
    assert clustering.nmi(clusters, classes) == pytest.approx(expected, abs=1e-9)
    if each[1]:
        homogeneity = 1 - (joint - each[0]) / each[1]
        assert clustering.homogeneity(clusters, classes) == pytest.approx(homogeneity, abs=1e-9)
    assert clustering.completeness(clusters, classes) == pytest.approx(
        clustering.homogeneity(classes, clusters)
    )


@pytest.mark.parametrize(
    ("clusters", "classes"),
    [([0, 0, 0], ["a", "b", "b"]), ([0, 1, 2], ["a", "a", "a"]), ([0, 0], ["a", "a"]), ([4], ["a"])],
    ids=["one cluster", "one class", "one of each", "one document"],
)
def test_degenerate_labellings_stay_finite(clusters: list[int], classes: list[str]) -> None:
    for name, metric in ASSIGNMENT.items():
        assert -1 <= metric(clusters, classes) <= 1, name


def test_one_cluster_has_no_information_but_its_majority() -> None:
    assert clustering.purity([0, 0, 0], ["a", "b", "b"]) == pytest.approx(2 / 3)
    assert clustering.inverse_purity([0, 0, 0], ["a", "b", "b"]) == 1.0
    assert clustering.nmi([0, 0, 0], ["a", "b", "b"]) == 0.0
    assert clustering.ari([0, 0, 0], ["a", "b", "b"]) == 0.0


def test_lengths_must_agree_and_something_must_be_there() -> None:
    with pytest.raises(DsltmError, match=r"3 assignments .* 2 gold labels"):
        clustering.purity([0, 1, 1], ["a", "b"])
    with pytest.raises(DsltmError, match="no document has a gold label"):
        clustering.nmi([], [])


def test_assign_takes_the_most_probable_topic_and_the_lowest_of_equals() -> None:
    theta = np.array([[0.1, 0.7, 0.2], [0.4, 0.2, 0.4]], dtype=np.float32)
    assert assign(theta).tolist() == [1, 0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_proportions_that_are_no_numbers_are_refused(bad: float) -> None:
    theta = np.full((5, 3), 1 / 3)
    theta[3, 1] = bad
    with pytest.raises(DsltmError, match="document 3"):
        assign(theta)
