"""`dsltm assign`: labels files and new documents, lines and matrices."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from planted import plant
from shell import dsltm

from dsltm.assigning.documents import Block, assign_labels, assign_windows, theta_of
from dsltm.assigning.inference import Inference
from dsltm.assigning.rows import assignment_rows
from dsltm.distilling.reading import Window
from dsltm.distilling.rows import counts_of
from dsltm.formats.corpus import Document
from dsltm.formats.labels import read_labels
from dsltm.formats.model import read_model
from dsltm.models.restore import restore
from dsltm.training import TrainConfig
from dsltm.training.loop import train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Made

    from dsltm.formats.model import Model
    from dsltm.models.base import Backbone


def rows(*args: str | Path, **options: Any) -> list[dict[str, Any]]:
    done = dsltm("assign", *args, **options)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_rows_of_known_proportions() -> None:
    theta = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]], np.float32)
    block = Block(["a", "b"], theta, np.array([False, True]))
    full = list(assignment_rows([block]))
    assert [(row["id"], row["topic"]) for row in full] == [("a", 1), ("b", 0)]  # ties: the lower number
    assert [row.get("empty") for row in full] == [None, True]
    assert full[0]["theta"].tolist() == theta[0].tolist()
    top = list(assignment_rows([block], top=2, min_prob=0.45))
    assert [row["topic"] for row in top] == [1, None]
    assert [[pair[0] for pair in row["topics"]] for row in top] == [[1, 2], [0, 1]]
    assert top[1]["topics"][0][1] == pytest.approx(0.4)
    assert "theta" not in top[0]


def test_blocks_do_not_show(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    model, labels = read_model(str(made.model)), read_labels(str(made.labels))
    whole = theta_of(model, labels)
    monkeypatch.setattr("dsltm.assigning.documents._BLOCK", 7)
    blocks = list(assign_labels(model, labels).blocks)
    assert len(blocks) == -(-len(labels) // 7)
    np.testing.assert_allclose(np.concatenate([block.theta for block in blocks]), whole, atol=1e-6)
    assert [name for block in blocks for name in block.ids] == list(labels.ids)


def test_a_model_is_restored_once_for_all_blocks(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Model] = []

    def restored(model: Model) -> Backbone:
        calls.append(model)
        return restore(model)

    monkeypatch.setattr("dsltm.assigning.inference.restore", restored)
    monkeypatch.setattr("dsltm.assigning.documents._BLOCK", 7)
    assert len(theta_of(read_model(str(made.model)), read_labels(str(made.labels)))) == 120
    assert len(calls) == 1


@pytest.mark.parametrize("kind", ["hidden", "both"])
def test_words_are_counted_for_models_that_read_counts_alone(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = plant(documents=30, topics=3, words=20, words_per_topic=3, hidden=8)
    options = TrainConfig(topics=3, epochs=2, units=4, input=kind, words_weight=0.0, device="cpu")
    model = train(corpus.labels, options)
    counted: list[int] = []

    def count(documents: list[Document], index: dict[str, int]) -> Any:
        counted.append(len(documents))
        return counts_of(documents, index)

    monkeypatch.setattr("dsltm.distilling.rows.counts_of", count)
    documents = [Document(str(row), f"word{row} and word{row}") for row in range(4)]
    hidden, logits = np.zeros((4, 8), np.float16), np.zeros((4, 20), np.float16)
    window = Window(documents, logits, hidden, np.zeros(4, np.uint8))
    (block,) = assign_windows(Inference(model), [window])
    assert counted == ([] if kind == "hidden" else [4])
    distinct = len(np.unique(block.theta.round(6), axis=0))
    assert distinct == (1 if kind == "hidden" else 4)  # the texts differ, and the vectors do not


def test_a_labels_file(made: Made) -> None:
    found = rows(made.model, made.labels)
    corpus = [json.loads(line) for line in made.corpus.read_text().splitlines()]
    assert [row["id"] for row in found] == [row["id"] for row in corpus]
    theta = np.array([row["theta"] for row in found])
    np.testing.assert_allclose(theta.sum(1), 1, atol=1e-5)
    assert theta.min() >= 0
    assert [row["topic"] for row in found] == theta.argmax(1).tolist()
    assert [row["p"] for row in found] == pytest.approx(theta.max(1).tolist())
    best = rows(made.model, made.labels, "--top", "2")
    assert [row["topics"][0] for row in best] == [[row["topic"], row["p"]] for row in found]


def test_new_documents_are_read_by_the_model_s_teacher_as_if_distilled(made: Made, tmp_path: Path) -> None:
    new = [{"text": row["text"][::-1], "id": row["id"]} for row in map(json.loads, made.corpus.open())][:40]
    new[3]["text"] = ""
    (tmp_path / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in new))
    vocabulary = tmp_path / "vocab.jsonl"
    words = read_model(str(made.model)).vocabulary
    vocabulary.write_text("".join(json.dumps({"word": word}) + "\n" for word in words))
    done = dsltm("distill", "new.jsonl", "--teacher", made.teacher, "--vocab", vocabulary, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    (tmp_path / "new.npz").write_bytes(done.stdout)
    by_labels = dsltm("assign", made.model, "new.npz", cwd=tmp_path)
    by_text = dsltm("assign", made.model, "new.jsonl", cwd=tmp_path)
    piped = dsltm("assign", made.model, stdin=(tmp_path / "new.jsonl").read_bytes())
    for done in (by_labels, by_text, piped):
        assert done.returncode == 0, done.stderr.decode()
    assert by_text.stdout == by_labels.stdout == piped.stdout
    assert [row.get("empty", False) for row in map(json.loads, by_text.stdout.splitlines())] == [
        not row["text"] for row in new
    ]


def test_a_matrix(made: Made, tmp_path: Path) -> None:
    lines = rows(made.model, made.labels)
    done = dsltm("assign", made.model, made.labels, "--npz", "-o", tmp_path / "a.npz")
    assert (done.returncode, done.stdout) == (0, b"")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as matrix:
        header = json.loads(matrix["header"].tobytes())
        assert (header["format"], header["version"], header["topics"]) == ("dsltm.assignments", 1, 6)
        np.testing.assert_array_equal(matrix["theta"], np.array([row["theta"] for row in lines], np.float32))
        assert matrix["empty"].shape == (len(lines),)
        ends = matrix["ids_indptr"]
        names = [matrix["ids"][a:b].tobytes().decode() for a, b in pairwise(ends)]
        assert names == [row["id"] for row in lines]
    table = dsltm("assign", made.model, made.labels, "--npz", "-o", tmp_path / "a.csv")
    assert table.returncode == 2
    assert b"--npz writes a matrix, not a table" in table.stderr
    assert not (tmp_path / "a.csv").exists()
    again = dsltm("assign", made.model, made.labels, "--npz")
    assert again.stdout == (tmp_path / "a.npz").read_bytes()


def test_another_teacher_is_refused(made: Made, tiny_teacher: Callable[[str], Path]) -> None:
    done = dsltm("assign", made.model, made.corpus, "--teacher", tiny_teacher("gemma3"))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().startswith("dsltm assign: the model was trained with the teacher ")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["{labels}", "{labels}"], 1, "labels.npz: "),
        (["{model}", "{model}"], 1, "model.npz: "),
        (["{corpus}", "{labels}"], 1, "corpus.jsonl: "),
        (["{model}", "nowhere.jsonl"], 1, "nowhere.jsonl: no such file or directory"),
        (["{model}", "{labels}", "--npz", "--top", "3"], 2, "--npz writes all proportions"),
    ],
)
def test_files_in_the_wrong_place(made: Made, arguments: list[str], status: int, message: str) -> None:
    paths = {"labels": made.labels, "model": made.model, "corpus": made.corpus}
    done = dsltm("assign", *(argument.format(**paths) for argument in arguments))
    assert (done.returncode, done.stdout) == (status, b"")
    (line,) = done.stderr.decode().splitlines()
    assert message in line
