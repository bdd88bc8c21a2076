"""`dsltm eval`: models and documents in, metrics out."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dsltm import console
from dsltm.commands.options import TEACHERS, CorpusWithLabels, Output
from dsltm.errors import UsageError
from dsltm.formats.output import is_stdout
from dsltm.formats.records import write_jsonl
from dsltm.metrics.names import TOP_WORDS, Counting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsltm.endpoint import ChatEndpoint, EndpointError
    from dsltm.formats.corpus import Corpus
    from dsltm.formats.labels import Labels
    from dsltm.metrics.evaluate import CoherenceOf, Rater

COHERENCE, OTHERS, RATING = "Coherence", "Documents and other tools", "Rating by a language model"


READS = {"MODEL": "Model", "LABELS": "Labels", "--gold, --reference": "Corpus"}
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
    top_words: Annotated[
        int, typer.Option(min=2, metavar="N", help="How many words of each topic count.")
    ] = TOP_WORDS,
    per_topic: Annotated[bool, typer.Option("--per-topic", help="Show each topic's values as well.")] = False,
    labels: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Labels file, then all FILES are models.", rich_help_panel=OTHERS),
    ] = None,
    gold: Annotated[
        str | None,
        typer.Option(
            metavar="CORPUS",
            help="Take the gold classes from this corpus, by the documents' ids.",
            rich_help_panel=OTHERS,
        ),
    ] = None,
    topics: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help='Topics of any tool: JSON lines with "words".',
            rich_help_panel=OTHERS,
        ),
    ] = None,
    assignments: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help='Assignments of any tool: JSON lines with "id" and "topic", "theta" or both.',
            rich_help_panel=OTHERS,
        ),
    ] = None,
    vectors: Annotated[
        bool,
        typer.Option(
            "--vectors",
            help="Also retrieve by the document vectors: what topics of them can hope for.",
            rich_help_panel=OTHERS,
        ),
    ] = False,
    reliability: Annotated[
        bool,
        typer.Option(
            "--reliability",
            help="Show the bins behind ece_topic: how probable first topics are, and how many are right.",
            rich_help_panel=OTHERS,
        ),
    ] = False,
    word_vectors: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Compare top words by these vectors, not by the teacher's embeddings: an NPZ of words and "
            "vectors, an NPY beside a .txt of words, or text as word2vec, GloVe and fastText write it.",
            rich_help_panel=COHERENCE,
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="CORPUS",
            help="Measure coherence on this corpus, not on the documents themselves.",
            rich_help_panel=COHERENCE,
        ),
    ] = None,
    coherence_cache: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the reference's counts there, for the next time.",
            rich_help_panel=COHERENCE,
        ),
    ] = None,
    windows: Annotated[
        Counting,
        typer.Option(
            help="Count words in windows as gensim does, which loses a repeated word when its first "
            "occurrence leaves the window, or exactly.",
            rich_help_panel=COHERENCE,
        ),
    ] = "gensim",
    rater: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Let the chat model at this OpenAI-compatible endpoint rate the topics; its key is "
            "DSLTM_API_KEY, or OPENAI_API_KEY for openai.com.",
            rich_help_panel=RATING,
        ),
    ] = None,
    rater_model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The model's name at that endpoint.", rich_help_panel=RATING),
    ] = None,
    max_requests: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Send at most N requests to it.", rich_help_panel=RATING),
    ] = None,
    rater_teacher: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Let a local teacher rate the topics: the rating that it expects, the same each time. Small "
            "ones cannot: to smollm2-135m related words look like random ones.",
            rich_help_panel=RATING,
        ),
        TEACHERS,
    ] = None,
    reading: CorpusWithLabels,
) -> None:
    """On a terminal a table; in a pipe or a file one JSON object a model. Several models are compared: one
    line each, then a line with mean and standard deviation for each group that differs in nothing but the
    seed, with the stability of its topics, and a line with Welch's t-test for every two such groups.

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
    from dsltm.metrics.evidence import EvalOptions
    from dsltm.metrics.gold import Gold
    from dsltm.metrics.inputs import open_inputs, open_word_vectors

    if files is None and topics is None and assignments is None:
        files = ["-"]
    if [*(files or []), labels, topics, assignments, gold, reference].count("-") > 1:
        raise UsageError("standard input can be read as one of the files only")
    raters = _raters(rater, rater_model, max_requests, rater_teacher)
    opened = open_inputs(files or [], labels, topics, assignments, top_words)
    if opened.labels is None and vectors:
        raise UsageError("--vectors needs a labels file")
    if gold is not None:
        if opened.labels is None and assignments is None:
            raise UsageError("--gold is for documents, and neither a labels file nor --assignments is given")
        source = reading.open(gold, Fields(None, reading.id_field, reading.label_field, needs_label=True))
        classes: Gold | None = Gold.of_corpus(source)
    else:
        classes = None if opened.labels is None else Gold.of_labels(opened.labels)
    coherence_of: CoherenceOf | None
    if reference is not None:
        corpus = reading.open(reference, Fields(reading.text_field, id=None))
        coherence_of = _by_corpus(corpus, reading.text_field, top_words, windows, coherence_cache)
    elif coherence_cache is not None or windows != "gensim":
        raise UsageError("--coherence-cache and --windows are for a --reference, and none is given")
    else:
        coherence_of = _by_counts(opened.labels, top_words)
    if reliability and classes is None:
        raise UsageError("--reliability needs gold classes", hint="--gold CORPUS")
    space = None if word_vectors is None else open_word_vectors(word_vectors, opened.subjects)
    scores = evaluate(
        opened.subjects,
        gold=classes,
        labels=opened.labels,
        coherence_of=coherence_of,
        raters=raters,
        options=EvalOptions(top_words, vectors, reliability, space),
    )
    for score in scores:
        for failure in score.failures:
            console.warn(f"a topic was not rated: {failure}")
    comparison = compare(opened.subjects, scores, top_words)
    if is_stdout(output) and console.stdout_is_terminal():
        for table in report.tables(opened.subjects, scores, comparison, per_topic):
            console.table(table.columns, table.rows)
    else:
        write_jsonl(output, report.rows(opened.subjects, scores, comparison, per_topic))


