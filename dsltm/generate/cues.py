"""Windows onto a corpus, each with a cue of its own, so that no round repeats another."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from dsltm.generate.request import Request, fitting
from dsltm.ground.lexical import terms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Document
    from dsltm.formats.topics import WrittenTopic

_WORDS = 12


class Windows:
    """The rounds' windows: an overview, then clusters of the corpus and what the topics so far leave out.

    Args:
        documents: a sample of the corpus.
        tokens: what an input holds.
        clusters: into how many the sample falls, by k-means over its tf-idf vectors.
        field: a field whose values are shown one by one, too.
        stopwords: words that never are a cue.
        seed: of the clusters.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        *,
        tokens: int,
        clusters: int,
        field: str | None = None,
        stopwords: Collection[str] = (),
        seed: int = 0,
    ) -> None:
        self._documents, self._tokens, self._field = list(documents), tokens, field
        self._stopwords = frozenset(stopwords)
        self._terms = [set(terms(document.text)) - self._stopwords for document in documents]
        self._cluster, self._near = _clusters(self._documents, self._stopwords, clusters, seed)

    def requests(
        self, topics: list[WrittenTopic], count: int | None, overview: bool = True
    ) -> Iterator[Request]:
        """One request after another; `topics` is looked at anew each time, as the rounds fill it.

        Args:
            count: how many topics each asks for.
            overview: begin with documents from everywhere.
        """
        if overview:
            spread = np.linspace(0, len(self._documents) - 1, min(len(self._documents), 400)).astype(int)
            yield self._request(spread, "", topics, count)
        seen: set[int] = set()
        values = self._values()
        while len(seen) < len(self._near) or values:
            uncovered = self._uncovered(topics)
            if values:
                value = values.pop(0)
                rows = [i for i, d in enumerate(self._documents) if d.fields.get(self._field or "") == value]
                yield self._request(rows, f"In all of these, {self._field} is {value!r}.", topics, count)
            if len(seen) < len(self._near):
                share = [
                    -1.0 if c in seen else float(uncovered[self._cluster == c].mean())
                    for c in range(len(self._near))
                ]
                cluster = int(np.argmax(share))
                seen.add(cluster)
                near = self._near[cluster]
                rows = [*near[uncovered[near]], *near[~uncovered[near]]]
                yield self._request(rows, self._words(rows, uncovered), topics, count)

    def _request(
        self, rows: Sequence[int] | NDArray[np.int64], cue: str, topics: list[WrittenTopic], count: int | None
    ) -> Request:
        shown = fitting([self._documents[row] for row in rows], self._tokens)
        return Request(shown, cue, count, [topic.label for topic in topics])

    def _uncovered(self, topics: Sequence[WrittenTopic]) -> NDArray[np.bool_]:
        """[n] which documents have no keyword of any topic."""
        told = {term for topic in topics for word in topic.keywords for term in terms(word)}
        return np.array([told.isdisjoint(found) for found in self._terms])

    def _words(self, rows: Sequence[int], uncovered: NDArray[np.bool_]) -> str:
        counts = Counter(term for row in rows if uncovered[row] for term in self._terms[row] if len(term) > 2)
        words = [word for word, count in sorted(counts.items(), key=lambda p: (-p[1], p[0])) if count > 1]
        if not words:
            return "These documents are alike."
        return "These documents are alike. Words that no topic has yet: " + ", ".join(words[:_WORDS])

    def _values(self) -> list[str]:
        if self._field is None:
            return []
        counts = Counter(d.fields[self._field] for d in self._documents if self._field in d.fields)
        return [value for value, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]


def _clusters(
    documents: Sequence[Document], stopwords: Collection[str], clusters: int, seed: int
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Each document's cluster, and each cluster's documents, the most typical first."""
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer=lambda text: [term for term in terms(text) if len(term) > 2 and term not in stopwords],
        max_features=5000,
        sublinear_tf=True,
    )
    try:
        vectors = vectorizer.fit_transform([document.text for document in documents])
    except ValueError:  # not one word in all of them
        return np.zeros(len(documents), np.int64), [np.arange(len(documents))]
    found = KMeans(min(clusters, len(documents)), n_init=1, random_state=seed).fit(vectors)
    distance = found.transform(vectors)
    labels = found.labels_.astype(np.int64)
    members = [np.flatnonzero(labels == c) for c in range(found.n_clusters)]
    near = [rows[np.argsort(distance[rows, c], kind="stable")] for c, rows in enumerate(members) if len(rows)]
    order = {c: i for i, c in enumerate(c for c, rows in enumerate(members) if len(rows))}
    return np.array([order[c] for c in labels]), near
