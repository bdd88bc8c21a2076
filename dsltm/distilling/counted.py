"""Which words of a corpus its labels count: those that the teacher is asked for, and many more."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dsltm.words.counts import Counts

# The names of so many words take half a megabyte of a labels file; chosen for that, not measured.
MOST_WORDS = 50_000


def counted_words(counts: Counts, vocabulary: Sequence[str], stopwords: Collection[str]) -> list[str]:
    """The words that the labels count: the vocabulary, then those of the most documents.

    The vocabulary keeps its order, so that its counts are the first columns; the others follow in the order
    of their document frequency, words of the same frequency by the alphabet. There are 50,000 at most. A word
    of a single document says nothing of how documents are alike, but its letters do
    (tests/bench/README.md, "Readers of words").

    Args:
        counts: of all words of the corpus.
        vocabulary: the words that the labels have logits of.
        stopwords: are not counted, unless they are of the vocabulary.
    """
    left_out = {*vocabulary, *stopwords}
    others = ((-documents, word) for word, documents in counts.df.items() if word not in left_out)
    return [*vocabulary, *(word for _, word in nsmallest(MOST_WORDS - len(vocabulary), others))]
