"""Teachers from the hub, against a small hub of our own on the loopback: no test reaches the real one."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server has and what it was asked."""

    files: dict[str, bytes]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: dict[str, str | None] = field(default_factory=dict)


class Handler(BaseHTTPRequestHandler):
    """The four calls that a snapshot takes, for one good repository, a gated one and missing ones."""

    hub: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(path)
        self.hub.tokens[path] = self.headers.get("Authorization")
        if "org/gated" in path:
            self.fail(403, "GatedRepo")
        elif "org/tiny" not in path:
            self.fail(401, "RepoNotFound")
        elif path.startswith("/api/models/org/tiny/revision/"):
            if path.rsplit("/", 1)[1] not in ("main", "v1", COMMIT):
                self.fail(404, "RevisionNotFound")
            else:
                siblings = [{"rfilename": name} for name in self.hub.files]
                self.reply(json.dumps({"id": "org/tiny", "sha": COMMIT, "siblings": siblings}).encode())
        elif path.startswith("/api/models/org/tiny/tree/"):
            rows = [self.row(name, content) for name, content in self.hub.files.items()]
            self.reply(json.dumps(rows).encode())
        elif path.startswith(f"/org/tiny/resolve/{COMMIT}/"):
            name = path.split(f"/resolve/{COMMIT}/", 1)[1]
            content = self.hub.files[name]
            self.reply(content, ETag=f'"{oid(content)}"')
        else:
            self.fail(404, "EntryNotFound")

    @staticmethod
    def row(name: str, content: bytes) -> dict[str, Any]:
        return {"type": "file", "path": name, "size": len(content), "oid": oid(content)}

    def reply(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for key, value in {"X-Repo-Commit": COMMIT, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def fail(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.fixture(scope="module")
def hub(tiny_teacher: Callable[[str], Path]) -> Iterator[Hub]:
    files = {path.name: path.read_bytes() for path in tiny_teacher("ernie4_5").iterdir()}
    files |= {"pytorch_model.bin": b"pickle", "onnx/model.onnx": b"big", "custom.py": b"raise SystemExit"}
    hub = Hub(files)
    handler = type("OneHub", (Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub.url = f"http://127.0.0.1:{server.server_port}"
        yield hub
        server.shutdown()


CHILD = """
import sys
from dsltm.errors import DsltmError
from dsltm.teacher.files.resolve import resolve
try:
    source = resolve(sys.argv[1], lambda text: print("said:", text), trust_remote_code=len(sys.argv) > 2)
except DsltmError as error:
    print("error:", error)
else:
    print(source.revision, source.weights_sha256, *sorted(path.name for path in source.directory.iterdir()))
"""


@pytest.fixture
def ask(hub: Hub, tmp_path: Path) -> Callable[..., list[str]]:
    """Resolves a spec in a process of its own with an empty hub cache, and returns the lines it printed."""

    def run(spec: str, *more: str, **settings: str) -> list[str]:
        # a path of the settings must hold for huggingface_hub's import, hence a process
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        environment |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "NO_PROXY": "*", **settings}
        hub.asked.clear()
        hub.tokens.clear()
        command = [sys.executable, "-c", CHILD, spec, *more]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def test_fetches_what_is_needed_once_and_then_does_without_the_hub(
    ask: Callable[..., list[str]], hub: Hub
) -> None:
    said, found = ask("org/tiny", HF_TOKEN="hf_secret")
    assert said.startswith("said: fetching org/tiny")
    revision, digest, *names = found.split()
    assert revision == COMMIT
    assert digest == hashlib.sha256(hub.files["model.safetensors"]).hexdigest()
    wanted = {"config.json", "model.safetensors", "tokenizer.json"}
    assert wanted <= set(names)
    assert not {"pytorch_model.bin", "custom.py", "onnx"} & set(names)
    assert {token for path, token in hub.tokens.items() if "org/tiny" in path} == {"Bearer hf_secret"}
    for settings in ({}, {"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}):
        assert ask("org/tiny", **settings) == [found]
        assert hub.asked == []


def test_a_revision_is_asked_for_and_named(ask: Callable[..., list[str]], hub: Hub) -> None:
    assert ask("org/tiny@v1")[-1].startswith(COMMIT)
    assert "/api/models/org/tiny/revision/v1" in hub.asked
    (_, failure) = ask("org/tiny@v2")
    assert failure == "error: org/tiny has no revision v2"


def test_python_files_come_only_when_trusted(ask: Callable[..., list[str]]) -> None:
    assert "custom.py" in ask("org/tiny", "trusted")[-1].split()


@pytest.mark.parametrize(
    ("spec", "settings", "sentence"),
    [
        ("org/gated", {}, "org/gated is gated: accept its terms on https://huggingface.co/org/gated"),
        ("org/absent", {}, "the Hugging Face hub has no org/absent"),
        ("org/tiny", {"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
        ("org/tiny", {"HF_ENDPOINT": "http://127.0.0.1:9"}, "the Hugging Face hub does not answer"),
        ("org/a--b..c", {}, "org/a--b..c is not an id that the Hugging Face hub can have"),
        ("llama-3.2-1b", {}, "the Hugging Face hub has no meta-llama/Llama-3.2-1B-Instruct"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(
    spec: str, settings: dict[str, str], sentence: str, ask: Callable[..., list[str]]
) -> None:
    lines = [line for line in ask(spec, **settings) if not line.startswith("said: ")]
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    assert sentence in lines[0]


def test_hub_repository_without_safetensors_is_refused(ask: Callable[..., list[str]], hub: Hub) -> None:
    weights = hub.files.pop("model.safetensors")
    try:
        assert ask("org/tiny")[-1] == "error: org/tiny has no model.safetensors, or not all of it"
    finally:
        hub.files["model.safetensors"] = weights
