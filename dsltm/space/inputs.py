"""What an encoder reads of a document: the teacher's hidden state, word counts, or both side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from dsltm.formats.stacked import Rows

_BLOCK = 8192  # documents made dense at once


@dataclass(frozen=True)
class Inputs:
    """Document vectors as they are stored; rows become dense float32 when they are needed.

    Attributes:
        hidden: [N, H] float16.
        counts: [N, V] int32.
    """

    hidden: Rows | None
    counts: csr_array | None

    @classmethod
    def of(cls, kind: str, hidden: Rows, counts: csr_array | None) -> Inputs:
        """The inputs that `kind` (hidden, bow or both) names.

        Raises:
            DsltmError: word counts are needed and missing.
        """
        if kind != "hidden" and counts is None:
            raise DsltmError("the model reads word counts, and there are none")
        return cls(None if kind == "bow" else hidden, None if kind == "hidden" else counts)

    def __len__(self) -> int:
        if self.hidden is not None:
            return len(self.hidden)
        return 0 if self.counts is None else int(self.counts.shape[0])

    @property
    def width(self) -> int:
        """D, the length of a document vector."""
        hidden = 0 if self.hidden is None else self.hidden.shape[1]
        return hidden + (0 if self.counts is None else int(self.counts.shape[1]))

    def stored(self, rows: NDArray[np.int64]) -> NDArray[np.floating]:
        """Vectors [len(rows), D] as they are stored: float16 for hidden states alone, else float32."""
        parts: list[NDArray[np.floating]] = []
        if self.hidden is not None:
            parts.append(self.hidden[rows])
        if self.counts is not None:
            parts.append(dense(self.counts[rows]))
        return np.concatenate(parts, 1) if len(parts) > 1 else parts[0]

    def dense(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The same vectors [len(rows), D] as float32."""
        return self.stored(rows).astype(np.float32, copy=False)

    def mean_and_scale(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and standard deviation [D] over `rows`; counts keep their scale, which is 1.

        A unit that never changes gets scale 1 too: it becomes 0 and stays finite.

        Raises:
            DsltmError: a unit is not a number.
        """
        mean, scale = np.zeros(self.width, np.float32), np.ones(self.width, np.float32)
        if self.hidden is not None:
            total, squares = (np.zeros(self.hidden.shape[1]) for _ in range(2))
            for block in slices(len(rows), _BLOCK):
                total += self.hidden[rows[block]].sum(0, dtype=np.float64)
            centre = total / len(rows)
            if not np.isfinite(centre).all():
                raise DsltmError("the labels hold hidden states that are not numbers")
            for block in slices(len(rows), _BLOCK):
                squares += np.square(self.hidden[rows[block]] - centre).sum(0)
            deviation = np.sqrt(squares / len(rows))
            mean[: len(centre)] = centre
            scale[: len(centre)] = np.where(deviation > 0, deviation, 1.0)
        if self.counts is not None:
            mean[-self.counts.shape[1] :] = sum_of(self.counts, rows) / len(rows)
        return mean, scale


def dense(counts: csr_array) -> NDArray[np.float32]:
    """Word counts as an array [n, V]."""
    counts = counts.astype(np.float32)
    array: NDArray[np.float32] = counts.toarray()
    return array


def sum_of(counts: csr_array, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """[V] how often each word occurs in the documents `rows`."""
    total = np.zeros(counts.shape[1])
    for block in slices(len(rows), _BLOCK):
        total += counts[rows[block]].sum(0, dtype=np.float64)
    return total


def evenly(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """The rows, or `most` of them that are evenly spaced: a sample that needs no seed."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64)]
