"""What answers a query: the topic and the documents that it was planted in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shell import dsltm, on_terminal

from dsltm.formats.labels import read_labels
from dsltm.formats.model import read_model, write_model
from dsltm.topics.query import bm25
from dsltm.words.bm25 import search

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Made
    from looking import Files


def _rows(*args: str | Path) -> list[dict[str, Any]]:
    done = dsltm("topics", *args)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _query(files: Files, topic: int) -> str:
    return " ".join(f"word{word}" for word in files.planted.topic_words[topic][:3])


def test_topics_come_by_their_part_in_the_query(files: Files) -> None:
    known = {frozenset(row["words"][:3]): row["topic"] for row in _rows(files.model_path)}
    assert len(known) == 6
    for topic in range(6):
        rows = _rows(files.model_path, "--query", _query(files, topic))
        assert [row["p"] for row in rows] == sorted((row["p"] for row in rows), reverse=True)
        assert sum(row["p"] for row in rows) == pytest.approx(1, abs=1e-4)
        own = {f"word{word}" for word in files.planted.topic_words[topic]}
        assert len(own & {*rows[0]["words"]}) >= 7


def test_it_is_what_assign_says_of_such_a_document(made: Made, tmp_path: Path) -> None:
    query = "the striker scored a goal in the league"
    (tmp_path / "query.txt").write_text(query + "\n")
    for reader, more in (("words", ()), ("teacher", ("--teacher", made.teacher))):
        done = dsltm("assign", made.model, tmp_path / "query.txt", "--reader", reader, *more)
        theta = json.loads(done.stdout)["theta"]
        rows = _rows(made.model, "--query", query, "--reader", reader)
        assert {row["topic"]: row["p"] for row in rows} == pytest.approx(dict(enumerate(theta)), abs=1e-4)


def test_documents_of_the_topic_answer_and_those_with_the_words_first(files: Files) -> None:
    labels = files.planted.labels
    for topic in range(6):
        args = (files.model_path, files.labels_path, "--query", _query(files, topic))
        rows = _rows(*args, "--examples", "20", "--corpus", files.corpus_path)
        assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
        numbers = [int(row["id"]) for row in rows]
        assert (files.planted.truth[numbers] == topic).mean() > 0.9
        counts = labels.counts[numbers][:, files.planted.topic_words[topic][:3]].toarray()
        assert (counts.sum(axis=1) > 0).mean() > 0.9
        assert {row["text"] for row in rows if row["id"] != "7"} <= {
            f"document {number} about subject{files.planted.truth[number]}" for number in numbers
        }
    assert len(_rows(*args)) == 10


def test_bm25_of_counts_is_that_of_texts(files: Files) -> None:
    labels = read_labels(str(files.labels_path))
    texts = [
        " ".join(word for word, times in zip(labels.words, row, strict=True) for _ in range(times))
        for row in labels.counts.toarray()
    ]
    (column,) = search(texts, [["word3", "word40"]]).T
    assert bm25(labels, "word3, word40 and nothing known") == pytest.approx(column, rel=1e-5)
    assert bm25(labels, "nothing known").tolist() == [0] * len(labels)


def test_a_query_without_a_known_word_has_an_answer(made: Made) -> None:
    assert len(_rows(made.model, made.labels, "--query", "xylophone")) == 10


def test_a_terminal_shows_topics_and_documents(files: Files) -> None:
    args = (files.model_path, files.labels_path, "--corpus", files.corpus_path, "--query", _query(files, 2))
    status, sent = on_terminal("topics", *args, streams="out", env={"NO_COLOR": "1"})
    assert status == 0
    assert "of the query" in sent
    assert "subject2" in sent


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--query", " ... "), "--query takes some words"),
        (("--reader", "words"), "--reader needs --query"),
        (("--query", "a", "--sort", "id"), "--query has its own order"),
        (("--query", "a", "--tree"), "shown one at a time"),
        (("--query", "a", "--examples", "3"), "adding a labels file"),
    ],
)
def test_what_cannot_be_asked_is_said(args: tuple[str, ...], message: str, files: Files) -> None:
    done = dsltm("topics", files.model_path, *args)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_a_model_without_a_reader_of_words(files: Files, tmp_path: Path) -> None:
    model = read_model(str(files.model_path))
    with (tmp_path / "old.npz").open("wb") as file:
        write_model(file, type(model)(model.header, model.beta, model.arrays, model.usage))
    done = dsltm("topics", tmp_path / "old.npz", "--query", "word1")
    assert done.returncode == 1
    assert b"the model has no reader of words" in done.stderr


def test_documents_without_text_answer_nothing(files: Files) -> None:
    everything = _rows(files.model_path, files.labels_path, "--query", "word1", "--examples", "1000")
    assert len(everything) == len(files.planted.truth) - 3
    assert np.isfinite([row["score"] for row in everything]).all()
