"""Ratings of topics by a language model, far and near."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_endpoint import FakeEndpoint, Reply, fake_endpoint

from dsltm.endpoint import ChatEndpoint, EndpointError, chat
from dsltm.errors import DsltmError
from dsltm.metrics.evaluate import evaluate
from dsltm.metrics.rating import by_endpoint, by_teacher, parse_rating
from dsltm.metrics.subject import Subject

TOPICS = [["goal", "match", "team"], ["spoon", "tax", "giraffe"], ["river", "boat", "guitar"]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEndpoint]:
    monkeypatch.setattr(chat, "FIRST_PAUSE", 0.01)
    with fake_endpoint() as running:
        yield running


def rate(ratings: dict[str, str]) -> Callable[[dict[str, Any]], Reply]:
    """A rater that knows topics by their first word."""
    return lambda body: Reply(ratings[body["messages"][1]["content"].split(",")[0]])


@pytest.mark.parametrize(
    ("answer", "rating"),
    [
        ("3", 3),
        (" 2.\n", 2),
        ("Rating: 1", 1),
        ("**3**", 3),
        ("I would say 2, as the words are somewhat related.", 2),
        ("3/3", 3),
        ("2 out of 3", 2),
        ("<think>1? no, they are close: 3</think>2", 2),
        ("", None),
        ("four", None),
        ("0", None),
        ("4", None),
        ("2.5", None),
        ("1 or 2", None),
        ("13", None),
        ("3 of 5", None),
    ],
)
def test_what_an_answer_says(answer: str, rating: int | None) -> None:
    assert parse_rating(answer) == rating


def test_an_endpoint_rates_each_topic_by_its_words(server: FakeEndpoint) -> None:
    server.always = rate({"goal": "3", "spoon": "Rating: 1", "river": "2"})
    endpoint = ChatEndpoint(server.url, "judge")
    assert by_endpoint(TOPICS, endpoint) == [3, 1, 2]
    assert {asked.body["messages"][1]["content"] for asked in server.asked} == {
        "goal, match, team",
        "spoon, tax, giraffe",
        "river, boat, guitar",
    }
    assert all(asked.body["temperature"] == 0 for asked in server.asked)


def test_an_answer_without_a_rating_is_asked_for_again_once(server: FakeEndpoint) -> None:
    def chatty(body: dict[str, Any]) -> Reply:
        return Reply("2" if len(body["messages"]) > 2 else "What lovely words!")

    server.always = chatty
    assert by_endpoint(TOPICS[:1], ChatEndpoint(server.url, "judge")) == [2]
    assert server.asked[1].body["messages"][2] == {"role": "assistant", "content": "What lovely words!"}
    server.always = lambda _: Reply("What lovely words!")
    (failed,) = by_endpoint(TOPICS[1:2], ChatEndpoint(server.url, "judge"))
    assert isinstance(failed, EndpointError)
    assert "What lovely words!" in str(failed)
    assert len(server.asked) == 4


def test_failures_are_counted_and_told_and_the_mean_is_over_the_others(server: FakeEndpoint) -> None:
    answers = rate({"goal": "3", "river": "2"})
    server.always = lambda body: (
        Reply.error(400, "flagged") if "spoon" in body["messages"][1]["content"] else answers(body)
    )
    endpoint = ChatEndpoint(server.url, "judge")
    raters = {"llm_rating": lambda topics: by_endpoint(topics, endpoint)}
    (score,) = evaluate([Subject("m", TOPICS)], raters=raters)
    assert score.values["llm_rating"] == 2.5
    assert score.values["failed_ratings"] == 1
    assert score.per_topic["llm_rating"] == [3, None, 2]
    assert len(score.failures) == 1
    assert "flagged" in score.failures[0]


def test_a_second_run_sends_nothing(server: FakeEndpoint, tmp_path: Path) -> None:
    server.always = rate({"goal": "3", "spoon": "1", "river": "2"})
    by_endpoint(TOPICS, ChatEndpoint(server.url, "judge", cache_dir=tmp_path))
    again = ChatEndpoint(server.url, "judge", cache_dir=tmp_path, max_requests=0)
    assert by_endpoint(TOPICS, again) == [3, 1, 2]
    assert len(server.asked) == 3


@pytest.mark.parametrize("family", ["llama", "gemma3"])
def test_a_teacher_expects_what_its_next_token_says(tiny_teacher: Callable[[str], Path], family: str) -> None:
    import torch

    from dsltm.metrics import rating
    from dsltm.teacher.files.load import load_teacher

    teacher = load_teacher(str(tiny_teacher(family)), dtype="float32", device="cpu")
    values = by_teacher(TOPICS, teacher)
    assert all(1 <= value <= 3 for value in values)
    assert by_teacher(TOPICS[::-1], teacher) == values[::-1]
    # The same from the probability of each whole prompt, its last token among all of the vocabulary.
    prompt = rating._prompt(TOPICS[1])
    chances = []
    for number in rating.RATINGS:
        ids = teacher.tokenizer(f"{prompt} {number}", return_tensors="pt").input_ids
        logits = teacher.model(input_ids=ids).logits[0, -2].double()
        chances.append(float(torch.softmax(logits, 0)[ids[0, -1]]))
    expected = sum(n * p for n, p in zip(rating.RATINGS, chances, strict=True)) / sum(chances)
    assert values[1] == pytest.approx(expected, abs=1e-5)


def test_a_tokenizer_without_numbers_cannot_rate() -> None:
    def blind(text: str) -> SimpleNamespace:
        return SimpleNamespace(input_ids=[7] * len(text))

    with pytest.raises(DsltmError, match="does not tell the numbers"):
        by_teacher(TOPICS, SimpleNamespace(tokenizer=blind, device="cpu"))  # type: ignore[arg-type]
