"""What a topic is called for people and programs: its most probable words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Args:
        topic: its number, from 0.
        words: its most probable words, the first one first.
        weights: their probabilities [len(words)] float32.
        size: how many documents it is the first topic of, where documents were given.
    """

    topic: int
    words: list[str]
    weights: NDArray[np.float32]
    size: int | None = None

    def row(self) -> dict[str, object]:
        """The topic as a line of a topics file."""
        row: dict[str, object] = {"topic": self.topic, "words": self.words, "weights": self.weights}
        return row if self.size is None else {**row, "size": self.size}


def describe(
    beta: NDArray[np.float32],
    vocabulary: Sequence[str],
    words: int,
    theta: NDArray[np.float32] | None = None,
) -> Iterator[Topic]:
    """The topics of a model in the order of their numbers.

    Args:
        beta: [K, V], rows sum to one.
        vocabulary: V words.
        words: how many words to show of each topic.
        theta: [N, K], the topic proportions of documents, for the sizes.
    """
    sizes = None if theta is None else np.bincount(theta.argmax(axis=1), minlength=len(beta))
    for number, weights in enumerate(beta):
        best = np.argsort(-weights, kind="stable")[:words]  # equal weights: in the vocabulary's order
        yield Topic(
            number,
            [vocabulary[i] for i in best],
            weights[best],
            None if sizes is None else int(sizes[number]),
        )
