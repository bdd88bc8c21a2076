"""Choosing the number of topics, and training several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from looking import save_labels
from planted import Planted, plant
from shell import dsltm

from dsltm.commands.train_runs import AUTO, numbers_of
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.joined import joined
from dsltm.formats.model import read_model
from dsltm.training.choose_k import NUMBERS, choose_topics, numbers_for

if TYPE_CHECKING:
    from pathlib import Path

    from dsltm.formats.labels import Labels


def _written(labels: Labels, path: Path) -> Path:
    with path.open("wb") as file:
        save_labels(file, labels)
    return path


@pytest.mark.parametrize("planted", [6, 12])
def test_the_planted_number_is_chosen(planted: int) -> None:
    corpus = plant(documents=1500, topics=planted, words=240, hidden=48, empty=100, noise=0.6)
    steps: list[int] = []
    choice = choose_topics(corpus.labels, 0, lambda number, _: steps.append(number))
    assert choice.best.topics == planted
    assert choice.best.agreement > 0.9
    assert steps == [tried.topics for tried in choice.tried] == list(numbers_for(1400))
    assert choice.why().startswith(f"{planted} topics: ")


def test_documents_without_structure_have_no_number(corpus: Planted) -> None:
    """There the halves hardly agree at any number; the choice says so."""
    noise = np.random.default_rng(0).normal(size=corpus.labels.hidden.shape).astype(np.float16)
    choice = choose_topics(replace(corpus.labels, hidden=noise), 0)
    assert choice.best.agreement < 0.4


def test_the_choice_repeats_and_empty_documents_do_not_count(corpus: Planted) -> None:
    labels = corpus.labels
    hidden = np.array(labels.hidden)
    hidden[labels.empty] = 100
    assert choose_topics(replace(labels, hidden=hidden), 0) == choose_topics(labels, 0)


def test_copies_of_a_text_count_once_unless_training_learns_from_all(corpus: Planted) -> None:
    alone, rows = choose_topics(corpus.labels, 0), np.flatnonzero(~corpus.labels.empty)
    spam = joined(corpus.labels, corpus.labels)
    assert choose_topics(spam, 0) == alone
    assert alone.documents == len(rows)
    assert choose_topics(spam, 0, once=False).documents == 2 * len(rows)


def test_few_documents_are_told_apart_from_none() -> None:
    assert numbers_for(100) == NUMBERS[:1]
    with pytest.raises(DsltmError, match="-k auto needs 100 texts to tell, and there are 60"):
        choose_topics(plant(documents=90, empty=30).labels, 0)


def test_numbers_are_read() -> None:
    assert numbers_of("25") == (25,)
    assert numbers_of("10, 25,50") == (10, 25, 50)
    assert numbers_of("auto") == AUTO
    for wrong in ("ten", "", "10,", "1.5", "-3", "10 25", "²"):
        with pytest.raises(UsageError, match="or auto, not"):
            numbers_of(wrong)
    with pytest.raises(UsageError, match="at least 2 topics, not 1"):
        numbers_of("5,1")
    with pytest.raises(UsageError, match="twice"):
        numbers_of("5,5")


@pytest.fixture(scope="module")
def corpus() -> Planted:
    return plant(documents=800, empty=20, noise=0.6)


def test_topics_that_fell_together_are_told(corpus: Planted, tmp_path: Path) -> None:
    labels = _written(corpus.labels, tmp_path / "labels.npz")
    run = ("train", labels, "--model", "ecrtm", "--preset", "paper", "--embeddings", "random", "-k", "5")
    fallen = dsltm(
        *run, "--weight", "0.001", "--learning-rate", "0.02", "--epochs", "100", "-o", tmp_path / "a"
    )
    assert fallen.returncode == 0
    assert fallen.stderr.count(b"all topics are the same") == 1
    apart = dsltm(*run, "--epochs", "2", "-o", tmp_path / "b")
    assert b"the same" not in apart.stderr


def test_several_numbers_make_several_models(corpus: Planted, tmp_path: Path) -> None:
    labels = _written(corpus.labels, tmp_path / "labels.npz")
    run = ("train", labels, "--epochs", "2", "-q")
    assert dsltm(*run, "-k", "4,6", "--seeds", "2", "-o", tmp_path / "m.npz").returncode == 0
    names = sorted(path.name for path in tmp_path.glob("m*"))
    assert names == ["m-k4-s0.npz", "m-k4-s1.npz", "m-k6-s0.npz", "m-k6-s1.npz"]
    assert [read_model(str(tmp_path / name)).topics for name in names] == [4, 4, 6, 6]
    assert dsltm(*run, "-k", "6", "--seed", "1", "-o", tmp_path / "one.npz").returncode == 0
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "m-k6-s1.npz").read_bytes()
    refused = dsltm(*run, "-k", "4,6")
    assert refused.returncode == 2
    assert b"-k 4,6 writes several models, which need the name of a file: -o FILE" in refused.stderr


def test_auto_says_why_and_writes_it_down(corpus: Planted, tmp_path: Path) -> None:
    labels = _written(corpus.labels, tmp_path / "labels.npz")
    run = ("train", "-k", "auto", "--epochs", "2", "-o", tmp_path / "m.npz")
    done = dsltm(*run, labels)
    assert done.returncode == 0, done.stderr
    assert b"6 topics: two halves of the corpus, clustered apart, then agree best" in done.stderr
    model = read_model(str(tmp_path / "m.npz"))
    chosen = model.header["training"]["chosen_topics"]
    assert model.topics == model.header["hyperparameters"]["topics"] == 6
    assert max(chosen["tried"], key=lambda row: row[1])[0] == 6
    refused = dsltm("train", "-k", "auto", labels, "--init", tmp_path / "m.npz", "-o", tmp_path / "other.npz")
    assert (refused.returncode, b"--init keeps the topics" in refused.stderr) == (2, True)
