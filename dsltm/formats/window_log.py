"""What was read of a window that is not finished yet: a file of batches, of which each is whole or missing.

The rows of a window can join the journal only when all of them are read, because the teacher reads documents
of one length together. Until then its batches are kept here, so that a run that is killed loses no more than
the batches that it was reading.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

# Before a batch stand the window's first row, its number of documents, n, V, H, and the CRC of the batch.
_HEAD = struct.Struct("<QIIIII")
WINDOW_LOG = "window.log"  # its name in a journal
# Seconds between two waits for the disk. So much is lost when the machine stops; when only the process does,
# nothing is. Chosen, not measured.
_SECONDS = 10.0


@dataclass(frozen=True)
class ReadBatch:
    """n documents that were read together.

    Attributes:
        rows: [n] int32 their places in the window.
        logits: [n, V] float16.
        hidden: [n, H] float16.
    """

    rows: NDArray[np.int32]
    logits: NDArray[np.float16]
    hidden: NDArray[np.float16]


def documents_kept(path: Path, first: int) -> int:
    """How many documents the batches of the window that begins with row `first` hold; 0 without a file.

    The file is not changed, because another run may be writing it.
    """
    if not path.exists():
        return 0
    documents, end = 0, path.stat().st_size
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            begins, _, count, words, units, _ = _HEAD.unpack(head)
            after = file.seek(sum(_sizes(count, words, units)), os.SEEK_CUR)
            if begins != first or after > end:
                break
            documents += count
    return documents


class WindowLog:
    """The batches of one window, in the order in which they were read.

    Args:
        path: the file; made if it is missing. A last batch that is not whole is cut off.
        first: the number of the window's first row. Batches of another window are thrown away.

    Attributes:
        rows: the places in the window of the documents that the batches hold, batch by batch.
    """

    def __init__(self, path: Path, first: int) -> None:
        self._file = path.open("a+b")
        self._first, self._window, self._synced = first, 0, time.monotonic()
        self.rows = [batch.rows for batch in self._batches()]

    def begin(self, documents: int) -> Iterator[ReadBatch]:
        """The batches that an earlier run read of the window that begins now.

        Args:
            documents: how many the window has. Where the earlier run's window had another number of them, it
                was another window, and its batches are thrown away.
        """
        if self.rows and self._window != documents:
            self.clear(self._first)
        self._window = documents
        yield from self._batches()

    def add(self, batch: ReadBatch) -> None:
        """Keep a batch of the window that `begin` began."""
        body = b"".join(
            np.ascontiguousarray(part).tobytes() for part in (batch.rows, batch.logits, batch.hidden)
        )
        sizes = len(batch.rows), batch.logits.shape[1], batch.hidden.shape[1]
        self._file.write(_HEAD.pack(self._first, self._window, *sizes, zlib.crc32(body)) + body)
        self._file.flush()
        self.rows.append(batch.rows)
        if time.monotonic() - self._synced > _SECONDS:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()

    def clear(self, first: int) -> None:
        """Forget the batches, whose rows are safe elsewhere; the next window begins with row `first`."""
        self._file.truncate(0)
        self._first, self.rows = first, []

    def close(self) -> None:
        """Close the file; it stays on disk."""
        self._file.close()

    def _batches(self) -> Iterator[ReadBatch]:
        """The whole batches from the file's beginning; whatever follows them is cut off."""
        self._file.seek(0)
        good = 0
        while (batch := self._next()) is not None:
            good = self._file.tell()
            yield batch
        self._file.truncate(good)

    def _next(self) -> ReadBatch | None:
        head = self._file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        first, window, count, words, units, checksum = _HEAD.unpack(head)
        if first != self._first:
            return None
        sizes = _sizes(count, words, units)
        body = self._file.read(sum(sizes))
        if len(body) < sum(sizes) or zlib.crc32(body) != checksum:
            return None
        self._window = window
        return ReadBatch(
            np.frombuffer(body, np.int32, count),
            np.frombuffer(body, np.float16, count * words, sizes[0]).reshape(count, words),
            np.frombuffer(body, np.float16, count * units, sizes[0] + sizes[1]).reshape(count, units),
        )


def _sizes(count: int, words: int, units: int) -> tuple[int, int, int]:
    """Bytes of a batch's rows, logits and hidden states."""
    return 4 * count, 2 * count * words, 2 * count * units