def _by_corpus(
    corpus: "Corpus", text_field: str, topn: int, counting: Counting, cache: Path | None
) -> "CoherenceOf":
    from dsltm.metrics import reference
    from dsltm.words.vocabulary import words

    def documents() -> "Iterator[list[str]]":
        with console.progress("reading the reference", None, "documents") as bar:
            for document in corpus:
                yield words(document.text)
                bar.advance()

    known = None if cache is None else (cache, f"{corpus.digest()} {text_field}")
    return partial(reference.by_corpus, documents=documents(), topn=topn, counting=counting, cache=known)


def _by_counts(labels: "Labels | None", topn: int) -> "CoherenceOf | None":
    from dsltm.metrics import reference

    if labels is None:
        console.note("without --reference or a labels file coherence is not measured")
        return None
    console.warn(
        "coherence is measured on the documents themselves, each as one window, which flatters: "
        "give a --reference to compare with other work"
    )
    return partial(reference.by_counts, labels=labels, topn=topn)


def _raters(
    url: str | None, model: str | None, max_requests: int | None, teacher: str | None
) -> "dict[str, Rater]":
    if (url is None) != (model is None):
        raise UsageError("--rater and --rater-model go together")
    if url is None and max_requests is not None:
        raise UsageError("--max-requests bounds a --rater, and none is given")
    raters: dict[str, Rater] = {}
    if url is not None and model is not None:
        raters["llm_rating"] = partial(_by_endpoint, _endpoint(url, model, max_requests))
    if teacher is not None:
        raters["teacher_rating"] = partial(_by_teacher, teacher)
    return raters


def _endpoint(url: str, model: str, max_requests: int | None) -> "ChatEndpoint":
    from dsltm.endpoint import ChatEndpoint
    from dsltm.teacher.files.cache import cache_dir

    return ChatEndpoint(url, model, cache_dir=cache_dir() / "answers", max_requests=max_requests)


def _by_endpoint(
    endpoint: "ChatEndpoint", topics: "Sequence[Sequence[str]]"
) -> "Sequence[float | EndpointError]":
    from dsltm.metrics.rating import by_endpoint

    with console.progress("rating", len(topics), "topics") as bar:
        return by_endpoint(topics, endpoint, bar.advance)


def _by_teacher(name: str, topics: "Sequence[Sequence[str]]") -> "Sequence[float]":
    from dsltm.metrics.rating import by_teacher
    from dsltm.teacher.files.load import load_teacher

    opened = load_teacher(name, notify=console.info)
    with console.progress("rating", len(topics), "topics") as bar:
        return by_teacher(topics, opened, bar.advance)
