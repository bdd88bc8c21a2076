"""Topics by hand, from generate and from topics; what is wrong with them is said with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dsltm.errors import DsltmError
from dsltm.formats.topics import WrittenTopic, read_topics, write_topics

if TYPE_CHECKING:
    from pathlib import Path


def reading(tmp_path: Path, *lines: str) -> list[WrittenTopic]:
    path = tmp_path / "topics.jsonl"
    path.write_text("\n".join(lines))
    return read_topics(str(path))


def test_written_topics_come_back(tmp_path: Path) -> None:
    topics = [
        WrittenTopic("Kitchen", "What is cooked.", ("oven", "flour"), ("d1", "7")),
        WrittenTopic("Football"),
    ]
    path = str(tmp_path / "topics.jsonl")
    write_topics(path, topics)
    assert read_topics(path) == topics


def test_only_the_label_is_needed(tmp_path: Path) -> None:
    first, second = reading(tmp_path, '{"label": " a  b "}', "", '{"label": "c", "documents": [3, "x", 3]}')
    assert first == WrittenTopic("a b")
    assert second.documents == ("3", "x")


def test_lines_of_dsltm_topics_will_do(tmp_path: Path) -> None:
    first, second = reading(
        tmp_path,
        '{"topic": 0, "words": ["oven", "flour", "salt", "pan"], "weights": [1, 1, 1, 1]}',
        '{"topic": 1, "words": ["goal"], "label": "Football", "size": 3}',
    )
    assert first == WrittenTopic("oven, flour, salt", keywords=("oven", "flour", "salt", "pan"))
    assert second == WrittenTopic("Football", keywords=("goal",))


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (['{"label": "a"}', '{"name": "b"}'], 'topics.jsonl:2: no "label" that is a string'),
        (['{"label": "a"}', '{"label": " "}'], 'topics.jsonl:2: "label" is empty'),
        (['{"label": "a"}', '{"label": "A"}'], "topics.jsonl:2: the label 'A' is on line 1 already"),
        (['{"label": "a", "keywords": "oven"}'], 'topics.jsonl:1: "keywords" is a string, not a list'),
        (['{"label": "a", "keywords": [null]}'], 'topics.jsonl:1: "keywords" holds null, not a string'),
        (['{"label": "a", "summary": 3}'], 'topics.jsonl:1: "summary" is a number, not a string'),
        (['{"label": "a"}'], "one topic, and two are the least"),
        ([], "no topics, and two are the least"),
        (['["a"]'], "topics.jsonl:1: a list, not a JSON object"),
        ([f'{{"label": "{i}"}}' for i in range(1001)], "more than 1,000 topics"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, lines: list[str], complaint: str) -> None:
    with pytest.raises(DsltmError) as caught:
        reading(tmp_path, *lines)
    assert complaint in str(caught.value)
