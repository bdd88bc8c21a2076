"""`dsltm topics`: a model in, its topics out, as a table for people and JSON lines for programs."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from dsltm.commandline.inputs import check_stdin
from dsltm.commandline.values import given
from dsltm.commands.options import CorpusWithLabels, ModelFile, Output, OutputFormat
from dsltm.errors import UsageError
from dsltm.formats.output import for_people, open_output
from dsltm.formats.tables import table_form, write_table
from dsltm.option import option
from dsltm.report.config import REPORT, ReportOptions
from dsltm.topics.config import DOCUMENTS, EditOptions, ViewOptions, WordChoice

READS = {"MODEL": "Model", "LABELS": "Labels", "--corpus": "Corpus"}
WRITES = "Topics"


def command(
    ctx: typer.Context,
    model: ModelFile = "-",
    labels: Annotated[
        str | None,
        typer.Argument(metavar="LABELS", help="Labels file of the documents whose topics are counted."),
    ] = None,
    *,
    output: Output = None,
    output_format: OutputFormat = None,
    words: WordChoice,
    shown: ViewOptions,
    corpus: str | None = option(
        None, "The corpus that LABELS was made from, for its texts.", metavar="FILE", heading=DOCUMENTS
    ),
    html: str | None = option(
        None,
        "Write a page with a map of the documents, that needs no network.",
        metavar="FILE",
        heading=REPORT,
    ),
    report: ReportOptions,
    edit: EditOptions,
    reading: CorpusWithLabels,
) -> None:
    """Shows a table on a terminal, and writes JSON lines {"topic", "words", "weights"} into a pipe or a file:
    the words of each topic and their probabilities. A topic that has a name also has "label". With a labels
    file there is "size", the number of documents that have the topic as their first. --coherence, --examples
    and --borderline add what they ask for.

    --by, --tree, --levels, --effects and --query show something else in its place; dsltm-formats(5) has their
    lines, dsltm-steering(7) what they are for.

    An output whose name ends in .csv, .tsv or .parquet is a table with the same columns.

    dsltm topics model.npz

    dsltm topics model.npz labels.npz -o topics.csv

    dsltm topics model.npz labels.npz --words 5 | jq -r '[.size, .words[]] | @tsv'

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --examples 3 --borderline 3

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --by date --every month

    dsltm topics model.npz labels.npz --levels 5,15

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --query "refund not received"

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --effects "rating + country"

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --html report.html

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --label -o named.npz

    dsltm topics model.npz labels.npz --merge 3,17 --drop 5 -o tidier.npz
    """
    from dsltm.api.page import Page
    from dsltm.formats.labels import labels_read
    from dsltm.formats.model import read_model, write_model
    from dsltm.topics.editing import edited_view, labelled
    from dsltm.topics.showing import table

    writes_model = edit.any and output is not None
    _check_files(model, labels, corpus, shown)
    _check_views(shown, html, writes_model=writes_model)
    if html is None and given(ctx) & {"title", "layout", "points", "seed"}:
        raise UsageError("--title, --layout, --points and --seed are about the page", hint="--html FILE")
    asks_corpus = shown.documents or shown.by or shown.effects or shown.query is not None or html
    if corpus is not None and not (asks_corpus or edit.names_topics):
        raise UsageError("the --corpus is for --examples, --borderline, --by, --effects, --label or --html")
    if output_format is not None and (html is not None or writes_model):
        raise UsageError("--output-format is of a table, and what is written here is a page or a model")

    documents = None if labels is None else labels_read(labels, "showing")
    opened, view = edited_view(read_model(model), documents, edit)
    fields = replace(reading.fields, keep=shown.fields)
    texts = None if corpus is None else reading.open(corpus, fields)
    if edit.names_topics:
        opened, view = labelled(opened, view, texts, edit)
    if writes_model:
        with open_output(output, binary=True) as file:
            write_model(file, opened)
    if html is not None:
        if view is None:
            raise UsageError("--html shows documents", hint="adding a labels file")
        report = replace(report, title=report.title or _title(corpus))
        Page.of(view, texts, report, words, shown, reading.label_field).save(html)
    elif not writes_model:
        terminal = for_people(output)
        result = table(opened, view, words, shown, texts, reading.label_field, by_size=terminal)
        if terminal and output_format is None:
            result.draw()
        else:
            write_table(output, result.rows, table_form(output, output_format))


def _title(corpus: str | None) -> str | None:
    """What the page is called: "reviews" for "data/reviews.jsonl.gz"."""
    return None if corpus in (None, "-") else Path(str(corpus)).name.split(".")[0]


# What may be asked for beside another view.
_BESIDE = {"--html": ["--by", "--levels"], "--levels": ["--examples"], "--query": ["--examples"]}


def _check_views(shown: ViewOptions, html: str | None, *, writes_model: bool) -> None:
    """Refuse two pictures at once, of which only one would be shown."""
    asked = {
        "--html": html is not None,
        "--tree": shown.tree,
        "--levels": shown.levels is not None,
        "--query": shown.query is not None,
        "--effects": shown.effects is not None,
        "--examples": shown.documents,
        "--by": shown.by is not None,
    }
    views = [name for name, wanted in asked.items() if wanted]
    others = [name for name in views[1:] if name not in _BESIDE.get(views[0], [])]
    if others:
        raise UsageError(f"{views[0]} and {others[0]} are shown one at a time")
    if writes_model and views and views[0] != "--html":
        raise UsageError(
            f"{views[0]} shows topics, and -o is the edited model here", hint="one after the other"
        )


def _check_files(model: str, labels: str | None, corpus: str | None, shown: ViewOptions) -> None:
    """Refuse what cannot be shown for want of a file."""
    check_stdin(model, labels, corpus)
    asked = {
        "--examples": shown.examples,
        "--borderline": shown.borderline,
        "--coherence": shown.scored,
        "--corpus": corpus,
    }
    for name, wanted in asked.items():
        if wanted and labels is None:
            raise UsageError(f"{name} is about documents", hint="adding a labels file")
