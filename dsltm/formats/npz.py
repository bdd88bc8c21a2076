"""NPZ files that are streamed out and memory-mapped in.

Members are stored, not compressed, and start at multiples of 64 bytes, so that each is a plain
array on disk. Dates are fixed: the same arrays give the same bytes. Nothing is ever unpickled.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import orjson

from dsltm.errors import DsltmError
from dsltm.formats.inputs import copied, name_of, open_input

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from dsltm.formats.stacked import Rows

# The earliest date of a zip file, given to every member.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_ALIGN = 64
# The id of the extra field that tools which align zip files use for padding.
_PADDING_FIELD = 0xD935
# Bytes of a zip file's local header without the name, and of its zip64 extra field.
_LOCAL_HEADER, _ZIP64_EXTRA = 30, 20
_LABELS = "dsltm.labels"
# Bytes that are read at a time to check a member; chosen, not measured.
_CHUNK = 1 << 22
# What the zip and numpy modules raise at a file that is cut off or altered.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    ValueError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
)


@dataclass(frozen=True)
class Blocks:
    """An array that arrives in pieces along its first axis, so that it is never whole in memory."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    blocks: Iterable[NDArray[Any]]


def write_npz(target: BinaryIO, header: dict[str, Any], members: Iterable[tuple[str, Rows | Blocks]]) -> None:
    """Write `header` and `members` to a binary stream, which need not be seekable.

    Raises:
        ValueError: a `Blocks` member did not deliver the rows that it announced.
    """
    with zipfile.ZipFile(_Forward(target), "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        _write_member(archive, "header", np.frombuffer(orjson.dumps(header), np.uint8))
        for name, array in members:
            _write_member(archive, name, array)


class _Forward:
    """A stream that is only written to, so that a file gets the same bytes as a pipe."""

    def __init__(self, target: BinaryIO) -> None:
        self.write, self.flush = target.write, target.flush


def _write_member(archive: zipfile.ZipFile, name: str, array: Rows | Blocks) -> None:
    if not isinstance(array, Blocks):
        array = Blocks(array.shape, array.dtype, (np.asarray(array),))
    info = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
    assert archive.fp is not None
    start = archive.fp.tell() + _LOCAL_HEADER + len(info.filename) + _ZIP64_EXTRA + 4
    padding = -start % _ALIGN
    info.extra = struct.pack("<HH", _PADDING_FIELD, padding) + bytes(padding)
    rows = 0
    with archive.open(info, "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(
            member,
            {
                "descr": np.lib.format.dtype_to_descr(array.dtype),
                "fortran_order": False,
                "shape": array.shape,
            },
        )
        for block in array.blocks:
            contiguous = np.ascontiguousarray(block, dtype=array.dtype)
            member.write(contiguous.reshape(-1).view(np.uint8).data)
            rows += len(block) if block.ndim else 1
    if array.shape and rows != array.shape[0]:
        raise ValueError(f"{name}: {rows} rows were written where {array.shape[0]} were announced")


def open_npz(path: str, *, expect: str, newest: int) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Open an NPZ that dsltm wrote: its header, and its arrays memory-mapped read-only.

    Args:
        path: a file, or `-` for standard input (copied to a temporary file first).
        expect: the `format` that the header must name, such as "dsltm.labels".
        newest: the latest version of that format that the caller understands.

    Raises:
        DsltmError: the file is missing, cut off, altered, foreign, newer, or holds objects.
    """
    with mappable(path) as (real, name):
        try:
            with open(real, "rb") as raw, zipfile.ZipFile(raw) as archive:
                whole = _map(real)
                arrays = {
                    info.filename.removesuffix(".npy"): _map_member(archive, raw, info, whole, name)
                    for info in archive.infolist()
                }
        except FileNotFoundError:
            raise DsltmError(f"{name}: no such file") from None
        except IsADirectoryError:
            raise DsltmError(f"{name}: is a directory, not a file") from None
        except _BROKEN as error:
            foreign = not _is_zip(real)
            hint = (
                f"dsltm distill {name} first, where it is a corpus" if foreign and expect == _LABELS else None
            )
            raise DsltmError(_what_is_wrong(real, name, error), hint=hint) from error
    return _check_header(arrays.pop("header", None), expect, newest, name), arrays


def header_of(path: str) -> dict[str, Any] | None:
    """The header of a file that dsltm wrote, None for other files; reads no array."""
    # Standard input is not looked into, because that would use it up; another pipe is kept by `one_run`.
    if path == "-" or not os.path.exists(path) or os.path.isdir(path):
        return None
    try:
        with mappable(path) as (real, _), open(real, "rb") as raw, zipfile.ZipFile(raw) as archive:
            member = _map_member(archive, raw, archive.getinfo("header.npy"), _map(real), path)
        header = orjson.loads(member.tobytes())
    except (*_BROKEN, DsltmError, OSError, KeyError):
        return None
    return header if isinstance(header, dict) else None


def format_of(path: str) -> str | None:
    """The format that a file's header names, such as "dsltm.labels", None for other files; reads no array."""
    name = (header_of(path) or {}).get("format")
    return name if isinstance(name, str) else None


@contextlib.contextmanager
def mappable(path: str) -> Iterator[tuple[str, str]]:
    """A path of the same bytes that can be mapped while the block lasts, and the name to call it by.

    Raises:
        DsltmError: a pipe that is empty.
        OSError: a pipe that cannot be read.
    """
    if path != "-" and (not os.path.exists(path) or os.path.isfile(path)):
        yield path, path
        return
    name = name_of(path)
    with copied(sys.stdin.buffer) if path == "-" else open_input(path) as copy:
        if not os.fstat(copy.fileno()).st_size:
            raise DsltmError(f"{name}: is empty (did the stage before it fail?)")
        yield f"/dev/fd/{copy.fileno()}", name


def _map(path: str) -> NDArray[np.uint8]:
    """All bytes of a file: one map a file, because the system allows a process some 65,000."""
    return np.memmap(path, np.uint8, "r")


def _map_member(
    archive: zipfile.ZipFile, raw: BinaryIO, info: zipfile.ZipInfo, whole: NDArray[np.uint8], name: str
) -> NDArray[Any]:
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
        raise DsltmError(f"{name}: its member {info.filename!r} is compressed; numpy.savez writes plain ones")
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = read_header(member)
        start = member.tell()
        if dtype.hasobject:
            raise DsltmError(
                f"{name}: its member {info.filename!r} holds Python objects, which are never read"
            )
        size = dtype.itemsize
        for length in shape:
            size *= length
        if start + size != info.file_size or min(shape, default=0) < 0:
            raise ValueError("the array's size is not the member's")
        # Only reading to the end checks the CRC.
        while member.read(_CHUNK):
            pass
    raw.seek(info.header_offset + 26)
    name_length, extra_length = struct.unpack("<HH", raw.read(4))
    offset = info.header_offset + _LOCAL_HEADER + name_length + extra_length + start
    if not size:
        return np.zeros(shape, dtype)
    return whole[offset : offset + size].view(dtype).reshape(shape, order="F" if fortran else "C")


def _is_zip(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) in (b"PK", b"")


def _what_is_wrong(path: str, name: str, error: Exception) -> str:
    with open(path, "rb") as file:
        magic = file.read(4)
    if not magic:
        return f"{name}: is empty"
    if not magic.startswith(b"PK"):
        return f"{name}: is not an NPZ file"
    return f"{name}: is cut off or altered ({str(error).rstrip('.') or type(error).__name__})"


def _check_header(member: NDArray[Any] | None, expect: str, newest: int, name: str) -> dict[str, Any]:
    kind = expect.removeprefix("dsltm.")
    if member is None or member.dtype != np.uint8:
        raise DsltmError(f"{name}: is an NPZ file, but not one that dsltm wrote")
    try:
        header = orjson.loads(member.tobytes())
    except orjson.JSONDecodeError:
        raise DsltmError(f"{name}: its header is not JSON") from None
    if not isinstance(header, dict) or not str(header.get("format", "")).startswith("dsltm."):
        raise DsltmError(f"{name}: is an NPZ file, but not one that dsltm wrote")
    if header["format"] != expect:
        other = header["format"].removeprefix("dsltm.")
        raise DsltmError(f"{name}: holds a dsltm {other} file where a {kind} file is needed")
    version = header.get("version")
    if not isinstance(version, int) or version > newest:
        raise DsltmError(f"{name}: was written by a newer dsltm (version {version}; this one reads {newest})")
    return header
