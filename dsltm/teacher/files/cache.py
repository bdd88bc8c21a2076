"""The user's cache directory: its place, locks for writing to it, and the SHA-256 of large files."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dsltm.errors import DsltmError
from dsltm.formats.output import reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SCRATCH = ".part-"
_SMALL = 1 << 24  # bytes, below which hashing is too quick to be worth a record; chosen, not measured
_FULL = {errno.ENOSPC, errno.EDQUOT}
_CANNOT_LOCK = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}


def cache_dir() -> Path:
    """`$DSLTM_CACHE`, else `$XDG_CACHE_HOME/dsltm`, else `~/.cache/dsltm`; it need not exist.

    Raises:
        DsltmError: neither variable is set, and the user has no home directory.
    """
    try:
        if own := os.environ.get("DSLTM_CACHE"):
            return Path(own).expanduser()
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        # The XDG specification says that a relative path is to be ignored.
        return (base if base.is_absolute() else Path.home() / ".cache") / "dsltm"
    except RuntimeError as exc:
        raise DsltmError("this user has no home directory for a cache", hint="DSLTM_CACHE=DIRECTORY") from exc


@contextlib.contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Make `directory`, and turn the operating system's errors within the block into one sentence.

    Raises:
        DsltmError: the directory cannot be made or written, or the disk is full.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise _full(directory) from exc
        raise DsltmError(
            f"the cache {directory} cannot be written: {reason(exc)}", hint="DSLTM_CACHE=DIRECTORY"
        ) from exc


def _full(directory: Path) -> DsltmError:
    return DsltmError(f"the disk is full: {directory} holds the teachers", hint="DSLTM_CACHE=DIRECTORY")


def check_room(directory: Path, needed: int) -> None:
    """Refuse to begin where the disk has too little room, rather than fail half-way.

    Args:
        directory: one that exists.
        needed: how many bytes.

    Raises:
        DsltmError: fewer are free.
    """
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise DsltmError(
            f"the teacher needs {needed / 1e6:,.0f} MB in {directory} and {free / 1e6:,.0f} MB are free",
            hint="DSLTM_CACHE=DIRECTORY",
        )


@contextlib.contextmanager
def locked(directory: Path, notify: Callable[[str], None]) -> Iterator[None]:
    """Keep other processes out of `directory`; the system frees it when the process ends, however it ends.

    What a killed process left in its `scratch` is removed. Where the file system has no locks, the block
    runs anyway: all files here appear whole by a rename, so at worst two processes do the same work.

    Args:
        directory: one that exists.
        notify: called with a sentence where another process has to be waited for.
    """
    held = True
    with (directory / ".lock").open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            notify(f"waiting for another process that works in {directory}")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as exc:
            if exc.errno not in _CANNOT_LOCK:
                raise
            held = False
        for abandoned in directory.glob(f"{_SCRATCH}*") if held else ():
            shutil.rmtree(abandoned, ignore_errors=True)
        yield


@contextlib.contextmanager
def scratch(directory: Path) -> Iterator[Path]:
    """A directory within `directory` that is gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=directory, ignore_cleanup_errors=True) as name:
        yield Path(name)


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal, read from its start to its end."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256(path: Path) -> str:
    """The same as `sha256_file`, kept in the cache until the file's size or time of change differs.

    Raises:
        OSError: the file cannot be read. A cache that cannot be written only costs the time.
    """
    place = path.resolve()
    stat = place.stat()
    if stat.st_size < _SMALL:
        return sha256_file(place)
    now = [str(place), stat.st_size, stat.st_mtime_ns, stat.st_ino]
    record = cache_dir() / "sha256" / f"{hashlib.sha256(os.fsencode(place)).hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(record.read_bytes())
        if isinstance(known, list) and known[:-1] == now and isinstance(known[-1], str):
            return known[-1]
    digest = sha256_file(place)
    with contextlib.suppress(OSError):
        record.parent.mkdir(parents=True, exist_ok=True)
        part = record.with_name(f".{record.name}.{os.getpid()}")
        part.write_text(json.dumps([*now, digest]), encoding="utf-8")
        part.replace(record)
    return digest
