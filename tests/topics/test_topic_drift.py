"""Which topics grew, shrank, came and went, and that nothing is said of chance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shell import dsltm, on_terminal

from dsltm.errors import DsltmError
from dsltm.formats.model import Model
from dsltm.metrics.subject import from_files
from dsltm.topics.drift import counted, difference, drift, moved
from dsltm.topics.edit import read_names

if TYPE_CHECKING:
    from pathlib import Path

    from looking import Files


def _model(topics: int) -> Model:
    beta = np.random.default_rng(0).dirichlet(np.ones(9), topics).astype(np.float32)
    return Model({"vocabulary": [f"word{i}" for i in range(9)]}, beta, {})


def test_limits_are_newcombes() -> None:
    # The examples (a) and (b) of Newcombe (1998), Table II, method 10: 56/70 - 48/80 and 9/10 - 3/10.
    for old, new, expected in (
        ((48, 32), (56, 14), (0.0524, 0.3339)),
        ((3, 7), (9, 1), (0.1705, 0.8090)),
    ):
        low, high = difference(np.array(old), np.array(new), 1.959964)
        assert (low[0], high[0]) == pytest.approx(expected, abs=5e-5)
        assert (low[1], high[1]) == pytest.approx((-expected[1], -expected[0]), abs=5e-5)


def test_verdicts_and_their_order() -> None:
    changes = drift(_model(6), np.array([400, 300, 0, 200, 0, 100]), np.array([100, 500, 250, 0, 1, 120]))
    assert [(each.topic.topic, each.verdict) for each in changes] == [
        (0, "shrank"),
        (2, "new"),
        (1, "grew"),
        (3, "gone"),
        (5, "same"),
        (4, "same"),
    ]
    assert all(each.low <= each.change <= each.high for each in changes)


def test_documents_that_stray_into_a_topic_do_not_make_it_old() -> None:
    changes = drift(_model(4), np.array([9, 11, 100, 880]), np.array([100, 100, 9, 791]))
    assert {each.topic.topic: each.verdict for each in changes} == {
        0: "new",
        1: "grew",
        2: "gone",
        3: "shrank",
    }


def test_what_moved_and_what_surely_changed() -> None:
    changes = drift(_model(6), np.array([400, 300, 0, 200, 0, 100]), np.array([100, 500, 250, 0, 1, 120]))
    assert moved(changes) == pytest.approx(sum(abs(each.change) for each in changes) / 2)
    assert changes[0].least == pytest.approx(-changes[0].high)
    assert changes[-1].least == 0


def test_chance_is_seldom_called_a_change() -> None:
    rng, model = np.random.default_rng(1), _model(8)
    shares = rng.dirichlet(np.ones(8))
    wrong = sum(
        any(each.verdict != "same" for each in drift(model, *rng.multinomial([400, 300], shares)))
        for _ in range(300)
    )
    assert wrong <= 0.08 * 300


def test_numbers_of_topics_may_have_gone_through_pandas(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"topic": 1.0}\n{"topic": null}\n{"topic": 1}\n{"topic": NaN}\n{"topic": 2.0, "empty": true}\n'
    )
    assert counted(_model(3), str(path)).tolist() == [0, 2, 0]
    assert from_files(None, str(path)).unassigned == 2
    names = tmp_path / "names.jsonl"
    names.write_text('{"topic": 2.0, "label": "sea"}\n{"topic": 0.0, "label": null}\n')
    assert read_names(str(names), _model(3)) == [None, None, "sea"]
    path.write_text('{"topic": 1.5}\n')
    with pytest.raises(DsltmError, match="none of the model's"):
        counted(_model(3), str(path))


def test_documents_without_any_topic_are_refused() -> None:
    with pytest.raises(DsltmError, match="newer documents"):
        drift(_model(3), np.array([1, 2, 3]), np.zeros(3, np.int64))


@pytest.fixture(scope="module")
def halves(files: Files, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Assignments of the documents, and of those without the documents of topic 3."""
    folder = tmp_path_factory.mktemp("drift")
    done = dsltm("assign", files.model_path, files.labels_path)
    lines = done.stdout.decode().splitlines()
    (folder / "old.jsonl").write_text("\n".join(lines))
    kept = [line for line in lines if json.loads(line)["topic"] != 3]
    (folder / "new.jsonl").write_text("\n".join([*kept, json.dumps({"id": "x", "topic": None, "p": 0.1})]))
    return folder / "old.jsonl", folder / "new.jsonl"


def _rows(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_the_command_reads_labels_and_assignments_alike(files: Files, halves: tuple[Path, Path]) -> None:
    old, new = halves
    of_labels = dsltm("drift", files.model_path, files.labels_path, new)
    of_lines = dsltm("drift", files.model_path, old, new)
    assert of_labels.returncode == of_lines.returncode == 0, of_labels.stderr
    assert of_labels.stdout == of_lines.stdout
    first, *others = _rows(of_lines.stdout)
    assert (first["topic"], first["verdict"], first["new"]) == (3, "gone", 0)
    assert len(others) == 5
    assert b"would have to move" in of_lines.stderr


def test_the_exit_status_tells_what_surely_changed(
    files: Files, halves: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "changes.csv"
    done = dsltm("drift", files.model_path, *halves, "--fail-above", "0.05", "-o", out)
    assert done.returncode == 1
    assert b"topics 3" in done.stderr
    assert out.read_text().startswith("topic,words,old,new,old_share")
    assert dsltm("drift", files.model_path, *halves, "--fail-above", "0.5").returncode == 0
    assert dsltm("drift", files.model_path, halves[0], halves[0], "--fail-above", "0").returncode == 0


def test_a_person_gets_a_table(files: Files, halves: tuple[Path, Path]) -> None:
    status, sent = on_terminal("drift", files.model_path, *halves, streams="out")
    assert status == 0
    assert "gone" in sent
    assert "0.0%" in sent


@pytest.mark.parametrize(
    ("line", "message"), [('{"topic": 9}', "none of the model's"), ('{"id": "a"}', "has no topic")]
)
def test_other_files_are_refused(line: str, message: str, files: Files, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text(line + "\n")
    done = dsltm("drift", files.model_path, files.labels_path, tmp_path / "bad.jsonl")
    assert done.returncode == 1
    assert message in done.stderr.decode()
    assert done.stdout == b""
