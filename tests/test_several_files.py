"""A corpus of several files, and a vocabulary that comes from a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shell import dsltm

from dsltm.formats.labels import read_labels

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Made


def test_distill_and_vocab_take_several_files(made: Made, tmp_path: Path) -> None:
    lines = made.corpus.read_text().splitlines()
    (tmp_path / "one.jsonl").write_text("\n".join(lines[:50]))
    (tmp_path / "two.jsonl").write_text("\n".join(lines[50:]))
    files = (tmp_path / "one.jsonl", tmp_path / "two.jsonl")
    done = dsltm("distill", *files, "--teacher", made.teacher, "-o", tmp_path / "labels.npz")
    assert done.returncode == 0, done.stderr
    ours, whole = read_labels(str(tmp_path / "labels.npz")), read_labels(str(made.labels))
    assert list(ours.ids) == list(whole.ids)
    assert (ours.hidden[:] == whole.hidden[:]).all()
    assert dsltm("vocab", *files).stdout == dsltm("vocab", made.corpus).stdout
    refused = dsltm("distill", *files, "--ray", "local", "-o", tmp_path / "parts")
    assert refused.returncode == 2
    assert b"--ray takes one CORPUS" in refused.stderr
    refused = dsltm("distill", files[0], "-", "-o", tmp_path / "parts.npz")
    assert refused.returncode == 2
    assert b"standard input stands alone" in refused.stderr


def test_the_vocabulary_of_a_model_is_taken_over_and_training_goes_on(made: Made, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(made.corpus.read_text().splitlines()[:60]))
    labels = tmp_path / "few.npz"
    done = dsltm("distill", few, "--vocab", made.model, "--teacher", made.teacher, "-o", labels)
    assert done.returncode == 0, done.stderr
    assert read_labels(str(labels)).vocabulary == read_labels(str(made.labels)).vocabulary
    done = dsltm("train", labels, "--init", made.model, "--epochs", "2", "-o", tmp_path / "next.npz")
    assert done.returncode == 0, done.stderr
    words = [json.loads(line)["word"] for line in dsltm("vocab", few).stdout.splitlines()]
    assert words != read_labels(str(labels)).vocabulary
