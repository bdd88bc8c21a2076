"""What is asked, and that nothing of an answer is believed which the documents do not show."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.endpoint.tokens import estimate
from dsltm.formats.corpus import Document
from dsltm.formats.topics import WrittenTopic
from dsltm.written.generate.merge import Merger, joined
from dsltm.written.generate.request import AnswerError, Dropped, Request, excerpt, parse

DOCUMENTS = [
    Document("a1", "Butter and flour in the oven"),
    Document("b2", "The striker's goal"),
    Document("c3", "Rain, then\n snow"),
]
REQUEST = Request(DOCUMENTS, cue="A cue.", known=["Money"])
GOOD = {"label": "Baking", "summary": "Bread.", "keywords": ["butter", "oven"], "documents": [1]}


def answer(*topics: object) -> str:
    return json.dumps({"topics": topics})


def test_the_question_shows_documents_cue_and_what_is_known() -> None:
    text = REQUEST.text()
    assert "[1] Butter and flour in the oven\n[2] The striker's goal\n[3] Rain, then snow" in text
    assert "A cue." in text
    assert "find others than these: Money" in text
    assert "Write 3 topics" in Request(DOCUMENTS, count=3).text()


def test_long_documents_are_cut_and_inputs_filled() -> None:
    assert len(excerpt("word " * 1000)) < 620
    many = [Document(str(i), "word " * 100) for i in range(100)]
    asked = Request([], answer_tokens=500).showing(many, 2500, estimate)
    assert 1 < len(asked.documents) < 100
    assert 1800 * 4 < len(asked.text()) < 2000 * 4
    assert len(Request([]).showing([Document("0", "word " * 1000)], -5, estimate).documents) == 1


def test_where_all_documents_fit_less_is_cut_of_each() -> None:
    many = [Document(str(i), "word " * 1000) for i in range(10)]
    bare = Request([], answer_tokens=500)
    assert len(bare.showing(many, 2500, estimate).text()) < 10 * 620 + 1000
    half = bare.showing(many, 8000, estimate)
    assert half.text().count("word") > 2 * bare.showing(many, 2500, estimate).text().count("word")
    assert estimate(half.text()) <= 7500
    assert "..." not in bare.showing(many, 20_000, estimate).text()


@pytest.mark.parametrize(
    "text",
    [
        answer(GOOD),
        json.dumps([GOOD]),
        f"Sure! Here they are:\n```json\n{answer(GOOD)}\n```\nAnything {{else}}?",
        f"Documents [1] and [2, 3] are alike, {{so}}: {answer(GOOD)}",
        f"<think>Maybe {answer({'label': 'Rain', 'keywords': ['rain']})}?</think>{answer(GOOD)}",
    ],
    ids=["object", "list", "prose and fence", "numbers before", "thinking aloud"],
)
def test_topics_are_found_in_an_answer(text: str) -> None:
    dropped = Dropped()
    assert parse(text, REQUEST, dropped) == [WrittenTopic("Baking", "Bread.", ("butter", "oven"), ("a1",))]
    assert str(dropped) == "nothing"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("I cannot help with that.", "no JSON"),
        (answer(GOOD)[:-20], "cut off"),
        (answer(GOOD, GOOD)[:-20], "cut off"),
        ('{"themes": []}', 'no list "topics"'),
        ("[" * 100_000, "too deep"),
    ],
)
def test_an_answer_without_topics_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(AnswerError, match=complaint):
        parse(text, REQUEST, Dropped())


def test_what_does_not_hold_is_dropped_and_counted() -> None:
    dropped = Dropped()
    found = parse(
        answer(
            {
                **GOOD,
                "keywords": ["Butter", "yeast", "oven flour", 7, "yeast"],
                "documents": [0, 4, "2", 1, 1, True],
            },
            {"label": "Money", "keywords": ["bank"]},
            {"keywords": ["rain"]},
            "Rain",
            {"label": "\x1b[31mRain\u202e \ud83d", "keywords": ["rain"], "summary": 3, "documents": "all"},
        ),
        REQUEST,
        dropped,
    )
    assert found[0] == WrittenTopic("Baking", "Bread.", ("Butter", "oven flour"), ("b2", "a1"))
    assert found[1].keywords == ("rain",)
    assert found[1].label.isprintable()
    assert len(found) == 2
    assert (dropped.documents, dropped.keywords, dropped.topics) == (3, 2, 3)


FIELDS = st.sampled_from(["topics", "label", "keywords", "documents", "summary", "x"])
SIMPLE = st.none() | st.booleans() | st.integers() | st.text()
ANYTHING = st.recursive(
    SIMPLE, lambda x: st.lists(x, max_size=4) | st.dictionaries(FIELDS, x, max_size=5), max_leaves=20
)


@given(ANYTHING)
@settings(max_examples=100, deadline=None)
def test_whatever_json_comes_gives_topics_or_an_answer_error(value: object) -> None:
    try:
        found = parse(json.dumps(value), REQUEST, Dropped())
    except AnswerError:
        return
    shown = {document.id for document in DOCUMENTS}
    for topic in found:
        assert topic.label
        assert topic.keywords
        assert set(topic.documents) <= shown


def test_near_duplicates_become_one() -> None:
    documents = [Document(str(i), text) for i, text in enumerate(["a b c d", "a b e f", "x y z w", "x y q"])]
    merger = Merger(documents)
    first = WrittenTopic("Letters", keywords=("a", "b", "c"), documents=("0",))
    assert merger.add([first, WrittenTopic("End", keywords=("x", "y"))]) == 2
    assert merger.add([WrittenTopic("letters", keywords=("k",))]) == 0  # the same label
    assert merger.add([WrittenTopic("First ones", keywords=("a", "b"), documents=("1",))]) == 0  # keywords
    assert merger.add([WrittenTopic("Tail", keywords=("q", "w", "z", "x"))]) == 0  # the same documents
    assert merger.add([WrittenTopic("Others", keywords=("e", "f"))]) == 1
    assert [topic.label for topic in merger.topics] == ["Letters", "End", "Others"]
    assert merger.topics[0].documents == ("0", "1")
    assert [topic.label for topic in merger.best(2)] == ["Letters", "End"]


def test_neither_keywords_nor_documents_alone_make_topics_one() -> None:
    texts = ["use file a", "use file b", "use file c", "use file d", "x y", "x y", "z"]
    merger = Merger([Document(str(i), text) for i, text in enumerate(texts)])
    merger.add([WrittenTopic("A", keywords=("use", "a", "b")), WrittenTopic("X", keywords=("x",))])
    assert merger.add([WrittenTopic("C", keywords=("use", "z", "q", "r", "s"))]) == 1  # a common word
    assert merger.add([WrittenTopic("A too", keywords=("use", "a", "c"))]) == 0  # both
    assert len(merger.topics) == 3


def test_joined_topics_keep_the_first_label() -> None:
    both = joined(WrittenTopic("A", "", ("x",), ("1",)), WrittenTopic("B", "s", ("y", "x"), ("1", "2")))
    assert both == WrittenTopic("A", "s", ("x", "y"), ("1", "2"))
