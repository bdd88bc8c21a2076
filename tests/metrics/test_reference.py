"""The pass over the reference corpus: its cache, its memory, and the documents' own counts."""

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from planted import plant

from dsltm.errors import DsltmError
from dsltm.metrics.coherence import COHERENCE, coherence
from dsltm.metrics.cooccurrence import count_windows
from dsltm.metrics.reference import by_corpus, by_counts

WORDS = [f"w{i}" for i in range(120)]


def documents(count: int, seed: int = 0, length: int = 40) -> Iterator[list[str]]:
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.choices(WORDS, k=length)


def topics(seed: int, count: int = 4) -> list[list[str]]:
    return [random.Random(100 * seed + k).sample(WORDS, 6) for k in range(count)]


def test_several_models_in_one_pass_equal_each_alone() -> None:
    models = [topics(1), topics(2, 3), topics(3, 1)]
    together = by_corpus(models, documents(50))
    assert together == [by_corpus([model], documents(50))[0] for model in models]


def test_the_cache_saves_the_pass_and_changes_nothing(tmp_path: Path) -> None:
    first = by_corpus([topics(1)], documents(50), cache=(tmp_path, "reference"))

    def untouched() -> Iterator[list[str]]:
        raise AssertionError("the reference was read")
        yield []

    assert by_corpus([topics(1)], untouched(), cache=(tmp_path, "reference")) == first
    # What is not in it is counted: another model, another reference, another way to count.
    both = by_corpus([topics(1), topics(2)], documents(50), cache=(tmp_path, "reference"))
    assert both == [first[0], *by_corpus([topics(2)], documents(50))]
    other = by_corpus([topics(1)], documents(50, seed=7), cache=(tmp_path, "other"))
    assert other == by_corpus([topics(1)], documents(50, seed=7)) != first
    exact = by_corpus([topics(1)], documents(50), counting="exact", cache=(tmp_path, "reference"))
    assert exact != first


def test_a_damaged_cache_is_counted_again(tmp_path: Path) -> None:
    first = by_corpus([topics(1)], documents(20), cache=(tmp_path, "reference"))
    (kept,) = tmp_path.iterdir()
    for damage in (b"", kept.read_bytes()[:-300], b"PK nonsense"):
        kept.write_bytes(damage)
        assert by_corpus([topics(1)], documents(20), cache=(tmp_path, "reference")) == first


def test_only_top_words_count_and_capitals_do_not() -> None:
    (plain,) = by_corpus([[["w1", "w2", "w3"]]], documents(30))
    (loud,) = by_corpus([[["W1", " w2", "w1", "W3", "w9"]]], documents(30), topn=3)
    assert loud == plain


def test_an_empty_reference_is_refused() -> None:
    with pytest.raises(DsltmError, match="at least one document"):
        by_corpus([topics(1)], [])


def test_memory_does_not_grow_with_the_reference() -> None:
    peaks = []
    for count in (4_000, 40_000):
        tracemalloc.start()
        by_corpus([topics(1)], documents(count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 5 * peaks[0]
    assert peaks[1] < 100e6


def test_own_counts_equal_documents_as_windows() -> None:
    labels = plant(documents=200, words=50, topics=3, empty=5).labels
    chosen = [random.Random(k).sample(labels.vocabulary, 5) for k in range(3)]
    (measured,) = by_counts([[*chosen, ["word1", "elsewhere"]]], labels)
    dense = np.zeros((200, 50), dtype=bool)
    for row in range(200):
        dense[row, labels.bow_indices[labels.bow_indptr[row] : labels.bow_indptr[row + 1]]] = True
    texts = [[labels.vocabulary[i] for i in np.flatnonzero(row)] for row in dense]
    counts = count_windows(texts, chosen, [0, 10, 110])
    expected = coherence(chosen, counts, COHERENCE).per_topic
    for name in ("npmi_doc", "umass"):
        assert measured.per_topic[name][:3] == pytest.approx(expected[name])
    assert 0 < measured.per_topic["c_v"][0] <= 1
    assert measured.unseen_words == 1
    assert set(measured.per_topic) == {"c_v", "npmi_doc", "umass"}
