"""The scratch journal: finished rows on disk, so that a run that dies can be continued and memory stays flat.

It is a folder of plain files. `state.json` says how many bytes of the others are good, and is replaced after
each window, once the window's bytes are on the disk. Bytes beyond those are cut off when the journal is
opened. What was read of the next window is in `window.log`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from array import array
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import numpy as np
import orjson

from dsltm.distilling.window_log import WindowLog
from dsltm.errors import DsltmError
from dsltm.formats.labels import EMPTY, TRUNCATED, write_labels
from dsltm.formats.npz import Blocks
from dsltm.formats.output import reason
from dsltm.formats.strings import Strings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_FILES = ("logits.f16", "hidden.f16", "rows.jsonl")
_LOG = "window.log"
# So many rows are in memory at a time when the journal is exported; chosen, not measured.
_BLOCK_ROWS = 4096
Row = tuple[str, str | None, int, list[int], list[int]]
"""A document's id, label, flags, and the words that it uses with their counts."""


class Journal:
    """Finished rows of one run; use as a context manager.

    Args:
        directory: its folder; made if it is missing.
        settings: all that decides the rows; a journal of other settings is refused.
        fresh: throw away what an earlier run left in the folder.

    Attributes:
        rows: how many documents are done, all of whole windows.
        window: the batches that were read of the next window.

    Raises:
        DsltmError: the journal belongs to another run, or is in use.
    """

    def __init__(self, directory: Path, settings: dict[str, Any], *, fresh: bool = False) -> None:
        self.directory, self.rows = directory, 0
        self._settings = {key: _digest(value) for key, value in settings.items()}
        self._widths = [0, 0]
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

    def append(self, logits: NDArray[np.float16], hidden: NDArray[np.float16], rows: Sequence[Row]) -> None:
        """Add finished documents: [n, V], [n, H] and n rows."""
        self._files[0].write(np.ascontiguousarray(logits).data)
        self._files[1].write(np.ascontiguousarray(hidden).data)
        self._files[2].write(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
        self.rows += len(rows)
        self._widths = [logits.shape[1], hidden.shape[1]]
        self._save_state()
        self.window.clear(self.rows)

    @property
    def documents(self) -> int:
        """How many documents were read, those of the window that is not finished included."""
        return self.rows + self.window.documents

    def remove(self) -> None:
        """Delete the journal, once its rows are safe elsewhere."""
        shutil.rmtree(self.directory)

    def export(self, target: BinaryIO, header: dict[str, Any], word_embeddings: NDArray[np.float16]) -> None:
        """Stream all rows to `target` as a labels file."""
        table = _read_rows(self.directory / "rows.jsonl", self.rows)
        empty, truncated = (int(((table["flags"] & flag) != 0).sum()) for flag in (EMPTY, TRUNCATED))
        header |= {"documents": self.rows, "empty": empty, "truncated": truncated}
        header["gold_names"] = table.pop("gold_names")
        members = table | {
            "logits": self._blocks("logits.f16", self._widths[0]),
            "hidden": self._blocks("hidden.f16", self._widths[1]),
            "word_embeddings": word_embeddings,
        }
        write_labels(target, header, members)

    def _open(self) -> None:
        state = self.directory / "state.json"
        if state.exists():
            state_before = orjson.loads(state.read_bytes())
            if changed := _changed(state_before["settings"], self._settings):
                raise DsltmError(
                    f"{self.directory}: an unfinished run with another {changed} left this journal",
                    hint="the same command as then, or --fresh to start over",
                )
            self.rows, self._widths = state_before["rows"], state_before["widths"]
            sizes = state_before["sizes"]
        else:
            sizes = [0] * len(_FILES)
            (self.directory / _LOG).unlink(missing_ok=True)
        self._files = []
        for name, size in zip(_FILES, sizes, strict=True):
            file = (self.directory / name).open("ab")
            if file.tell() < size:
                raise DsltmError(f"{self.directory}: the journal is damaged", hint="--fresh to start over")
            file.truncate(size)
            self._files.append(file)
        self.window = WindowLog(self.directory / _LOG, self.rows)
        if not state.exists():
            # The batches of the first window belong to this run, which the state tells the next one.
            self._save_state()

    def _save_state(self) -> None:
        state = {
            "settings": self._settings,
            "rows": self.rows,
            "widths": self._widths,
            "sizes": [file.tell() for file in self._files],
        }
        part = self.directory / "state.json.part"
        with part.open("wb") as file:
            file.write(orjson.dumps(state))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.directory / "state.json")

    def _clear(self) -> None:
        for name in (*_FILES, _LOG, "state.json", "state.json.part"):
            (self.directory / name).unlink(missing_ok=True)

    def _blocks(self, name: str, width: int) -> Blocks:
        def blocks() -> Iterator[NDArray[np.float16]]:
            with (self.directory / name).open("rb") as file:
                for start in range(0, self.rows, _BLOCK_ROWS):
                    rows = min(_BLOCK_ROWS, self.rows - start)
                    yield np.frombuffer(file.read(rows * width * 2), np.float16).reshape(rows, width)

        return Blocks((self.rows, width), np.dtype(np.float16), blocks())


def _digest(value: object) -> str:
    """A hash in place of a setting's value, because some settings are lists of thousands of words."""
    return hashlib.sha256(orjson.dumps(value)).hexdigest()


def _changed(kept: dict[str, Any], wanted: dict[str, str]) -> str | None:
    """The name of the first setting that differs."""
    return next((key.replace("_", " ") for key in wanted if kept.get(key) != wanted[key]), None)


def _read_rows(path: Path, count: int) -> dict[str, Any]:
    """The arrays of a labels file that are small, from the journal's rows."""
    ids, flags = bytearray(), np.empty(count, np.uint8)
    ids_indptr, bow_indptr = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64)
    indices, data = array("i"), array("i")
    names: dict[str, int] = {}
    gold = np.full(count, -1, np.int32)
    with path.open("rb") as file:
        for row, line in enumerate(file):
            name, label, flags[row], words, counts = orjson.loads(line)
            ids += name.encode()
            ids_indptr[row + 1], bow_indptr[row + 1] = len(ids), bow_indptr[row] + len(words)
            indices.extend(words)
            data.extend(counts)
            if label is not None:
                gold[row] = names.setdefault(label, len(names))
    strings = Strings(np.frombuffer(bytes(ids), np.uint8), ids_indptr)
    return {
        "ids": strings.data,
        "ids_indptr": strings.indptr,
        "bow_indptr": bow_indptr,
        "bow_indices": np.frombuffer(indices, np.int32),
        "bow_data": np.frombuffer(data, np.int32),
        "gold": gold,
        "gold_names": list(names),
        "flags": flags,
    }
