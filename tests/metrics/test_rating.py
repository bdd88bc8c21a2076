"""Ratings of topics by a language model, far and near."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fake_endpoint import FakeEndpoint, Reply, fake_endpoint

from dsltm.endpoint import ChatEndpoint, chat
from dsltm.errors import DsltmError
from dsltm.metrics.config import EvalOptions, RatingOptions
from dsltm.metrics.evaluate import evaluate
from dsltm.metrics.judging.chat_model import ChatModel, number_in
from dsltm.metrics.judging.local_teacher import LocalTeacher
from dsltm.metrics.judging.run import judged
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
    assert number_in(answer, 3) == rating


def test_an_endpoint_rates_each_topic_by_its_words(server: FakeEndpoint) -> None:
    server.always = rate({"goal": "3", "spoon": "Rating: 1", "river": "2"})
    judge = ChatModel(ChatEndpoint(server.url, "judge"))
    assert judge.rate(TOPICS).tolist() == [3, 1, 2]
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
    judge = ChatModel(ChatEndpoint(server.url, "judge"))
    assert judge.rate(TOPICS[:1]).tolist() == [2]
    assert server.asked[1].body["messages"][2] == {"role": "assistant", "content": "What lovely words!"}
    server.always = lambda _: Reply("What lovely words!")
    assert np.isnan(judge.rate(TOPICS[1:2])).all()
    (reason,) = judge.failures.reasons
    assert "What lovely words!" in reason
    assert len(server.asked) == 4


def test_failures_are_counted_and_told_and_the_mean_is_over_the_others(server: FakeEndpoint) -> None:
    answers = rate({"goal": "3", "river": "2"})
    server.always = lambda body: (
        Reply.error(400, "flagged") if "spoon" in body["messages"][1]["content"] else answers(body)
    )
    judge = ChatModel(ChatEndpoint(server.url, "judge"))
    options = RatingOptions(rater=server.url, rater_model="judge")
    opinion = partial(judged, judges=[judge], options=options, measured=EvalOptions(), corpus=None)
    (score,) = evaluate([Subject("m", TOPICS)], judged=opinion)
    assert score.values["llm_rating"] == 2.5
    assert score.values["failed_ratings"] == 1
    assert score.per_topic["llm_rating"] == [3, None, 2]
    assert len(score.failures) == 1
    assert "flagged" in score.failures[0]


def test_a_second_run_sends_nothing(server: FakeEndpoint, tmp_path: Path) -> None:
    server.always = rate({"goal": "3", "spoon": "1", "river": "2"})
    ChatModel(ChatEndpoint(server.url, "judge", cache_dir=tmp_path)).rate(TOPICS)
    again = ChatEndpoint(server.url, "judge", cache_dir=tmp_path, max_requests=0)
    assert ChatModel(again).rate(TOPICS).tolist() == [3, 1, 2]
    assert len(server.asked) == 3


@pytest.mark.parametrize("family", ["llama", "gemma3"])
def test_a_teacher_expects_what_its_next_token_says(tiny_teacher: Callable[[str], Path], family: str) -> None:
    import torch

    from dsltm.metrics.judging import local_teacher
    from dsltm.teacher.files.load import load_teacher

    teacher = load_teacher(str(tiny_teacher(family)), dtype="float32", device="cpu")
    judge = LocalTeacher(lambda: teacher)
    values = judge.rate(TOPICS).tolist()
    assert all(1 <= value <= 3 for value in values)
    assert judge.rate(TOPICS[::-1]).tolist() == values[::-1]
    # The same from the probability of each whole prompt, its last token among all of the vocabulary.
    prompt = local_teacher._prompt(TOPICS[1])
    chances = []
    for number in local_teacher.RATINGS:
        ids = teacher.tokenizer(f"{prompt} {number}", return_tensors="pt").input_ids
        logits = teacher.model(input_ids=ids).logits[0, -2].double()
        chances.append(float(torch.softmax(logits, 0)[ids[0, -1]]))
    expected = sum(n * p for n, p in zip(local_teacher.RATINGS, chances, strict=True)) / sum(chances)
    assert values[1] == pytest.approx(expected, abs=1e-5)


def test_a_tokenizer_without_numbers_cannot_rate() -> None:
    def blind(text: str) -> SimpleNamespace:
        return SimpleNamespace(input_ids=[7] * len(text))

    with pytest.raises(DsltmError, match="does not tell the numbers"):
        LocalTeacher(lambda: SimpleNamespace(tokenizer=blind, device="cpu")).rate(TOPICS)  # type: ignore[arg-type,return-value]
