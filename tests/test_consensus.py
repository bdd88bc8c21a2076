"""Where documents begin: what their places and their words agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array

from dsltm.training.beginning import Beginning
from dsltm.training.consensus import agreed
from dsltm.training.student import Lessons

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS = [f"{a}{b}{c}" for a in "bdgk" for b in "aeiou" for c in "lmnr"]  # a letter of its own a topic
PLACES = np.eye(4, 6, dtype=np.float32)


def planted(documents: int = 400) -> tuple[NDArray[np.float32], Lessons, NDArray[np.int64]]:
    """Documents of four topics, with a place and words each."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, documents)
    points = PLACES[truth] + 0.2 * rng.standard_normal((documents, 6)).astype(np.float32)
    counts = np.zeros((documents, len(WORDS)), np.int32)
    for row, topic in enumerate(truth):
        counts[row, 20 * topic + rng.integers(0, 20, 4)] = 1
    return points, Lessons.of(csr_array(counts), WORDS, "en"), truth


def test_without_a_round_the_clusters_stay() -> None:
    points, lessons, truth = planted()
    np.testing.assert_array_equal(agreed(points, Beginning.of(truth), 4, lessons, 0), np.eye(4)[truth])


def test_shares_are_proportions() -> None:
    points, lessons, truth = planted()
    shares = agreed(points, Beginning.of(truth), 4, lessons, 1)
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)
    assert (shares.argmax(1) == truth).mean() > 0.98


def test_a_document_in_a_wrong_cluster_goes_where_its_place_and_words_are() -> None:
    points, lessons, truth = planted()
    clusters = truth.copy()
    wrong = np.arange(0, 400, 10)
    clusters[wrong] = (truth[wrong] + 1) % 4
    shares = agreed(points, Beginning.of(clusters), 4, lessons, 1)
    assert (shares[wrong].argmax(1) == truth[wrong]).mean() > 0.95


def test_words_decide_between_two_places() -> None:
    points, lessons, truth = planted()
    points[0] = PLACES[0] + PLACES[1]
    for topic in (0, 1):
        counts = lessons.documents.toarray()
        counts[0] = 0
        counts[0, [20 * topic, 20 * topic + 1]] = 2**-0.5 / np.sqrt(lessons.has.power(2).sum(1).mean())
        own = Lessons(
            lessons.known, lessons.pieces, lessons.rarity, csr_array(counts), lessons.has, lessons.language
        )
        clusters = truth.copy()
        clusters[0] = 2
        shares = agreed(points, Beginning.of(clusters), 4, own, 1)[0]
        assert shares.argmax() == topic
        assert shares[[0, 1]].sum() > 0.7  # and what the two places have stays with both


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_lengths_of_points_do_not_count(scale: float) -> None:
    points, lessons, truth = planted(120)
    expected = agreed(points, Beginning.of(truth), 4, lessons, 1)
    np.testing.assert_allclose(
        agreed(points * scale, Beginning.of(truth), 4, lessons, 1), expected, atol=1e-4
    )
