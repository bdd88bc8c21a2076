"""Which documents are copies of one text: some corpora repeat a text three or four times."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from dsltm.formats.blocks import slices
from dsltm.formats.labels import Labels

_BLOCK = 1 << 12  # documents held at a time


def first_copies(labels: Labels, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first document of each different text, as indices into `rows`, in rising order.

    A labels file has no texts, so two documents are taken for copies where the teacher's hidden states and
    the word counts are the same to the byte. A text that is read twice gives the same bytes, and different
    texts that agree in both look the same to every model here.

    Args:
        rows: documents of the labels file.
    """
    seen: set[bytes] = set()
    first = []
    counts = labels.counts
    starts, ends = counts.indptr[rows], counts.indptr[rows + 1]
    for block in slices(len(rows), _BLOCK):
        for number, hidden in enumerate(labels.hidden[rows[block]], block.start):
            span = slice(starts[number], ends[number])
            parts = (hidden, counts.indices[span], counts.data[span])
            digest = blake2b(b"".join(part.tobytes() for part in parts), digest_size=16).digest()
            if digest not in seen:
                seen.add(digest)
                first.append(number)
    return np.array(first, np.int64)
