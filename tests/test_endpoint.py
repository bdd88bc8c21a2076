"""The client of chat endpoints against a server that misbehaves in every way that real ones do."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_endpoint import FakeEndpoint, Reply, fake_endpoint

from dsltm.endpoint import ChatEndpoint, EndpointError, chat, request
from dsltm.endpoint.address import Address
from dsltm.endpoint.request import RequestError, content
from dsltm.errors import UsageError

QUESTION = [{"role": "user", "content": "How are you?"}]


@pytest.fixture
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as running:
        yield running


@pytest.fixture(autouse=True)
def _fast_and_keyless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "FIRST_PAUSE", 0.01)
    for name in ("DSLTM_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def ask(server: FakeEndpoint, **options: Any) -> ChatEndpoint:
    return ChatEndpoint(server.url, "small", **options)


def test_a_question_reaches_the_model_and_its_answer_comes_back(server: FakeEndpoint) -> None:
    server.script = [Reply("Grüße, 世界")]
    assert ask(server).complete(QUESTION, temperature=0) == "Grüße, 世界"
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {"model": "small", "messages": QUESTION, "temperature": 0}
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize(
    "failure",
    [
        Reply.error(429, "slow down"),
        Reply.error(500),
        Reply.error(503),
        Reply(status=502, body=b"<html>Bad gateway</html>"),
        Reply(body=b'{"choices": [{"message": {"content": "fi'),
        Reply(body=b'{"choices": []}'),
        Reply(body=b"[]"),
        Reply(body=b"null"),
        Reply(body=b""),
        Reply(text=""),
        Reply(hang_up=True),
        Reply(body=b'{"choices"', cut=True),
    ],
    ids=lambda reply: f"{reply.status}-{(reply.body or b'')[:12]!r}-{reply.hang_up}-{reply.cut}",
)
def test_what_passes_is_asked_again(server: FakeEndpoint, failure: Reply) -> None:
    server.script = [failure, failure, Reply("at last")]
    endpoint = ask(server)
    assert endpoint.complete(QUESTION) == "at last"
    assert endpoint.requests == len(server.asked) == 3


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that endpoints pause, noted and not waited for, on a clock that stands still."""
    noted: list[float] = []

    def note(_: ChatEndpoint, seconds: float) -> None:
        if seconds > 0:
            noted.append(seconds)

    monkeypatch.setattr(ChatEndpoint, "_pause", note)
    monkeypatch.setattr(chat, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    return noted


def test_pauses_grow(server: FakeEndpoint, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "FIRST_PAUSE", 1.0)
    server.script = [Reply.error(500)] * 4
    ask(server).complete(QUESTION)
    assert len(pauses) == 4
    for seconds, pause in zip(pauses, (1, 2, 4, 8), strict=True):
        assert 0.75 * pause <= seconds <= 1.25 * pause


@pytest.mark.parametrize("kind", ["seconds", "milliseconds", "date"])
def test_retry_after_is_honoured(server: FakeEndpoint, pauses: list[float], kind: str) -> None:
    headers = {
        "seconds": {"Retry-After": "0.4"},
        "milliseconds": {"retry-after-ms": "400", "Retry-After": "30"},
        "date": {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)},
    }[kind]
    server.script = [Reply.error(429, headers=headers)]
    assert ask(server).complete(QUESTION) == "fine"
    (waited,) = pauses
    if kind == "date":
        assert 0 < waited <= 300
    else:
        assert waited == pytest.approx(0.4)


def test_a_busy_server_is_left_alone_by_all_threads(server: FakeEndpoint, pauses: list[float]) -> None:
    server.script = [Reply.error(429, headers={"Retry-After": "0.5"})]
    endpoint = ask(server)
    endpoint.complete(QUESTION)
    assert pauses == pytest.approx([0.5])
    other = threading.Thread(target=endpoint.complete, args=[[{"role": "user", "content": "And you?"}]])
    other.start()
    other.join()
    assert pauses == pytest.approx([0.5, 0.5])
    assert len(server.asked) == 3


def test_a_server_that_wants_an_hour_is_not_waited_for(server: FakeEndpoint) -> None:
    server.script = [Reply.error(429, "come back tomorrow", headers={"Retry-After": "3600"})]
    with pytest.raises(EndpointError, match="HTTP 429 Too Many Requests: come back tomorrow"):
        ask(server).complete(QUESTION)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "reason", "passing", "fatal"),
    [
        ({"error": {"message": "credit used up", "code": 402}}, "402 .*: credit used up", False, True),
        ({"error": {"message": "busy", "code": 429}}, "HTTP 429 .*: busy", True, False),
        ({"error": {"message": "who knows", "code": "x"}}, "an error: who knows", True, False),
        ({"error": "plain words"}, "an error: plain words", True, False),
        ({"choices": [{"error": {"message": "upstream", "code": 502}}]}, "502 .*: upstream", True, False),
    ],
)
def test_an_error_within_a_good_status_is_told(
    answer: dict[str, object], reason: str, passing: bool, fatal: bool
) -> None:
    with pytest.raises(RequestError, match=reason) as caught:
        content(json.dumps(answer).encode())
    assert (caught.value.passing, caught.value.fatal) == (passing, fatal)


