"""Which words stand for a topic: the most probable, the most telling, or a choice without near-repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_CANDIDATES = 5  # a diverse choice of n is made among the first 5n
_TINY = 1e-30


@dataclass(frozen=True, slots=True)
class Choice:
    """How the words of a topic are chosen.

    Args:
        words: how many.
        relevance: λ in [0, 1] of Sievert and Shirley; 1 is plain probability.
        diversify: in [0, 1], how much a word loses for its likeness to words already chosen; 0 is nothing.
    """

    words: int = 10
    relevance: float = 1.0
    diversify: float = 0.0

    def __post_init__(self) -> None:
        for name in ("relevance", "diversify"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"--{name} lies between 0 and 1, not {getattr(self, name)}")


def chosen(
    beta: NDArray[np.float32],
    choice: Choice,
    shares: Floats | None = None,
    embeddings: NDArray[np.float16] | None = None,
) -> NDArray[np.int64]:
    """The words of every topic, the first one first, as columns of `beta`.

    Args:
        beta: [K, V], rows sum to one.
        choice: how many, and by what.
        shares: [K] how common the topics are, for the words' overall probability; None: all alike.
        embeddings: [V, E], places of the words by their meaning; `diversify` needs them.

    Returns:
        [K, min(words, V)]; equal words stand in the vocabulary's order.

    Raises:
        UsageError: `diversify` without embeddings.
    """
    scores = relevance(beta, choice.relevance, shares)
    wanted = min(choice.words, beta.shape[1])
    if not choice.diversify:
        return np.argsort(-scores, axis=1, kind="stable")[:, :wanted]
    if embeddings is None:
        raise UsageError(
            "--diversify compares words by the teacher's embeddings", hint="adding a labels file"
        )
    places = _directions(embeddings)
    first = np.argsort(-scores, axis=1, kind="stable")[:, : _CANDIDATES * wanted]
    return np.stack(
        [
            row[_diverse(row_scores[row], places[row], wanted, choice.diversify)]
            for row, row_scores in zip(first, scores, strict=True)
        ]
    )


def relevance(beta: NDArray[np.float32], weight: float, shares: Floats | None = None) -> Floats:
    """λ log φ_kw + (1 - λ) log φ_kw / p_w, [K, V]; p_w is the word's probability over all topics.

    Sievert and Shirley 2014, "LDAvis: A method for visualizing and interpreting topics"; they recommend 0.6.
    """
    phi = np.maximum(beta.astype(np.float64), _TINY)
    if weight == 1:
        return np.log(phi)
    shares = np.full(len(beta), 1 / len(beta)) if shares is None else shares
    overall = np.maximum(shares @ phi, _TINY)
    return np.log(phi) - (1 - weight) * np.log(overall)


def _directions(embeddings: NDArray[np.float16]) -> Floats:
    """Unit vectors [V, E] about the mean: embeddings of a language model all point one way."""
    places = embeddings.astype(np.float64)
    places -= places.mean(axis=0)
    lengths = np.linalg.norm(places, axis=1, keepdims=True)
    unit: Floats = np.divide(places, lengths, out=np.zeros_like(places), where=lengths > 0)
    return unit


def _diverse(scores: Floats, places: Floats, wanted: int, weight: float) -> NDArray[np.int64]:
    """Maximal marginal relevance (Carbonell and Goldstein 1998): positions among the candidates, best first.

    Scores are logarithms; their exponentials count, from 0, the last candidate's, to 1, the first one's.
    """
    worth = np.exp(scores - scores.max())
    worth -= worth.min()
    worth /= worth.max() or 1
    likeness = np.maximum(places @ places.T, 0)  # opposites are no better than strangers
    taken = [0]
    nearest = likeness[0].copy()
    while len(taken) < wanted:
        value = (1 - weight) * worth - weight * nearest
        value[taken] = -np.inf
        taken.append(int(value.argmax()))
        nearest = np.maximum(nearest, likeness[taken[-1]])
    return np.array(taken)
