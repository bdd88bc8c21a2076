"""`dsltm topics`: a model in, its topics out, as a table for people and JSON lines for programs."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from dsltm.commands.options import CorpusWithLabels, ModelFile, Output, OutputFormat
from dsltm.errors import UsageError
from dsltm.formats.output import open_output
from dsltm.report import Layout
from dsltm.topics import Every

WORDS = "Words"
DOCUMENTS = "Documents"
FIELD = "Over a field"
REPORT = "Report"
EDITING = "Editing; -o is then the new model"
Sort = Literal["id", "size", "coherence"]


READS = {"MODEL": "Model", "LABELS": "Labels", "--corpus": "Corpus"}
WRITES = "Topics"


def command(
    model: ModelFile = "-",
    labels: Annotated[
        str | None,
        typer.Argument(metavar="LABELS", help="Labels file of the documents whose topics are counted."),
    ] = None,
    *,
    output: Output = None,
    output_format: OutputFormat = None,
    sort: Annotated[
        Sort | None,
        typer.Option(help="Order of the topics.", show_default="on a terminal size if there is one, else id"),
    ] = None,
    coherence: Annotated[
        bool, typer.Option("--coherence", help="Score the words by NPMI over the documents of LABELS.")
    ] = False,
    words: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many words of each topic.",
            show_default="10, on a terminal those of them that fit in a line",
            rich_help_panel=WORDS,
        ),
    ] = None,
    relevance: Annotated[
        float | None,
        typer.Option(
            metavar="λ",
            show_default="by use and lift",
            help="Order words by relevance: 1 is plain probability, less prefers words that other topics "
            "lack (Sievert and Shirley: 0.6).",
            rich_help_panel=WORDS,
        ),
    ] = None,
    diversify: Annotated[
        float,
        typer.Option(
            metavar="D",
            help="Above 0, to 1, pass over words like those already chosen; needs LABELS.",
            rich_help_panel=WORDS,
        ),
    ] = 0.0,
    examples: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Show the N most typical documents.", rich_help_panel=DOCUMENTS
        ),
    ] = 0,
    borderline: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Show N that nearly went elsewhere.", rich_help_panel=DOCUMENTS
        ),
    ] = 0,
    corpus: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The corpus that LABELS was made from, for its texts.",
            rich_help_panel=DOCUMENTS,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD", help="Shares of the topics by a field of the corpus.", rich_help_panel=FIELD
        ),
    ] = None,
    every: Annotated[
        Every | None, typer.Option(help="The field is a date; count by this period.", rich_help_panel=FIELD)
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write a page with a map of the documents, that needs no network.",
            rich_help_panel=REPORT,
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option(help="Its heading.", show_default="the corpus file's name", rich_help_panel=REPORT),
    ] = None,
    layout: Annotated[
        Layout | None,
        typer.Option(
            show_default="auto",
            help="How documents are placed; auto is t-SNE, which keeps topics apart. PCA is faster.",
            rich_help_panel=REPORT,
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default="20000",
            help="At most so many documents on the map, chosen at random.",
            rich_help_panel=REPORT,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, show_default="0", help="Seed of choice and map.", rich_help_panel=REPORT),
    ] = None,
    tree: Annotated[bool, typer.Option("--tree", help="Show which topics are alike.")] = False,
    names: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help='Take names from lines {"topic", "label"}.', rich_help_panel=EDITING
        ),
    ] = None,
    label: Annotated[
        bool,
        typer.Option(
            "--label",
            help="Name the topics that have no name, by the judgement of the model's own teacher.",
            rich_help_panel=EDITING,
        ),
    ] = False,
    labeler: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Let the chat model at this OpenAI-compatible endpoint name them instead.",
            rich_help_panel=EDITING,
        ),
    ] = None,
    labeler_model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The model's name at that endpoint.", rich_help_panel=EDITING),
    ] = None,
    merge: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A,B,...", help="Make these topics one; may be repeated.", rich_help_panel=EDITING
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B,...", help="Leave these topics out.", rich_help_panel=EDITING),
    ] = None,
    reading: CorpusWithLabels,
) -> None:
    """On a terminal a table; in a pipe or a file JSON lines {"topic", "words", "weights"}: words of each
    topic and their probabilities. With a labels file "size" too, the number of documents that the topic is
    the first of; "label", its name, where it has one; and what --coherence, --examples and --borderline ask
    for.

    --by and --tree show something else instead, in a pipe as JSON lines too: {"topic", "value", "count",
    "of", "share", "low", "high"} with 95% limits, and {"node", "children", "distance", "topics"}.

    Into a name that ends in .csv, .tsv or .parquet it writes the same as a table.

    dsltm topics model.npz

    dsltm topics model.npz labels.npz -o topics.csv

    dsltm topics model.npz labels.npz --words 5 | jq -r '[.size, .words[]] | @tsv'

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --examples 3 --borderline 3

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --by date --every month

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --html report.html

    dsltm topics model.npz labels.npz --corpus corpus.jsonl --label -o named.npz

    dsltm topics model.npz labels.npz --merge 3,17 --drop 5 -o tidier.npz
    """
    from dsltm.commands.topics_edit import edited_view, labelled
    from dsltm.commands.topics_show import Asked, show, write_page
    from dsltm.formats.model import read_model, write_model
    from dsltm.report.data import POINTS, Options
    from dsltm.topics.words import Choice

    _check(
        model,
        labels,
        corpus,
        {"--examples": examples, "--borderline": borderline, "--coherence": coherence or sort == "coherence"},
    )
    naming = label or labeler is not None
    editing = bool(merge or drop or names or naming)
    _check_views(
        {
            "--html": html is not None,
            "--tree": tree,
            "--examples": bool(examples or borderline),
            "--by": by is not None,
        },
        editing=output is not None and editing,
    )
    if html is None and any(option is not None for option in (title, layout, points, seed)):
        raise UsageError("--title, --layout, --points and --seed are about the page", hint="--html FILE")
    if corpus is not None and not (examples or borderline or by or html or naming):
        raise UsageError("the --corpus is for --examples, --borderline, --by, --label or --html")
    if output_format is not None and (html is not None or (editing and output is not None)):
        raise UsageError("--output-format is of a table, and what is written here is a page or a model")
    if every is not None and by is None:
        raise UsageError("--every needs --by FIELD")
    choice = Choice(words or 10, relevance, diversify)
    if (labeler is None) != (labeler_model is None):
        raise UsageError("--labeler and --labeler-model go together")
    opened, view = edited_view(read_model(model), labels, merge or [], drop or [], names)
    fields = replace(reading.fields, keep=() if by is None else (by,))
    texts = None if corpus is None else reading.open(corpus, fields)
    if naming:
        opened, view = labelled(opened, view, texts, labeler, labeler_model)
    keep = output is not None and editing
    if keep:
        with open_output(output, binary=True) as file:
            write_model(file, opened)
    asked = Asked(
        choice,
        words is not None,
        coherence,
        sort,
        examples,
        borderline,
        tree,
        by,
        every,
        reading.label_field,
        output_format,
    )
    if html is not None:
        options = Options(title or _title(corpus), layout or "auto", points or POINTS, seed or 0)
        write_page(html, view, asked, texts, options)
    elif not keep:
        show(opened, view, asked, texts, output)


def _title(corpus: str | None) -> str:
    """What the page is called: "reviews" for "data/reviews.jsonl.gz"."""
    return "Topics" if corpus in (None, "-") else Path(str(corpus)).name.split(".")[0] or "Topics"


def _check_views(asked: dict[str, bool], *, editing: bool) -> None:
    """Refuse two pictures at once, of which only one would be shown."""
    views = [option for option, given in asked.items() if given]
    if len(views) > 1 and views != ["--html", "--by"]:
        raise UsageError(f"{views[0]} and {views[1]} are shown one at a time")
    if editing and views and views[0] != "--html":
        raise UsageError(
            f"{views[0]} shows topics, and -o is the edited model here", hint="one after the other"
        )


def _check(model: str, labels: str | None, corpus: str | None, wants_labels: dict[str, object]) -> None:
    """Refuse what cannot be shown for want of a file."""
    if [model, labels, corpus].count("-") > 1:
        raise UsageError("only one of the files can be standard input")
    for option, given in {**wants_labels, "--corpus": corpus}.items():
        if given and labels is None:
            raise UsageError(f"{option} is about documents", hint="adding a labels file")
