"""The labels of two corpora as those of one, for what is learned from both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from dsltm.formats.labels import one_after_another
from dsltm.formats.model import check_compatible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels


def joined(one: Labels, other: Labels) -> Labels:
    """The documents of one, then those of the other; words that only one has counted are counted, too.

    Classes are left out: those of two corpora need not mean the same.

    Args:
        one, other: read by the same teacher under the same instructions, with the same vocabulary.

    Raises:
        DsltmError: they were not.
    """
    check_compatible(one.header, other.header)
    words = {word: place for place, word in enumerate(dict.fromkeys([*one.words, *other.words]))}
    parts = [_counting(labels, words) for labels in (one, other)]
    header = {**one.header, "words": [*words], "gold_names": []}
    return one_after_another(parts, header, np.full(len(one) + len(other), -1, np.int32))


def _counting(labels: Labels, places: dict[str, int]) -> Labels:
    """The labels with a column for each of these words by their numbers, ascending within a document."""
    table: NDArray[np.int32] = np.array([places[word] for word in labels.words], np.int32)
    old, shape = labels.counts, (len(labels), len(places))
    counts = csr_array((old.data, table[old.indices], old.indptr), shape=shape)
    counts.sort_indices()
    return labels.with_counts(counts)
