"""Calibration against scikit-learn's reliability curve and hand-worked bins."""

import numpy as np
import pytest

from dsltm.errors import DsltmError
from dsltm.metrics.calibration import calibration, expected_calibration_error, is_majority, reliability
from dsltm.metrics.config import EvalOptions
from dsltm.metrics.evidence import Evidence
from dsltm.metrics.subject import NO_TOPIC, Subject


@pytest.mark.parametrize("seed", range(3))
def test_bins_equal_the_reliability_curve_of_scikit_learn(seed: int) -> None:
    from sklearn.calibration import calibration_curve

    chance = np.random.default_rng(seed)
    p = np.concatenate([chance.random(500), np.linspace(0, 1, 11)])  # bounds of bins as well
    right = chance.random(511) < p**2
    share, mean = calibration_curve(right, p, n_bins=10, strategy="uniform")
    bins = reliability(p, right)
    assert [each.right for each in bins] == pytest.approx(share)
    assert [each.p for each in bins] == pytest.approx(mean)
    assert sum(each.documents for each in bins) == 511
    error = sum(b.documents * abs(s - m) for b, s, m in zip(bins, share, mean, strict=True)) / 511
    assert expected_calibration_error(bins) == pytest.approx(error)


def test_by_hand() -> None:
    # Three documents of .95, two of them right, and one of .35 that is right: 3/4 * |2/3 - .95| + 1/4 * .65.
    bins = reliability(np.array([0.95, 0.95, 0.95, 0.35]), np.array([True, True, False, True]))
    assert [(each.low, each.high, each.documents) for each in bins] == [
        (pytest.approx(0.3), pytest.approx(0.4), 1),
        (pytest.approx(0.9), 1.0, 3),
    ]
    assert expected_calibration_error(bins) == pytest.approx(0.75 * (0.95 - 2 / 3) + 0.25 * 0.65)


def test_calibrated_and_certain_models() -> None:
    chance = np.random.default_rng(5)
    p = chance.random(20_000)
    assert expected_calibration_error(reliability(p, chance.random(20_000) < p)) < 0.02
    assert expected_calibration_error(reliability(np.ones(50), np.ones(50, bool))) == 0.0
    assert expected_calibration_error(reliability(np.ones(50), np.zeros(50, bool))) == 1.0


def test_a_document_is_right_that_is_of_its_topics_majority_class() -> None:
    clusters = [3, 3, 3, 8, 8, 8, 8]
    classes = ["a", "b", "a", "b", "b", "a", "c"]
    assert is_majority(clusters, classes).tolist() == [True, False, True, True, True, False, False]


def test_documents_without_class_or_topic_are_left_out() -> None:
    theta = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.5, 0.5]])
    clusters = np.array(["topic 0", "topic 0", "topic 1", NO_TOPIC])
    subject = Subject("m", clusters=clusters, theta=3 * theta)  # rows need not sum to one
    scores = calibration(Evidence(subject, EvalOptions(reliability=True), ["a", "a", None, "b"]))
    assert scores.values["ece_topic"] == pytest.approx(0.15)
    assert [(row["documents"], row["right"]) for row in scores.reliability] == [(1, 1.0), (1, 1.0)]
    assert calibration(Evidence(subject, EvalOptions(), ["a", "a", None, "b"])).reliability == []
    assert calibration(Evidence(subject)).values == {}
    assert calibration(Evidence(subject, EvalOptions(), [None, None, None, "b"])).values == {}


@pytest.mark.parametrize("bad", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_is_refused(bad: float) -> None:
    with pytest.raises(DsltmError, match="between 0 and 1"):
        reliability(np.array([0.5, bad]), np.array([True, True]))
