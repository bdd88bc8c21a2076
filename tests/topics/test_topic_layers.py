"""Groups of topics at several levels: found where they were planted, consistent, and as people see them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shell import dsltm, on_terminal

from dsltm.errors import UsageError
from dsltm.formats.model import Model
from dsltm.topics.config import WordChoice
from dsltm.topics.edit import edited
from dsltm.topics.layers import grouped, layers, parse_levels

if TYPE_CHECKING:
    from pathlib import Path

    from looking import Files


def _nested() -> Model:
    """Eight topics: each has words of its own, shares some with one other, and some with three others."""
    beta = np.full((8, 112), 0.01)
    for topic in range(8):
        beta[topic, 10 * topic : 10 * topic + 10] += 1
        pair, half = topic // 2, topic // 4
        beta[topic, 80 + 6 * pair : 86 + 6 * pair] += 1
        beta[topic, 104 + 4 * half : 108 + 4 * half] += 1
    beta /= beta.sum(axis=1, keepdims=True)
    # Topics that belong together do not stand together.
    beta = beta[[0, 4, 2, 6, 1, 5, 3, 7]]
    words = [f"own{n}" for n in range(80)] + [f"pair{n}" for n in range(24)] + [f"half{n}" for n in range(8)]
    return Model({"vocabulary": words}, beta.astype(np.float32), {})


def _rows(*args: str | Path) -> list[dict[str, Any]]:
    done = dsltm("topics", *args)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_planted_hierarchy_is_found() -> None:
    two, four, eight = layers(_nested(), [2, 4, 8])
    assert two.groups == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert four.groups == [[0, 4], [1, 5], [2, 6], [3, 7]]
    assert eight.groups == [[topic] for topic in range(8)]


def test_words_of_a_group_are_those_that_its_topics_share() -> None:
    model = _nested()
    groups = grouped(model, None, layers(model, [4]), WordChoice(6))
    assert all(word.startswith("pair") for group in groups for word in group.topic.words)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 30), st.sets(st.integers(1, 30), min_size=1, max_size=4), st.integers(0, 9))
def test_levels_are_nested(topics: int, levels: set[int], seed: int) -> None:
    beta = np.random.default_rng(seed).dirichlet(np.full(20, 0.2), topics).astype(np.float32)
    wanted = sorted(level for level in levels if level <= topics)
    above: list[list[int]] = [list(range(topics))]
    for layer in layers(Model({"vocabulary": []}, beta, {}), wanted):
        assert len(layer.groups) == layer.level
        assert sorted(place for group in layer.groups for place in group) == list(range(topics))
        assert all(any(set(group) <= set(outer) for outer in above) for group in layer.groups)
        above = layer.groups


def test_numbers_that_are_no_places() -> None:
    model = edited(_nested(), [[0, 4]], [])
    (layer,) = layers(model, [2])
    assert layer.numbers(model) == {0: 0, 2: 0, 6: 0, 1: 1, 3: 1, 5: 1, 7: 1}


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ("5,x", "takes numbers of groups such as 5,15"),
        ("4,2", "takes rising numbers"),
        ("2,2", "takes rising numbers"),
        ("0,2", "takes rising numbers"),
        ("2,9", "the model has only 8 topics"),
    ],
)
def test_levels_that_make_no_sense(levels: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_levels(levels, 8)


def test_sizes_add_up_and_documents_are_those_of_the_groups(files: Files) -> None:
    args = ("--corpus", files.corpus_path, "--levels", "2,4,6", "--examples", "2", "--words", "5")
    rows = _rows(files.model_path, files.labels_path, *args)
    by_level = {level: [row for row in rows if row["level"] == level] for level in (2, 4, 6)}
    assert [len(by_level[level]) for level in (2, 4, 6)] == [2, 4, 6]
    assert all(row["parent"] is None for row in by_level[2])
    for coarse, fine in ((2, 4), (4, 6)):
        for row in by_level[coarse]:
            children = [each for each in by_level[fine] if each["parent"] == row["topic"]]
            assert sum(each["size"] for each in children) == row["size"]
            assert sorted(topic for each in children for topic in each["topics"]) == row["topics"]
    single = {row["topic"]: row for row in _rows(files.model_path, files.labels_path, "--words", "5")}
    for row in by_level[6]:
        assert row["size"] == single[row["topic"]]["size"]
        assert row["words"] == single[row["topic"]]["words"]
    assert all(len(row["examples"]) == 2 and "text" in row["examples"][0] for row in rows)


def test_names_of_groups_are_those_of_their_largest_topics(files: Files, tmp_path: Path) -> None:
    names = tmp_path / "names.jsonl"
    names.write_text("".join(json.dumps({"topic": n, "label": f"name {n}"}) + "\n" for n in range(6)))
    rows = _rows(files.model_path, files.labels_path, "--names", names, "--levels", "1,6")
    sizes = {row["label"]: row["size"] for row in rows[1:]}
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:3]
    assert rows[0]["label"] == ", ".join(largest) + ", ..."


def test_assignments_have_the_groups_of_their_topics(files: Files, tmp_path: Path) -> None:
    members = {t: row["topic"] for row in _rows(files.model_path, "--levels", "2") for t in row["topics"]}
    done = dsltm("assign", files.model_path, files.labels_path, "--levels", "2,6", "--top", "1")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(row["level_2"] == members[row["topic"]] and row["level_6"] == row["topic"] for row in rows)
    table = tmp_path / "a.csv"
    assert dsltm("assign", files.model_path, files.labels_path, "--levels", "2", "-o", table).returncode == 0
    assert table.read_text().startswith("id,topic,p,level_2,label,words,")


def test_a_terminal_shows_groups_below_their_parents(files: Files) -> None:
    status, sent = on_terminal(
        "topics", files.model_path, files.labels_path, "--levels", "2,6", streams="out", env={"NO_COLOR": "1"}
    )
    assert status == 0
    lines = [line for line in sent.splitlines() if "%" in line]
    assert len(lines) == 8
    assert "of 2" in sent
    assert "of 6" in sent
    assert not lines[0].startswith("     ")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--levels", "2,9"), "the model has only 6 topics"),
        (("--levels", "3,2"), "takes rising numbers"),
        (("--levels", "2", "--tree"), "--tree and --levels are shown one at a time"),
        (("--levels", "2", "--borderline", "2"), "--borderline is of topics"),
        (("--levels", "2", "--examples", "2"), "adding a labels file"),
    ],
)
def test_what_cannot_be_shown_is_said(args: tuple[str, ...], message: str, files: Files) -> None:
    done = dsltm("topics", files.model_path, *args)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
