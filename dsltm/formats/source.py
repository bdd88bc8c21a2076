"""Where text comes from: a file, a gzip file, standard input or a pipe, each readable more than once."""

import gzip
import hashlib
import io
import os
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.formats.output import reason

STDIN = "-"
MANIFEST = "manifest.json"  # what makes a folder a folder of parts
MAX_LINE = 1 << 26  # bytes: a longer line is refused, so that none takes all the memory
_GZIP = b"\x1f\x8b"
_FOREIGN = {
    b"PK\x03\x04": "a zip or NPZ file",
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
    b"BZh": "bzip2-compressed",
    b"\xfd7zXZ\x00": "xz-compressed",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_BOM = b"\xef\xbb\xbf"


def is_folder_of_parts(path: str) -> bool:
    """Whether a path is a folder with a manifest."""
    return os.path.isfile(os.path.join(path, MANIFEST))


def holds_labels(path: str) -> bool:
    """Whether there are labels, not a corpus: an NPZ, in a file or on standard input ("-"), or a folder of
    parts. False where there is nothing to see."""
    magic = b"PK\x03\x04"
    if path == STDIN:
        waiting = getattr(sys.stdin, "buffer", None)
        return waiting is not None and waiting.peek(len(magic)).startswith(magic)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # looking into a pipe would use it up
            return is_folder_of_parts(path)
        with open(path, "rb") as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False


class Source:
    """The lines of a text file, as often as they are wanted, each time from the start.

    Args:
        path: a file, or "-" for standard input. What cannot be read twice (a pipe, a terminal) is copied to
            a temporary file that has no name, so that nothing is left behind however the process ends.

    Attributes:
        first: the number of the first line; more than 1 where it is not the file's first.
        before: how many lines there are in the files before this one.

    Raises:
        DsltmError: it cannot be opened, or standard input is closed.
    """

    first, before = 1, 0

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == STDIN else path or "''"
        self._digest: str | None = None
        try:
            file = _stdin() if path == STDIN else open(path, "rb")  # noqa: SIM115 (kept for re-reading)
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            self._file = file if regular else _spool(file)
            self._start = file.tell() if regular else 0
        except OSError as exc:
            raise DsltmError(f"{self.name}: {reason(exc)}") from exc

    def digest(self) -> str:
        """SHA-256 of the bytes as they are stored, in hexadecimal."""
        if self._digest is None:
            whole = hashlib.sha256()
            with self._stored() as stream:
                while chunk := stream.read(1 << 20):
                    whole.update(chunk)
            self._digest = whole.hexdigest()
        return self._digest

    def lines(self) -> Iterator[bytes]:
        """The lines, unpacked where they were packed, without their ends.

        Of a line of more than MAX_LINE bytes the first MAX_LINE + 1 come, so that a reader can tell and
        either stop or go on with the next line.

        Raises:
            DsltmError: not text, or a gzip file that is cut off or damaged.
        """
        try:
            with self._unpacked() as stream:
                first = True
                while line := stream.readline(MAX_LINE + 1):
                    yield (line.removeprefix(_BOM) if first else line).rstrip(b"\r\n")
                    first = False
                    while len(line) > MAX_LINE and not line.endswith(b"\n"):
                        line = stream.readline(MAX_LINE + 1)
        except EOFError as exc:
            raise DsltmError(f"{self.name}: the gzip file is cut off") from exc
        except (gzip.BadGzipFile, zlib.error) as exc:
            raise DsltmError(f"{self.name}: the gzip file is damaged: {exc}") from exc
        except OSError as exc:
            raise DsltmError(f"{self.name}: {reason(exc)}") from exc

    def _stored(self) -> io.BufferedIOBase:
        return io.BufferedReader(_Window(self._file.fileno(), self._start, self._read_through), 1 << 18)

    def _read_through(self, digest: str) -> None:
        self._digest = digest

    def _unpacked(self) -> io.BufferedIOBase:
        head = self._stored().read(4096)
        if head.startswith(_GZIP):
            return gzip.GzipFile(fileobj=self._stored())
        kind = next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), None)
        if kind is not None or b"\0" in head:
            raise DsltmError(f"{self.name}: not UTF-8 text but {kind or 'binary data'}")
        return self._stored()


class _Window(io.RawIOBase):
    """A reader with a position of its own over an open file, so that two may read at once.

    Args:
        ended: takes the SHA-256 of all bytes once the last of them was read, so that a corpus that is read
            anyway need not be read again for its digest.
    """

    def __init__(self, descriptor: int, start: int, ended: Callable[[str], None]) -> None:
        self._descriptor, self._position, self._ended = descriptor, start, ended
        self._sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = os.pread(self._descriptor, len(buffer), self._position)
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        self._sha256.update(chunk)
        if not chunk and len(buffer):
            self._ended(self._sha256.hexdigest())
        return len(chunk)


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise DsltmError("standard input is closed")
    if sys.stdin.isatty():
        console.info("reading from the terminal: end with Ctrl-D on a line of its own")
    return sys.stdin.buffer


def _spool(file: BinaryIO) -> BinaryIO:
    copy = tempfile.TemporaryFile(prefix="dsltm-")  # noqa: SIM115 (gone when it is closed)
    shutil.copyfileobj(file, copy, 1 << 20)
    copy.flush()
    return copy
