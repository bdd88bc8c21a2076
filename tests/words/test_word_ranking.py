"""Which words stand for a topic, and in which order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.words.ranking import ranked, relevance, telling

BETA = np.array([[0.5, 0.3, 0.2, 0.0], [0.5, 0.1, 0.1, 0.3]], np.float32)
WORDS = ["red", "green", "blue", "grey"]


def test_worth_is_the_formulas() -> None:
    usage, sizes = np.array([[8, 2], [1, 9]], np.int32), np.array([10, 10])
    beta = np.array([[0.7, 0.3], [0.2, 0.8]], np.float32)
    corpus = (9 + 0.5) / 20
    used = (8 + corpus) / 11
    by_use = 0.3 * math.log(used) + 0.7 * math.log(used / corpus)
    predicted = 0.3 * math.log(0.7) + 0.7 * math.log(0.7 / 0.45)
    assert telling(beta, usage, sizes)[0, 0] == pytest.approx(0.75 * by_use + 0.25 * predicted, rel=1e-6)
    assert telling(beta)[0, 0] == pytest.approx(predicted, rel=1e-6)


def test_a_word_that_all_topics_have_alike_stands_behind_a_rarer_one_of_the_topic() -> None:
    assert [row[0] for row in ranked(telling(BETA), WORDS, 1)] == [1, 3]


def test_topics_without_a_document_count_alike() -> None:
    nothing = np.zeros(2, np.int64)
    assert (telling(BETA, np.zeros((2, 4), np.int32), nothing) == telling(BETA)).all()
    assert (relevance(BETA, 0.4, nothing) == relevance(BETA, 0.4)).all()


def test_a_topic_without_a_document_has_the_words_that_are_predicted() -> None:
    usage, sizes = np.array([[9, 9, 1, 1], [0, 0, 0, 0]], np.int32), np.array([9, 0])
    assert (telling(BETA, usage, sizes)[1] == telling(BETA, sizes=sizes)[1]).all()


def test_relevance_is_that_of_sievert_and_shirley() -> None:
    p = 0.75 * 0.3 + 0.25 * 0.1
    expected = 0.6 * np.log(0.3) + 0.4 * np.log(0.3 / p)
    assert relevance(BETA, 0.6, np.array([3, 1]))[0, 1] == pytest.approx(expected, rel=1e-6)


def test_forms_of_a_word_take_one_place_and_the_most_used_stands_there() -> None:
    words = ["loops", "loop", "looping", "array"]
    usage = np.array([[3, 9, 1, 4]], np.int32)
    scores = np.array([[4.0, 3.0, 2.0, 1.0]])
    assert [words[i] for i in ranked(scores, words, 9, usage=usage)[0]] == ["loop", "array"]
    assert [words[i] for i in ranked(scores, words, 9)[0]] == ["loops", "array"]


def test_a_word_that_no_document_of_the_topic_has_is_left_out() -> None:
    usage = np.array([[0, 1, 1, 0]], np.int32)
    assert ranked(np.array([[4.0, 3.0, 2.0, 1.0]]), WORDS, 4, usage=usage)[0].tolist() == [1, 2]
    nothing = np.zeros((1, 4), np.int32)
    assert ranked(np.array([[1.0, 2.0, 3.0, 4.0]]), WORDS, 2, usage=nothing)[0].tolist() == [3, 2]


def test_equal_words_keep_the_vocabularys_order() -> None:
    assert ranked(np.zeros((1, 4)), WORDS, 4)[0].tolist() == [0, 1, 2, 3]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 30), st.integers(1, 12))
def test_every_choice_is_of_distinct_words_by_falling_worth(
    seed: int, topics: int, vocabulary: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(topics, vocabulary))
    for row, worth in zip(ranked(scores, [f"w{i}" for i in range(vocabulary)], count), scores, strict=True):
        assert len(row) == min(count, vocabulary) == len(set(row.tolist()))
        assert (np.diff(worth[row]) <= 0).all()
