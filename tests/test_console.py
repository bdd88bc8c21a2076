"""Messages, progress and tables: what reaches a terminal, a pipe and a log."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import dsltm, on_terminal

from dsltm import console, screen
from dsltm.progress import Progress, clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Made


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    console.configure()
    yield
    console.configure()


@given(st.text())
def test_plain_lets_nothing_through_that_moves_or_reorders(text: str) -> None:
    safe = console.plain(text)
    assert len(safe) == len(text)
    for character in safe:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in (
            *("LRE", "RLE", "LRO", "RLO", "PDF"),
            *("LRI", "RLI", "FSI", "PDI"),
        )
    safe.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("a\tb\nc", "a b c"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("\x9b31m", "\ufffd31m"),
        ("abc\u202etxt.exe", "abc\ufffdtxt.exe"),
        ("naïve 日本語 👩‍👩‍👧", "naïve 日本語 👩‍👩‍👧"),
    ],
)
def test_plain_keeps_what_is_text(text: str, shown: str) -> None:
    assert console.plain(text) == shown


def test_levels(capsys: pytest.CaptureFixture[str]) -> None:
    def everything() -> str:
        console.note("note")
        console.info("info")
        console.warn("careful")
        console.error("wrong")
        out, err = capsys.readouterr()
        assert out == ""
        return err

    console.configure(program="dsltm train")
    assert everything() == "info\ndsltm train: warning: careful\ndsltm train: wrong\n"
    console.configure(verbose=True)
    assert everything().startswith("note\ninfo\n")
    console.configure(quiet=True, verbose=True)
    assert everything() == "dsltm: wrong\n"


def test_the_log_has_everything_with_its_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    console.configure(quiet=True, log_file=str(path))
    console.note("a note with \x1b[31m in it")
    with console.progress("counting", 2, "words") as bar:
        bar.advance(2)
    console.close()
    lines = path.read_text().splitlines()
    assert lines[0] == "before"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d a note with \ufffd\[31m in it", lines[1])
    assert "counting: 2/2 words" in lines[2]
    assert capsys.readouterr().err == ""


def test_a_closed_or_failing_standard_error_is_nobody_s_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stderr", Full())
    console.error("nobody hears this")
    monkeypatch.setattr("sys.stderr", None)
    console.error("nor this")
    with console.progress("counting", 1, "words") as bar:
        bar.advance()


def test_progress_off_a_terminal_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with console.progress("distilling", 1000, "documents", work_total=5000) as bar:
        for _ in range(1000):
            now[0] += 0.1
            bar.advance(1, work=5, loss="1.5")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10  # a tenth takes ten seconds here: nine on the way, one at the end
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT[\d:]{8} distilling: 100/1,000 documents, 10/s, loss 1.5 \(10%\), 1:30 left",
        lines[0],
    )
    assert lines[-1].endswith("distilling: 1,000/1,000 documents, 10/s, loss 1.5, done in 1:40")
    assert not any("\x1b" in line for line in lines)


def test_time_left_follows_the_work_and_ignores_an_earlier_run(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    progress = Progress("distilling", 4, "documents", work_total=100)
    assert progress.left() is None
    progress.skip(1, work=40)
    now[0] = 10.0
    assert progress.left() is None  # nothing done by this run
    progress.advance(1, work=10)  # one token a second
    assert progress.left() == pytest.approx(50.0)
    assert progress.share() == pytest.approx(0.5)
    assert progress.status() == "2/4 documents, 0.1/s"


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-:--"), (7.4, "0:07"), (750, "12:30"), (3723, "1:02:03")]
)
def test_clock(seconds: float | None, text: str) -> None:
    assert clock(seconds) == text


def test_tables_show_markup_and_escapes_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    screen.table(
        ["topic", screen.Column("words", wrap=True)],
        [[1, "[bold]loud[/bold] [link=http://x]y[/link] :smile:"], [2, "a\x1b[2Jb\u202ec"]],
    )
    out = capsys.readouterr().out
    assert "[bold]loud[/bold] [link=http://x]y[/link] :smile:" in out
    assert "a\ufffd[2Jb\ufffdc" in out
    assert "\x1b" not in out


def test_a_table_on_a_terminal_without_the_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(buffer, encoding="ascii", write_through=True))
    screen.table(["word"], [["naïve"]])
    assert b"na?ve" in buffer.getvalue()


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_progress_on_a_terminal(made: Made, tmp_path: Path, env: dict[str, str]) -> None:
    arguments = ["train", made.labels, "-k", "5", "--epochs", "10", "-o", tmp_path / "m.npz"]
    status, sent = on_terminal(*arguments, env=env)
    assert status == 0
    assert "training: 10/10 epochs" in sent.splitlines()[-1]
    assert not re.search(r"^\d{4}-\d\d-\d\dT", sent.splitlines()[-1]) or env.get("TERM") == "dumb"
    if env.get("TERM") == "dumb":
        assert "\x1b" not in sent
    else:
        assert "\x1b[?25h" in sent  # the cursor comes back
        assert "/10 epochs" in sent.split("\n")[0]
    if "NO_COLOR" in env:
        assert not re.search(r"\x1b\[[0-9;]*[3-9]\dm", sent)


@pytest.mark.parametrize("column", ["words", "id", "label"])
def test_text_of_a_corpus_is_nothing_but_text_on_a_terminal(
    tmp_path: Path, tiny_teacher: Callable[[str], Path], column: str
) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J[bold red]\u202e"
    rows = [{"id": f"d{i}", "text": f"rain storm {i}", "label": "a"} for i in range(8)]
    if column != "words":
        rows[0][column] = evil
    vocabulary = [{"word": "rain"}, {"word": "storm"}]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "v.jsonl").write_text("".join(json.dumps(row) + "\n" for row in vocabulary))
    for arguments in (
        ["distill", "c.jsonl", "--teacher", tiny_teacher("llama"), "--vocab", "v.jsonl", "-o", "l.npz"],
        ["train", "l.npz", "-k", "2", "--epochs", "1", "-o", "m.npz"],
    ):
        done = dsltm(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr.decode()
    if column == "words":  # a model whose vocabulary somebody wrote
        with np.load(tmp_path / "m.npz") as arrays:
            members = dict(arrays)
        header = json.loads(members["header"].tobytes())
        header["vocabulary"][0] = evil
        members["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
        np.savez(tmp_path / "m.npz", **members)
    shown = ["topics", "m.npz", *(["l.npz", "--examples", "2", "--corpus", "c.jsonl"] * (column != "words"))]
    status, sent = on_terminal(*shown, cwd=tmp_path)
    assert status == 0, sent
    assert "\x1b]0" not in sent
    assert "\x1b[2J" not in sent
    assert "\u202e" not in sent
    if column == "words":
        assert "[bold red]" in sent
