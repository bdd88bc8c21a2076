"""In from any file, out to any tool: whole commands, with a tiny teacher."""

from __future__ import annotations

import json
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from shell import dsltm
from test_forms import FORMS, needs
from tiny_teachers import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Made

ROWS = [
    {"id": f"n{number}", "text": text, "label": "x"}
    for number, text in enumerate(["storm and rain", 'a "goal", kick', "", "python\tarray", "two\nlines"])
]


# Every form is read and every form is written; what is read is rows before anything is written.
PAIRS = list(zip(FORMS, cycle(["a.jsonl", "a.csv", "a.parquet"]), strict=False))


@pytest.mark.parametrize(("name", "output"), PAIRS)
def test_rows_in_are_rows_out(made: Made, tmp_path: Path, name: str, output: str) -> None:
    needs(name)
    pandas = pytest.importorskip("pandas")
    (tmp_path / name).write_bytes(FORMS[name](ROWS))
    done = dsltm(
        *("assign", made.model, tmp_path / name, "--teacher", made.teacher),
        *("--keep", "text", "--words", "3", "-o", tmp_path / output),
    )
    assert done.returncode == 0, done.stderr
    path = tmp_path / output
    if output == "a.jsonl":
        frame = pandas.read_json(path, lines=True)
    else:
        frame = (
            pandas.read_csv(path, keep_default_na=False) if output == "a.csv" else pandas.read_parquet(path)
        )
    assert frame["id"].tolist() == [row["id"] for row in ROWS]
    assert [text or "" for text in frame["text"]] == [row["text"] for row in ROWS]
    assert len(frame["words"]) == len(ROWS)


def test_a_field_that_no_document_has_is_told(made: Made, tmp_path: Path) -> None:
    rows = [{"text": "storm and rain", "author": None}, {"text": "two lines", "author": "ada"}]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["assign", made.model, tmp_path / "c.jsonl", "--reader", "words", "--keep"]
    done = dsltm(*command, "author,auhtor", "--keep", "dat\x1be")
    assert done.returncode == 0, done.stderr
    assert "no document has a field 'auhtor', 'dat\\x1be', which --keep names" in done.stderr.decode()
    assert [json.loads(line)["author"] for line in done.stdout.splitlines()] == [None, "ada"]
    assert b"--keep names" not in dsltm(*command, "author").stderr


def test_what_a_command_reads_is_not_written_over(made: Made, tmp_path: Path) -> None:
    for name, source in {"c.jsonl": made.corpus, "l.npz": made.labels, "m.npz": made.model}.items():
        (tmp_path / name).write_bytes(source.read_bytes())
    (tmp_path / "link.npz").symlink_to(tmp_path / "m.npz")
    corpus, labels, model, link = (tmp_path / name for name in ("c.jsonl", "l.npz", "m.npz", "link.npz"))
    before = [path.read_bytes() for path in (corpus, labels, model)]
    for command in (
        ["vocab", corpus, "-o", corpus],
        ["distill", corpus, "--teacher", made.teacher, "-o", corpus],
        ["train", labels, "-k", "2", "--epochs", "1", "-o", labels],
        ["train", labels, "--init", model, "-o", model],
        ["assign", model, labels, "-o", link],
        ["topics", model, labels, "--html", model],
        ["topics", model, "--log-file", model],
        ["eval", model, labels, "-o", labels],
    ):
        done = dsltm(*command)
        assert done.returncode == 2, (command, done.stderr)
        assert b"this command reads that file" in done.stderr
        assert [path.read_bytes() for path in (corpus, labels, model)] == before


@pytest.mark.parametrize("family", FAMILIES)
def test_quiet_is_silent_with_teachers_of_every_family(
    family: str, tiny_teacher: Callable[[str], Path], tiny_corpus: Path, tmp_path: Path
) -> None:
    labels, model, teacher = tmp_path / "l.npz", tmp_path / "m.npz", tiny_teacher(family)
    for arguments in (
        ["distill", tiny_corpus, "--teacher", teacher, "-o", labels],
        ["train", labels, "-k", "3", "--epochs", "1", "-o", model],
        ["assign", model, tiny_corpus, "-o", tmp_path / "a.jsonl"],
    ):
        done = dsltm("-q", *arguments)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), arguments[0]


def test_a_corpus_given_to_train_is_told_where_to_go(made: Made) -> None:
    done = dsltm("train", made.corpus, "-k", "2")
    assert done.returncode == 1
    assert f"try dsltm distill {made.corpus} first" in done.stderr.decode()


def test_info_says_what_files_are_and_whether_they_fit(made: Made, tmp_path: Path) -> None:
    done = dsltm("info", made.model, made.labels)
    model, labels, verdict = map(json.loads, done.stdout.splitlines())
    assert (model["is"], labels["is"], verdict) == ("model", "labels", {"fit": True, "why": None})
    assert len(model) <= 10
    assert len(labels) <= 10
    assert dsltm("info", made.corpus).returncode == 1
