"""Rounds see different parts of a corpus: clusters, values and spans of a field, what no topic covers yet."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from dsltm.formats.corpus import Document
from dsltm.formats.topics import WrittenTopic
from dsltm.written.generate.cues import Windows, lexical_vectors, place_of

THEMES = [("butter oven flour", 30), ("rain storm snow", 20), ("goal referee league", 10)]
DOCUMENTS = [
    Document(f"{words[:2]}{i}", f"{words} {words.split()[i % 3]} {i}", fields={"year": str(1990 + i)})
    for words, count in THEMES
    for i in range(count)
]


def shown(window: Windows, topics: list[WrittenTopic], rounds: int = 9) -> list[set[str]]:
    return [
        {document.text[:4] for document in request.documents}
        for request in islice(window.requests(topics, None, overview=False), rounds)
    ]


def test_each_round_shows_another_cluster_the_largest_uncovered_first() -> None:
    window = Windows(DOCUMENTS, tokens=4000, groups=3)
    assert shown(window, []) == [{"butt"}, {"rain"}, {"goal"}]
    covered = [WrittenTopic("Baking", keywords=("oven", "butter")), WrittenTopic("Sky", keywords=("storm",))]
    assert shown(window, covered)[0] == {"goal"}


def test_vectors_that_are_given_decide_what_is_alike() -> None:
    side = np.array([[i % 2, 0.0] for i in range(len(DOCUMENTS))], np.float32)
    window = Windows(DOCUMENTS, tokens=4000, groups=2, vectors=side)
    for request in window.requests([], None, overview=False):
        assert len({int(document.text.split()[-1]) % 2 for document in request.documents}) == 1


def test_words_that_no_topic_has_are_the_cue() -> None:
    window = Windows(DOCUMENTS, tokens=4000, groups=3, stopwords=("oven",))
    topics = [WrittenTopic("Sky", keywords=("rain",))]
    first = next(window.requests(topics, 4, overview=False))
    assert "Words that no topic has yet: butter, flour" in first.text()
    assert "oven" not in first.cue
    assert "find others than these: Sky" in first.text()
    assert "Write 4 topics" in first.text()


def test_a_field_of_many_times_is_shown_in_spans_and_another_by_value() -> None:
    window = Windows(DOCUMENTS, tokens=4000, groups=4, field="year")
    requests = list(window.requests([], None, overview=False))
    assert requests[0].cue == "In all of these, year is from '1990' to '2004'."
    assert requests[2].cue == "In all of these, year is from '2005' to '2019'."
    ids = {document.id for request in requests[:3:2] for document in request.documents}
    assert len(ids) == len(DOCUMENTS)
    few = [Document(str(i), "rain", fields={"place": "ab"[i > 3]}) for i in range(10)]
    cues = [r.cue for r in Windows(few, tokens=4000, groups=2, field="place").requests([], None)]
    assert cues[1] == "In all of these, place is 'b'."  # the more frequent first, after the overview


@pytest.mark.parametrize(
    ("early", "late"),
    [("9", "10"), ("-3.5", "2e3"), ("2024-02-03", "2024-11-01"), ("2024-01-01T12:00:00Z", "2024-01-02")],
)
def test_numbers_and_times_have_a_place(early: str, late: str) -> None:
    first, second = place_of(early), place_of(late)
    assert first is not None
    assert second is not None
    assert first < second


@pytest.mark.parametrize("value", ["blue", "", "nan", "inf", "2024-13-01"])
def test_other_values_have_none(value: str) -> None:
    assert place_of(value) is None


def test_an_input_holds_what_it_may_with_room_for_the_answer() -> None:
    long = [Document(str(i), "word " * 60) for i in range(300)]
    window = Windows(long, tokens=2000, groups=2)
    topics = [WrittenTopic(f"A topic of a long name {i}") for i in range(40)]
    for known in ([], topics):
        request = next(window.requests(known, None))
        assert 4 < len(request.documents) < 30
        assert len(request.text()) / 4 + request.answer_tokens <= 2000 + 100
    chinese = [Document(str(i), "语言模型" * 30) for i in range(300)]
    request = next(Windows(chinese, tokens=2000, groups=2).requests([], None))
    assert len(request.text()) < 2500  # whose letters are tokens, nearly


@pytest.mark.parametrize(
    "texts", [["", "..."], ["a", "b", "c"], ["rain", "rain", "rain"], ["rain snow", "oven"]]
)
def test_documents_with_little_in_them_still_have_vectors(texts: list[str]) -> None:
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    vectors = lexical_vectors(documents, ())
    assert len(vectors) == len(texts)
    assert np.isfinite(vectors).all()
    assert len(list(Windows(documents, tokens=2000, groups=5).requests([], None))) >= 2
