"""A scripted large model reads a planted corpus through long inputs: what is shown, found and merged."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from fake_endpoint import FakeEndpoint, Reply, fake_endpoint

from dsltm.endpoint import ChatEndpoint
from dsltm.formats.corpus import Corpus, Document
from dsltm.written.generate.config import GenerateConfig
from dsltm.written.generate.cues import Windows
from dsltm.written.generate.reduce import groups_in
from dsltm.written.generate.rounds import generate
from dsltm.written.generate.writer import EndpointWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

THEMES = 30
TOKEN = re.compile(r"\w{1,3}|[^\w\s]")


def words(theme: int) -> list[str]:
    return [
        f"{'bcdfghjklm'[theme % 10]}{'aeiou'[theme // 10]}{c}"
        for c in ("dra", "lmo", "nse", "pti", "rko", "sta")
    ]


def plant(documents: int, rare: int) -> Iterator[str]:
    """Documents of themes; the last theme has `rare` of them, somewhere, and the others share the rest."""
    rng = random.Random(0)
    places = set(rng.sample(range(documents), rare))
    for place in range(documents):
        theme = THEMES - 1 if place in places else rng.randrange(THEMES - 1)
        yield " ".join(
            [*rng.sample(words(theme), 4), *(f"x{rng.randrange(900)}" for _ in range(rng.randrange(9, 20)))]
        )


@dataclass
class Reader:
    """A model that finds a theme in three documents or more, and that counts tokens of its own."""

    context: int
    known: dict[str, int] = field(default_factory=lambda: {w: t for t in range(THEMES) for w in words(t)})
    questions: list[int] = field(default_factory=list)

    def __call__(self, body: dict[str, Any]) -> Reply:
        text = "".join(message["content"] for message in body["messages"])
        length = len(TOKEN.findall(text))
        if length + body.get("max_tokens", 10) > self.context:
            return Reply.error(400, f"maximum context length is {self.context} tokens", param="messages")
        self.questions.append(length)
        if "In which language" in text:
            return Reply("Volapük", tokens=(length, 1))
        return Reply(
            json.dumps(self.same(text) if '{"same"' in text else self.topics(text)), tokens=(length, 1)
        )

    def topics(self, text: str) -> dict[str, Any]:
        rows: dict[int, list[int]] = {}
        for number, line in re.findall(r"^\[(\d+)\] (.*)$", text, re.MULTILINE):
            themes = Counter(self.known[w] for w in line.split() if w in self.known)
            if themes:
                rows.setdefault(themes.most_common(1)[0][0], []).append(int(number))
        wanted = int(found[1]) if (found := re.search(r"Write (\d+) topics", text)) else THEMES
        some = [theme for theme, numbers in sorted(rows.items()) if len(numbers) > 2][:wanted]
        # The same theme has other words and another label in another question.
        rng = random.Random(len(text))
        return {
            "topics": [
                {"label": f"T{theme} {rng.randrange(10**6)}", "keywords": rng.sample(words(theme), 3),
                 "documents": rows[theme][:3]}
                for theme in some
            ]
        }  # fmt: skip

    def same(self, text: str) -> dict[str, Any]:
        by_theme: dict[str, list[int]] = {}
        for number, theme in re.findall(r"^\[(\d+)\] (T\d+) ", text, re.MULTILINE):
            by_theme.setdefault(theme, []).append(int(number))
        return {"same": [numbers for numbers in by_theme.values() if len(numbers) > 1]}


@pytest.fixture
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as running:
        yield running


def corpus(tmp_path: Path, documents: int, rare: int) -> Corpus:
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in plant(documents, rare)))
    return Corpus(str(path))


def test_a_large_context_is_used_and_never_exceeded(server: FakeEndpoint, tmp_path: Path) -> None:
    reader = server.always = Reader(context=40_000)
    source = corpus(tmp_path, 2500, rare=30)
    endpoint = ChatEndpoint(server.url, "large", cache_dir=tmp_path / "cache")
    config = GenerateConfig(context_tokens=40_000, rounds=1)
    topics, _ = generate(source, EndpointWriter(endpoint), config)
    assert len(server.asked) == 2  # one to measure, one to find
    question, most = server.asked[1].body, server.asked[1].body["max_tokens"]
    assert 0.9 * 40_000 < reader.questions[1] + most <= 40_000, question["messages"][0]["content"][:200]
    assert {topic.label.split()[0] for topic in topics} == {f"T{theme}" for theme in range(THEMES)}
    assert endpoint.tokens == sum(reader.questions) + len(reader.questions)


def test_a_million_tokens_are_filled(tmp_path: Path) -> None:
    documents = [Document(str(row), f"{text} " * 4) for row, text in enumerate(plant(10_000, rare=40))]
    window = Windows(
        documents, tokens=1_000_000, groups=2, length=lambda text: len(text) / 3, vectors=_plain(documents)
    )
    request = next(window.requests([], None))
    assert 0.98 * 1_000_000 < len(request.text()) / 3 + request.answer_tokens <= 1_000_000
    assert request.answer_tokens < 20_000


def _plain(documents: list[Document]) -> Any:
    import numpy as np

    return np.array([[len(document.text) % 7, len(document.text) % 5] for document in documents], np.float32)


def test_what_is_rare_is_shown_where_not_all_can_be(server: FakeEndpoint, tmp_path: Path) -> None:
    server.always = Reader(context=10_000)
    source = corpus(tmp_path, 1500, rare=12)
    writer = EndpointWriter(ChatEndpoint(server.url, "small"))
    topics, _ = generate(source, writer, GenerateConfig(rounds=1))
    shown = server.asked[0].body["messages"][0]["content"].count("\n[")
    assert shown < 330
    labels = {topic.label.split()[0] for topic in topics}
    assert f"T{THEMES - 1}" in labels  # twelve documents of 1,500: an even sample of 300 has two
    assert len(labels) == THEMES


def test_rounds_are_merged_by_the_model_and_a_stopped_run_goes_on(
    server: FakeEndpoint, tmp_path: Path
) -> None:
    server.always = Reader(context=6000)
    source = corpus(tmp_path, 1200, rare=40)

    def run(cache: str, most: int | None) -> Any:
        endpoint = ChatEndpoint(server.url, "m", cache_dir=tmp_path / cache, max_requests=most)
        config = GenerateConfig(context_tokens=3000, rounds=6, topics=THEMES, per_round=8)
        return generate(source, EndpointWriter(endpoint), config)[0]

    topics = run("whole", None)
    labels = Counter(topic.label.split()[0] for topic in topics)
    assert set(labels.values()) == {1}  # the words of two rounds' topics differ, so that only the model knows
    assert len(labels) > 8
    merging = [asked for asked in server.asked if '{"same"' in asked.body["messages"][0]["content"]]
    assert merging
    sent = len(server.asked)
    run("parts", sent // 2)
    assert len(server.asked) == sent + sent // 2
    assert run("parts", None) == topics
    assert len(server.asked) == 2 * sent


def test_a_question_that_is_too_long_is_asked_with_fewer_documents(
    server: FakeEndpoint, tmp_path: Path
) -> None:
    server.always = Reader(context=7000)
    writer = EndpointWriter(ChatEndpoint(server.url, "small"))
    topics, dropped = generate(corpus(tmp_path, 1200, rare=40), writer, GenerateConfig(rounds=1))
    assert topics
    assert not dropped.documents
    lengths = [len(asked.body["messages"][0]["content"]) for asked in server.asked]
    assert len(lengths) > 1
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize(
    ("answer", "groups"),
    [
        ('{"same": [[1, 3], [2, 4, 4]]}', [[0, 2], [1, 3]]),
        ('Of course: {"same": [[1, 3], [3, 2, 1]]} as they are alike', [[0, 2]]),
        ('{"same": [[9, 1], [true, 2], ["1", 2], 5, null]}', []),
        ('{"same": []}', []),
        ("none", []),
        ('[{"same": [[1, 2]]}]', [[0, 1]]),
    ],
)
def test_what_an_answer_calls_the_same(answer: str, groups: list[list[int]]) -> None:
    assert groups_in(answer, 4) == groups
