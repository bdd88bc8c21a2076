"""A chat endpoint on the loopback that misbehaves as real ones do, on request."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Reply:
    """What the server does with one request.

    Attributes:
        text: the message in a well-formed completion; ignored where `body` is given.
        tokens: of question and answer, as a server that counts them tells; None for one that does not.
        body: what is sent instead.
        status: the HTTP status.
        headers: further headers.
        delay: seconds before anything is sent.
        drip: seconds between the bytes of the body.
        hang_up: close the connection without a word.
        cut: promise more bytes than are sent.
    """

    text: str = "fine"
    tokens: tuple[int, int] | None = None
    body: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0
    hang_up: bool = False
    cut: bool = False

    @classmethod
    def error(cls, status: int, message: str = "no", **more: Any) -> Self:
        headers = more.pop("headers", {})
        return cls(
            status=status, body=json.dumps({"error": {"message": message, **more}}).encode(), headers=headers
        )


@dataclass
class Asked:
    """A request as the server saw it."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    at: float


class FakeEndpoint:
    """A running server.

    Attributes:
        url: its base address.
        script: replies for the next requests, in their order; then `always` answers.
        always: makes the reply to a request from its JSON.
        asked: all requests so far.
        most_at_once: how many were under way at the same time at most.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.script: list[Reply] = []
        self.always: Callable[[dict[str, Any]], Reply] = lambda _: Reply()
        self.asked: list[Asked] = []
        self.most_at_once = self._at_once = 0
        self._lock = threading.Lock()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self._lock:
            self.asked.append(Asked(handler.path, dict(handler.headers), body, time.monotonic()))
            reply = self.script.pop(0) if self.script else self.always(body)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(reply.delay)
        with self._lock:  # before the reply: whoever has it may ask again at once
            self._at_once -= 1
        with suppress(BrokenPipeError, ConnectionResetError):
            _send(handler, reply)


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    if reply.hang_up:
        handler.close_connection = True
        return
    body = reply.body
    if body is None:
        message = {"role": "assistant", "content": reply.text}
        whole: dict[str, Any] = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        if reply.tokens is not None:
            whole["usage"] = dict(zip(("prompt_tokens", "completion_tokens"), reply.tokens, strict=True))
        body = json.dumps(whole).encode()
    handler.send_response(reply.status)
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) + 100 * reply.cut))
    handler.end_headers()
    if not reply.drip:
        handler.wfile.write(body)
        return
    for byte in body:
        handler.wfile.write(bytes([byte]))
        time.sleep(reply.drip)


@contextmanager
def fake_endpoint() -> Iterator[FakeEndpoint]:
    """Start a server on a free port of the loopback, and stop it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            fake.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake = FakeEndpoint(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
