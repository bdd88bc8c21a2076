"""Strings as two arrays, as they lie in a file, and pointers to rows of unequal length."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, overload

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from dsltm.formats.stacked import Rows

# So many strings are made at a time; chosen, not measured.
_BLOCK = 1 << 14


class Strings(Sequence[str]):
    """Strings in one block of UTF-8 bytes, so that a million ids need no million objects.

    Args:
        data: uint8 [bytes], the strings one after another.
        indptr: int64 [N + 1], string i is `data[indptr[i]:indptr[i + 1]]`.
    """

    def __init__(self, data: Rows, indptr: NDArray[np.int64]) -> None:
        self.data, self.indptr = data, indptr

    @classmethod
    def pack(cls, strings: Iterable[str]) -> Strings:
        encoded = [string.encode() for string in strings]
        indptr = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(string) for string in encoded], out=indptr[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), indptr)

    @classmethod
    def joined(cls, parts: Sequence[Strings]) -> Strings:
        """The strings of all parts, one part's after another's."""
        data = [np.empty(0, np.uint8), *(np.asarray(part.data) for part in parts)]
        return cls(np.concatenate(data), pointers([part.indptr for part in parts]))

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._between(start, stop) if step == 1 else [self[i] for i in range(start, stop, step)]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._between(index, index + 1)[0]

    def __iter__(self) -> Iterator[str]:
        for block in slices(len(self), _BLOCK):
            yield from self._between(block.start, block.stop)

    def _between(self, start: int, stop: int) -> list[str]:
        ends = self.indptr[start : stop + 1].tolist() or [0]
        data = self.data[ends[0] : ends[-1]].tobytes()
        try:
            return [data[i - ends[0] : j - ends[0]].decode() for i, j in pairwise(ends)]
        except UnicodeDecodeError as exc:
            raise DsltmError(f"an id among the rows {start} to {stop - 1} is not UTF-8") from exc


def pointers(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The indptr of CSR matrices, or of strings, that are put under each other, from the indptr of each."""
    starts = np.cumsum([0, *(int(part[-1]) for part in parts)])
    shifted = (part[1:] + start for part, start in zip(parts, starts[:-1], strict=True))
    return np.concatenate([np.zeros(1, np.int64), *shifted])
