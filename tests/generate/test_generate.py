"""Rounds over a corpus with an endpoint that misbehaves, with a local teacher, and with a real server."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
import tiny_teachers
from fake_endpoint import FakeEndpoint, Reply, fake_endpoint
from shell import dsltm, environment

from dsltm.formats.topics import read_topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as running:
        yield running


def honest(body: dict[str, Any]) -> Reply:
    """A topic for each theme that the documents shown are about."""
    text = body["messages"][0]["content"]
    shown = re.findall(r"^\[(\d+)\] (.*)$", text, re.MULTILINE)
    topics = []
    for name, words in tiny_teachers.THEMES.items():
        rows = [int(number) for number, line in shown if set(words) & set(line.rstrip(".").split())]
        there = [word for word in words if any(word in line for _, line in shown)]
        if rows:
            topics.append(
                {"label": name, "summary": f"About {name}.", "keywords": there, "documents": rows[:3]}
            )
    return Reply(json.dumps({"topics": topics}))


def generate(
    endpoint: FakeEndpoint, corpus: Path, cache: Path, *args: str
) -> subprocess.CompletedProcess[bytes]:
    return dsltm(
        "generate", corpus, "--endpoint", endpoint.url, "--model", "m", *args, env={"DSLTM_CACHE": str(cache)}
    )  # fmt: skip


def test_an_endpoint_that_misbehaves_in_every_way(
    endpoint: FakeEndpoint, tiny_corpus: Path, tmp_path: Path
) -> None:
    wrong = {"topics": [{"label": "Zoo", "keywords": ["giraffe"], "documents": [999]}]}
    endpoint.script = [
        Reply.error(429, headers={"Retry-After": "0"}),
        Reply.error(500),
        Reply(delay=5),  # longer than the time-out
        Reply('Sure: {"topics": [{"label": "Kitch'),  # cut off, which is asked about once more
        Reply("Here you are:\n" + json.dumps(wrong)),
    ]
    endpoint.always = honest
    done = generate(endpoint, tiny_corpus, tmp_path / "cache", "--timeout", "3", "-k", "6", "-v")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "topics.jsonl"
    path.write_bytes(done.stdout)
    topics = read_topics(str(path))
    assert sorted(topic.label for topic in topics) == sorted(tiny_teachers.THEMES)
    ids = {f"d{i}" for i in range(120)}
    assert all(topic.documents and set(topic.documents) <= ids for topic in topics)
    assert b"dropped: 1 keywords, 1 topics, 1 repairs" in done.stderr
    repair = endpoint.asked[4].body["messages"]
    assert [message["role"] for message in repair] == ["user", "assistant", "user"]
    assert "cut off" in repair[2]["content"]
    sent = len(endpoint.asked)
    again = generate(endpoint, tiny_corpus, tmp_path / "cache", "-k", "6")
    assert again.stdout == done.stdout
    assert len(endpoint.asked) == sent  # every answer was kept


def test_rounds_differ_and_stop_when_nothing_new_comes(
    endpoint: FakeEndpoint, tiny_corpus: Path, tmp_path: Path
) -> None:
    endpoint.always = honest
    done = generate(endpoint, tiny_corpus, tmp_path, "--field", "label")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 6
    asked = [request.body["messages"][0]["content"] for request in endpoint.asked]
    assert len(asked) == 2  # the first one brought all there is
    assert "find others than these: " in asked[1]
    assert "In all of these, label is 'code'" in asked[1]


def test_bounds_and_failures(endpoint: FakeEndpoint, tiny_corpus: Path, tmp_path: Path) -> None:
    endpoint.always = lambda _: Reply("no")
    done = generate(endpoint, tiny_corpus, tmp_path / "a", "--max-requests", "3")
    assert done.returncode == 1
    assert b"the limit of 3 requests is used up" in done.stderr
    assert len(endpoint.asked) == 3
    assert b"Traceback" not in done.stderr
    done = generate(endpoint, tiny_corpus, tmp_path / "b", "--rounds", "1")
    assert done.returncode == 1
    assert b"no round brought a usable topic" in done.stderr
    assert dsltm("generate", tiny_corpus, "--endpoint", endpoint.url).returncode == 2
    empty = tmp_path / "empty.jsonl"
    empty.write_text('{"text": " "}\n')
    assert b"no document has text" in generate(endpoint, empty, tmp_path).stderr


@pytest.mark.parametrize("family", ["llama", "gemma3"])
def test_a_teacher_of_random_weights_writes_valid_topics(
    tiny_teacher: Callable[[str], Path], tiny_corpus: Path, tmp_path: Path, family: str
) -> None:
    from dsltm.formats.corpus import Corpus
    from dsltm.teacher.files.load import load_teacher
    from dsltm.words.bm25 import terms
    from dsltm.written.generate.local import LocalWriter
    from dsltm.written.generate.request import Dropped, Request, parse

    teacher = load_teacher(str(tiny_teacher(family)), dtype="float32", device="cpu")
    documents = list(Corpus(str(tiny_corpus)))[:6]
    writer = LocalWriter(teacher, ("the", "and"))
    request = Request(documents, count=1)
    answer, _ = writer.answer(request)
    assert writer.answer(request) == (answer, request)
    rows = json.loads(answer)["topics"]
    assert len(rows) == 1
    said = {term for document in documents for term in terms(document.text)}
    for row in rows:
        assert row["label"].strip()
        assert len(set(row["keywords"])) == len(row["keywords"]) > 0
        assert set(row["keywords"]) <= said - {"the", "and"}
        assert set(row["documents"]) <= set(range(1, 7))
        best = documents[row["documents"][0] - 1]
        assert set(terms(best.text)) & set(row["keywords"])
    dropped = Dropped()
    assert len(parse(answer, request, dropped)) == 1
    assert str(dropped) == "nothing"


@pytest.mark.parametrize("family", ["llama", "ernie4_5", "qwen3_5"])
def test_a_string_that_a_teacher_writes_is_one_whatever_its_weights_are(
    tiny_teacher: Callable[[str], Path], family: str
) -> None:
    import torch

    from dsltm.teacher.files.load import load_teacher
    from dsltm.teacher.reading.prompts import as_chat

    teacher = load_teacher(str(tiny_teacher(family)), dtype="float32", device="cpu")
    for question in ("rain", "oven and butter", "goal"):
        written = teacher.writing.string(question, '{"summary": "', "They", 12)
        assert json.loads(f'{{"summary": "{written}"}}') == {"summary": written}
        assert written.startswith("They")
        assert written == teacher.writing.string(question, '{"summary": "', "They", 12)
    # Each token is the best of those that are allowed after the whole text, without a cache.
    plain, ending = teacher.writing._masks
    text = as_chat(teacher.tokenizer, "goal") if teacher.tokenizer.chat_template else "goal\n"
    ids = teacher.tokenizer(
        f'{text}{{"summary": "They', add_special_tokens=not teacher.tokenizer.chat_template
    ).input_ids
    alone = []
    for step in range(12):
        logits = teacher.model(input_ids=torch.tensor([ids])).logits[0, -1].float()
        alone.append(int((logits + (ending if step == 11 else torch.maximum(plain, ending))).argmax()))
        ids.append(alone[-1])
        if ending[alone[-1]] == 0:
            break
    assert ("They" + teacher.tokenizer.decode(alone)).split('"')[0].strip() == written


def test_a_real_server_is_understood(
    tiny_teacher: Callable[[str], Path], tiny_corpus: Path, tmp_path: Path
) -> None:
    for module in ("fastapi", "uvicorn", "openai"):
        pytest.importorskip(module, reason="transformers serve needs transformers[serving]")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = str(tiny_teacher("llama"))
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "transformers.cli.transformers", "serve", model,
             "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
            stdout=log, stderr=log, env=environment(HF_HUB_OFFLINE="1"),
        )  # fmt: skip
        try:
            _wait(f"http://127.0.0.1:{port}/health", server, tmp_path / "log")
            done = dsltm(
                "generate", tiny_corpus, "--endpoint", f"http://127.0.0.1:{port}/v1", "--model", model,
                "--context-tokens", "1000", "--sample", "4", "--rounds", "1", "--timeout", "100",
                env={"DSLTM_CACHE": str(tmp_path)},
            )  # fmt: skip
        finally:
            server.terminate()
            server.wait(timeout=300)
    # random weights write no JSON: what matters is that question, answer and repair went through
    assert done.returncode == 1
    assert b"no round brought a usable topic (dropped: 1 repairs, 1 failures)" in done.stderr


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        if server.poll() is not None:
            pytest.skip(f"transformers serve does not start here: {log.read_text()[-300:]}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.5)
    pytest.skip("transformers serve does not start within two minutes")
