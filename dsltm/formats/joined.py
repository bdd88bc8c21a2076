"""The labels of two corpora as those of one, for what is learned from both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from dsltm.formats.labels import Labels
from dsltm.formats.model import check_compatible
from dsltm.formats.stacked import stacked
from dsltm.formats.strings import Strings, pointers

if TYPE_CHECKING:
    from numpy.typing import NDArray


def joined(one: Labels, other: Labels) -> Labels:
    """The documents of one, then those of the other; words that only one has counted are counted, too.

    Classes are left out: those of two corpora need not mean the same.

    Args:
        one, other: read by the same teacher under the same instructions, with the same vocabulary.

    Raises:
        DsltmError: they were not.
    """
    check_compatible(one.header, other.header)
    extra = {word: place for place, word in enumerate(dict.fromkeys([*one.words, *other.words]))}
    counts = [_renumbered(labels, extra) for labels in (one, other)]
    parts = (one, other)
    return Labels(
        header={**one.header, "words": [*extra], "gold_names": []},
        ids=Strings(
            stacked([part.ids.data for part in parts]), pointers([part.ids.indptr for part in parts])
        ),
        logits=stacked([part.logits for part in parts]),
        hidden=stacked([part.hidden for part in parts]),
        bow_indptr=pointers([part.indptr.astype(np.int64) for part in counts]),
        bow_indices=stacked([part.indices.astype(np.int32) for part in counts]),
        bow_data=stacked([part.data for part in counts]),
        gold_codes=np.full(len(one) + len(other), -1, np.int32),
        flags=np.concatenate([part.flags for part in parts]),
        word_embeddings=one.word_embeddings,
    )


def _renumbered(labels: Labels, places: dict[str, int]) -> csr_array:
    """The word counts with a column for each of other words' numbers, ascending within a document."""
    counts = labels.counts
    table: NDArray[np.int32] = np.array([places[word] for word in labels.words], np.int32)
    shape = (counts.shape[0], len(places))
    renumbered = csr_array((counts.data, table[counts.indices], counts.indptr), shape=shape)
    renumbered.sort_indices()
    return renumbered
