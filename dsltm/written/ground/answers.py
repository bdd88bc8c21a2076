"""What the teacher itself would call a document: how likely a topic's words are in its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels

_BLOCK = 4096


def answers(labels: Labels, queries: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """[N, K] how much more than in other documents the teacher would answer with a word of the topic.

    Each word of a topic is a query of its own: its logit, compared with those of all words in the same
    document, then in deviations from its mean over the documents, because some words are likely anyway. A
    topic has the logarithm of the sum of its words' exponentials, so that one word is enough, in deviations
    as well. A topic without a word in the vocabulary has 0 everywhere.

    Args:
        labels: N documents.
        queries: the words of each topic.
    """
    index = {word: place for place, word in enumerate(labels.vocabulary)}
    own = [[index[word] for word in query if word in index] for query in queries]
    wanted = sorted({place for places in own for place in places})
    logits = np.empty((len(labels), len(wanted)), np.float32)
    for start in range(0, len(labels), _BLOCK):
        block = np.asarray(labels.logits[start : start + _BLOCK], np.float32)
        logits[start : start + _BLOCK] = block[:, wanted] - block.mean(1, keepdims=True)
    likely = np.exp(_deviations(logits))
    column = {place: number for number, place in enumerate(wanted)}
    out = np.zeros((len(labels), len(queries)), np.float32)
    for topic, places in enumerate(own):
        if places:
            out[:, topic] = np.log(likely[:, [column[place] for place in places]].sum(1))
    return _deviations(out)


def _deviations(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each column less its mean, over its standard deviation; 0 where it does not vary."""
    return np.asarray((values - values.mean(0)) / np.maximum(values.std(0), 1e-6), np.float32)
