"""Which texts of a corpus the teacher reads: each different text once, and of those all or a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.distilling.sample import Sample

# 128 bits: among a billion texts two have the same by chance once in 10^20 corpora.
_DIGEST = 16
# The digest of a text that says nothing: the last of all, so that no sample has it.
_NOTHING = b"\xff" * _DIGEST


class Digests:
    """A hash of each document's text, in 16 bytes a document.

    White space around a text does not count, because the teacher does not read it.

    Args:
        seed: of the draw of a sample. The hashes of the texts put them in an order that is as good as random.
    """

    def __init__(self, seed: int = 0) -> None:
        self._key, self._bytes = seed.to_bytes(8, "big", signed=True), bytearray()

    def add(self, text: str) -> None:
        """Add the next document."""
        read = text.strip().encode("utf-8", "surrogatepass")
        self._bytes += blake2b(read, digest_size=_DIGEST, key=self._key).digest() if read else _NOTHING

    def ranks(self) -> tuple[NDArray[np.int64], int]:
        """The place [N] of each document's text among the different texts, in the order of their hashes.

        Returns:
            The places, and how many different texts say something. Those that do not are behind them.
        """
        halves = np.frombuffer(self._bytes, np.uint64).reshape(-1, 2)
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        ranked = halves[order]
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.cumsum(np.r_[0, (ranked[1:] != ranked[:-1]).any(1)][: len(order)])
        different = int(ranks.max(initial=-1)) + 1
        nothing = bool(len(ranked)) and ranked[-1].tobytes() == _NOTHING
        return ranks, different - nothing


@dataclass(frozen=True)
class Texts:
    """Which of the texts that the teacher reads each of n documents has.

    Attributes:
        numbers: [n] int64, the number of a document's text; -1 where it is not read. Texts are numbered in
            the order in which they come first.
        different: how many different texts the corpus has; those that say nothing do not count.
        sample: how the texts that are read were drawn; None where all are read.
    """

    numbers: NDArray[np.int64]
    different: int
    sample: Sample | None = None

    @classmethod
    def of(
        cls,
        digests: Digests,
        sample: Sample | None = None,
        shard: tuple[int, int] = (0, 1),
        sureness: NDArray[np.floating] | None = None,
    ) -> Texts:
        """Those of the documents whose number leaves i after division by n, shard = (i, n).

        A sample is drawn of the texts of all shards, by their hashes: so it does not depend on the documents'
        order, all shards draw alike, and a smaller sample is a part of a larger one.

        Args:
            sureness: [N] of the documents of all shards: the sample is of the texts with the least of it.
        """
        ranks, different = digests.ranks()
        if sureness is not None:
            ranks = _least_first(ranks, different, sureness)
        size = different if sample is None else sample.size(different)
        if size == different:
            sample = None
        ranks = ranks[shard[0] :: shard[1]]
        read = np.arange(len(ranks)) if sample is None else np.flatnonzero(ranks < size)
        _, first, which = np.unique(ranks[read], return_index=True, return_inverse=True)
        numbers = np.full(len(ranks), -1, np.int64)
        numbers[read] = np.argsort(np.argsort(first))[which]
        return cls(numbers, different, sample)

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """[n] whether a document is the first with its text, and that text is read."""
        before = np.r_[-1, np.maximum.accumulate(self.numbers)[:-1]][: len(self.numbers)]
        return np.asarray(self.numbers > before)

    @property
    def count(self) -> int:
        """How many texts are read."""
        return int(self.numbers.max(initial=-1)) + 1

    @property
    def read(self) -> NDArray[np.int64]:
        """The documents whose texts are read, ascending."""
        return np.flatnonzero(self.numbers >= 0)


def _least_first(ranks: NDArray[np.int64], different: int, values: NDArray[np.floating]) -> NDArray[np.int64]:
    """The ranks [N] of texts anew, those of the smallest values first.

    Args:
        ranks: [N] of the documents' texts; those that say nothing have `different` and keep it.
        values: [N] of the documents; copies of a text have the same.
    """
    of_text = np.zeros(different + 1, values.dtype)
    of_text[ranks] = values
    of_text[different] = np.inf
    places = np.empty(different + 1, np.int64)
    places[np.argsort(of_text, kind="stable")] = np.arange(different + 1)
    return places[ranks]
