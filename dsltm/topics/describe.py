"""Topics as they are shown and written: words, sizes, coherence and documents of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dsltm.topics.words import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.topics.config import WordChoice
    from dsltm.topics.documents import Example


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Args:
        topic: its number.
        place: its row in the model's arrays.
        words: the words that are shown for it, the first word first.
        weights: their probabilities [len(words)] float32.
        label: its name, where it has one.
        size: how many documents have it as their first topic, where documents were given.
        share: the same as a part of all documents with text, in [0, 1].
        coherence: NPMI of its words over the documents, where it was asked for; NaN for a single word.
        examples: its most typical documents.
        borderline: documents whose first topic it is by the narrowest margin.
    """

    topic: int
    place: int
    words: list[str]
    weights: NDArray[np.float32]
    label: str | None = None
    size: int | None = None
    share: float | None = None
    coherence: float | None = None
    examples: list[Example] | None = None
    borderline: list[Example] | None = None

    @property
    def name(self) -> str:
        """What to call it: its name, or its first three words."""
        return self.label or " ".join(self.words[:3])

    def row(self) -> dict[str, object]:
        """The topic as a line of a topics file; what was not asked for has no key."""
        row: dict[str, object] = {"topic": self.topic, "words": self.words, "weights": self.weights}
        for key in ("size", "label", "coherence"):
            if (value := getattr(self, key)) is not None:
                row[key] = value
        for key in ("examples", "borderline"):
            if (documents := getattr(self, key)) is not None:
                row[key] = [example.row() for example in documents]
        return row


def describe(
    model: Model,
    choice: WordChoice,
    sizes: NDArray[np.int64] | None = None,
    embeddings: NDArray[np.float16] | None = None,
) -> list[Topic]:
    """The topics of a model in the order of their numbers.

    Args:
        model: K topics over V words, with their names where they have some.
        choice: which words to show.
        sizes: [K], see `documents.sizes`.
        embeddings: [V, E] of the words, for a diverse choice.
    """
    total = 0 if sizes is None else int(sizes.sum())
    words = chosen(model, choice, sizes, embeddings)
    vocabulary, names = model.vocabulary, model.names
    return [
        Topic(
            number,
            place,
            [vocabulary[i] for i in words[place]],
            model.beta[place, words[place]],
            names[place],
            None if sizes is None else int(sizes[place]),
            None if sizes is None else int(sizes[place]) / max(total, 1),
        )
        for place, number in enumerate(model.numbering.numbers)
    ]


def with_coherence(topics: Sequence[Topic], labels: Labels) -> list[Topic]:
    """The topics with the NPMI of their words, counted over whole documents."""
    from dsltm.metrics.coherence import COHERENCE, coherence
    from dsltm.metrics.cooccurrence import count_windows

    codes = {word: i for i, word in enumerate(labels.vocabulary)}
    numbered = [[codes[word] for word in topic.words] for topic in topics]
    measure = COHERENCE["npmi_doc"]
    indices, bounds = labels.vocabulary_counts.indices, labels.vocabulary_counts.indptr.tolist()
    documents = (indices[start:end].tolist() for start, end in pairwise(bounds) if end > start)
    counts = count_windows(documents, numbered, [measure.window])
    words = [topic.words for topic in topics]
    values = coherence(words, counts, {"npmi": measure}).per_topic["npmi"]
    return [replace(topic, coherence=value) for topic, value in zip(topics, values, strict=True)]


def ordered(topics: Sequence[Topic], by: str) -> list[Topic]:
    """The topics by "id", "size" or "coherence": largest or most coherent first, equal ones by number."""
    if by == "size":
        return sorted(topics, key=lambda topic: (-(topic.size or 0), topic.topic))
    if by == "coherence":
        return sorted(topics, key=lambda topic: (-_score(topic), topic.topic))
    return sorted(topics, key=lambda topic: topic.topic)


def _score(topic: Topic) -> float:
    return -np.inf if topic.coherence is None or np.isnan(topic.coherence) else topic.coherence
