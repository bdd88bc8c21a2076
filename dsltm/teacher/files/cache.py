"""The user's cache directory: where it is, who may write to it now, what a large file's SHA-256 was."""

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
_SMALL = 1 << 24  # bytes, which are hashed faster than anybody notices
_FULL = {errno.ENOSPC, errno.EDQUOT}
_CANNOT_LOCK = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}


def cache_dir() -> Path:
    """`$DSLTM_CACHE`, else `$XDG_CACHE_HOME/dsltm`, else `~/.cache/dsltm`; it need not exist.

    Raises:
        DsltmError: none of them can be told.
    """
    try:
        if own := os.environ.get("DSLTM_CACHE"):
            return Path(own).expanduser()
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        # the XDG specification: a relative path is to be ignored
        return (base if base.is_absolute() else Path.home() / ".cache") / "dsltm"
    except RuntimeError as exc:
        raise DsltmError("this user has no home directory for a cache", hint="DSLTM_CACHE=DIRECTORY") from exc


@contextlib.contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Make `directory`, and turn what the operating system says about writing there into a sentence.

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
    """Refuse before the work rather than in the middle of it.

    Args:
        directory: exists.
        needed: bytes.

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
    """Hold `directory` alone; the system lets go of it when the process ends, however it ends.

    What a killed process left in its `scratch` is removed. Where the file system has no locks, the block
    runs anyway: all files here appear whole by a rename, so two that do the same work only waste it.

    Args:
        directory: exists.
        notify: told where there is somebody to wait for.
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
        for left in directory.glob(f"{_SCRATCH}*") if held else ():
            shutil.rmtree(left, ignore_errors=True)
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
    """As `sha256_file`, but read once: kept in the cache for as long as size and time of change stay.

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
