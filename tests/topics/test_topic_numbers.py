"""Topics that are left keep their numbers, whatever shows them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shell import dsltm, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from looking import Files

LEFT = [0, 1, 3, 5]


def _run(*args: str | Path) -> str:
    done = dsltm(*args)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def _lines(*args: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _run(*args).splitlines()]


@pytest.fixture(scope="module")
def edited(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of six topics with 1 and 4 made one, and without 2."""
    path = tmp_path_factory.mktemp("numbers") / "edited.npz"
    _run("topics", files.model_path, files.labels_path, "--merge", "4,1", "--drop", "2", "-o", path)
    return path


def test_topics_and_their_documents(files: Files, edited: Path) -> None:
    before = {row["topic"]: row["words"] for row in _lines("topics", files.model_path)}
    after = _lines(
        "topics",
        edited,
        files.labels_path,
        "--corpus",
        files.corpus_path,
        "--borderline",
        "9",
        "--examples",
        "1",
    )
    assert [row["topic"] for row in after] == LEFT
    # Words may stand in another order, because they are compared with other topics.
    kept = {row["topic"]: row["words"] for row in after}
    for number in (0, 3, 5):
        assert len({*kept[number]} & {*before[number]}) >= 6
    others = {each["other"] for row in after for each in row["borderline"]}
    assert others <= {*LEFT}
    assert all(each["other"] != row["topic"] for row in after for each in row["borderline"])


def test_assignments(files: Files, edited: Path, tmp_path: Path) -> None:
    old, new = (_lines("assign", path, files.labels_path) for path in (files.model_path, edited))
    changed = {1: 1, 4: 1}
    for before, after in zip(old, new, strict=True):
        assert len(after["theta"]) == 6
        assert after["theta"][2] == after["theta"][4] == 0
        assert after["p"] == max(after["theta"]) == after["theta"][after["topic"]]
        if before["p"] > 0.6 and before["topic"] != 2:
            assert after["topic"] == changed.get(before["topic"], before["topic"])
    assert all(
        topic in LEFT
        for row in _lines("assign", edited, files.labels_path, "--top", "4")
        for topic, _ in row["topics"]
    )
    _run("assign", edited, files.labels_path, "--npz", "-o", tmp_path / "theta.npz")
    theta = np.load(tmp_path / "theta.npz", allow_pickle=False)["theta"]
    np.testing.assert_allclose(theta, [row["theta"] for row in new], rtol=1e-6)
    shown = {row["topic"]: row["words"][:3] for row in _lines("topics", edited)}
    with_words = _lines("assign", edited, files.labels_path, "--words", "3")
    assert all(row["words"] == shown[row["topic"]] for row in with_words)


def test_fields_tree_and_scores(files: Files, edited: Path) -> None:
    by = _lines("topics", edited, files.labels_path, "--corpus", files.corpus_path, "--by", "label")
    sizes = {row["topic"]: row["size"] for row in _lines("topics", edited, files.labels_path)}
    assert sorted({row["topic"] for row in by}) == LEFT
    for number, size in sizes.items():
        assert sum(row["count"] for row in by if row["topic"] == number) == size
    joins = _lines("topics", edited, "--tree")
    assert sorted(joins[-1]["topics"]) == LEFT
    assert [join["node"] for join in joins] == [6, 7, 8]
    assert {child for join in joins for child in join["children"]} == {*LEFT, 6, 7}
    (scores,) = _lines("eval", edited, files.labels_path, "--per-topic")
    assert [row["topic"] for row in scores["per_topic"]] == LEFT


def test_what_is_written_is_scored_alike(files: Files, edited: Path, tmp_path: Path) -> None:
    _run("topics", edited, "--words", "15", "-o", tmp_path / "topics.jsonl")
    _run("assign", edited, files.labels_path, "-o", tmp_path / "assignments.jsonl")
    (own,) = _lines("eval", edited, files.labels_path)
    files_of = ("--topics", tmp_path / "topics.jsonl", "--assignments", tmp_path / "assignments.jsonl")
    (other,) = _lines("eval", *files_of, "--labels", files.labels_path)
    for name in ("topics", "purity", "nmi", "word_precision", "word_coverage", "npmi_own"):
        assert own[name] == pytest.approx(other[name])


def test_a_second_edit_names_them_by_the_same_numbers(files: Files, edited: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.jsonl"
    names.write_text('{"topic": 5, "label": "five"}\n')
    again = tmp_path / "again.npz"
    _run("topics", edited, "--drop", "0", "--names", names, "-o", again)
    assert [(row["topic"], row.get("label")) for row in _lines("topics", again)] == [
        (1, None),
        (3, None),
        (5, "five"),
    ]
    done = dsltm("topics", again, "--drop", "2", "-o", tmp_path / "not.npz")
    assert done.returncode == 2
    assert "topic 2 is no more" in done.stderr.decode()


def test_on_a_terminal_and_on_the_page(files: Files, edited: Path, tmp_path: Path) -> None:
    for view in ([], ["--tree"], ["--corpus", files.corpus_path, "--by", "label"]):
        status, sent = on_terminal(
            "topics", edited, files.labels_path, *view, streams="out", env={"NO_COLOR": "1"}
        )
        assert status == 0
        numbers = re.findall(r"^\s*(\d+) ", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", sent), re.MULTILINE)
        assert sorted({*map(int, numbers)}) == LEFT
    _run("topics", edited, files.labels_path, "--html", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    data = json.loads(re.search(r'id="data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    assert [(topic["id"], topic["number"]) for topic in data["topics"]] == list(enumerate(LEFT))
