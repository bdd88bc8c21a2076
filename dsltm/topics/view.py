"""A model and the documents that it is looked at with: what the views of topics share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from dsltm.assigning.documents import theta_of
from dsltm.topics import documents
from dsltm.topics.describe import Topic, describe, with_coherence
from dsltm.topics.phrases import SOURCES, Clue
from dsltm.topics.shares import Shares, shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from dsltm.formats.corpus import Corpus
    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.topics.config import Every, WordChoice


@dataclass(frozen=True)
class View:
    """Topics with N documents.

    Attributes:
        model: K topics.
        labels: the documents.
        theta: [N, K] their topic proportions.
    """

    model: Model
    labels: Labels
    theta: NDArray[np.float32]

    @classmethod
    def of(cls, model: Model, labels: Labels) -> View:
        """Look at the documents with the model.

        Raises:
            DsltmError: they come from different teachers, prompts or vocabularies.
        """
        labels = labels.only_read()
        return cls(model, labels, theta_of(model, labels))

    @cached_property
    def numbers(self) -> list[int]:
        """[K] the topics' numbers."""
        return self.model.numbering.numbers

    @cached_property
    def full(self) -> NDArray[np.bool_]:
        """[N] whether a document says anything; the topic of an empty one means nothing."""
        return ~self.labels.empty

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """[N] each document's first topic, -1 for those without text."""
        return documents.first_topics(self.theta, self.full)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """[K] how many documents each topic is the first of."""
        return documents.sizes(self.first, self.model.topics)

    @property
    def embeddings(self) -> NDArray[np.float16] | None:
        """[V, E] the teacher's, of the words; None where no teacher read."""
        embeddings = self.labels.word_embeddings
        return embeddings if embeddings.size else None

    def topics(self, choice: WordChoice, *, coherence: bool = False) -> list[Topic]:
        """The topics with their sizes, in the order of their numbers."""
        topics = describe(self.model, choice, self.sizes, self.embeddings)
        return with_coherence(topics, self.labels) if coherence else topics

    def with_documents(
        self, topics: list[Topic], examples: int, borderline: int, corpus: Corpus | None
    ) -> list[Topic]:
        """The topics, in the order of their numbers, with typical documents and with uncertain ones.

        Args:
            topics: from `topics`.
            examples, borderline: how many of each; 0: none.
            corpus: where their texts are; None: only their names are shown.

        Raises:
            DsltmError: the corpus is not that of the labels.
        """
        typical = documents.typical(self.theta, self.full, examples) if examples else []
        uncertain = documents.uncertain(self.theta, self.first, borderline) if borderline else []
        rows = (int(row) for chosen in (*typical, *uncertain) for row in chosen)
        texts = None if corpus is None else documents.texts_of(rows, corpus, self.labels)
        if examples:
            shown = documents.shown(typical, self.theta, self.labels, texts, examples)
            topics = [replace(topic, examples=own) for topic, own in zip(topics, shown, strict=True)]
        if borderline:
            shown = documents.shown(uncertain, self.theta, self.labels, texts, borderline, self.numbers)
            topics = [replace(topic, borderline=own) for topic, own in zip(topics, shown, strict=True)]
        return topics

    def clues(self, topics: list[Topic], corpus: Corpus | None) -> list[Clue]:
        """What these topics are named by.

        Args:
            topics: with the words that tell them apart.
            corpus: where typical documents are read; None: words alone.

        Raises:
            DsltmError: the corpus is not that of the labels.
        """
        if corpus is None:
            return [Clue(topic.topic, topic.words) for topic in topics]
        typical = documents.typical(self.theta, self.full, SOURCES)
        rows = [typical[topic.place][:SOURCES] for topic in topics]
        texts = documents.texts_of((int(row) for chosen in rows for row in chosen), corpus, self.labels)
        texts_of_topics = [[texts[int(row)] for row in chosen] for chosen in rows]
        return [
            Clue(topic.topic, topic.words, own) for topic, own in zip(topics, texts_of_topics, strict=True)
        ]

    def shares(self, field: str, every: Every | None, corpus: Corpus | None) -> Shares:
        """Topics over a field.

        Args:
            field: its name; the corpus must have been opened to keep it.
            every: by which period, where it is a date.
            corpus: where it is read; None: the class of each document as the labels have it.

        Raises:
            DsltmError: see `shares.shares`, or the corpus is not that of the labels.
        """
        return shares(
            field, self.fields([field], corpus)[field], self.first, self.numbers, every, self.labels.ids
        )

    def fields(self, names: Sequence[str], corpus: Corpus | None) -> dict[str, list[str | None]]:
        """N values of each field; None where a document lacks it.

        Args:
            names: which; the corpus must have been opened to keep them.
            corpus: where they are read; None: the class of each document as the labels have it.

        Raises:
            DsltmError: the corpus is not that of the labels.
        """
        if corpus is None:
            return dict.fromkeys(names, self.labels.gold())
        rows = [document.fields for document in documents.read_along(corpus, self.labels)]
        return {name: [row.get(name) for row in rows] for name in names}
