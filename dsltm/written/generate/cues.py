"""Windows onto a corpus, each with a cue of its own, so that no round repeats another."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from dsltm.endpoint.tokens import estimate
from dsltm.words.bm25 import terms
from dsltm.written.generate.coverage import by_turns, clusters
from dsltm.written.generate.request import Request, answer_room

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Document
    from dsltm.formats.topics import WrittenTopic

_WORDS = 12  # named in a cue; chosen, not measured
_AXES = 100  # of the documents' words, as many as `dsltm.space.axes` keeps
_VALUES = 24  # of a field, above which numbers and times are shown in spans; chosen, not measured


class Windows:
    """The rounds' windows: an overview, then clusters, first those that the topics so far leave out.

    Args:
        documents: a sample of the corpus.
        tokens: the length of an input, room for the answer included.
        length: about how many tokens a text has; asked anew for each round, because it may be learnt.
        vectors: [n, d] vectors of the documents; None to make them of their words.
        groups: into how many clusters the sample falls, by k-means over the vectors.
        field: a field whose values are shown one by one, too, or span by span where they are many times or
            numbers.
        stopwords: words that are never part of a cue.
        seed: of the clusters.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        *,
        tokens: int,
        groups: int,
        length: Callable[[str], float] = estimate,
        vectors: NDArray[np.float32] | None = None,
        field: str | None = None,
        stopwords: Collection[str] = (),
        seed: int = 0,
    ) -> None:
        self._documents, self._tokens, self._field = list(documents), tokens, field
        self._length, self._seed = length, seed
        self._stopwords = frozenset(stopwords)
        self._terms = [set(terms(document.text)) - self._stopwords for document in documents]
        self._spans = max(groups // 2, 2)
        if vectors is None:
            vectors = lexical_vectors(self._documents, self._stopwords)
        self._vectors = vectors
        self._cluster, self._near = clusters(vectors, groups, seed)

    def requests(
        self, topics: list[WrittenTopic], count: int | None, overview: bool = True
    ) -> Iterator[Request]:
        """One request after another; `topics` is read anew for each, because the rounds fill it.

        Args:
            count: how many topics each request asks for.
            overview: begin with documents from everywhere: all where they fit, else such as stand for every
                kind.
        """
        if overview:
            whole = self._request(range(len(self._documents)), "", topics, count)
            if len(shown := whole.documents) < len(self._documents):
                whole = self._request(by_turns(self._vectors, len(shown), self._seed), "", topics, count)
            yield whole
        seen: set[int] = set()
        shares = self._shares()
        while len(seen) < len(self._near) or shares:
            uncovered = self._uncovered(topics)
            if shares:
                cue, members = shares.pop(0)
                yield self._request(members, cue, topics, count)
            if len(seen) < len(self._near):
                remaining = np.bincount(self._cluster, uncovered + 1e-3, len(self._near))
                remaining[list(seen)] = -1
                seen.add(chosen := int(np.argmax(remaining)))
                near = self._near[chosen]
                rows = [*near[uncovered[near]], *near[~uncovered[near]]]
                yield self._request(rows, self._words(rows, uncovered), topics, count)

    def _request(
        self, rows: Sequence[int] | NDArray[np.int64], cue: str, topics: list[WrittenTopic], count: int | None
    ) -> Request:
        bare = Request([], cue, count, [topic.label for topic in topics], answer_room(self._tokens))
        return bare.showing([self._documents[row] for row in rows], self._tokens, self._length)

    def _uncovered(self, topics: Sequence[WrittenTopic]) -> NDArray[np.bool_]:
        """[n] which documents have no keyword of any topic."""
        known = {term for topic in topics for word in topic.keywords for term in terms(word)}
        return np.array([known.isdisjoint(document) for document in self._terms])

    def _words(self, rows: Sequence[int], uncovered: NDArray[np.bool_]) -> str:
        counts = Counter(term for row in rows if uncovered[row] for term in self._terms[row] if len(term) > 2)
        words = [word for word, count in sorted(counts.items(), key=lambda p: (-p[1], p[0])) if count > 1]
        if not words:
            return "These documents are alike."
        return "These documents are alike. Words that no topic has yet: " + ", ".join(words[:_WORDS])

    def _shares(self) -> list[tuple[str, list[int]]]:
        """Cue and documents of each value of the field, the most frequent first, or of each span of them."""
        if self._field is None:
            return []
        by_value: dict[str, list[int]] = {}
        for row, document in enumerate(self._documents):
            if self._field in document.fields:
                by_value.setdefault(document.fields[self._field], []).append(row)
        places = {value: place_of(value) for value in by_value}
        if len(by_value) > _VALUES and None not in places.values():
            ordered = sorted(by_value, key=lambda value: (places[value], value))
            return [
                (
                    f"In all of these, {self._field} is from {part[0]!r} to {part[-1]!r}.",
                    [row for value in part for row in by_value[value]],
                )
                for part in np.array_split(np.array(ordered, object), self._spans)
            ]
        common = sorted(by_value, key=lambda value: (-len(by_value[value]), value))
        return [(f"In all of these, {self._field} is {value!r}.", by_value[value]) for value in common]


def place_of(value: str) -> float | None:
    """A number by which numbers, or times (ISO 8601), are put in order; None for any other text."""
    with contextlib.suppress(ValueError):
        number = float(value)
        return number if math.isfinite(number) else None
    with contextlib.suppress(ValueError):
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    return None


def lexical_vectors(documents: Sequence[Document], stopwords: Collection[str]) -> NDArray[np.float32]:
    """Unit vectors [n, d] of the documents' words: tf-idf, turned to its strongest axes (Deerwester 1990)."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    vectorizer = TfidfVectorizer(
        analyzer=lambda text: [term for term in terms(text) if len(term) > 2 and term not in stopwords],
        max_features=5000,
        sublinear_tf=True,
    )
    try:
        vectors = vectorizer.fit_transform([document.text for document in documents])
    except ValueError:  # there is not one word in all the documents
        return np.zeros((len(documents), 1), np.float32)
    axes = min(_AXES, *(size - 1 for size in vectors.shape))
    if axes < 1:
        return np.asarray(vectors.toarray(), np.float32)
    turned = TruncatedSVD(axes, random_state=0).fit_transform(vectors)
    return np.asarray(normalize(turned), np.float32)
