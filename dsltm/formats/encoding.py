"""Text in other encodings than UTF-8, turned into UTF-8 while it is read."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING

from dsltm.errors import DsltmError, UsageError

if TYPE_CHECKING:
    from typing import BinaryIO

UTF8 = "utf-8"
UTF8_MARK = b"\xef\xbb\xbf"
# Byte order marks, the longer ones first, because a mark of UTF-32 begins with one of UTF-16.
_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# Bytes that are decoded at a time; chosen, not measured.
_CHUNK = 1 << 16


def encoding_of(head: bytes) -> str:
    """The encoding that a byte order mark tells; UTF-8 where there is none."""
    return next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), UTF8)


def check_encoding(name: str) -> None:
    """Refuse an encoding that Python does not know.

    Raises:
        UsageError: Python has no text encoding of that name.
    """
    try:
        "".encode(name)
    except (LookupError, ValueError):
        raise UsageError(
            f"there is no encoding {name!r}", hint="utf-16, latin-1, cp1252, shift_jis or another of Python's"
        ) from None


class Recoded(io.RawIOBase):
    """A stream of text as UTF-8, whatever it is stored as.

    Args:
        stream: the bytes as they are stored.
        encoding: what they are, by Python's name.
        name: the file's, for messages.

    Raises:
        DsltmError: on reading, bytes that are no text in that encoding.
    """

    def __init__(self, stream: BinaryIO, encoding: str, name: str) -> None:
        self._stream, self._encoding, self._name = stream, encoding, name
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            chunk = self._stream.read(_CHUNK)
            try:
                self._ready = self._decoder.decode(chunk, final=not chunk).encode(UTF8, "replace")
            except UnicodeError as error:
                raise DsltmError(
                    f"{self._name}: not {self._encoding} text", hint="another --encoding"
                ) from error
            if not chunk:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
