"""Merged, dropped and named topics, and documents that get their topics from such a model."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dsltm.assigning.documents import theta_of
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.model import Model, read_model, write_model
from dsltm.formats.numbering import Numbering
from dsltm.topics.edit import edited, named, read_names

if TYPE_CHECKING:
    from pathlib import Path

    from looking import Files


def _model(topics: int = 5, words: int = 7) -> Model:
    beta = np.random.default_rng(0).dirichlet(np.ones(words), topics).astype(np.float32)
    return Model({"vocabulary": [f"w{i}" for i in range(words)]}, beta, {})


def test_merged_topics_are_the_mean_by_size() -> None:
    model = _model()
    found = edited(model, [[3, 1]], [4], np.array([5, 9, 5, 2, 1]))
    assert found.topics == 3
    assert found.beta.sum(axis=1) == pytest.approx(1)
    assert found.beta[1] == pytest.approx((10 * model.beta[1] + 3 * model.beta[3]) / 13, rel=1e-5)
    assert found.beta[0] == pytest.approx(model.beta[0])
    assert found.beta[2] == pytest.approx(model.beta[2])


def test_documents_get_the_sums(files: Files) -> None:
    labels = files.planted.labels
    before = theta_of(files.model, labels).astype(np.float64)
    after = theta_of(edited(files.model, [[1, 4]], [0]), labels)
    expected = np.stack([before[:, 1] + before[:, 4], before[:, 2], before[:, 3], before[:, 5]], axis=1)
    assert after == pytest.approx(expected / expected.sum(axis=1, keepdims=True), abs=1e-5)
    assert after.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_editing_twice_is_editing_once(files: Files) -> None:
    labels = files.planted.labels
    once = edited(files.model, [[1, 2, 4]], [0])
    twice = edited(edited(files.model, [[1, 2]], []), [[1, 4]], [0])
    assert once.header["edit"] == twice.header["edit"] == {"topics": 6, "groups": [[1, 2, 4], [3], [5]]}
    assert once.numbering == twice.numbering == Numbering(6, [1, 3, 5])
    assert (theta_of(once, labels) == theta_of(twice, labels)).all()


def test_an_edited_model_is_read_back(files: Files, tmp_path: Path) -> None:
    model = named(edited(files.model, [[0, 5]], [2]), ["a", None, "c", None])
    with (tmp_path / "m.npz").open("wb") as file:
        write_model(file, model)
    back = read_model(str(tmp_path / "m.npz"))
    assert back.names == ["a", None, "c", None]
    assert (theta_of(back, files.planted.labels) == theta_of(model, files.planted.labels)).all()


def test_a_model_without_edits_is_as_before(files: Files) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    write_model(first, files.model)
    write_model(second, read_model(str(files.model_path)))
    assert first.getvalue() == second.getvalue()


def test_a_merged_topic_is_called_as_its_largest() -> None:
    model = named(_model(), ["a", "b", None, "d", None])
    assert edited(model, [[1, 3]], [], np.array([1, 2, 9, 5, 1])).names == ["a", "d", None, None]
    assert edited(model, [[2, 4], [0, 2 + 1]], []).names == ["a", "b", None]


@pytest.mark.parametrize(
    ("merge", "drop", "message"),
    [
        ([[1, 9]], [], "there is no topic 9, the model has 0 to 4"),
        ([[0, -1]], [], "there is no topic -1"),
        ([[1, 2], [2, 3]], [], "topic 2 is named twice"),
        ([[1, 2]], [1], "topic 1 is named twice"),
        ([], [0, 1, 2, 3, 4], "leaves no topic"),
    ],
)
def test_impossible_edits(merge: list[list[int]], drop: list[int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        edited(_model(), merge, drop)


def test_a_number_is_never_given_again() -> None:
    model = edited(_model(), [[1, 3]], [4])
    assert model.numbering == Numbering(5, [0, 1, 2])
    assert edited(model, [], [1]).numbering == Numbering(5, [0, 2])
    for gone in (3, 4):
        with pytest.raises(UsageError, match=f"topic {gone} is no more"):
            edited(model, [], [gone])
    assert "numbering" not in _model().header


def test_names_come_from_lines_and_the_others_stay(tmp_path: Path) -> None:
    model = named(_model(), ["a", "b", None, None, None])
    path = tmp_path / "names.jsonl"
    path.write_text(
        '{"topic": 1, "label": " new\\n name "}\n{"topic": 4, "label": "e", "words": []}\n{"topic": 0}\n'
    )
    assert read_names(str(path), model) == [None, "new name", None, None, "e"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"topic": 5, "label": "x"}, ":1: there is no topic 5, the model has 0 to 4"),
        ({"topic": True, "label": "x"}, ":1: its topic is not a number"),
        ({"label": "x"}, ":1: its topic is not a number"),
        ({"topic": 1, "label": 3}, ":1: its label is not a string"),
        ({"topic": 1, "label": "A"}, "topics 0 and 1 are both called 'A'"),
    ],
)
def test_names_that_cannot_be(line: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "names.jsonl"
    path.write_text(json.dumps(line))
    with pytest.raises(DsltmError, match=message):
        read_names(str(path), named(_model(), ["a", None, None, None, None]))


@pytest.mark.parametrize(
    "change",
    [
        {"names": ["a"]},
        {"names": [1] * 6},
        {"edit": {"topics": 6, "groups": [[0], [1]]}},
        {"edit": {"topics": 6, "groups": [[0], [1], [2], [3], [4], [9]]}},
        {"edit": {"topics": 7, "groups": [[0], [1], [2], [3], [4], [0, 5]]}},
        {"edit": 3},
        {"numbering": 3},
        {"numbering": {"given": 9, "topics": [0, 1, 2, 3, 4]}},
        {"numbering": {"given": 9, "topics": [0, 1, 2, 3, 4, 9]}},
        {"numbering": {"given": 9, "topics": [0, 1, 3, 2, 4, 5]}},
        {"numbering": {"given": 9, "topics": [0, 1, 2, 3, 4, 4.5]}},
    ],
)
def test_a_header_that_lies_is_refused(change: dict[str, object], files: Files, tmp_path: Path) -> None:
    lying = Model({**files.model.header, **change}, files.model.beta, files.model.arrays)
    with (tmp_path / "m.npz").open("wb") as file:
        write_model(file, lying)
    with pytest.raises(DsltmError):
        theta_of(read_model(str(tmp_path / "m.npz")), files.planted.labels)


def test_a_model_of_one_topic_can_be_looked_at(files: Files) -> None:
    from dsltm.report.config import ReportOptions
    from dsltm.report.data import collect
    from dsltm.report.page import page
    from dsltm.topics.config import WordChoice
    from dsltm.topics.view import View

    view = View.of(edited(files.model, [list(range(6))], []), files.planted.labels)
    topics = view.topics(WordChoice(5))
    assert view.with_documents(topics, 2, 2, None)[0].borderline == []
    assert len(page(collect(view, topics, [], None, ReportOptions(layout="pca")))) > 10_000
