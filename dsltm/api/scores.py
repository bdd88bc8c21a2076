"""Scores of models as records: what `dsltm eval` writes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.api.corpora import corpus_of, labels_of
from dsltm.metrics import reference as references
from dsltm.metrics import report
from dsltm.metrics.compare import compare as compared
from dsltm.metrics.config import TOP_WORDS, EvalOptions
from dsltm.metrics.evaluate import evaluate as scores_of
from dsltm.metrics.gold import Gold
from dsltm.metrics.subject import from_model
from dsltm.words.text import words as words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dsltm.api.corpora import Path, TextsLike
    from dsltm.api.models import Model
    from dsltm.api.records import Record
    from dsltm.formats.labels import Labels
    from dsltm.metrics.reference import CoherenceOf


def evaluate(
    model: Model,
    labels: Labels | Path | None = None,
    *,
    classes: Sequence[str | None] | None = None,
    reference: TextsLike | None = None,
    top_words: int = TOP_WORDS,
    per_topic: bool = False,
    progress: bool = False,
) -> Record:
    """Score a model: its topics' words, and where labels are given its documents.

    Args:
        model: what is scored.
        labels: the documents.
        classes: the class of each document, None for one without; None: those that the texts came with.
        reference: texts on which coherence is measured; None: the documents themselves, which flatters.
        top_words: how many words of each topic count.
        per_topic: also give each topic's values, under "per_topic".
        progress: show on standard error how far it has come.

    Returns:
        Metrics by name; `dsltm help formats` says what each means.

    Raises:
        DsltmError: model, labels, classes and reference do not fit together.

    >>> scores = dsltm.evaluate(dsltm.load("model.npz"), "labels.npz")
    >>> scores["topics"], 0 <= scores["purity"] <= 1
    (6, True)
    """
    (scores, *_) = compare(
        {"model": model},
        labels,
        classes=classes,
        reference=reference,
        top_words=top_words,
        per_topic=per_topic,
        progress=progress,
    )
    return {name: value for name, value in scores.items() if name != "model"}


def compare(
    models: Mapping[str, Model],
    labels: Labels | Path | None = None,
    *,
    classes: Sequence[str | None] | None = None,
    reference: TextsLike | None = None,
    top_words: int = TOP_WORDS,
    per_topic: bool = False,
    progress: bool = False,
) -> list[Record]:
    """Score several models by the same measure.

    Args:
        models: by the names that they get in the records.
        labels, classes, reference, top_words, per_topic, progress: as of `evaluate`.

    Returns:
        A record a model; then one for each group that differs in nothing but the seed, with means, standard
        deviations and the stability of its topics; then one for Welch's t-test of every two such groups.

    Raises:
        DsltmError: as of `evaluate`.

    >>> model = dsltm.load("model.npz")
    >>> records = dsltm.compare({"all": model, "fewer": model.drop(5)}, "labels.npz")
    >>> [(record["model"], record["topics"]) for record in records[:2]]
    [('all', 6), ('fewer', 5)]
    """
    with console.called_by_a_program(progress=progress):
        opened = None if labels is None else labels_of(labels)
        subjects = [from_model(name, model.stored, opened, top_words) for name, model in models.items()]
        gold = None if opened is None else Gold.of_labels(opened)
        if opened is not None and classes is not None:
            gold = Gold(opened.ids, classes)
        scores = scores_of(
            subjects,
            gold=gold,
            labels=opened,
            coherence_of=_coherence_of(opened, reference, top_words),
            options=EvalOptions(top_words),
        )
        return list(report.rows(subjects, scores, compared(subjects, scores, top_words), per_topic))


def _coherence_of(labels: Labels | None, reference: TextsLike | None, topn: int) -> CoherenceOf | None:
    if reference is not None:
        documents = (words_of(document.text) for document in corpus_of(reference))
        return partial(references.by_corpus, documents=documents, topn=topn, counting="gensim")
    return None if labels is None else partial(references.by_counts, labels=labels, topn=topn)
