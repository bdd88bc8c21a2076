"""Large arrays that are made on the way: in memory up to a gigabyte, above that in a file without a name."""

from __future__ import annotations

import tempfile
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_IN_MEMORY = 1 << 30  # bytes


def scratch(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array whose values are not set yet; the folder for temporary files must have room for it."""
    if prod(shape) * np.dtype(dtype).itemsize <= _IN_MEMORY:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(prefix="dsltm-") as file:  # stays mapped after it is closed and gone
        return np.memmap(file, dtype, "w+", shape=shape)
