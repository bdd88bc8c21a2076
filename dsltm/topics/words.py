"""Which words are shown for a topic: the most telling or most relevant ones, with or without near-repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.errors import UsageError
from dsltm.words.ranking import first_words, relevance, telling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.formats.model import Model
    from dsltm.topics.config import WordChoice

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

# A diverse choice of n words is made among the best 5n; chosen, not measured.
_CANDIDATES = 5


def chosen(
    model: Model,
    choice: WordChoice,
    sizes: Integers | None = None,
    embeddings: NDArray[np.float16] | None = None,
) -> list[Integers]:
    """The words of every topic, the first one first, as columns of `beta`.

    Args:
        model: K topics over V words.
        choice: how many, and by what.
        sizes: [K] how common the topics are, for the words' overall probability, which relevance compares
            with; None: as in training.
        embeddings: [V, E], places of the words by their meaning; `diversify` needs them.

    Returns:
        K arrays of at most `choice.count` indices; equal words stand in the vocabulary's order.

    Raises:
        UsageError: `diversify` without embeddings.
    """
    if choice.diversify and embeddings is None:
        raise UsageError(
            "--diversify compares words by the teacher's embeddings", hint="adding a labels file"
        )
    if choice.relevance is None:
        scores = telling(model.beta, model.usage, model.sizes)
    else:
        scores = relevance(model.beta, choice.relevance, model.sizes if sizes is None else sizes)
    wanted = choice.count * (_CANDIDATES if choice.diversify else 1)
    rows = first_words(model, wanted, scores)
    if embeddings is None or not choice.diversify:
        return rows
    places = _directions(embeddings)
    return [
        row[_diverse(row_scores[row], places[row], min(choice.count, len(row)), choice.diversify)]
        for row, row_scores in zip(rows, scores, strict=True)
    ]


def _directions(embeddings: NDArray[np.float16]) -> Floats:
    """Unit vectors [V, E] of the embeddings less their mean.

    Output embeddings share a long common part that says nothing of a word (Mu and Viswanath 2018,
    "All-but-the-top").
    """
    places = embeddings.astype(np.float64)
    places -= places.mean(axis=0)
    lengths = np.linalg.norm(places, axis=1, keepdims=True)
    unit: Floats = np.divide(places, lengths, out=np.zeros_like(places), where=lengths > 0)
    return unit


def _diverse(scores: Floats, places: Floats, wanted: int, weight: float) -> Integers:
    """Maximal marginal relevance (Carbonell and Goldstein 1998): positions among the candidates, best first.

    Scores are scaled first: 0 for the worst candidate, 1 for the best.
    """
    worth = scores - scores.min()
    worth /= worth.max() or 1
    # Words of opposite directions count as unrelated, so that being an opposite earns nothing.
    likeness = np.maximum(places @ places.T, 0)
    taken = [0]
    nearest = likeness[0].copy()
    while len(taken) < wanted:
        value = (1 - weight) * worth - weight * nearest
        value[taken] = -np.inf
        taken.append(int(value.argmax()))
        nearest = np.maximum(nearest, likeness[taken[-1]])
    return np.array(taken)
