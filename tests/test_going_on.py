"""Going on from a model: edited topics stay as they are, new ones are found where the old do not reach."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from planted import Planted, plant, purity
from shell import dsltm

from dsltm.assigning.inference import Inference
from dsltm.errors import DsltmError
from dsltm.formats.numbering import Numbering
from dsltm.space.kmeans import cluster_beside
from dsltm.topics.edit import edited, named
from dsltm.training.config import TrainConfig
from dsltm.training.decided import shaping
from dsltm.training.loop import train

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Made

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model

CONFIG = TrainConfig(topics=4, epochs=30, batch=64)


@pytest.fixture(scope="module")
def corpus() -> Planted:
    """Documents of six topics."""
    return plant(documents=900, topics=6, seed=3)


def _of(labels: Labels, rows: np.ndarray) -> Labels:
    """Some of the documents."""
    flags = np.ones(len(labels), np.uint8)
    flags[rows] = 0
    return replace(labels, flags=flags)


def _topics(model: Model, labels: Labels) -> np.ndarray:
    return np.asarray(Inference(model).theta(labels.hidden).argmax(1))


@pytest.fixture(scope="module")
def four(corpus: Planted) -> Model:
    """A model of the documents of the first four topics."""
    return train(_of(corpus.labels, np.flatnonzero(corpus.truth < 4)), replace(CONFIG, words_weight=0.0))


@pytest.mark.parametrize("backbone", ["prodlda", "fastopic", "etm", "ecrtm"])
def test_new_topics_are_found_and_the_old_keep_their_numbers(backbone: Any, corpus: Planted) -> None:
    known = corpus.truth < 4
    config = replace(CONFIG, model=backbone, words_weight=0.0)
    before = train(_of(corpus.labels, np.flatnonzero(known)), config)
    after = train(corpus.labels, replace(config, topics=6), init=before)
    old, new = _topics(before, corpus.labels), _topics(after, corpus.labels)
    assert (new[known] == old[known]).mean() > 0.9
    assert (new[~known] >= 4).mean() > 0.8
    assert purity(corpus.truth[~known], new[~known]) > 0.8
    assert after.topics == 6
    assert "numbering" not in after.header
    assert after.header["training"]["before"] == before.header["training"]


def test_an_edited_model_is_gone_on_with(corpus: Planted, four: Model) -> None:
    model = edited(named(four, ["zero", None, "two", "three"]), [[1, 3]], [0])
    after = train(corpus.labels, replace(CONFIG, topics=4, seed=1), init=model)
    assert after.numbering == Numbering(6, [1, 2, 4, 5])
    assert after.names == ["three", "two", None, None]
    assert "edit" not in after.header
    known = (corpus.truth < 4) & (_topics(four, corpus.labels) != 0)
    old, new = _topics(model, corpus.labels)[known], _topics(after, corpus.labels)[known]
    assert (old == new).mean() > 0.8
    # Nothing that was merged or dropped comes back.
    assert {*new.tolist()} <= {1, 2, 4, 5}


def test_without_new_topics_the_edit_alone_is_kept(corpus: Planted, four: Model) -> None:
    model = edited(four, [[0, 2]], [])
    rows = _of(corpus.labels, np.flatnonzero(corpus.truth < 4))
    after = train(rows, replace(CONFIG, topics=3), init=model)
    assert after.numbering == Numbering(4, [0, 1, 3])
    known = corpus.truth < 4
    assert (_topics(after, rows)[known] == _topics(model, rows)[known]).mean() > 0.9


def test_what_keeps_topics_is_needed(corpus: Planted, four: Model) -> None:
    with pytest.raises(DsltmError, match="only a guide"):
        train(corpus.labels, replace(CONFIG, topics=6, guide=0.0, rounds=0), init=four)


def test_points_leave_only_for_what_is_nearer() -> None:
    rng = np.random.default_rng(0)
    places = np.array([[0, 0], [9, 0], [4, 9]], np.float32)
    truth = rng.integers(3, size=300)
    points = (places[truth] + rng.normal(0, 0.5, (300, 2))).astype(np.float32)
    known = np.minimum(truth, 1)  # what belongs to the third place is among those of the second
    found = cluster_beside(points, known, truth < 2, 2, 1, seed=0)
    assert (found == truth).all()
    assert (found == cluster_beside(points, known, truth < 2, 2, 1, seed=0)).all()


def test_the_command_grows_a_model_that_was_edited_and_named(made: Made, tmp_path: Path) -> None:
    names = tmp_path / "names.jsonl"
    names.write_text('{"topic": 5, "label": "five"}\n')
    tidy, grown = tmp_path / "tidy.npz", tmp_path / "grown.npz"
    edit = ("--drop", "2", "--names", names)
    assert dsltm("topics", made.model, made.labels, *edit, "-o", tidy).returncode == 0
    done = dsltm("train", made.labels, "--init", tidy, "--new", "2", "--epochs", "2", "-o", grown)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in dsltm("topics", grown).stdout.splitlines()]
    assert [(row["topic"], row.get("label")) for row in rows] == [
        (0, None),
        (1, None),
        (3, None),
        (4, None),
        (5, "five"),
        (6, None),
        (7, None),
    ]
    for wrong in (["--new", "2"], ["--init", tidy, "-k", "9"], ["--init", tidy, "-k", "5,6"]):
        done = dsltm("train", made.labels, *wrong, "-o", tmp_path / "not.npz")
        assert done.returncode == 2
        assert b"--init" in done.stderr


def test_models_of_versions_without_a_sharpness_go_on_as_they_were(corpus: Planted) -> None:
    labels = _of(corpus.labels, np.flatnonzero(corpus.truth < 3)[:90])
    before = train(labels, TrainConfig(topics=3, epochs=2, sharpness="one"))
    options = {k: v for k, v in before.header["hyperparameters"].items() if k != "sharpness"}
    old = replace(before, header={**before.header, "hyperparameters": options})
    after = train(labels, TrainConfig(**shaping(options, set()), epochs=1), init=old)
    assert after.header["hyperparameters"]["sharpness"] == "one"
