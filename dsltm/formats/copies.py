"""Which documents are copies of one text: some corpora repeat a text three or four times."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from dsltm.formats.blocks import slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels

_BLOCK = 1 << 12  # documents held at a time


def copies(labels: Labels, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first document of each of M different texts, and which of these texts each document has.

    A labels file has no texts, so two documents are taken for copies where the teacher's hidden states and
    the word counts are the same to the byte. A text that is read twice gives the same bytes, and different
    texts that agree in both look the same to every model here.

    Args:
        rows: R documents of the labels file.

    Returns:
        [M] indices into `rows`, in rising order; [R] indices into these.
    """
    numbers: dict[bytes, int] = {}
    first: list[int] = []
    text = np.empty(len(rows), np.int64)
    counts = labels.counts
    starts, ends = counts.indptr[rows], counts.indptr[rows + 1]
    for block in slices(len(rows), _BLOCK):
        for place, hidden in enumerate(labels.hidden[rows[block]], block.start):
            span = slice(starts[place], ends[place])
            parts = (hidden, counts.indices[span], counts.data[span])
            digest = blake2b(b"".join(part.tobytes() for part in parts), digest_size=16).digest()
            text[place] = numbers.setdefault(digest, len(first))
            if text[place] == len(first):
                first.append(place)
    return np.array(first, np.int64), text
