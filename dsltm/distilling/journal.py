"""The scratch journal: what was read, on disk, so that a run that dies can go on and memory stays flat.

It is a folder of plain files, which hold each different text once, however many documents have it.
`state.json` says how many bytes of the others are good, and is replaced after each window, once the window's
bytes are on the disk. Bytes beyond those are cut off when the journal is opened. What was read of the next
window is in `window.log`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import numpy as np
import orjson

from dsltm.errors import DsltmError
from dsltm.formats.labels import EMPTY, TRUNCATED, write_labels
from dsltm.formats.npz import Blocks
from dsltm.formats.output import reason
from dsltm.formats.window_log import WINDOW_LOG, WindowLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from dsltm.distilling.rows import Table
    from dsltm.distilling.texts import Texts
    from dsltm.formats.stacked import Rows

_VERSION = 2
_LOGITS, _HIDDEN, _FLAGS = _FILES = ("logits.f16", "hidden.f16", "flags.u8")
# So many rows are in memory at a time when the journal is exported; chosen, not measured.
_BLOCK_ROWS = 4096


class Journal:
    """What one run has read; use as a context manager.

    Args:
        directory: its folder; made if it is missing.
        settings: all that decides what is read; a journal of other settings is refused.
        widths: V and H, the lengths of a row of logits and of hidden states.
        fresh: throw away what an earlier run left in the folder.

    Attributes:
        rows: how many texts are done, all of whole windows.
        window: the batches that were read of the next window.

    Raises:
        DsltmError: the journal belongs to another run, or is in use.
    """

    def __init__(
        self, directory: Path, settings: dict[str, Any], widths: tuple[int, int], *, fresh: bool = False
    ) -> None:
        self.directory, self.rows = directory, 0
        self._settings = {key: _digest(value) for key, value in settings.items()}
        self._widths = widths
        try:
            directory.mkdir(parents=False, exist_ok=True)
            self._lock = (directory / "lock").open("w")
        except OSError as error:
            raise DsltmError(f"{directory}: the journal cannot be made: {reason(error)}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DsltmError(f"{directory}: another run is writing this journal") from None
        if fresh:
            self._clear()
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()
        self.window.close()
        self._lock.close()

    def append(
        self, logits: NDArray[np.float16], hidden: NDArray[np.float16], flags: NDArray[np.uint8]
    ) -> None:
        """Add texts that were read: [n, V], [n, H] and [n]."""
        for file, array in zip(self._files, (logits, hidden, flags), strict=True):
            file.write(np.ascontiguousarray(array).data)
            file.flush()
            os.fsync(file.fileno())
        self.rows += len(flags)
        self._save_state()
        self.window.clear(self.rows)

    @property
    def read(self) -> NDArray[np.int64]:
        """The numbers of the texts that were read, those of the window that is not finished included."""
        unfinished = [self.rows + places.astype(np.int64) for places in self.window.rows]
        return np.concatenate([np.arange(self.rows), *unfinished])

    @property
    def flags(self) -> NDArray[np.uint8]:
        """[rows] of each text that is done."""
        return np.fromfile(self.directory / _FLAGS, np.uint8, self.rows)

    def remove(self) -> None:
        """Delete the journal, once its rows are safe elsewhere."""
        shutil.rmtree(self.directory)

    def export(
        self,
        target: BinaryIO,
        header: dict[str, Any],
        table: Table,
        texts: Texts,
        word_embeddings: NDArray[np.float16],
        vectors: Blocks | None = None,
    ) -> None:
        """Stream a labels file to `target`; the header gets what the rows tell.

        Args:
            table: what needs no teacher, of all documents.
            texts: which text each document has.
            vectors: of the documents that were read, in the place of the teacher's hidden states.
        """
        flags, read = np.asarray(table.members["flags"]), texts.read
        empty, truncated = (int(((flags & flag) != 0).sum()) for flag in (EMPTY, TRUNCATED))
        header |= {"documents": len(flags), "empty": empty, "truncated": truncated}
        if texts.sample is not None:
            header["read"] = len(read)
        header["gold_names"] = table.gold_names
        members: dict[str, Rows | Blocks] = {
            **table.members,
            "logits": self._blocks(_LOGITS, self._widths[0], texts.numbers[read]),
            "hidden": vectors or self._blocks(_HIDDEN, self._widths[1], texts.numbers[read]),
            "word_embeddings": word_embeddings,
        }
        write_labels(target, header, members)

    def _open(self) -> None:
        state = self.directory / "state.json"
        if state.exists():
            state_before = orjson.loads(state.read_bytes())
            if state_before.get("version") != _VERSION:
                raise DsltmError(
                    f"{self.directory}: an unfinished run of another version of dsltm left this journal",
                    hint="that version to finish it, or --fresh to start over",
                )
            if changed := _changed(state_before["settings"], self._settings):
                raise DsltmError(
                    f"{self.directory}: an unfinished run with another {changed} left this journal",
                    hint="the same command as then, or --fresh to start over",
                )
            self.rows = state_before["rows"]
            sizes = state_before["sizes"]
        else:
            sizes = [0] * len(_FILES)
            (self.directory / WINDOW_LOG).unlink(missing_ok=True)
        self._files = []
        for name, size in zip(_FILES, sizes, strict=True):
            file = (self.directory / name).open("ab")
            if file.tell() < size:
                raise DsltmError(f"{self.directory}: the journal is damaged", hint="--fresh to start over")
            file.truncate(size)
            self._files.append(file)
        self.window = WindowLog(self.directory / WINDOW_LOG, self.rows)
        if not state.exists():
            # The batches of the first window belong to this run, which the state tells the next one.
            self._save_state()

    def _save_state(self) -> None:
        state = {
            "version": _VERSION,
            "settings": self._settings,
            "rows": self.rows,
            "sizes": [file.tell() for file in self._files],
        }
        part = self.directory / "state.json.part"
        with part.open("wb") as file:
            file.write(orjson.dumps(state))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.directory / "state.json")

    def _clear(self) -> None:
        for name in (*_FILES, WINDOW_LOG, "state.json", "state.json.part"):
            (self.directory / name).unlink(missing_ok=True)

    def _blocks(self, name: str, width: int, numbers: NDArray[np.int64]) -> Blocks:
        """The rows of these texts."""

        def blocks() -> Iterator[NDArray[np.float16]]:
            for start in range(0, len(numbers), _BLOCK_ROWS):
                # The file is mapped anew for each block, so that its pages do not add up in memory.
                rows = np.memmap(self.directory / name, np.float16, "r", shape=(self.rows, width))
                yield rows[numbers[start : start + _BLOCK_ROWS]]

        return Blocks((len(numbers), width), np.dtype(np.float16), blocks())


def _digest(value: object) -> str:
    """A hash in place of a setting's value, because some settings are lists of thousands of words."""
    return hashlib.sha256(orjson.dumps(value)).hexdigest()


def _changed(kept: dict[str, Any], wanted: dict[str, str]) -> str | None:
    """The name of the first setting that differs."""
    keys = [*wanted, *kept]
    return next((key.replace("_", " ") for key in keys if kept.get(key) != wanted.get(key)), None)
