"""Files of older versions are opened by this one. Those in `files` were written by dsltm 0.1.0.

They are of 60 of `tiny_teachers.sentences`, the eighth one empty, read by a tiny random teacher.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from parts import members_of
from planted import plant

from dsltm.assigning.documents import assign_labels
from dsltm.errors import DsltmError
from dsltm.formats.labels import read_labels, write_labels
from dsltm.formats.model import read_model
from dsltm.formats.old_model import predicted_beta
from dsltm.models.restore import restore
from dsltm.training import TrainConfig
from dsltm.training.loop import train

if TYPE_CHECKING:
    from dsltm.formats.labels import Labels

FILES = Path(__file__).parent / "files"


@pytest.fixture(scope="module")
def old() -> Labels:
    return read_labels(str(FILES / "labels-1.npz"))


def test_labels_of_version_1_count_their_vocabulary(old: Labels) -> None:
    assert old.header["version"] == 1
    assert old.words == old.vocabulary
    assert old.counts.shape == old.logits.shape == old.vocabulary_counts.shape == (60, len(old.words))
    assert old.counts.sum() == old.bow_data.sum() > 100
    assert np.flatnonzero(old.counts.sum(1) == 0).tolist() == [7]


def test_a_model_of_version_1_finds_the_topics_that_it_found(old: Labels) -> None:
    model = read_model(str(FILES / "model-1.npz"))
    assert model.header["hyperparameters"]["input"] == "both"
    theta = np.concatenate([block.theta for block in assign_labels(model, old).blocks])
    before = [json.loads(line) for line in (FILES / "assigned-1.jsonl").read_text().splitlines()]
    assert list(old.ids) == [row["id"] for row in before]
    for row, proportions in zip(before, theta, strict=True):
        ((topic, share),) = row["topics"]
        assert proportions[topic] == pytest.approx(share, abs=1e-4)
        assert proportions.max() == proportions[topic]


def test_labels_of_version_1_become_labels_of_version_2(old: Labels, tmp_path: Path) -> None:
    with (tmp_path / "new.npz").open("wb") as file:
        write_labels(file, old.header, members_of(old))
    new = read_labels(str(tmp_path / "new.npz"))
    assert new.header == old.header | {"version": 2, "words": old.vocabulary}
    assert (new.counts != old.counts).nnz == 0


def test_words_that_are_not_the_vocabulary_s_continuation_are_refused(old: Labels, tmp_path: Path) -> None:
    header = old.header | {"words": [*old.vocabulary[1:], old.vocabulary[0]]}
    with (tmp_path / "bad.npz").open("wb") as file:
        write_labels(file, header, members_of(old))
    with pytest.raises(DsltmError, match="the words that it counts do not begin with its vocabulary"):
        read_labels(str(tmp_path / "bad.npz"))


def test_beta_of_version_1_becomes_what_the_model_predicts() -> None:
    """As its backbone says it, which the file's own matrix was not: that was the softmax of word scores."""
    model = read_model(str(FILES / "model-1.npz"))
    with torch.no_grad():
        predicted = restore(model).beta().numpy()
    np.testing.assert_allclose(model.beta, predicted, rtol=1e-4, atol=1e-8)
    stored = np.load(FILES / "model-1.npz", allow_pickle=False)["beta"]
    assert np.abs(stored - predicted).max() > 1e-3
    assert model.usage is None
    assert model.sizes is None


def test_beta_of_an_ecrtm_of_version_1_becomes_what_the_model_predicts() -> None:
    planted = plant(documents=120)
    model = train(planted.labels, TrainConfig(topics=4, model="ecrtm", epochs=2))
    assert not np.allclose(model.beta[0], 1 / model.beta.shape[1], rtol=1e-3)
    found = predicted_beta(model.header, np.zeros_like(model.beta), model.arrays)
    np.testing.assert_allclose(found, model.beta, rtol=1e-3, atol=1e-8)
