"""Where results go: a file that appears whole or not at all, or standard output."""

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dsltm import console
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.inputs import refuse_input, refuse_open_input
from dsltm.formats.packing import packing_by_name

STDOUT = "-"
# The errors of a disk or a quota that is full.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def is_stdout(path: str | None) -> bool:
    """Whether an `--output` means standard output."""
    return path in (None, STDOUT, "/dev/stdout")


def descriptor_of(path: str | None) -> int | None:
    """The number of the open file that an output names: /dev/fd/3, or what bash makes of >(command).

    Such a file has no place of its own. Where it has a name elsewhere, that may not be made a new file,
    because others write to the open one, too.
    """
    if is_stdout(path):
        return 1
    folder, name = os.path.split("/dev/fd/2" if path == "/dev/stderr" else str(path))
    here = os.path.realpath(folder) in ("/dev/fd", f"/proc/{os.getpid()}/fd")
    return int(name) if here and name.isdecimal() else None


def for_people(path: str | None) -> bool:
    """Whether an `--output` means a terminal, where people look at tables and programs read nothing."""
    return is_stdout(path) and console.stdout_is_terminal()


@contextlib.contextmanager
def open_output(path: str | None, *, binary: bool = False) -> Iterator[BinaryIO]:
    """Open a result for writing bytes.

    A regular file is written beside its place and renamed when the block ends well; where it ends with an
    exception, a signal's included, nothing is left behind and an older file stays as it was. Pipes, devices
    and files that are open already are written directly.

    Args:
        path: a file, or None or "-" for standard output.
        binary: the bytes are not for people; writing them to a terminal is refused, and so is a name such as
            labels.npz.gz, because such files are not packed. Others are packed as their names say.

    Raises:
        UsageError: binary output to a terminal or to be packed, or the output is one of the files that the
            run reads.
        DsltmError: the file cannot be made, the disk is full, or standard output is closed.
        BrokenPipeError: the reader of standard output has gone.
    """
    if path is None or is_stdout(path):
        name, opened = "standard output", _stdout(binary=binary)
    elif (descriptor := descriptor_of(path)) is not None:
        name, opened = path, _open_file(descriptor, path)
    else:
        name, opened = path, _file(Path(path))
    packing = None if path is None else packing_by_name(path)
    if packing is not None and binary:
        raise UsageError(
            f"{path}: this file is written as it is, without {packing.name}",
            hint=f"a name without {packing.suffix}",
        )
    try:
        with opened as file:
            if packing is None:
                yield file
            else:
                with packing.open(file, "wb") as packed:
                    yield packed
    except OSError as exc:
        if exc.errno in _FULL and exc.filename is None:
            raise DsltmError(f"{name}: {reason(exc)}") from exc
        raise


def reason(exc: OSError) -> str:
    """What the operating system says, as a part of a sentence: "no such file or directory"."""
    text = exc.strerror or str(exc)
    return text[:1].lower() + text[1:]


@contextlib.contextmanager
def _stdout(*, binary: bool) -> Iterator[BinaryIO]:
    if sys.stdout is None:
        raise DsltmError("standard output is closed")
    if binary and console.stdout_is_terminal():
        raise UsageError("binary output is not written to a terminal", hint="-o FILE or a pipe")
    # Not every stream has a file behind it.
    with contextlib.suppress(OSError, ValueError):
        refuse_open_input(os.fstat(sys.stdout.fileno()), "standard output")
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextlib.contextmanager
def _open_file(descriptor: int, name: str) -> Iterator[BinaryIO]:
    try:
        file = os.fdopen(os.dup(descriptor), "wb")
    except OSError as exc:
        raise DsltmError(f"{name}: cannot be written: {reason(exc)}") from exc
    with file:
        refuse_open_input(os.fstat(descriptor), name)
        yield file


@contextlib.contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    place = path.resolve() if path.is_symlink() else path
    if not place.name:
        raise DsltmError(f"{path}: cannot be written: is a directory")
    refuse_input(str(path))
    # A file's name has at most 255 bytes, and the temporary one is longer than the final one.
    stem = os.fsdecode(os.fsencode(place.name)[:200])
    part = place.with_name(f".{stem}.{secrets.token_hex(4)}.part")
    try:
        mode = place.stat().st_mode if place.exists() else None
        direct = mode is not None and not stat.S_ISREG(mode)
        try:
            file = place.open("wb") if direct else part.open("xb")
        except OSError as exc:
            raise DsltmError(f"{path}: cannot be written: {reason(exc)}") from exc
        with file:
            yield file
        if direct:
            return
        # Asked again, because now it is known what the block has read.
        refuse_input(str(path))
        if mode is not None:
            part.chmod(stat.S_IMODE(mode))
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
