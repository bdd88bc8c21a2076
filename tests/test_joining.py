"""One model of two corpora: what is alike becomes one topic, the rest stays, and numbers are told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from planted import Planted, plant
from shell import dsltm as run

import dsltm
from dsltm.assigning.inference import Inference
from dsltm.errors import DsltmError
from dsltm.formats.joined import joined
from dsltm.training.config import TrainConfig
from dsltm.training.joining import _places

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Made

    from dsltm.formats.labels import Labels

CONFIG = TrainConfig(topics=4, epochs=12, batch=64, words_weight=0.0)


@pytest.fixture(scope="module")
def corpus() -> Planted:
    """Documents of six themes."""
    return plant(documents=700, topics=6, seed=3, noise=0.7)


def _only(corpus: Planted, themes: tuple[int, ...]) -> Labels:
    flags = np.where(np.isin(corpus.truth, themes), 0, 8).astype(np.uint8)
    rows = np.flatnonzero(flags == 0)
    labels = corpus.labels
    return replace(labels, flags=flags, logits=labels.logits[rows], hidden=labels.hidden[rows]).only_read()


def test_shared_themes_are_joined_and_others_kept(corpus: Planted) -> None:
    themes = (0, 1, 2, 3), (2, 3, 4, 5)
    labels = [_only(corpus, own) for own in themes]
    one, other = (dsltm.train(own, 4, config=CONFIG) for own in labels)
    one = one.rename({0: "zero"})
    both = dsltm.merge_models(one, labels[0], other, labels[1])
    rows = both.stored.header["training"]["joined"]
    assert [row["topic"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert sum(row["a"] is not None and row["b"] is not None for row in rows) == 2
    assert [row["a"] for row in rows] == [0, 1, 2, 3, None, None]
    assert both.stored.names[0] == "zero"
    first = Inference(both.stored).theta(corpus.labels.hidden).argmax(1)
    table = np.stack([np.bincount(first[corpus.truth == theme], minlength=6) for theme in range(6)])
    assert (table.max(1) / table.sum(1)).min() > 0.85
    assert len({*table.argmax(1).tolist()}) == 6
    before = Inference(one.stored).theta(labels[0].hidden).argmax(1)
    assert (Inference(both.stored).theta(labels[0].hidden).argmax(1) == before).mean() > 0.85


def test_words_that_only_one_corpus_has_are_counted() -> None:
    one, other = plant(40, 3, words=60, seed=1).labels, plant(30, 3, words=60, seed=2).labels
    vocabulary = one.header["vocabulary"][:50]
    shorter = [
        replace(
            labels,
            header={
                **labels.header,
                "vocabulary": vocabulary,
                "words": [*vocabulary, *(f"{name}{i}" for i in range(10))],
            },
            logits=labels.logits[:, :50],
            word_embeddings=labels.word_embeddings[:50],
        )
        for name, labels in (("a", one), ("b", other))
    ]
    both = joined(*shorter)
    assert both.words == [*vocabulary, *(f"a{i}" for i in range(10)), *(f"b{i}" for i in range(10))]
    counts = both.counts.toarray()
    np.testing.assert_array_equal(counts[:40, :60], one.counts.toarray())
    np.testing.assert_array_equal(counts[40:, :50], other.counts.toarray()[:, :50])
    np.testing.assert_array_equal(counts[40:, 60:], other.counts.toarray()[:, 50:])
    assert not counts[:40, 60:].any()
    with pytest.raises(DsltmError, match="different vocabularies"):
        joined(one, shorter[1])


def test_two_topics_are_one_only_if_nearer_than_any_of_their_own_model() -> None:
    points = np.array([[1, 0, 0], [0, 1, 0], [0.99, 0.1, 0], [0, 0.6, 0.8], [0.99, 0.12, 0.02]], np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    likeness = points @ points.T
    np.fill_diagonal(likeness, -1)
    # Two topics of a, three of b, of which the first is near a's first, but nearer to the last of its own.
    assert _places(likeness, 2, np.ones(3, bool)).tolist() == [2, 3, 4]
    assert _places(likeness[:4, :4], 2, np.ones(2, bool)).tolist() == [0, 2]
    assert _places(likeness[:4, :4], 2, np.array([False, True])).tolist() == [-1, 2]


def test_the_command_writes_a_model_and_a_table(made: Made, tmp_path: Path) -> None:
    both, table = tmp_path / "both.npz", tmp_path / "table.jsonl"
    files = (made.model, made.labels, made.model, made.labels)
    done = run("merge-models", *files, "-o", both, "--table", table)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    before = dsltm.load(made.model)
    assert len(rows) == len(dsltm.load(both).beta) == len(before.beta)
    assert [row["topic"] for row in rows] == [*range(len(rows))]
    assert f"{len(rows)} topics:".encode() in done.stderr
    done = run("merge-models", *files[:3], made.corpus, "-o", both)
    assert done.returncode == 1
