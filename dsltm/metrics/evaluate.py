"""All metrics of some models, by name."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from dsltm.formats.labels import Labels
from dsltm.formats.word_vectors import WordVectors
from dsltm.metrics.coherence import Coherence
from dsltm.metrics.config import EvalOptions
from dsltm.metrics.evidence import Evidence, Scores, rows_in
from dsltm.metrics.gold import Gold
from dsltm.metrics.names import FAMILIES
from dsltm.metrics.reference import CoherenceOf
from dsltm.metrics.subject import Subject


def evaluate(
    subjects: Sequence[Subject],
    *,
    gold: Gold | None = None,
    labels: Labels | None = None,
    coherence_of: CoherenceOf | None = None,
    judged: Callable[[Subject], Scores] | None = None,
    options: EvalOptions | None = None,
) -> list[Scores]:
    """Score models by everything that is known of them.

    Args:
        subjects: the models.
        gold: the documents' classes.
        labels: the file that the documents of our own models came from; another tool's documents are looked
            up there by their ids.
        coherence_of: from `reference.coherence_by`, for all models; None: coherence is not measured.
        judged: what a language model thinks of a model; None: nobody is asked.
        options: what to measure; without it the usual.

    Raises:
        DsltmError: the models, labels, classes and reference do not fit together.
    """
    options = options or EvalOptions()
    if options.word_vectors is None and labels is not None:
        options = replace(options, word_vectors=WordVectors.of_labels(labels))
    families = [measure for family in FAMILIES if (measure := family.load()) is not None]
    scores = []
    for subject in subjects:
        evidence = _evidence(subject, gold, labels, options)
        scores.append(score := Scores())
        for measure in families:
            score.add(measure(evidence))
    with_words = [
        (subject.topics, score) for subject, score in zip(subjects, scores, strict=True) if subject.topics
    ]
    if coherence_of is not None and with_words:
        measured = coherence_of([topics for topics, _ in with_words])
        for (_, score), coherence in zip(with_words, measured, strict=True):
            _add_coherence(score, coherence)
    if judged is not None:
        for subject, score in zip(subjects, scores, strict=True):
            score.add(judged(subject))
    return scores


def _evidence(subject: Subject, gold: Gold | None, labels: Labels | None, options: EvalOptions) -> Evidence:
    classes = None if gold is None or subject.clusters is None else gold.aligned(subject)
    rows = None if labels is None else rows_in(labels, subject)
    return Evidence(subject, options, classes, None if rows is None else labels, rows)


def _add_coherence(score: Scores, measured: Coherence) -> None:
    for name, values in measured.per_topic.items():
        score.add_topics(name, values)
    score.values.update(unseen_words=measured.unseen_words, short_topics=measured.short_topics)
