"""BM25 against bm25s, class-based tf-idf against hand-worked numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from dsltm.formats.topics import WrittenTopic
from dsltm.words.bm25 import class_tfidf, expansion, queries, search, terms

WORDS = ["svn", "commit", "branch", "excel", "cell", "go", "c", "für"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), min_size=2, max_size=20)


@given(TEXTS, st.lists(st.lists(st.sampled_from(WORDS), min_size=1, unique=True), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_search_is_bm25(texts: list[str], wanted: list[list[str]]) -> None:
    bm25s = pytest.importorskip("bm25s", reason="bm25s is not installed")
    if not any(terms(text) for text in texts):
        return
    reference = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    reference.index([terms(text) for text in texts], show_progress=False)
    found = search(texts, wanted)
    known = {word for text in texts for word in terms(text)}
    for column, query in zip(found.T, wanted, strict=True):
        there = [word for word in query if word in known]
        expected = reference.get_scores(there) if there else np.zeros(len(texts))
        np.testing.assert_allclose(column, 2.5 * expected, rtol=1e-4, atol=1e-5)  # Lucene leaves out k1 + 1


def test_short_words_and_phrases_are_looked_for() -> None:
    topics = [WrittenTopic("Go"), WrittenTopic("visual-studio", keywords=("Project file",))]
    assert queries(topics) == [["go"], ["visual", "studio", "project", "file"]]
    scores = search(["I go, I GO", "Visual Studio hangs", ""], queries(topics))
    assert (scores > 0).tolist() == [[True, False], [False, True], [False, False]]


def counts(rows: list[dict[int, int]], words: int) -> csr_array:
    indptr = np.cumsum([0, *(len(row) for row in rows)])
    indices = [word for row in rows for word in row]
    data = [count for row in rows for count in row.values()]
    arrays = np.array(data, np.int32), np.array(indices, np.int32), indptr
    return csr_array(arrays, shape=(len(rows), words))


def test_class_tfidf_by_hand() -> None:
    both = counts([{0: 2, 1: 1}, {1: 1, 2: 4}], 4)
    beta = class_tfidf(both, np.eye(2, dtype=np.float32))
    # words per topic 3 and 5, average 4; totals of the words 2, 2, 4, 0
    first = [2 / 3 * math.log(1 + 4 / 2), 1 / 3 * math.log(1 + 4 / 2), 0, 0]
    second = [0, 1 / 5 * math.log(1 + 4 / 2), 4 / 5 * math.log(1 + 4 / 4), 0]
    for row, expected in zip(beta, (first, second), strict=True):
        share = np.array(expected) / sum(expected)
        np.testing.assert_allclose(row, 0.95 * share + 0.05 / 4, rtol=1e-5)


def test_class_tfidf_of_shares_and_of_nothing() -> None:
    both = counts([{0: 2, 1: 1}, {}], 3)
    theta = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
    beta = class_tfidf(both, theta)
    np.testing.assert_allclose(beta[0], beta[1], rtol=1e-5)  # one document: the same words, however shared
    np.testing.assert_allclose(class_tfidf(counts([{}, {}], 3), theta), np.full((2, 3), 1 / 3), rtol=1e-5)


def test_expansion_finds_the_words_of_the_representatives() -> None:
    rows = [{0: 1, 3: 1}, {0: 1, 3: 1}, {1: 1, 3: 1}, {2: 1, 3: 1}]
    added = expansion(counts(rows, 4), [np.array([0, 1]), np.array([], np.int64)], np.ones(4), most=2)
    assert added[0, 0] == 1
    assert added[0, 3] == 0  # in every document
    assert not added[1].any()


def test_words_that_most_texts_have_are_left_out_of_queries_with_others() -> None:
    texts = ["arts and rain", "salt and snow", "snow and rain", "arts"]
    both, only = search(texts, [["arts", "and"], ["and"]], common=0.5).T
    assert (both > 0).tolist() == [True, False, False, True]
    assert (only > 0).tolist() == [True, True, True, False]
    assert (search(texts, [["arts", "and"]]) > 0).all()
