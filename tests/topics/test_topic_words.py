"""Which words stand for a topic."""

from __future__ import annotations

import numpy as np
import pytest

from dsltm.errors import UsageError
from dsltm.topics.words import Choice, chosen, relevance

BETA = np.array([[0.5, 0.3, 0.2, 0.0], [0.5, 0.1, 0.1, 0.3]], np.float32)


def test_probability_is_the_default_and_ties_keep_the_vocabularys_order() -> None:
    assert chosen(BETA, Choice(words=4)).tolist() == [[0, 1, 2, 3], [0, 3, 1, 2]]


def test_relevance_is_that_of_sievert_and_shirley() -> None:
    shares = np.array([0.75, 0.25])
    p = 0.75 * 0.3 + 0.25 * 0.1
    expected = 0.6 * np.log(0.3) + 0.4 * np.log(0.3 / p)
    assert relevance(BETA, 0.6, shares)[0, 1] == pytest.approx(expected, rel=1e-6)


def test_low_relevance_passes_over_words_that_all_topics_have() -> None:
    assert 0 not in chosen(BETA, Choice(words=2, relevance=0.0))[0]


def test_a_diverse_choice_passes_over_a_words_double() -> None:
    beta = np.array([[0.4, 0.35, 0.15, 0.1, 0, 0]], np.float32)
    embeddings = np.array([[1, 0], [1, 0.01], [0, 1], [-1, -1], [0, -1], [-1, 0]], np.float16)
    assert chosen(beta, Choice(words=2), None, embeddings).tolist() == [[0, 1]]
    assert chosen(beta, Choice(words=3, diversify=0.5), None, embeddings).tolist() in (
        [[0, 2, 3]],
        [[0, 3, 2]],
    )


def test_a_diverse_choice_has_no_word_twice_and_begins_with_the_best() -> None:
    rng = np.random.default_rng(0)
    beta = rng.dirichlet(np.ones(40), 3).astype(np.float32)
    found = chosen(beta, Choice(words=12, diversify=1.0), None, rng.normal(size=(40, 8)).astype(np.float16))
    assert all(len(set(row)) == 12 for row in found.tolist())
    assert found[:, 0].tolist() == beta.argmax(axis=1).tolist()


def test_more_words_than_there_are() -> None:
    assert chosen(BETA, Choice(words=99)).shape == (2, 4)
    assert chosen(BETA, Choice(words=99, diversify=0.3), None, np.eye(4, dtype=np.float16)).shape == (2, 4)


@pytest.mark.parametrize("option", [{"relevance": 1.1}, {"diversify": -0.1}])
def test_options_have_ranges(option: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="lies between 0 and 1"):
        Choice(**option)  # type: ignore[arg-type]


def test_diversity_needs_embeddings() -> None:
    with pytest.raises(UsageError, match="labels file"):
        chosen(BETA, Choice(diversify=0.5))
