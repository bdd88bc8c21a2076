"""Many arrays as one: rows are found where they lie, and nothing is copied but what is asked for."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Stacked:
    """The rows of several arrays, one array after another.

    It has of an array what the stages use of large ones: a shape, a length, slices and rows by their numbers;
    numpy makes an array of it where all is wanted.

    Args:
        arrays: one or more, of one type and, but for their lengths, of one shape.
    """

    def __init__(self, arrays: Sequence[NDArray[Any]]) -> None:
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
        found = self._gather(np.where(rows < 0, rows + len(self), rows).reshape(-1).astype(np.int64))
        return found[0] if rows.ndim == 0 else found.reshape(*rows.shape, *self.shape[1:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)

    def _between(self, start: int, stop: int) -> NDArray[Any]:
        number = min(bisect_right(self._begin, start), len(self._arrays)) - 1
        found = [self._arrays[number][start - self._begin[number] : stop - self._begin[number]]]
        while self._begin[number + 1] < stop:
            number += 1
            found.append(self._arrays[number][: stop - self._begin[number]])
        return found[0] if len(found) == 1 else np.concatenate(found)

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


def stacked(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """A `Stacked`, for those who take from an array only what a `Stacked` has."""
    return arrays[0] if len(arrays) == 1 else cast("NDArray[Any]", Stacked(arrays))
