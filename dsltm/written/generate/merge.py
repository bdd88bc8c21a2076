"""Topics from several rounds as one list: near-duplicates become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.formats.topics import WrittenTopic
from dsltm.words.bm25 import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Document

SAME = 1.0
"""The score from which two topics are taken for one: the Jaccard index of their keywords, doubled where their
labels share a word, plus the cosine of their vectors. Neither part is enough alone, because words such as
"use" occur in many topics, and topics that share no word may be about the same documents. Chosen, not
measured."""
_KEYWORDS = 10  # of a topic that was joined of two; chosen, not measured


class Merger:
    """A growing list of topics.

    Args:
        documents: a sample of the corpus. A topic's vector is how many of its keywords each of them has, so
            that two topics with other words about the same documents are seen to be one.

    Attributes:
        topics: the topics so far, in the order in which they came.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.topics: list[WrittenTopic] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._terms = [frozenset(terms(document.text)) for document in documents]

    def add(self, new: Sequence[WrittenTopic]) -> int:
        """Take in topics; one that is the same as a topic of the list is joined with it.

        Returns:
            How many topics the list has gained.
        """
        fresh = 0
        for topic in new:
            vector = self._vector(topic)
            place = next((i for i in range(len(self.topics)) if self._same(topic, vector, i)), None)
            if place is None:
                self.topics.append(topic)
                self._vectors.append(vector)
                fresh += 1
            else:
                self.topics[place] = joined(self.topics[place], topic)
                self._vectors[place] = self._vector(self.topics[place])
        return fresh

    def join(self, groups: Sequence[Sequence[int]]) -> None:
        """Make one topic, in the place of the first, of each group of places; no place is in two groups."""
        gone = set()
        for first, *others in map(sorted, groups):
            for other in others:
                self.topics[first] = joined(self.topics[first], self.topics[other])
            self._vectors[first] = self._vector(self.topics[first])
            gone.update(others)
        kept = [place for place in range(len(self.topics)) if place not in gone]
        self.topics[:] = [self.topics[place] for place in kept]
        self._vectors[:] = [self._vectors[place] for place in kept]

    def best(self, count: int) -> list[WrittenTopic]:
        """The `count` topics whose keywords occur in the most documents, in the order in which they came."""
        reach = np.array([np.count_nonzero(vector) for vector in self._vectors])
        widest = np.sort(np.argsort(-reach, kind="stable")[:count])
        return [self.topics[i] for i in widest]

    def _vector(self, topic: WrittenTopic) -> NDArray[np.float32]:
        wanted = [frozenset(terms(word)) for word in topic.keywords]
        shared = [sum(word <= document for word in wanted) for document in self._terms]
        return np.array(shared, np.float32)

    def _same(self, topic: WrittenTopic, vector: NDArray[np.float32], place: int) -> bool:
        other, own = self.topics[place], self._vectors[place]
        if topic.label.casefold() == other.label.casefold():
            return True
        mine, its = (set(terms(" ".join(t.keywords))) for t in (topic, other))
        overlap = len(mine & its) / max(len(mine | its), 1)
        if set(terms(topic.label)) & set(terms(other.label)):
            overlap *= 2
        size = float(np.linalg.norm(vector) * np.linalg.norm(own))
        return overlap + float(vector @ own) / max(size, 1e-9) >= SAME


def joined(first: WrittenTopic, second: WrittenTopic) -> WrittenTopic:
    """Two topics as one, under the first one's label."""
    return WrittenTopic(
        first.label,
        first.summary or second.summary,
        tuple(dict.fromkeys([*first.keywords, *second.keywords]))[:_KEYWORDS],
        tuple(dict.fromkeys([*first.documents, *second.documents])),
    )
