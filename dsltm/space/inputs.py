"""What an encoder reads of a document: the teacher's hidden state, word counts, or both side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels

_BLOCK = 8192


@dataclass(frozen=True)
class Counts:
    """Word counts of N documents in CSR form; rows of them become dense when they are needed."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: NDArray[np.int32]
    words: int

    @classmethod
    def of(cls, labels: Labels) -> Counts:
        return cls(labels.bow_indptr, labels.bow_indices, labels.bow_data, labels.logits.shape[1])

    def dense(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Counts [len(rows), V]."""
        out = np.zeros((len(rows), self.words), np.float32)
        places, lengths = self._places(rows), self.indptr[rows + 1] - self.indptr[rows]
        out[np.repeat(np.arange(len(rows)), lengths), self.indices[places]] = self.data[places]
        return out

    def documents(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """In how many of `rows` each word occurs [V].

        Raises:
            DsltmError: a count is below zero.
        """
        found = np.zeros(self.words, np.int64)
        for start in range(0, len(rows), _BLOCK):
            places = self._places(rows[start : start + _BLOCK])
            if (self.data[places] < 0).any():
                raise DsltmError("the labels hold word counts below zero")
            found += np.bincount(self.indices[places], minlength=self.words)
        return found

    def total(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """How often each word occurs in `rows` [V]."""
        total = np.zeros(self.words)
        for start in range(0, len(rows), _BLOCK):
            total += self.dense(rows[start : start + _BLOCK]).sum(0, dtype=np.float64)
        return total

    def _places(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where in `indices` and `data` the words of `rows` are, one row's after another's."""
        lengths = self.indptr[rows + 1] - self.indptr[rows]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places: NDArray[np.int64] = np.repeat(self.indptr[rows], lengths) + within
        return places


@dataclass(frozen=True)
class Inputs:
    """Document vectors as they are stored; rows become dense float32 when they are needed."""

    hidden: NDArray[np.float16] | None
    counts: Counts | None

    @classmethod
    def of(cls, kind: str, hidden: NDArray[np.float16], counts: Counts | None) -> Inputs:
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
        return 0 if self.counts is None else len(self.counts.indptr) - 1

    @property
    def width(self) -> int:
        """D."""
        hidden = 0 if self.hidden is None else self.hidden.shape[1]
        return hidden + (0 if self.counts is None else self.counts.words)

    def stored(self, rows: NDArray[np.int64]) -> NDArray[np.floating]:
        """[len(rows), D], float16 where all of it is stored so."""
        parts: list[NDArray[np.floating]] = []
        if self.hidden is not None:
            parts.append(self.hidden[rows])
        if self.counts is not None:
            parts.append(self.counts.dense(rows))
        return np.concatenate(parts, 1) if len(parts) > 1 else parts[0]

    def dense(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """[len(rows), D]."""
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
            blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
            for block in blocks:
                total += self.hidden[block].sum(0, dtype=np.float64)
            centre = total / len(rows)
            if not np.isfinite(centre).all():
                raise DsltmError("the labels hold hidden states that are not numbers")
            for block in blocks:
                squares += np.square(self.hidden[block] - centre).sum(0)
            deviation = np.sqrt(squares / len(rows))
            mean[: len(centre)] = centre
            scale[: len(centre)] = np.where(deviation > 0, deviation, 1.0)
        if self.counts is not None:
            mean[-self.counts.words :] = self.counts.total(rows) / len(rows)
        return mean, scale
