"""`dsltm topics` as people and programs run it."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shell import dsltm, on_terminal

from dsltm.assigning.documents import theta_of
from dsltm.words.ranking import ranked, telling

if TYPE_CHECKING:
    from pathlib import Path

    from looking import Files

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def _lines(*args: str | Path) -> list[dict[str, Any]]:
    done = dsltm("topics", *args)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _screen(*args: str | Path, **env: str) -> str:
    status, sent = on_terminal("topics", *args, streams="out err", env=env)
    assert status == 0, sent
    return sent


def test_a_pipe_gets_lines_by_number(files: Files) -> None:
    rows = _lines(files.model_path)
    assert [row["topic"] for row in rows] == list(range(6))
    assert all(list(row) == ["topic", "words", "weights"] and len(row["words"]) == 10 for row in rows)
    model = files.model
    worth = telling(model.beta, model.usage, model.sizes)
    best = ranked(worth, model.vocabulary, 10, usage=model.usage)[2]
    assert rows[2]["words"] == [files.model.vocabulary[i] for i in best]
    assert rows[2]["weights"] == pytest.approx(files.model.beta[2][best].tolist())


def test_sizes_count_documents_with_text(files: Files) -> None:
    theta = theta_of(files.model, files.planted.labels)
    expected = np.bincount(theta[:-3].argmax(axis=1), minlength=6).tolist()
    rows = _lines(files.model_path, files.labels_path, "--words", "3", "--coherence")
    assert [row["size"] for row in rows] == expected
    assert all(len(row["words"]) == 3 and -1 <= row["coherence"] <= 1 for row in rows)


def test_examples_are_the_surest_documents_and_borderline_ones_the_least_sure(files: Files) -> None:
    theta = theta_of(files.model, files.planted.labels)[:-3]
    args = ("--corpus", files.corpus_path, "--examples", "2", "--borderline", "2")
    for row in _lines(files.model_path, files.labels_path, *args):
        topic = row["topic"]
        assert [example["id"] for example in row["examples"]] == [
            str(i) for i in (-theta[:, topic]).argsort(kind="stable")[:2]
        ]
        assert row["examples"][0]["p"] == pytest.approx(float(theta[:, topic].max()), abs=1e-5)
        two = np.sort(theta, axis=1)
        margin = np.where(theta.argmax(axis=1) == topic, two[:, -1] - two[:, -2], 9)
        assert row["borderline"][0]["id"] == str(margin.argmin())
        assert row["borderline"][0]["other"] == theta[margin.argmin()].argsort()[-2]
        for example in row["examples"] + row["borderline"]:
            assert example["id"] == "7" or example["text"].startswith(f"document {example['id']} ")


def test_by_a_date_counts_all_documents_with_text(files: Files) -> None:
    rows = _lines(
        files.model_path, files.labels_path, "--corpus", files.corpus_path, "--by", "date", "--every", "month"
    )
    assert sum(row["count"] for row in rows) == len(files.planted.truth) - 3
    assert {row["value"] for row in rows} == {f"2024-{m:02}" for m in range(1, 13)}
    rising = max(rows, key=lambda row: row["trend"])["topic"]
    theta = theta_of(files.model, files.planted.labels)
    assert np.bincount(files.planted.truth[theta.argmax(axis=1) == rising]).argmax() == 0


def test_by_label_needs_no_corpus(files: Files) -> None:
    with_corpus = _lines(files.model_path, files.labels_path, "--corpus", files.corpus_path, "--by", "label")
    assert _lines(files.model_path, files.labels_path, "--by", "label") == with_corpus


def test_the_tree_joins_all_topics(files: Files) -> None:
    rows = _lines(files.model_path, "--tree")
    assert len(rows) == 5
    assert sorted(rows[-1]["topics"]) == list(range(6))


def test_an_edited_model_assigns_as_it_shows(files: Files, tmp_path: Path) -> None:
    names = tmp_path / "names.jsonl"
    names.write_text('{"topic": 1, "label": "my topic"}\n')
    out = tmp_path / "edited.npz"
    edits = ("--merge", "0,3", "--drop", "5", "--names", names)
    shown = _lines(files.model_path, files.labels_path, *edits)
    assert _lines(files.model_path, files.labels_path, *edits, "-o", out) == []
    rows = _lines(out, files.labels_path)
    assert rows == shown
    assert [row.get("label") for row in rows] == [None, "my topic", None, None]
    done = dsltm("assign", out, files.labels_path)
    assigned = [json.loads(line) for line in done.stdout.splitlines()]
    counts = Counter(row["topic"] for row in assigned if not row.get("empty"))
    assert counts == {row["topic"]: row["size"] for row in rows}
    assert all(sum(row["theta"]) == pytest.approx(1, abs=1e-5) for row in assigned)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--examples", "3"), "--examples is about documents, try adding a labels file"),
        (("--by", "label"), "--by counts documents"),
        (("--every", "month"), "--every needs --by FIELD"),
        (("--diversify", "0.5"), "adding a labels file"),
        (("--sort", "size"), "--sort size counts documents"),
        (("--html", "x.html"), "--html shows documents"),
        (("--tree", "--by", "label"), "--tree and --by are shown one at a time"),
        (("--merge", "1,2", "-o", "x.npz", "--tree"), "--tree shows topics, and -o is the edited model"),
        (("--layout", "pca"), "are about the page, try --html FILE"),
        (("--labeler", "http://localhost:1"), "--labeler and --labeler-model go together"),
        (("--merge", "1,x"), "takes topic numbers such as 3,17"),
        (("--relevance", "2"), "--relevance lies between 0 and 1"),
    ],
)
def test_what_cannot_be_shown_is_said(args: tuple[str, ...], message: str, files: Files) -> None:
    done = dsltm("topics", files.model_path, *args)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_another_corpus_is_refused(files: Files, tmp_path: Path) -> None:
    lines = files.corpus_path.read_text().splitlines(keepends=True)
    for changed, message in (
        (lines[:-1], "fewer documents"),
        ([*lines, lines[0]], "more documents"),
        (lines[1:] + lines[:1], "document '1' is '0'"),
    ):
        other = tmp_path / "other.jsonl"
        other.write_text("".join(changed))
        done = dsltm("topics", files.model_path, files.labels_path, "--corpus", other, "--examples", "1")
        assert done.returncode == 1
        assert message in done.stderr.decode()


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_table_fits_its_terminal(columns: str, files: Files) -> None:
    screen = _screen(files.model_path, files.labels_path, COLUMNS=columns, NO_COLOR="1")
    lines = [ESCAPES.sub("", line) for line in screen.splitlines()]
    assert all(len(line) <= int(columns) for line in lines)
    rows = [line for line in lines if re.match(r" *\d+ ", line)]
    assert len(rows) == 6
    assert all(re.search(r"\d%   word\d+ word\d+", row) for row in rows)
    assert sum("█" in line for line in lines) == (0 if columns == "40" else 6)


def test_no_colour_means_none(files: Files) -> None:
    assert "\x1b[35m" in _screen(files.model_path, files.labels_path)
    assert "\x1b[35m" not in _screen(files.model_path, files.labels_path, NO_COLOR="1")


def test_a_terminal_without_unicode_gets_ascii(files: Files) -> None:
    for args in ((), ("--tree",), ("--by", "date", "--every", "month", "--corpus", files.corpus_path)):
        screen = _screen(
            files.model_path, files.labels_path, *args, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C"
        )
        assert screen.isascii()


def test_hostile_text_is_only_text(files: Files) -> None:
    args = ("--corpus", files.corpus_path, "--examples", "100", "--borderline", "100")
    screen = _screen(files.model_path, files.labels_path, *args)
    assert "alert(1)" in screen
    assert not {"\x07", "\u202e"} & set(screen)
    assert "\x1b[31m" not in screen


def test_the_same_views_on_a_terminal(files: Files) -> None:
    corpus = ("--corpus", files.corpus_path)
    over_time = _screen(files.model_path, files.labels_path, *corpus, "--by", "date", "--every", "month")
    assert "▲" in over_time
    assert "2024-01 to 2024-12" in over_time
    assert "topic0 100%" in ESCAPES.sub("", _screen(files.model_path, files.labels_path, "--by", "label"))
    assert "┐" in _screen(files.model_path, "--tree")