def test_patience_ends(server: FakeEndpoint) -> None:
    server.always = lambda _: Reply.error(500, "broken")
    with pytest.raises(
        EndpointError, match=r"127\.0\.0\.1:\d+: HTTP 500 .*: broken \(asked 3 times\)"
    ) as caught:
        ask(server, attempts=3).complete(QUESTION)
    assert not caught.value.fatal
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("reply", "fatal"),
    [
        (Reply.error(401, "bad key"), True),
        (Reply.error(403), True),
        (Reply.error(404, "no such model"), True),
        (Reply.error(429, "pay first", code="insufficient_quota"), True),
        (Reply.error(400, "too long"), False),
        (Reply.error(422), False),
        (Reply(status=400, body=b"\xff\xfe not JSON"), False),
        (Reply(status=307, headers={"Location": "http://127.0.0.1:9/elsewhere"}, body=b""), True),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}, body=b""), True),
        (Reply(body=b'{"choices": [{"message": {"content": null}, "finish_reason": "length"}]}'), False),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else "",
)
def test_what_does_not_pass_is_asked_once(server: FakeEndpoint, reply: Reply, fatal: bool) -> None:
    server.script = [reply]
    with pytest.raises(EndpointError) as caught:
        ask(server).complete(QUESTION)
    assert caught.value.fatal is fatal
    assert len(server.asked) == 1


@pytest.mark.parametrize("reply", [Reply(delay=2), Reply(drip=0.05)], ids=["slow", "dripping"])
def test_slow_and_dripping_servers_run_into_the_time_limit(server: FakeEndpoint, reply: Reply) -> None:
    server.script = [reply]
    with pytest.raises(EndpointError, match=r"no answer within 0\.3 seconds"):
        ask(server, timeout=0.3, attempts=1).complete(QUESTION)
    assert len(server.asked) == 1


def test_a_dripping_answer_is_not_read_beyond_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [0.0]

    class Dripping:
        def read1(self, _: int) -> bytes:
            seconds[0] += 1
            return b"x"

    monkeypatch.setattr(request, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    with pytest.raises(TimeoutError):
        request._read(Dripping(), deadline=3.0)
    assert seconds == [4.0]


def test_an_endless_answer_is_cut(server: FakeEndpoint) -> None:
    server.script = [Reply(body=b" " * (1 << 24) + b"{}  ")]
    with pytest.raises(EndpointError, match="longer than 16 MiB"):
        ask(server).complete(QUESTION)


def test_nobody_there() -> None:
    with fake_endpoint() as gone:
        url = gone.url
    with pytest.raises(EndpointError, match="connection refused") as caught:
        ChatEndpoint(url, "small", attempts=2).complete(QUESTION)
    assert caught.value.fatal


def test_the_key_comes_from_the_environment_and_goes_where_it_belongs(
    server: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-open")
    ask(server).complete(QUESTION)
    monkeypatch.setenv("DSLTM_API_KEY", " own-key\n")
    ask(server).complete(QUESTION)
    monkeypatch.setenv("THIRD", "third-key")
    ask(server, key_env="THIRD").complete(QUESTION)
    sent = [asked.headers["Authorization"] for asked in server.asked]
    assert sent == ["Bearer sk-open", "Bearer own-key", "Bearer third-key"]
    monkeypatch.delenv("DSLTM_API_KEY")
    assert Address.parse("https://api.openai.com/v1").key == "sk-open"
    assert Address.parse("https://openai.com.example.org/v1").key is None
    assert Address.parse("https://llm.example.org/v1").key is None
    assert "sk-open" not in repr(Address.parse("https://api.openai.com/v1"))


@pytest.mark.parametrize("key", ["two\nlines", "Schlüssel"])
def test_a_key_that_cannot_be_sent_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("DSLTM_API_KEY", key)
    with pytest.raises(UsageError, match="DSLTM_API_KEY") as caught:
        ChatEndpoint("http://localhost:1", "small")
    assert key not in str(caught.value)
    with pytest.raises(UsageError, match="NOT_SET"):
        ChatEndpoint("http://localhost:1", "small", key_env="NOT_SET")


def test_a_quoted_key_is_not_repeated(server: FakeEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSLTM_API_KEY", "sk-secret")
    server.script = [Reply.error(401, "Incorrect API key provided: sk-secret")]
    with pytest.raises(EndpointError, match=r"provided: \*\*\*") as caught:
        ask(server).complete(QUESTION)
    assert "sk-secret" not in str(caught.value)


def test_without_a_key_the_error_says_where_it_goes(server: FakeEndpoint) -> None:
    server.script = [Reply.error(401, "who are you?")]
    with pytest.raises(EndpointError, match="DSLTM_API_KEY"):
        ask(server).complete(QUESTION)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/v1",
        "file:///etc/passwd",
        "ftp://x/y",
        "http://",
        "http://[::1",
        "http://a b/",
        "http://u:p@h/",
    ],
)
def test_what_is_no_address_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="not an http or https address"):
        ChatEndpoint(url, "small")


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("http://h:8000/v1/", "http://h:8000/v1/chat/completions"),
        (
            "https://h/openai/chat/completions?api-version=1",
            "https://h/openai/chat/completions?api-version=1",
        ),
        ("https://h", "https://h/chat/completions"),
    ],
)
def test_addresses(url: str, full: str) -> None:
    assert Address.parse(url).url == full


