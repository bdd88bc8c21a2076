"""Other tools' topics and assignments, and finding each document's gold class."""

import json
from pathlib import Path
from typing import Any

import pytest

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Corpus
from dsltm.formats.fields import Fields
from dsltm.metrics.gold import Gold
from dsltm.metrics.subject import NO_TOPIC, Subject, from_files


def lines(path: Path, rows: list[Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_words_as_strings_and_as_pairs(tmp_path: Path) -> None:
    path = lines(tmp_path / "t", [{"words": ["a", "b"], "topic": 3}, {"words": [["c", 0.5], ["d", 0.1]]}])
    assert from_files(path, None).topics == [["a", "b"], ["c", "d"]]


def test_topics_of_documents_by_name_number_and_none(tmp_path: Path) -> None:
    rows = [{"id": i, "topic": topic} for i, topic in enumerate([3, "3", -1, None, "-1"])]
    subject = from_files(None, lines(tmp_path / "a", rows))
    assert subject.clusters is not None
    # A number and its spelling are one topic; no topic is a cluster of its own.
    assert subject.clusters.tolist() == ["topic 3", "topic 3", NO_TOPIC, NO_TOPIC, "topic -1"]
    assert subject.unassigned == 2
    assert subject.ids == ["0", "1", "2", "3", "4"]
    assert subject.theta is None


def test_theta_alone_gives_the_topic_and_a_given_topic_stands(tmp_path: Path) -> None:
    alone = from_files(None, lines(tmp_path / "a", [{"theta": [0.2, 0.8]}, {"theta": [1, 0]}]))
    assert alone.clusters is not None
    assert alone.clusters.tolist() == [1, 0]
    assert alone.ids is None
    both = from_files(None, lines(tmp_path / "b", [{"topic": 0, "theta": [0.2, 0.8]}]))
    assert both.clusters is not None
    assert both.clusters.tolist() == ["topic 0"]
    assert both.theta is not None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no assignments"),
        ([{"id": "a"}], ':1: no "topic"'),
        ([{"topic": True}], ':1: no "topic"'),
        ([{"topic": 1}, {"topic": [1]}], ':2: no "topic"'),
        ([{"theta": [0.5, 0.5]}, {"theta": [1.0]}], ':2: no "theta"'),
        ([{"theta": []}], ':1: no "theta"'),
        ([{"theta": 3}], ':1: no "theta"'),
        ([{"theta": [0.5, 0.5]}, {"topic": 1}], ':2: no "theta"'),
        ([{"theta": [0.5, None]}], "not a number"),
        ([{"theta": ["x", 1]}], "not a number"),
        ([{"theta": [[1], [2]]}], "not a number"),
        ([{"topic": 1, "id": "a"}, {"topic": 1}], "some rows have an id"),
    ],
)
def test_assignments_that_are_none(tmp_path: Path, rows: list[Any], message: str) -> None:
    with pytest.raises(DsltmError, match=message):
        from_files(None, lines(tmp_path / "a", rows))


@pytest.mark.parametrize(
    "row", [{}, {"words": "a b"}, {"words": [3]}, {"words": [["a"], []]}, {"words": [None]}]
)
def test_topics_that_are_none(tmp_path: Path, row: dict[str, Any]) -> None:
    with pytest.raises(DsltmError, match=":1: "):
        from_files(lines(tmp_path / "t", [row]), None)


def test_gold_classes_are_found_by_id_in_any_order(tmp_path: Path) -> None:
    assigned = [{"id": "c", "topic": 1}, {"id": "x", "topic": 1}, {"id": "a", "topic": 0}]
    subject = from_files(None, lines(tmp_path / "a", assigned))
    corpus = [
        {"id": "a", "text": "", "label": "A"},
        {"id": "b", "text": ""},
        {"id": "c", "text": "", "label": "C"},
    ]
    gold = Gold.of_corpus(Corpus(lines(tmp_path / "corpus.jsonl", corpus), Fields(label="label")))
    assert gold.aligned(subject) == ["C", None, "A"]


def test_gold_classes_without_ids_go_by_the_order(tmp_path: Path) -> None:
    gold = Gold(["0", "1"], ["A", "B"])
    subject = from_files(None, lines(tmp_path / "a", [{"topic": 1}, {"topic": 0}]))
    assert gold.aligned(subject) == ["A", "B"]
    short = from_files(None, lines(tmp_path / "b", [{"topic": 1}]))
    with pytest.raises(DsltmError, match="1 documents without ids, and there are 2 gold labels"):
        gold.aligned(short)


def test_gold_classes_that_cannot_be_found_are_an_error(tmp_path: Path) -> None:
    subject = from_files(None, lines(tmp_path / "a", [{"id": "a", "topic": 1}, {"id": "b", "topic": 1}]))
    with pytest.raises(DsltmError, match="none of its documents has an id"):
        Gold(["0", "1"], ["A", "B"]).aligned(subject)
    with pytest.raises(DsltmError, match="same id"):
        Gold(["a", "a", "b"], ["A", "B", "C"]).aligned(subject)
    same = Subject("s", ids=["a", "a"], clusters=subject.clusters)
    assert Gold(["a", "a"], ["A", "B"]).aligned(same) == ["A", "B"]
    with pytest.raises(DsltmError, match="no document has a label"):
        Gold.of_corpus(Corpus(lines(tmp_path / "corpus.jsonl", [{"text": "one"}])))
