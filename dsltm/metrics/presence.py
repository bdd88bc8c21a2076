"""Which documents of a labels file have which words."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from scipy import sparse

from dsltm.formats.labels import Labels


def presence(labels: Labels, words: Sequence[str]) -> sparse.csr_array:
    """[N, n] 1 where a document has a word, 0 elsewhere and for words that the labels file does not count.

    Args:
        words: n words, one a column in this order; they may repeat, and capitals make no difference.
    """
    counts = labels.counts
    places = {word: column for column, word in enumerate(labels.words)}
    pairs = [(places[w], n) for n, w in enumerate(map(as_token, words)) if w in places]
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    chosen = sparse.csr_array((np.ones(len(rows), np.int64), (rows, columns)), (counts.shape[1], len(words)))
    return ((counts @ chosen) > 0).astype(np.int64)


def as_token(word: str) -> str:
    """A word as documents' tokens are written, because other tools' topics may be capitalised."""
    return unicodedata.normalize("NFC", word).lower().strip()
