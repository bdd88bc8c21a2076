"""Large intermediate arrays: in memory up to a gigabyte, above that in a file without a name."""

from __future__ import annotations

import tempfile
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

# Arrays of more bytes lie in a file; chosen, not measured.
_IN_MEMORY = 1 << 30


def scratch(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array whose values are not set yet; the folder for temporary files must have room for it."""
    if prod(shape) * np.dtype(dtype).itemsize <= _IN_MEMORY:
        return np.empty(shape, dtype)
    # The file stays mapped after it is closed and has no name.
    with tempfile.TemporaryFile(prefix="dsltm-") as file:
        return np.memmap(file, dtype, "w+", shape=shape)
