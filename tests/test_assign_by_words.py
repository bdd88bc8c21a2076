"""`dsltm assign --reader`: topics by the words of documents, with the teacher's help or without."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shell import dsltm

from dsltm.assigning.budget import Budget
from dsltm.formats.model import read_model, write_model
from dsltm.words.student import student_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Made


def rows(*args: str | Path) -> list[dict[str, Any]]:
    done = dsltm("assign", *args)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def by_words(made: Made) -> list[dict[str, Any]]:
    return rows(made.model, made.corpus, "--reader", "words")


def test_rows_are_the_students_answers(made: Made, by_words: list[dict[str, Any]]) -> None:
    corpus = [json.loads(line) for line in made.corpus.read_text().splitlines()]
    assert [row["id"] for row in by_words] == [row["id"] for row in corpus]
    assert {row["reader"] for row in by_words} == {"words"}
    student = student_of(read_model(str(made.model)))
    assert student is not None
    expected = np.exp(student.of_texts([row["text"] for row in corpus]))
    np.testing.assert_allclose([row["theta"] for row in by_words], expected, atol=1e-5)


def test_words_need_no_torch(made: Made) -> None:
    code = (
        "import sys\nfrom dsltm.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'transformers'} & {*sys.modules}), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "assign", str(made.model), str(made.corpus), "--reader", "words"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
    assert len(done.stdout.splitlines()) == 120


def test_a_pipe(made: Made) -> None:
    lines = made.corpus.read_text().splitlines()
    done = dsltm("assign", made.model, "-", "--reader", "words", "--top", "1", stdin="\n".join(lines))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(lines)


def test_the_teacher_reads_the_least_sure(made: Made, by_words: list[dict[str, Any]]) -> None:
    mixed = rows(made.model, made.corpus, "--reader", "auto", "--budget", "30", "--teacher", made.teacher)
    by_teacher = rows(made.model, made.corpus, "--teacher", made.teacher)
    asked = [number for number, row in enumerate(mixed) if row["reader"] == "teacher"]
    assert asked == sorted(np.argsort([row["p"] for row in by_words], kind="stable")[:30].tolist())
    for number, row in enumerate(mixed):
        other = by_teacher[number] if number in asked else by_words[number]
        assert row["topic"] == other["topic"]
        np.testing.assert_allclose(row["theta"], other["theta"], atol=2e-4)


def test_seconds_of_the_teacher(
    made: Made, by_words: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = rows(made.model, made.corpus, "--reader", "auto", "--budget", "0.001s", "--teacher", made.teacher)
    read = {number for number, row in enumerate(few) if row["reader"] == "teacher"}
    # What tells the teacher's pace is read whatever it takes, and nothing after the time is up.
    assert read == {*np.argsort([row["p"] for row in by_words], kind="stable")[:32].tolist()}
    clock = iter([0.0, 4.0, 9.0, 9.9, 10.5])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    # 32 documents in 4 s leave time for .8 * 6 s * 8/s; 70 in 9 s for another 6, too few for a round.
    assert list(Budget.parse("10s").rounds(1000)) == [32, 38]
    clock = iter([0.0, 4.0, 5.0])
    assert list(Budget.parse("100s").rounds(50)) == [32, 18]


def test_the_teacher_reads_no_empty_document(made: Made, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    texts = ["", *(json.loads(line)["text"] for line in made.corpus.read_text().splitlines()[:9]), " "]
    corpus.write_text("".join(f"{json.dumps({'id': str(n), 'text': t})}\n" for n, t in enumerate(texts)))
    mixed = rows(made.model, corpus, "--reader", "auto", "--budget", "100%", "--teacher", made.teacher)
    assert [row["reader"] for row in mixed] == ["words", *["teacher"] * 9, "words"]


def test_a_matrix_and_a_table(made: Made, tmp_path: Path, by_words: list[dict[str, Any]]) -> None:
    matrix, table = tmp_path / "theta.npz", tmp_path / "topics.csv"
    assert (
        dsltm("assign", made.model, made.corpus, "--reader", "words", "--npz", "-o", matrix).returncode == 0
    )
    np.testing.assert_allclose(np.load(matrix)["theta"], [row["theta"] for row in by_words], atol=1e-6)
    assert dsltm("assign", made.model, made.corpus, "--reader", "words", "-o", table).returncode == 0
    assert ",words" in table.read_text().splitlines()[1]


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("--budget", "5"), 2, b"--budget is for --reader auto"),
        (("--reader", "auto", "--budget", "few"), 2, b"--budget few: is not a budget"),
        (("--reader", "auto", "--budget", "0s"), 2, b"the teacher would read nothing"),
        (("--reader", "auto", "--ray", "local", "-o", "x"), 2, b"--reader auto does not go with --ray"),
        (("--reader", "words", "--teacher", "t"), 2, b"--teacher is about a teacher"),
    ],
)
def test_usage(made: Made, options: tuple[str, ...], status: int, message: bytes) -> None:
    done = dsltm("assign", made.model, made.corpus, *options)
    assert done.returncode == status
    assert message in done.stderr


def test_a_model_without_a_student(made: Made, tmp_path: Path) -> None:
    model = read_model(str(made.model))
    old = tmp_path / "old.npz"
    with old.open("wb") as file:
        write_model(file, type(model)(model.header, model.beta, model.arrays, model.usage))
    done = dsltm("assign", old, made.corpus, "--reader", "words")
    assert done.returncode == 1
    assert b"the model has no reader of words" in done.stderr
