"""`dsltm eval`: models and documents in, metrics out."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from dsltm import console, screen
from dsltm.commandline.inputs import check_stdin
from dsltm.commands.options import CorpusWithLabels, Output
from dsltm.errors import UsageError
from dsltm.formats.output import for_people
from dsltm.formats.records import write_jsonl
from dsltm.metrics.config import OTHERS, CoherenceOptions, EvalOptions, RatingOptions
from dsltm.option import option

if TYPE_CHECKING:
    from dsltm.formats.labels import Labels
    from dsltm.metrics.gold import Gold

READS = {"MODEL": "Model", "LABELS": "Labels", "--gold, --reference, --judge-texts": "Corpus"}
WRITES = "Metrics"


def command(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL... [LABELS]",
            help="Model files, and the labels file of the documents; - is standard input.",
            show_default="-",
        ),
    ] = None,
    *,
    output: Output = None,
    labels: str | None = option(
        None, "Labels file, then all FILES are models.", metavar="FILE", heading=OTHERS
    ),
    gold: str | None = option(
        None,
        "Take the gold classes from this corpus, by the documents' ids.",
        metavar="CORPUS",
        heading=OTHERS,
    ),
    topics: str | None = option(
        None, 'Topics of any tool: JSON lines with "words".', metavar="FILE", heading=OTHERS
    ),
    assignments: str | None = option(
        None,
        'Assignments of any tool: JSON lines with "id" and "topic", "theta" or both.',
        metavar="FILE",
        heading=OTHERS,
    ),
    measured: EvalOptions,
    per_topic: bool = option(False, "Show each topic's values as well."),
    coherence: CoherenceOptions,
    rating: RatingOptions,
    reading: CorpusWithLabels,
) -> None:
    """Shows a table on a terminal, and writes one JSON object a model into a pipe or a file. Several models
    are compared: after a line for each comes one for each group of models that differ in nothing but the
    seed, with mean, standard deviation and the stability of the topics, and one with Welch's t-test for every
    two such groups.

    Documents without a gold class are not scored. Documents without text are, like all others.

    dsltm eval model.npz labels.npz

    dsltm eval model.npz labels.npz --reference wiki.jsonl.gz --coherence-cache ~/.cache/coherence

    dsltm eval seed*.npz --labels labels.npz

    dsltm eval --topics topics.jsonl --assignments assignments.jsonl --gold corpus.jsonl
    """
    from dsltm.formats.corpus import Fields
    from dsltm.metrics import report
    from dsltm.metrics.compare import compare
    from dsltm.metrics.evaluate import evaluate
    from dsltm.metrics.inputs import open_inputs, open_word_vectors
    from dsltm.metrics.judging.run import judged, judges
    from dsltm.metrics.reference import coherence_by

    if files is None and topics is None and assignments is None:
        files = ["-"]
    others = labels, topics, assignments, gold, coherence.reference, rating.judge_texts
    check_stdin(*(files or ()), *others)
    asked = judges(rating)
    opened = open_inputs(files or [], labels, topics, assignments, measured.topn)
    if opened.labels is None:
        _check_without_labels(measured, gold, assignments)
    classes = _classes(gold, opened.labels, reading)
    if measured.reliability and classes is None:
        raise UsageError("--reliability needs gold classes", hint="--gold CORPUS")
    corpus = None
    if coherence.reference is not None:
        corpus = reading.open(coherence.reference, Fields(reading.text_field, id=None))
    shown = None if rating.judge_texts is None else reading.open(rating.judge_texts)
    coherence_of = coherence_by(coherence, corpus, reading.text_field, opened.labels, measured.topn)
    if coherence.word_vectors is not None:
        measured = replace(measured, word_vectors=open_word_vectors(coherence.word_vectors, opened.subjects))

    scores = evaluate(
        opened.subjects,
        gold=classes,
        labels=opened.labels,
        coherence_of=coherence_of,
        judged=partial(judged, judges=asked, options=rating, measured=measured, corpus=shown)
        if asked
        else None,
        options=measured,
    )
    for score in scores:
        for failure in score.failures:
            console.warn(f"a topic was not judged: {failure}")
    comparison = compare(opened.subjects, scores, measured.topn)
    if for_people(output):
        for table in report.tables(opened.subjects, scores, comparison, per_topic):
            screen.table(table.columns, table.rows)
    else:
        write_jsonl(output, report.rows(opened.subjects, scores, comparison, per_topic))


def _check_without_labels(measured: EvalOptions, gold: str | None, assignments: str | None) -> None:
    """Refuses what is asked of documents that are not there."""
    if measured.vectors:
        raise UsageError("--vectors needs a labels file")
    if measured.reading:
        raise UsageError("--reading needs a labels file")
    if gold is not None and assignments is None:
        raise UsageError("--gold is for documents, and neither a labels file nor --assignments is given")


def _classes(path: str | None, labels: "Labels | None", reading: CorpusWithLabels) -> "Gold | None":
    """The classes of a corpus, else those of the labels."""
    from dsltm.formats.corpus import Fields
    from dsltm.metrics.gold import Gold

    if path is None:
        return None if labels is None else Gold.of_labels(labels)
    fields = Fields(None, reading.id_field, reading.label_field, needs_label=True)
    return Gold.of_corpus(reading.open(path, fields))
