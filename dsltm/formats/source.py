"""Where text comes from: a file, packed or not, standard input or a pipe, each readable more than once."""

import hashlib
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.formats.encoding import UTF8, UTF8_MARK, Recoded, encoding_of
from dsltm.formats.foreign import ZIP, refuse_foreign
from dsltm.formats.inputs import copied, name_of, note_open, open_input
from dsltm.formats.output import reason
from dsltm.formats.packing import Unpacked, packing_of

STDIN = "-"
MANIFEST = "manifest.json"  # A folder with this file is a folder of parts.
MAX_LINE = 1 << 26  # A line of more bytes is refused: it would take the memory. Chosen, not measured.
_BUFFER = 1 << 18  # Bytes that are read from a file at a time; chosen, not measured.
HEAD = 4096  # So many bytes of a file are looked at to tell what it is.


def is_folder_of_parts(path: str) -> bool:
    """Whether a path is a folder with a manifest."""
    return os.path.isfile(os.path.join(path, MANIFEST))


def holds_labels(path: str) -> bool:
    """Whether a path leads to labels: an NPZ (a file, a pipe, "-") or a folder of parts; not to a corpus."""
    if path == STDIN:
        waiting = getattr(sys.stdin, "buffer", None)
        return waiting is not None and _is_npz(waiting.peek(HEAD))
    if os.path.isdir(path):
        return is_folder_of_parts(path)
    try:
        with open_input(path) as file:
            return _is_npz(os.pread(file.fileno(), HEAD, 0))
    except OSError:
        return False


def _is_npz(head: bytes) -> bool:
    """Whether a file is a zip of arrays; an Excel workbook is a zip of something else."""
    name_length = int.from_bytes(head[26:28], "little")
    return head.startswith(ZIP) and head[30 : 30 + name_length].endswith(b".npy")


class Source:
    """The bytes and lines of a file, as often as they are wanted, each time from the start.

    Args:
        path: a file, or "-" for standard input. What cannot be read twice (a pipe, a terminal) is copied to
            a temporary file that has no name, so that nothing is left behind however the process ends.
        encoding: of the text, by Python's name; None for UTF-8, or what a byte order mark tells.

    Attributes:
        name: the file's, for messages.
        encoding: as it was given.
        inside: the path within the folder that was given in the file's place; empty for a file alone.
        first: the number of the first line; more than 1 where it is not the file's first.
        before: the number of lines in the files before this one.

    Raises:
        DsltmError: it cannot be opened, or standard input is closed.
    """

    first, before = 1, 0
    encoding: str | None = None
    inside = ""

    def __init__(self, path: str, encoding: str | None = None) -> None:
        self.name = name_of(path) or "''"
        self.encoding = encoding
        self._digest: str | None = None
        try:
            self._file = _stdin() if path == STDIN else open_input(path)
            self._start = self._file.tell() if path == STDIN else 0
        except OSError as exc:
            raise DsltmError(f"{self.name}: {reason(exc)}") from exc

    def close(self) -> None:
        """Give the file back; nothing can be read after that."""
        if self._file is not getattr(sys.stdin, "buffer", None):
            self._file.close()

    def digest(self) -> str:
        """SHA-256 of the bytes as they are stored, in hexadecimal."""
        if self._digest is None:
            whole = hashlib.sha256()
            with self._stored() as stream:
                while chunk := stream.read(1 << 20):
                    whole.update(chunk)
            self._digest = whole.hexdigest()
        return self._digest

    def head(self) -> bytes:
        """The first bytes of what was packed, or of the file where it is not packed."""
        with self.unpacked() as stream:
            return stream.read(HEAD)

    def unpacked(self) -> io.BufferedReader:
        """The bytes as they were before they were packed.

        Raises:
            DsltmError: now or on reading, a packed file that is cut off, damaged or needs a package.
        """
        with self._stored() as stream:
            packing = packing_of(stream.read(HEAD))
        stored = self._stored()
        if packing is None:
            return stored
        return io.BufferedReader(Unpacked(packing, stored, self.name), _BUFFER)

    def anywhere(self) -> BinaryIO:
        """The unpacked bytes, to be read at any place; what was packed takes space on the disk.

        Raises:
            DsltmError: as `unpacked`.
        """
        with self._stored() as stream:
            packed = packing_of(stream.read(HEAD)) is not None
        if not packed:
            return io.BufferedReader(self._anywhere(), _BUFFER)
        with self.unpacked() as stream:
            return copied(stream)

    def text(self) -> io.BufferedReader:
        """The text as UTF-8, without a byte order mark.

        Raises:
            DsltmError: now or on reading, no text in the encoding, or as `unpacked`.
        """
        head = self.head()
        encoding = self.encoding or encoding_of(head)
        if self.encoding is None:
            refuse_foreign(head, self.name, binary=encoding == UTF8 and b"\0" in head)
        stream = self.unpacked()
        if encoding != UTF8:
            stream = io.BufferedReader(Recoded(stream, encoding, self.name), _BUFFER)
        if stream.peek(len(UTF8_MARK)).startswith(UTF8_MARK):
            stream.read(len(UTF8_MARK))
        return stream

    def lines(self) -> Iterator[bytes]:
        """The lines of the text, without their ends.

        Of a line of more than MAX_LINE bytes the first MAX_LINE + 1 come, so that a reader can tell and
        either stop or go on with the next line.

        Raises:
            DsltmError: as `text`, or the file cannot be read.
        """
        try:
            with self.text() as stream:
                while line := stream.readline(MAX_LINE + 1):
                    yield line.rstrip(b"\r\n")
                    while len(line) > MAX_LINE and not line.endswith(b"\n"):
                        line = stream.readline(MAX_LINE + 1)
        except OSError as exc:
            raise DsltmError(f"{self.name}: {reason(exc)}") from exc

    def _stored(self) -> io.BufferedReader:
        return io.BufferedReader(_Hashed(self._file.fileno(), self._start, self._read_through), _BUFFER)

    def _anywhere(self) -> Any:
        """The stored bytes, to be read at any place."""
        return _Window(self._file.fileno(), self._start)

    def _read_through(self, digest: str) -> None:
        self._digest = digest


