"""Document vectors that somebody else made: an NPY file with a row for each document of a corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.npz import Blocks, mappable
from dsltm.formats.output import reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

# So many rows are in memory at a time; chosen, not measured.
_BLOCK = 1 << 14
_LIMIT = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Vectors:
    """[N, D] floating-point numbers in a file, which stays where it is.

    Attributes:
        name: the file's.
        rows: the array, memory-mapped.
    """

    name: str
    rows: NDArray[np.floating[Any]]

    @classmethod
    def open(cls, path: str, documents: int) -> Vectors:
        """Open an NPY file; nothing is ever unpickled.

        Args:
            documents: how many rows it must have.

        Raises:
            DsltmError: the file is missing, or is not such an array.
        """
        try:
            with mappable(path) as (real, _):
                rows = np.lib.format.open_memmap(real, mode="r")
        except OSError as error:
            raise DsltmError(f"{path}: {reason(error)}") from error
        except (ValueError, EOFError, SyntaxError) as error:
            raise DsltmError(f"{path}: is no NPY file of numbers, as numpy.save writes it") from error
        if rows.ndim != 2 or rows.dtype.kind != "f" or not rows.shape[1]:
            raise DsltmError(
                f"{path}: is an array of {rows.dtype} and shape {list(rows.shape)}, where a row of "
                "floating-point numbers for each document is needed"
            )
        if len(rows) != documents:
            raise DsltmError(f"{path}: has {len(rows):,} rows, and the corpus {documents:,} documents")
        return cls(path, rows)

    @property
    def width(self) -> int:
        """D, the length of a vector."""
        return int(self.rows.shape[1])

    def half(self, rows: NDArray[np.int64]) -> NDArray[np.float16]:
        """The vectors of these documents as float16.

        Raises:
            DsltmError: one of them holds what is not a number, or numbers beyond the range of float16.
        """
        taken = self.rows[rows]
        # NaN is not within any limits.
        bad = np.flatnonzero(~(np.abs(taken) <= _LIMIT).all(1))
        if len(bad):
            raise DsltmError(
                f"{self.name}: row {int(rows[bad[0]]) + 1:,} holds values that are no numbers, or beyond "
                f"{_LIMIT:,.0f}"
            )
        return taken.astype(np.float16)

    def blocks(self, rows: NDArray[np.int64]) -> Blocks:
        """The same for a file: the vectors of these documents, a few at a time."""
        starts = range(0, len(rows), _BLOCK)
        halves = (self.half(rows[start : start + _BLOCK]) for start in starts)
        return Blocks((len(rows), self.width), np.dtype(np.float16), halves)
