"""Options that several subcommands share, so that they are called and explained alike everywhere."""

from typing import Annotated

import typer

from dsltm.formats.corpus import Format, OnError

CORPUS = "Corpus"  # the heading of these options where a command groups them

CorpusFile = Annotated[
    str, typer.Argument(metavar="CORPUS", help="Documents: JSON lines, plain or gzip; - is standard input.")
]
ModelFile = Annotated[
    str, typer.Argument(metavar="MODEL", help="Model file from `dsltm train`; - is standard input.")
]
Output = Annotated[
    str | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write here instead of to standard output."),
]
TextField = Annotated[
    str,
    typer.Option("--text-field", metavar="NAME", help="Field or column of the text.", rich_help_panel=CORPUS),
]
IdField = Annotated[
    str,
    typer.Option(
        "--id-field",
        metavar="NAME",
        help="Field of the document's id; without one, its 0-based line number.",
        rich_help_panel=CORPUS,
    ),
]
LabelField = Annotated[
    str,
    typer.Option(
        "--label-field", metavar="NAME", help="Field of the document's class.", rich_help_panel=CORPUS
    ),
]
FormatOption = Annotated[
    Format,
    typer.Option(
        "--format",
        help="What the corpus is: JSON lines, one text a line, or CSV with a heading line; "
        "auto goes by the file's name.",
        rich_help_panel=CORPUS,
    ),
]
OnErrorOption = Annotated[
    OnError,
    typer.Option(
        "--on-error",
        help="At a row that is not a document: fail, or skip and count it.",
        rich_help_panel=CORPUS,
    ),
]
