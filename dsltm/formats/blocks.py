"""Going through what is long in blocks, which bounds the memory and changes no result."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


def slices(count: int, size: int) -> Iterator[slice]:
    """Slices of `size` rows, one after another, that together are `count` rows; the last may be shorter."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items, one after another; the last may be shorter."""
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch
