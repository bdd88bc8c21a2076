"""The reader of words: what it learns, how it describes words, and how it is kept in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.special import log_softmax, softmax

from dsltm.errors import DsltmError
from dsltm.training.student import Lessons, held_out, taught, teach
from dsltm.words.pooling import doubt_of, doubted, pooled
from dsltm.words.student import Student, aligned, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS = ["kernel", "kernels", "driver", "opera", "operas", "tenor", "bread", "breads", "flour"]


def corpus(documents: int = 120) -> tuple[csr_array, NDArray[np.float32]]:
    """Documents of three topics, of which each has its own three words."""
    rng = np.random.default_rng(0)
    topics = np.arange(documents) // 2 % 3  # both halves of `held_out` have all topics
    counts = np.zeros((documents, len(WORDS)), np.int32)
    for row, topic in enumerate(topics):
        counts[row, 3 * topic + rng.integers(0, 3, 2)] = rng.integers(1, 4)
    return csr_array(counts), np.eye(3, dtype=np.float32)[topics]


@pytest.fixture(scope="module")
def student() -> Student:
    counts, theta = corpus()
    return teach(Lessons.of(counts, WORDS, "en"), theta)


def test_pieces_are_the_word_and_its_runs_of_three_and_four_letters() -> None:
    assert pieces("cats") == ["<cats>", "<ca", "<cat", "ats", "ats>", "cat", "cats", "ts>"]
    assert pieces("a") == ["<a>"]


@given(st.text(min_size=1, max_size=12))
def test_no_piece_comes_twice(word: str) -> None:
    assert len({*pieces(word)}) == len(pieces(word))


def test_the_weights_are_where_the_loss_is_least() -> None:
    counts, theta = corpus()
    lessons = Lessons.of(counts, WORDS, "en")
    student = teach(lessons, theta)
    features = (lessons.documents @ lessons.has).toarray()
    weights = (student.weights / lessons.rarity[:, None]).astype(np.float64)

    def loss(change: NDArray[np.float64]) -> float:
        moved = weights + change
        predicted = log_softmax(features @ moved + student.bias, axis=1)
        return float(0.025 * (moved**2).sum() - (theta * predicted).sum())

    rng = np.random.default_rng(1)
    least = loss(np.zeros_like(weights))
    assert all(loss(0.3 * rng.standard_normal(weights.shape)) > least for _ in range(50))
    predicted = softmax(features @ weights + student.bias, axis=1)
    gradient = features.T @ (predicted - theta) + 0.05 * weights
    assert np.abs(gradient).max() < 0.05  # of 120 documents; at weights of zero it is above 10


def test_a_word_that_nobody_has_seen_goes_where_its_pieces_go(student: Student) -> None:
    theta = np.exp(student.of_texts(["operatic", "breadcrumbs", "kernelspace"]))
    assert theta.argmax(1).tolist() == [1, 2, 0]


def test_counts_and_texts_of_known_words_are_the_same(student: Student) -> None:
    texts = ["opera opera tenor", "bread", "kernel driver the and", ""]
    counts = np.zeros((4, len(WORDS)), np.int32)
    counts[0, [3, 5]], counts[1, 6], counts[2, [0, 2]] = [2, 1], 1, 1
    np.testing.assert_allclose(student.of_texts(texts), student.of_counts(csr_array(counts)), atol=1e-6)


def test_a_text_without_words_has_the_topics_of_none(student: Student) -> None:
    np.testing.assert_allclose(student.of_texts(["", "the 12"]), [log_softmax(student.bias)] * 2, atol=1e-6)


def test_it_comes_back_from_its_arrays(student: Student) -> None:
    arrays = student.arrays()
    assert arrays["weights"].dtype == np.float16
    back = Student.of_arrays(arrays, 3, "en")
    assert [*back.known] == WORDS
    np.testing.assert_allclose(back.of_texts(["opera bread"]), student.of_texts(["opera bread"]), atol=0.01)
    with pytest.raises(DsltmError, match="do not fit"):
        Student.of_arrays(arrays, 4, "en")
    with pytest.raises(DsltmError, match="lacks its array 'bias'"):
        Student.of_arrays({name: array for name, array in arrays.items() if name != "bias"}, 3, "en")


def test_doubt_never_hides_what_a_topic_has_more_of() -> None:
    theta = softmax(np.random.default_rng(0).normal(0, 3, (50, 6)), axis=1).astype(np.float32)
    for agreement in (0.0, 0.2, 0.3):
        doubt = doubt_of(theta, agreement)
        mixed = doubted(theta, doubt)
        assert 0 < doubt <= 0.5
        np.testing.assert_array_equal(mixed.argsort(axis=1), theta.argsort(axis=1))
        np.testing.assert_allclose(mixed.sum(axis=1), 1, atol=1e-6)
        if doubt < 0.5:
            assert mixed.max(axis=1).mean() == pytest.approx(np.sqrt(agreement), abs=1e-5)
    assert doubt_of(theta, 1.0) == 0


def test_no_document_is_asked_about_itself() -> None:
    """Topics that have nothing to do with words are learned by heart, and held out they are not known."""
    rng = np.random.default_rng(0)
    counts = csr_array((rng.random((200, 150)) < 0.05).astype(np.int32))
    words = [f"{a}{b}{a}" for a in "bcdfghjklm" for b in "npqrstvwxyzaeio"]
    theta = np.eye(2, dtype=np.float32)[rng.integers(0, 2, 200)]
    lessons = Lessons.of(counts, words, "en")
    by_heart = teach(lessons, theta).of_counts(counts).argmax(1) == theta.argmax(1)
    asked = held_out(lessons, theta).argmax(1) == theta.argmax(1)
    assert by_heart.mean() > 0.9
    assert asked.mean() < 0.65


def test_it_is_as_sure_as_it_is_right() -> None:
    """A quarter of the documents have another topic than their words: nobody can be right about them."""
    counts, theta = corpus(1200)
    wrong = np.random.default_rng(0).random(len(theta)) < 0.25
    theta[wrong] = np.roll(theta[wrong], 1, axis=1)
    student, agreement = taught(Lessons.of(counts, WORDS, "en"), theta)
    sure = float(np.exp(student.of_counts(counts)).max(1).mean())
    assert agreement == pytest.approx(0.75, abs=0.03)
    assert sure == pytest.approx(0.75, abs=0.05)


def test_columns_are_found_by_their_words() -> None:
    counts = csr_array(np.array([[1, 2, 3], [0, 5, 0]], np.int32))
    assert aligned(counts, ["a", "b", "c"], ["c", "x", "b"]).toarray().tolist() == [[3, 0, 2], [0, 0, 5]]
    assert aligned(counts, ["a", "b", "c"], ["a", "b", "c"]) is counts


@settings(max_examples=25)
@given(st.integers(0, 5), st.floats(0, 3))
def test_the_pool_is_a_product_of_experts(seed: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    theta, words = (rng.dirichlet(np.ones(4), 3).astype(np.float32) for _ in range(2))
    counts = csr_array(np.array([[1], [1], [0]], np.int32))
    product = theta * words.astype(np.float64) ** weight
    product[2] = theta[2]  # a document without a word
    expected = product / product.sum(1, keepdims=True)
    np.testing.assert_allclose(pooled(theta, np.log(words), weight, counts), expected, atol=1e-5)
