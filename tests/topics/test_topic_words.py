"""Which words are shown for a topic."""

from __future__ import annotations

import numpy as np
import pytest

from dsltm.errors import UsageError
from dsltm.formats.model import Model
from dsltm.topics.config import WordChoice
from dsltm.topics.words import chosen

BETA = np.array([[0.5, 0.3, 0.2, 0.0], [0.5, 0.1, 0.1, 0.3]], np.float32)


def model(beta: np.ndarray) -> Model:
    return Model({"vocabulary": [f"word{i}" for i in range(beta.shape[1])]}, beta.astype(np.float32), {})


def test_telling_words_are_the_default_and_plain_probability_an_option() -> None:
    assert [row[0] for row in chosen(model(BETA), WordChoice(words=4))] == [1, 3]
    plain = chosen(model(BETA), WordChoice(words=4, relevance=1.0))
    assert [row.tolist() for row in plain] == [[0, 1, 2, 3], [0, 3, 1, 2]]


def test_low_relevance_passes_over_words_that_all_topics_have() -> None:
    assert 0 not in chosen(model(BETA), WordChoice(words=2, relevance=0.0))[0]


def test_a_diverse_choice_passes_over_a_words_double() -> None:
    beta = np.array([[0.4, 0.35, 0.15, 0.1, 0, 0]], np.float32)
    embeddings = np.array([[1, 0], [1, 0.01], [0, 1], [-1, -1], [0, -1], [-1, 0]], np.float16)
    plain, diverse = WordChoice(words=2, relevance=1.0), WordChoice(words=3, relevance=1.0, diversify=0.5)
    assert chosen(model(beta), plain, None, embeddings)[0].tolist() == [0, 1]
    assert chosen(model(beta), diverse, None, embeddings)[0].tolist() in ([0, 2, 3], [0, 3, 2])


def test_a_diverse_choice_has_no_word_twice_and_begins_with_the_best() -> None:
    rng = np.random.default_rng(0)
    beta = rng.dirichlet(np.ones(40), 3).astype(np.float32)
    choice = WordChoice(words=12, relevance=1.0, diversify=1.0)
    rows = chosen(model(beta), choice, None, rng.normal(size=(40, 8)).astype(np.float16))
    assert all(len(set(row.tolist())) == 12 for row in rows)
    assert [row[0] for row in rows] == beta.argmax(axis=1).tolist()


def test_more_words_than_there_are() -> None:
    embeddings = np.eye(4, dtype=np.float16)
    for choice in (WordChoice(words=99), WordChoice(words=99, diversify=0.3)):
        assert [len(row) for row in chosen(model(BETA), choice, None, embeddings)] == [4, 4]


@pytest.mark.parametrize("option", [{"relevance": 1.1}, {"diversify": -0.1}])
def test_options_have_ranges(option: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="lies between 0 and 1"):
        WordChoice(**option)  # type: ignore[arg-type]


def test_diversity_needs_embeddings() -> None:
    with pytest.raises(UsageError, match="labels file"):
        chosen(model(BETA), WordChoice(diversify=0.5))
