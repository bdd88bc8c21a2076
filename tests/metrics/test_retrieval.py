"""Retrieval against a loop over rows, its ties, blocks and hostile inputs."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from planted import plant

from dsltm.errors import DsltmError
from dsltm.formats.copies import copies
from dsltm.formats.labels import Labels
from dsltm.formats.strings import Strings
from dsltm.metrics import retrieval
from dsltm.metrics.evidence import Evidence
from dsltm.metrics.retrieval import precision_by_topics, precision_by_vectors
from dsltm.metrics.subject import Subject

Distance = Callable[[NDArray[Any], NDArray[Any]], float]


def row_by_row(
    rows: NDArray[Any], classes: list[int], distance: Distance, depths: tuple[int, ...]
) -> dict[int, float]:
    hits: dict[int, list[float]] = {depth: [] for depth in depths}
    for i, query in enumerate(rows):
        ranked = sorted((round(distance(query, other), 10), j) for j, other in enumerate(rows) if j != i)
        for depth in depths:
            hits[depth].append(sum(classes[j] == classes[i] for _, j in ranked[:depth]) / depth)
    return {depth: sum(values) / len(values) for depth, values in hits.items()}


def kl(p: NDArray[Any], q: NDArray[Any]) -> float:
    return sum(a * math.log((a + 1e-300) / (b + 1e-12)) for a, b in zip(p, q, strict=True))


def cosine_distance(p: NDArray[Any], q: NDArray[Any]) -> float:
    length = float(np.linalg.norm(p) * np.linalg.norm(q))
    return -float(p @ q) / length if length else 0.0


def mixtures(seed: int, documents: int, topics: int, classes: int) -> tuple[NDArray[Any], list[int]]:
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, classes, documents)
    strength = np.full((documents, topics), 0.3)
    strength[np.arange(documents), labels % topics] += 1.0
    draws = chance.gamma(strength) + 1e-9
    return draws / draws.sum(axis=1, keepdims=True), labels.tolist()


@pytest.mark.parametrize(("documents", "topics"), [(150, 7), (70, 3)])
def test_topics_equal_the_loop(documents: int, topics: int) -> None:
    theta, classes = mixtures(1, documents, topics, 4)
    expected = row_by_row(theta, classes, kl, (1, 5, 10))
    assert precision_by_topics(theta, classes) == pytest.approx(expected, abs=1e-12)
    assert precision_by_topics(7 * theta, classes) == pytest.approx(expected, abs=1e-12)


def test_vectors_equal_the_loop() -> None:
    chance = np.random.default_rng(2)
    classes = chance.integers(0, 3, 130).tolist()
    vectors = (chance.normal(size=(130, 16)) + np.eye(16)[classes] * 2).astype(np.float16)
    vectors[17] = 0
    expected = row_by_row(vectors.astype(np.float64), classes, cosine_distance, (1, 5, 10))
    assert precision_by_vectors(vectors, classes) == pytest.approx(expected, abs=1e-12)


def test_blocks_of_documents_and_queries_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    theta, classes = mixtures(3, 400, 6, 5)
    theta[50:90] = theta[50]  # as many empty texts would be
    whole = precision_by_topics(theta, classes)
    monkeypatch.setattr(retrieval, "_KEYS", 100)
    monkeypatch.setattr(retrieval, "_SCORES", 300)
    monkeypatch.setattr(retrieval, "_GROUP", 8)
    assert precision_by_topics(theta, classes) == whole


def test_equal_documents_are_found_in_their_order() -> None:
    theta = np.full((400, 4), 0.25)
    classes = [0] * 6 + [1] * 394
    # Everybody finds documents 0 … k-1, or 0 … k without itself.
    found = precision_by_topics(theta, classes, depths=(1, 5, 10))
    assert found[1] == pytest.approx(6 / 400)
    assert found[5] == pytest.approx(6 / 400)
    assert found[10] == pytest.approx((6 * 5 / 10 + 394 * 4 / 10) / 400)


@pytest.mark.parametrize("seed", range(5))
def test_cutting_equals_a_stable_sort_whatever_the_ties(seed: int) -> None:
    chance = np.random.default_rng(seed)
    scores = chance.integers(0, 6, (50, 320)).astype(np.float64)
    scores[chance.random(scores.shape) < 0.02] = -np.inf
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    assert (retrieval._best_columns(scores, 10) == expected).all()


def test_perfect_topics_find_their_class_and_random_ones_do_not() -> None:
    classes = [0] * 30 + [1] * 30
    theta = np.where(np.arange(2) == np.array(classes)[:, None], 0.9, 0.1)
    assert precision_by_topics(theta, classes) == {1: 1.0, 5: 1.0, 10: 1.0}
    noise = np.random.default_rng(0).dirichlet([1.0] * 5, 60)
    assert precision_by_topics(noise, classes)[10] == pytest.approx(0.5, abs=0.1)


def test_a_sample_of_queries_estimates_the_mean() -> None:
    theta, classes = mixtures(4, 900, 6, 4)
    exact = precision_by_topics(theta, classes)
    sampled = precision_by_topics(theta, classes, max_queries=600)
    assert sampled == precision_by_topics(theta, classes, max_queries=600)
    assert sampled != exact
    assert sampled == pytest.approx(exact, abs=0.05)


def test_depths_beyond_the_documents_are_left_out() -> None:
    theta, classes = mixtures(5, 6, 3, 2)
    assert list(precision_by_topics(theta, classes)) == [1, 5]
    assert precision_by_topics(theta[:1], classes[:1]) == {}


def test_hostile_proportions_are_refused_and_zeros_are_not() -> None:
    theta, classes = mixtures(6, 20, 3, 2)
    certain = np.eye(3)[np.array(classes)]
    assert precision_by_topics(certain, classes)[5] == 1.0
    for bad in (np.nan, np.inf, -0.5):
        broken = theta.copy()
        broken[4, 1] = bad
        with pytest.raises(DsltmError):
            precision_by_topics(broken, classes)
    broken = theta.copy()
    broken[3] = 0
    with pytest.raises(DsltmError, match="all zero"):
        precision_by_topics(broken, classes)
    with pytest.raises(DsltmError, match=r"20 documents .* 19 gold labels"):
        precision_by_topics(theta, classes[1:])
    vectors = theta.astype(np.float32)
    vectors[2, 2] = np.nan
    with pytest.raises(DsltmError, match="not all finite"):
        precision_by_vectors(vectors, classes)


def chosen(labels: Labels, rows: list[int]) -> Labels:
    """A labels file of some documents of another, repeated or not."""
    spans = [slice(labels.bow_indptr[row], labels.bow_indptr[row + 1]) for row in rows]
    return replace(
        labels,
        ids=Strings.pack(str(i) for i in range(len(rows))),
        logits=labels.logits[rows],
        hidden=labels.hidden[rows],
        bow_indptr=np.cumsum([0, *(span.stop - span.start for span in spans)]).astype(np.int64),
        bow_indices=np.concatenate([labels.bow_indices[span] for span in spans]),
        bow_data=np.concatenate([labels.bow_data[span] for span in spans]),
        gold_codes=labels.gold_codes[rows],
        flags=labels.flags[rows],
    )


def test_copies_are_told_by_states_and_counts() -> None:
    rows = [3, 5, 3, 9, 5, 5, 100, 101]  # the last two have no text
    labels = chosen(plant(documents=102, empty=2).labels, rows)
    everything = np.arange(len(rows))
    assert copies(labels, everything)[0].tolist() == [0, 1, 3, 6]
    assert copies(labels, np.array([2, 4, 0, 1]))[0].tolist() == [0, 1]
    labels.bow_data[labels.bow_indptr[2]] += 1  # the same state, but one word more
    assert copies(labels, everything)[0].tolist() == [0, 1, 2, 3, 6]
    labels.hidden[4, 0] += 1
    assert copies(labels, everything)[0].tolist() == [0, 1, 2, 3, 4, 6]


def test_copies_do_not_find_each_other() -> None:
    chance = np.random.default_rng(8)
    rows = [*range(60), *chance.integers(0, 60, 90).tolist()]
    labels = chosen(plant(documents=60, topics=3).labels, rows)
    theta = chance.dirichlet([0.3] * 6, 60)[rows]  # topics that say nothing: only copies find each other
    classes = labels.gold()
    subject = Subject("m", ids=labels.ids, clusters=theta.argmax(1), theta=theta)
    evidence = Evidence(subject, classes=classes, labels=labels, rows=np.arange(150))
    scores = retrieval.retrieval(evidence).values
    assert scores["distinct_documents"] == 60
    assert scores["precision_at_1"] > 0.8
    once = precision_by_topics(theta[:60], [str(label) for label in classes[:60]])
    for depth in (1, 5, 10):
        assert scores[f"precision_at_{depth}_distinct"] == pytest.approx(once[depth])
    assert scores["precision_at_5_distinct"] < 0.5
    # Those without a class are no neighbours of anybody.
    some = [None if i % 3 == 0 else label for i, label in enumerate(classes)]
    part = retrieval.retrieval(Evidence(subject, classes=some, labels=labels, rows=np.arange(150))).values
    kept = [i for i in range(60) if i % 3] + [i for i in range(60, 150) if i % 3 and rows[i] % 3 == 0]
    kept = [i for n, i in enumerate(kept) if rows[i] not in [rows[j] for j in kept[:n]]]
    again = precision_by_topics(theta[kept], [str(classes[i]) for i in kept])
    assert part["precision_at_5_distinct"] == pytest.approx(again[5])
    assert part["distinct_documents"] == len(kept)
