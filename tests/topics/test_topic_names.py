"""Names: candidates, uniqueness, a teacher's judgement and a chat model's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fake_endpoint import FakeEndpoint, Reply, fake_endpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.endpoint import ChatEndpoint, EndpointError
from dsltm.topics.names import by_endpoint, by_teacher, cleaned, unique
from dsltm.topics.phrases import Clue, PhrasesByTopic, candidates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

VOCABULARY = {"oracle", "database", "query", "python", "list", "lists", "loop"}
TEXTS = [
    "Oracle Database is slow",
    "an Oracle Database query",
    "the ORACLE database, query it",
    "python list",
]


def _each(times: int, *texts: str) -> list[str]:
    """The texts so many times, each time with another number, because copies count once."""
    return [f"{text} {number}" for number in range(times) for text in texts]


def _candidates(clue: Clue, *others: Clue) -> list[str]:
    return candidates(clue, VOCABULARY, PhrasesByTopic([clue, *others]))


def test_candidates_are_phrases_of_the_documents_and_the_topics_words() -> None:
    found = _candidates(Clue(0, ["oracle", "query"], TEXTS))
    assert found[0] in ("Oracle", "Oracle Database")
    assert "Oracle Database" in found
    assert "oracle, query" in found
    assert not {"Database is", "is slow", "python list", "database, query"} & set(found)


def test_a_word_of_no_vocabulary_can_be_a_name_where_it_marks_the_topic() -> None:
    shops = Clue(
        0, ["oracle"], _each(3, "the Magento query", "a list in Magento", "Magento shop of the loop")
    )
    others = Clue(1, ["loop"], _each(3, "the list", "a loop of the list", "a loop in the query", "the of a"))
    found = _candidates(shops, others)
    assert "Magento" in found
    assert not {"the", "a", "of", "in", "the Magento", "Magento shop of"} & set(found)
    assert "Magento" not in _candidates(shops)


def test_a_part_that_is_hardly_said_alone_is_no_name() -> None:
    texts = _each(
        5, "Visual Studio is slow", "Visual Studio crashes", "in Visual Studio", "Visual Studio: a query"
    )
    others = Clue(
        1, ["loop"], _each(5, "the list", "a loop of the list", "ASP.NET, a query", "ASP.NET is slow")
    )
    found = _candidates(Clue(0, ["visual"], texts), others)
    assert found[0] == "Visual Studio"
    assert not {"Visual", "Studio"} & set(found)
    assert "ASP.NET" in candidates(others, VOCABULARY, PhrasesByTopic([others, Clue(0, ["visual"], texts)]))


def test_two_forms_of_a_word_are_no_pair() -> None:
    found = _candidates(Clue(0, ["lists", "list", "loop"]))
    assert "lists, loop" in found
    assert "lists, list" not in found


def test_a_name_neither_begins_nor_ends_with_a_stop_word() -> None:
    clue, others = (
        Clue(0, ["oracle"], _each(9, "built with the oracle")),
        Clue(1, ["loop"], _each(12, "a loop")),
    )
    by_topic = PhrasesByTopic([clue, others])
    assert candidates(clue, VOCABULARY, by_topic) == ["built with the oracle"]
    assert candidates(clue, VOCABULARY, by_topic, {"built", "with", "the"}) == ["oracle"]


def test_the_beginning_of_a_sentence_that_documents_repeat_is_no_name() -> None:
    texts = [f"{name} query. Send your query to our list now" for name in ("Ant", "Bee", "Cat", "Dog", "Elk")]
    others = Clue(1, ["loop"], [f"a loop of {name}" for name in ("ants", "bees", "cats")])
    found = candidates(
        Clue(0, ["query"], texts),
        VOCABULARY,
        PhrasesByTopic([Clue(0, [], texts), others]),
        {"to", "our", "now"},
    )
    assert "query" in found
    assert not {"Send your query", "query to our list", "your query"} & set(found)


def test_a_sentence_of_all_documents_names_none_of_their_topics() -> None:
    def clue(topic: int, *things: str) -> Clue:
        texts = [f"Add your description here. {thing} {letter}" for letter in "abcdef" for thing in things]
        return Clue(topic, ["description", "add", *things], texts)

    clues = [clue(0, "rivers"), clue(1, "engines"), clue(2, "violins")]
    judge: Any = _Judge()
    vocabulary = {"add", "description", "rivers", "engines", "violins"}
    assert by_teacher(clues, vocabulary, judge, ()) == ["Rivers", "Engines", "Violins"]


def test_copies_of_a_text_say_a_thing_once() -> None:
    texts = ["Add your query here"] * 20 + ["a list of loops", "the list of lists", "another list"]
    assert _candidates(Clue(0, ["list", "query"], texts))[0] == "list"
    assert "Add your query" not in _candidates(Clue(0, ["query"], texts))


def test_a_broad_topic_is_named_by_two_of_its_words() -> None:
    words = ["game", "season", "team"]
    sport = Clue(0, words, _each(6, "game", "season", "Lakers"))
    others = Clue(1, ["loop"], _each(9, "loop"))
    judge: Any = _Judge()
    assert by_teacher([sport, others], {*words, "loop", "lakers"}, judge, ()) == ["Game, season", "Loop"]


def test_names_begin_with_a_capital() -> None:
    clues = [Clue(i, [word, "x"]) for i, word in enumerate("abc")]
    offers = [["svn commit"], ["iPhone app"], ["C++"]]
    assert unique(clues, offers, [[1.0]] * 3, ()) == ["Svn commit", "iPhone app", "C++"]


def test_hostile_words_make_harmless_names() -> None:
    found = _candidates(Clue(0, ["\x1b[31mred", "\u202eolleh"], []))
    assert not {"\x1b", "\u202e"} & set("".join(found))


class _Judge:
    """Finds a name probable that the words in front of it hold."""

    def of(self, text: str, phrases: Sequence[str]) -> list[float]:
        words = text.lower().replace(",", "").split()
        return [
            float(sum(words.count(word) for word in phrase.lower().replace(",", "").split()))
            for phrase in phrases
        ]

    def of_each(self, texts: Sequence[str], phrases: Sequence[Sequence[str]]) -> Iterator[list[float]]:
        return map(self.of, texts, phrases)


def test_the_name_is_what_the_topic_makes_probable() -> None:
    clues = [Clue(0, ["oracle", "query"], TEXTS[:3]), Clue(1, ["python", "loop"], ["python loop"] * 3)]
    steps: list[int] = []
    judge: Any = _Judge()
    names = by_teacher(clues, VOCABULARY, judge, (), lambda: steps.append(1))
    assert names == by_teacher(clues, VOCABULARY, judge, ())
    assert "oracle" in names[0].lower()
    assert "python" in names[1].lower()
    assert len(steps) == 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["a b", "B As", "c", "C", "d e"]), max_size=4), min_size=1, max_size=6),
    st.sets(st.sampled_from(["c", "a b", "x"])),
)
def test_no_name_comes_twice(offers: list[list[str]], taken: set[str]) -> None:
    clues = [Clue(i, ["same", "words"]) for i in range(len(offers))]
    scores = [[float(len(row) - i) for i in range(len(row))] for row in offers]
    names = unique(clues, offers, scores, taken)
    words = [name.casefold().replace(":", "").replace(",", "").split() for name in [*names, *taken]]
    keys = [tuple(sorted(word.removesuffix("s") for word in each)) for each in words]
    assert len(keys) == len(set(keys))
    assert all(names)


def test_the_surest_topic_gets_the_name() -> None:
    clues = [Clue(0, ["p", "q"]), Clue(1, ["r", "s"])]
    assert unique(clues, [["x", "y"], ["x", "z"]], [[1.0, 0.9], [2.0, 0.1]], ()) == ["Y", "X"]
    assert unique(clues, [["x"], ["x"]], [[1.0], [2.0]], ["X"]) == ["P, q", "R, s"]


def test_a_topic_can_be_a_part_of_another() -> None:
    clues = [Clue(0, ["p", "q"]), Clue(1, ["r", "s"])]
    shop = ["Magento", "Magento price", "price"]
    assert unique(clues, [shop, shop], [[1.0, 0.5, 0.4], [2.0, 0.5, 0.4]], ()) == [
        "Magento: price",
        "Magento",
    ]
    long = ["Web Part Page", "list of sites", "form"]
    found = unique(clues, [long, long], [[1.0, 0.5, 0.4], [2.0, 0.5, 0.4]], ())
    assert found == ["List of sites", "Web Part Page"]


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("Oracle Databases", "Oracle Databases"),
        ('"Oracle Databases."', "Oracle Databases"),
        ("**Topic name: Oracle Databases**\n\nBecause ...", "Oracle Databases"),
        ("<think>hm\nhm</think>\n\nC++ Templates", "C++ Templates"),
        ("1. \u201cWeb Forms\u201d", "Web Forms"),
        ("I think a good name for this topic would be Oracle", None),
        ("", None),
        ("...", None),
        ("x" * 80, None),
        ("red\x1b[31m alert", "red\ufffd[31m alert"),
        ("日本語", "日本語"),
    ],
)
def test_names_are_taken_out_of_answers(answer: str, name: str | None) -> None:
    assert cleaned(answer) == name


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[FakeEndpoint], ChatEndpoint]:
    return lambda server: ChatEndpoint(server.url, "m", cache_dir=tmp_path, concurrency=1, attempts=1)


def test_a_chat_model_names_topics_once(ask: Callable[[FakeEndpoint], ChatEndpoint]) -> None:
    clues = [Clue(i, [f"word{i}", f"other{i}"], ["a text"]) for i in range(3)]
    with fake_endpoint() as server:
        server.script = [
            Reply("Databases"),
            Reply("databases."),
            Reply("No name but a very long sentence"),
            Reply("Storage"),
        ]
        endpoint = ask(server)
        assert by_endpoint(clues, endpoint, ["Web"]) == ["Databases", "Storage", "Word2, other2"]
        asked = len(server.asked)
        assert "Databases; Web" in str(server.asked[3].body)
        assert "word0, other0" in str(server.asked[0].body)
        assert by_endpoint(clues, endpoint, ["Web"]) == ["Databases", "Storage", "Word2, other2"]
        assert len(server.asked) == asked


def test_an_endpoint_that_never_answers_is_an_error(ask: Callable[[FakeEndpoint], ChatEndpoint]) -> None:
    with fake_endpoint() as server:
        server.always = lambda _: Reply.error(500)
        with pytest.raises(EndpointError):
            by_endpoint([Clue(0, ["a", "b"]), Clue(1, ["c", "d"])], ask(server), ())


def test_likelihood_is_that_of_reading_it_all(tiny_teacher: Callable[[str], Path]) -> None:
    import tiny_teachers
    import torch

    from dsltm.teacher.files.load import load_teacher

    text, phrases = "the cat and the dog", ["cat", "the dog and the cat", "dog cat"]
    for family in list(tiny_teachers.FAMILIES)[:3]:
        teacher = load_teacher(str(tiny_teacher(family)), dtype="float32")
        found = teacher.likelihood.of(text, phrases)
        for phrase, value in zip(phrases, found, strict=True):
            before = teacher.tokenizer(text).input_ids
            after = teacher.tokenizer(f" {phrase}", add_special_tokens=False).input_ids
            with torch.inference_mode():
                logits = teacher.model(torch.tensor([before + after])).logits[0].log_softmax(-1)
            places = range(len(before) - 1, len(before) + len(after) - 1)
            expected = sum(float(logits[place, token]) for place, token in zip(places, after, strict=True))
            assert value == pytest.approx(expected, abs=1e-3), (family, phrase)
        several = list(teacher.likelihood.of_each(["a dog", text], [["cat"], phrases]))
        assert several[1] == pytest.approx(found, abs=1e-3)
        assert several[0] == pytest.approx(teacher.likelihood.of("a dog", ["cat"]), abs=1e-3)
