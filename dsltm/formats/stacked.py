"""Several arrays that are used as one: only the rows that are asked for are copied."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dsltm.formats.blocks import slices
from dsltm.formats.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


# So many rows are copied at a time.
_BLOCK = 1 << 20


class Rows(Protocol):
    """What may be done with a large array, which is an array of numpy or a `Stacked`.

    There is no arithmetic on it: that would need all of it in memory. Rows that are taken from it, by a
    number, a slice, a mask or an array of numbers, are arrays of numpy; `np.asarray` makes one of the whole.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def ndim(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, key: Any, /) -> Any: ...
    def __array__(self, dtype: Any = ..., /, *, copy: bool | None = ...) -> NDArray[Any]: ...


class Stacked:
    """The rows of several arrays, one array after another; see `Rows`.

    Args:
        arrays: one or more, of one type and, but for their lengths, of one shape.
    """

    def __init__(self, arrays: Sequence[Rows]) -> None:
        self._arrays = arrays
        self._starts = np.cumsum([0, *map(len, arrays)], dtype=np.int64)
        self._begin: list[int] = self._starts.tolist()
        self.dtype = arrays[0].dtype
        self.shape: tuple[int, ...] = (self._begin[-1], *arrays[0].shape[1:])
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            return self._between(start, max(start, stop)) if step == 1 else self[np.arange(start, stop, step)]
        rows = np.asarray(key)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        taken = self._gather(np.where(rows < 0, rows + len(self), rows).reshape(-1).astype(np.int64))
        return taken[0] if rows.ndim == 0 else taken.reshape(*rows.shape, *self.shape[1:])

    def __array__(self, dtype: Any = None, /, *, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("several arrays do not become one without a copy")
        return np.asarray(self[:], dtype)

    def _between(self, start: int, stop: int) -> NDArray[Any]:
        number = min(bisect_right(self._begin, start), len(self._arrays)) - 1
        taken = [self._arrays[number][start - self._begin[number] : stop - self._begin[number]]]
        while self._begin[number + 1] < stop:
            number += 1
            taken.append(self._arrays[number][: stop - self._begin[number]])
        return np.asarray(taken[0]) if len(taken) == 1 else np.concatenate(taken)

    def _gather(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"rows up to {rows.max()} of {len(self)}")
        out = np.empty((len(rows), *self.shape[1:]), self.dtype)
        numbers = np.searchsorted(self._starts, rows, "right") - 1
        order = np.argsort(numbers, kind="stable")
        present, firsts = np.unique(numbers[order], return_index=True)
        for number, places in zip(present.tolist(), np.split(order, firsts[1:]), strict=False):
            out[places] = self._arrays[number][rows[places] - self._begin[number]]
        return out


def stacked(arrays: Sequence[Rows]) -> Rows:
    """The rows of all arrays: the array itself where there is one, and a `Stacked` of several."""
    return arrays[0] if len(arrays) == 1 else Stacked(arrays)


def whole(rows: Rows) -> NDArray[Any]:
    """All rows as one array, for those who compute with all of it.

    An array is returned as it is. The copy of a `Stacked` lies in a file where it is large (see `scratch`).
    """
    if isinstance(rows, np.ndarray):
        return rows
    copy = scratch(rows.shape, rows.dtype)
    for block in slices(len(rows), _BLOCK):
        copy[block] = rows[block]
    return copy
