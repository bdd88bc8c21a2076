"""All metrics of some models, by name."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dsltm.endpoint import EndpointError
from dsltm.formats.labels import Labels
from dsltm.metrics.clustering import ASSIGNMENT
from dsltm.metrics.coherence import Coherence
from dsltm.metrics.diversity import i_rbo, jaccard, top_words, topic_diversity
from dsltm.metrics.gold import Gold
from dsltm.metrics.names import TOP_WORDS
from dsltm.metrics.retrieval import MAX_QUERIES, precision_by_topics, precision_by_vectors
from dsltm.metrics.subject import Subject

Values = dict[str, float | int]
Rater = Callable[[Sequence[Sequence[str]]], Sequence[float | EndpointError]]
CoherenceOf = Callable[[Sequence[Sequence[Sequence[str]]]], Sequence[Coherence]]


@dataclass(frozen=True, slots=True)
class Scores:
    """The metrics of one model.

    Attributes:
        values: by name, in the order of `names.MEANINGS`.
        per_topic: by name one value a topic, None where it has none.
        failures: why topics were not rated, each reason once.
    """

    values: Values
    per_topic: dict[str, list[float | None]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def evaluate(
    subjects: Sequence[Subject],
    *,
    gold: Gold | None = None,
    labels: Labels | None = None,
    coherence_of: CoherenceOf | None = None,
    raters: Mapping[str, Rater] | None = None,
    topn: int = TOP_WORDS,
    vectors: bool = False,
) -> list[Scores]:
    """Score models by everything that is known of them.

    Args:
        subjects: the models.
        gold: the documents' classes.
        labels: the file that the documents of our own models came from.
        coherence_of: `reference.by_corpus` or `reference.by_counts` with their reference, for all models.
        raters: functions from topics to ratings, by the metric's name.
        topn: words of each topic that count.
        vectors: also retrieve by the document vectors in `labels`.

    Raises:
        DsltmError: what is given does not fit together.
    """
    scores = []
    for subject in subjects:
        # Another tool's documents need not be those of the labels file, nor in their order.
        own = labels if labels is not None and subject.ids is labels.ids else None
        scores.append(score := Scores(_size(subject, own)))
        if gold is not None and subject.clusters is not None:
            classes = gold.aligned(subject)
            score.values.update(by_gold(subject, classes, own if vectors else None))
        if own is not None and subject.clusters is not None and subject.topics is not None:
            sizes = np.bincount(subject.clusters, minlength=len(subject.topics))
            score.per_topic["size"] = sizes.tolist()
        if subject.topics is not None:
            score.values.update(by_words(subject.topics, topn))
    worded = [
        (subject.topics, score) for subject, score in zip(subjects, scores, strict=True) if subject.topics
    ]
    if coherence_of is not None and worded:
        measured = coherence_of([topics for topics, _ in worded])
        for (_, score), found in zip(worded, measured, strict=True):
            _add_coherence(score, found)
    for name, rater in (raters or {}).items():
        for topics, score in worded:
            _add_ratings(score, name, rater([top_words(topic, topn) for topic in topics]))
    return scores


def _add_coherence(score: Scores, measured: Coherence) -> None:
    counts = {"unseen_words": measured.unseen_words, "short_topics": measured.short_topics}
    score.values.update(measured.means(), **counts)
    for name, values in measured.per_topic.items():
        score.per_topic[name] = [None if math.isnan(value) else value for value in values]


def _add_ratings(score: Scores, name: str, ratings: Sequence[float | EndpointError]) -> None:
    """The mean is over the topics that were rated; without any the metric is left out."""
    given = [rating for rating in ratings if not isinstance(rating, EndpointError)]
    score.per_topic[name] = [None if isinstance(rating, EndpointError) else rating for rating in ratings]
    if given:
        score.values[name] = sum(given) / len(given)
    if len(given) < len(ratings):
        score.values["failed_ratings"] = len(ratings) - len(given)
        score.failures.extend(dict.fromkeys(str(r) for r in ratings if isinstance(r, EndpointError)))


def _size(subject: Subject, labels: Labels | None) -> Values:
    """How much there is of what."""
    values: Values = {}
    if subject.topics is not None:
        values["topics"] = len(subject.topics)
    if subject.clusters is not None:
        values.setdefault("topics", len(np.unique(subject.clusters)))
        values["documents"] = len(subject.clusters)
        if labels is not None:
            values["empty_documents"] = int(labels.empty.sum())
        elif subject.unassigned:
            values["unassigned_documents"] = subject.unassigned
    return values


def by_gold(subject: Subject, gold: Sequence[str | None], labels: Labels | None = None) -> Values:
    """How well the documents' topics agree with their gold classes.

    Documents without a gold class are left out; documents without text are not: they are given a topic as
    all others, and a model that gathers them in one topic is the better for it.

    Args:
        gold: [N] classes.
        labels: where given, retrieval by its document vectors is measured as well.

    Raises:
        DsltmError: no document has a class, or the topic proportions are no numbers.
    """
    assert subject.clusters is not None
    rows = np.flatnonzero([label is not None for label in gold])
    codes: dict[str, int] = {}
    classes = np.array([codes.setdefault(label, len(codes)) for label in gold if label is not None])
    values: Values = {"gold_documents": len(rows), "classes": len(codes)}
    values |= {name: metric(subject.clusters[rows], classes) for name, metric in ASSIGNMENT.items()}
    if subject.theta is not None:
        theta = subject.theta if len(rows) == len(subject.theta) else subject.theta[rows]
        found = precision_by_topics(theta, classes)
        if len(rows) > MAX_QUERIES:
            values["query_documents"] = MAX_QUERIES
        values |= {f"precision_at_{depth}": value for depth, value in found.items()}
    if labels is not None:
        vectors = labels.hidden if len(rows) == len(labels) else labels.hidden[rows]
        found = precision_by_vectors(vectors, classes)
        values |= {f"vector_precision_at_{depth}": value for depth, value in found.items()}
    return values


def by_words(topics: Sequence[Sequence[str]], topn: int = TOP_WORDS) -> Values:
    """How diverse the topics are."""
    return {
        "topic_diversity": topic_diversity(topics, topn),
        "i_rbo": i_rbo(topics, topn),
        "jaccard": jaccard(topics, topn),
    }