def read_text(path: str) -> str:
    """All of a small text file, such as a list of words, a template or settings.

    Args:
        path: as of `Source`: packed files, byte order marks and pipes are read alike everywhere.

    Raises:
        DsltmError: it cannot be read or is not UTF-8 text.
    """
    source = Source(path)
    try:
        with source.text() as stream:
            content = stream.read(MAX_LINE + 1)
        if len(content) > MAX_LINE:
            raise DsltmError(f"{source.name}: is longer than {MAX_LINE >> 20} MiB")
        return content.decode(UTF8)
    except UnicodeDecodeError:
        raise DsltmError(f"{source.name}: not UTF-8 text") from None
    except OSError as exc:
        raise DsltmError(f"{source.name}: {reason(exc)}") from exc
    finally:
        source.close()


class _Window(io.RawIOBase):
    """A reader with a position of its own over an open file, so that several may read at once.

    Args:
        descriptor: the open file's.
        start: where in the file the reader's place 0 is.
    """

    def __init__(self, descriptor: int, start: int) -> None:
        self._descriptor, self._start, self._position = descriptor, start, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = os.fstat(self._descriptor).st_size - self._start
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: size}[whence]
        self._position = max(origin + offset, 0)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = os.pread(self._descriptor, len(buffer), self._start + self._position)
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)


class _Hashed(_Window):
    """A window that is read from front to end.

    Args:
        ended: takes the SHA-256 of all bytes once the last of them was read, so that a corpus that is read
            anyway need not be read again for its digest.
    """

    def __init__(self, descriptor: int, start: int, ended: Callable[[str], None]) -> None:
        super().__init__(descriptor, start)
        self._ended, self._sha256 = ended, hashlib.sha256()

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = super().readinto(buffer)
        self._sha256.update(buffer[:size])
        if not size and len(buffer):
            self._ended(self._sha256.hexdigest())
        return size


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise DsltmError("standard input is closed")
    if sys.stdin.isatty():
        console.info("reading from the terminal: end with Ctrl-D on a line of its own")
    status = os.fstat(sys.stdin.buffer.fileno())
    if stat.S_ISREG(status.st_mode):
        note_open(status, "standard input")
        return sys.stdin.buffer
    return copied(sys.stdin.buffer)
