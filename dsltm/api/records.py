"""Results as records of Python's own types, which JSON and data frames take as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

Record: TypeAlias = dict[str, Any]


def plain(row: Mapping[str, Any]) -> Record:
    """A record with the numbers that a file of the same rows has, as short as float32 allows.

    >>> plain({"p": np.float32(0.1), "theta": np.array([0.1, 0.9], np.float32)})
    {'p': 0.1, 'theta': [0.1, 0.9]}
    """
    return {key: _plain_value(value) for key, value in row.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.float32):
        return float(str(value))
    if isinstance(value, np.ndarray | list):
        return [_plain_value(each) for each in value]
    return plain(value) if isinstance(value, dict) else value