def test_a_repeated_question_costs_nothing(server: FakeEndpoint, tmp_path: Path) -> None:
    server.script = [Reply("once"), Reply("other")]
    first = ask(server, cache_dir=tmp_path)
    assert first.complete(QUESTION, temperature=0) == "once"
    again = ask(server, cache_dir=tmp_path, max_requests=0)
    assert again.complete(QUESTION, temperature=0) == "once"
    assert (again.requests, again.from_cache) == (0, 1)
    assert ask(server, cache_dir=tmp_path).complete(QUESTION, temperature=1) == "other"
    assert len(server.asked) == 2


def test_a_damaged_cache_is_asked_around(server: FakeEndpoint, tmp_path: Path) -> None:
    endpoint = ask(server, cache_dir=tmp_path)
    endpoint.complete(QUESTION)
    (kept,) = tmp_path.rglob("*.json")
    for damage in (b"", b'{"answer"', b"[]", b'{"answer": 3}'):
        kept.write_bytes(damage)
        assert endpoint.complete(QUESTION) == "fine"
    assert len(server.asked) == 5


def test_failures_are_not_kept(server: FakeEndpoint, tmp_path: Path) -> None:
    server.script = [Reply.error(400)]
    endpoint = ask(server, cache_dir=tmp_path)
    with pytest.raises(EndpointError):
        endpoint.complete(QUESTION)
    assert not list(tmp_path.rglob("*.json"))
    assert endpoint.complete(QUESTION) == "fine"


def test_the_number_of_requests_is_bounded_retries_included(server: FakeEndpoint) -> None:
    server.always = lambda _: Reply.error(500)
    endpoint = ask(server, max_requests=3)
    with pytest.raises(EndpointError, match="limit of 3 requests") as caught:
        endpoint.complete(QUESTION)
    assert caught.value.fatal
    assert len(server.asked) == 3


def test_refused_parameters_are_renamed_or_left_out_once(server: FakeEndpoint) -> None:
    def picky(body: dict[str, Any]) -> Reply:
        for name in ("max_tokens", "temperature"):
            if name in body:
                return Reply.error(400, f"unsupported: {name}", param=name, code="unsupported_parameter")
        return Reply(str(body.get("max_completion_tokens")))

    server.always = picky
    endpoint = ask(server)
    assert endpoint.complete(QUESTION, max_tokens=5, temperature=0) == "5"
    assert len(server.asked) == 3
    assert endpoint.complete(QUESTION, max_tokens=6, temperature=0) == "6"
    assert len(server.asked) == 4
    server.always = lambda _: Reply.error(400, "the messages are wrong", param="messages")
    with pytest.raises(EndpointError, match="the messages are wrong"):
        endpoint.complete(QUESTION)


def test_many_questions_at_once_keep_their_order(server: FakeEndpoint) -> None:
    server.always = lambda body: Reply(body["messages"][0]["content"] * 2, delay=0.02)
    endpoint, steps = ask(server, concurrency=3), []
    answers = endpoint.map(
        lambda n: endpoint.complete([{"role": "user", "content": str(n)}]), range(20), lambda: steps.append(1)
    )
    assert answers == [f"{n}{n}" for n in range(20)]
    assert len(steps) == 20
    assert 2 <= server.most_at_once <= 3


def test_one_failure_among_many_is_returned_in_its_place(server: FakeEndpoint) -> None:
    server.always = lambda body: Reply.error(400, "no") if body["messages"][0]["content"] == "2" else Reply()
    endpoint = ask(server)
    answers = endpoint.map(lambda n: endpoint.complete([{"role": "user", "content": str(n)}]), range(5))
    assert [isinstance(answer, EndpointError) for answer in answers] == [False, False, True, False, False]


def test_a_wrong_key_stops_the_rest(server: FakeEndpoint) -> None:
    server.always = lambda _: Reply.error(401, "no")
    endpoint = ask(server, concurrency=2)
    with pytest.raises(EndpointError, match="401"):
        endpoint.map(lambda n: endpoint.complete([{"role": "user", "content": str(n)}]), range(50))
    assert len(server.asked) <= 4


def test_an_error_that_is_nobodys_fault_reaches_the_caller(server: FakeEndpoint) -> None:
    with pytest.raises(ZeroDivisionError):
        ask(server).map(lambda n: 1 // n, [1, 0])
    assert ask(server).map(lambda n: n, []) == []
