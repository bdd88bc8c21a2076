"""Compressed files, recognised by their first bytes and unpacked while they are read."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import importlib
import io
import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from collections.abc import Callable

Mode = Literal["rb", "wb"]
_DAMAGE = (zlib.error, lzma.LZMAError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Packing:
    """One way to compress a file.

    Attributes:
        name: as it stands in messages.
        suffix: what such a file's name ends with.
        magic: what such a file begins with.
        open: opens a stream to unpack what is read from it ("rb"), or to pack what is written to it ("wb").
    """

    name: str
    suffix: str
    magic: bytes
    open: Callable[[BinaryIO, Mode], BinaryIO]


def _gzip(stream: BinaryIO, mode: Mode) -> BinaryIO:
    # Neither a name nor a time, so that the same content gives the same bytes.
    return cast("BinaryIO", gzip.GzipFile("", mode, fileobj=stream, mtime=0))


def _bzip2(stream: BinaryIO, mode: Mode) -> BinaryIO:
    return cast("BinaryIO", bz2.BZ2File(stream, mode))


def _xz(stream: BinaryIO, mode: Mode) -> BinaryIO:
    return cast("BinaryIO", lzma.LZMAFile(stream, mode))


def _zstd(stream: BinaryIO, mode: Mode) -> BinaryIO:
    return cast("BinaryIO", _zstd_module().ZstdFile(stream, mode))


def _zstd_module() -> Any:
    """Python's own module, which it has from 3.14 on, or the same from a package.

    Raises:
        DsltmError: neither is installed.
    """
    for name in ("compression.zstd", "backports.zstd"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise DsltmError("zstd-compressed, which needs a package", hint="pip install 'dsltm[zstd]'")


PACKINGS = (
    Packing("gzip", ".gz", b"\x1f\x8b", _gzip),
    Packing("bzip2", ".bz2", b"BZh", _bzip2),
    Packing("xz", ".xz", b"\xfd7zXZ\x00", _xz),
    Packing("zstd", ".zst", b"\x28\xb5\x2f\xfd", _zstd),
)


def packing_of(head: bytes) -> Packing | None:
    """How a file that begins with these bytes is packed; None where it is not."""
    return next((packing for packing in PACKINGS if head.startswith(packing.magic)), None)


def packing_by_name(name: str) -> Packing | None:
    """How a file of this name is to be packed; None where its name does not say so."""
    return next((packing for packing in PACKINGS if name.lower().endswith(packing.suffix)), None)


def without_suffix(name: str) -> str:
    """A file's name in lower case, without the ending that tells how it is packed."""
    name = name.lower()
    for packing in PACKINGS:
        name = name.removesuffix(packing.suffix)
    return name


class Unpacked(io.RawIOBase):
    """What was packed, read once from front to end, with errors that name the file.

    Args:
        packing: how it is packed.
        stream: the packed bytes.
        name: the file's, for messages.

    Raises:
        DsltmError: on reading, the file is cut off or damaged; at once, no package reads this packing.
    """

    def __init__(self, packing: Packing, stream: BinaryIO, name: str) -> None:
        self._name, self._packing = name, packing
        try:
            self._stream = packing.open(stream, "rb")
        except DsltmError as error:
            raise DsltmError(f"{name}: {error.args[0]}", hint=error.hint) from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            chunk = self._stream.read(len(buffer))
        except EOFError:
            raise DsltmError(f"{self._name}: the {self._packing.name} file is cut off") from None
        except _what_damage_raises() as error:
            raise DsltmError(f"{self._name}: the {self._packing.name} file is damaged: {error}") from error
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _what_damage_raises() -> tuple[type[Exception], ...]:
    with contextlib.suppress(DsltmError):
        return (*_DAMAGE, _zstd_module().ZstdError)
    return _DAMAGE
