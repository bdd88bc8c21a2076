"""Options that several subcommands share, so that they are called and explained alike everywhere."""

from collections.abc import Mapping
from typing import Annotated

import typer

from dsltm.errors import UsageError
from dsltm.formats.corpus import Format, OnError
from dsltm.formats.output import is_stdout
from dsltm.formats.source import STDIN

CORPUS = "Corpus"  # the heading of these options where a command groups them
RAY = "Many machines"
PART_DOCUMENTS = 16384

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
RayOption = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Work on a Ray cluster, into a folder of part files: its address, auto for the one of this "
        "machine or of RAY_ADDRESS, or local to start one here.",
        rich_help_panel=RAY,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="How many teachers work at once.",
        show_default="as there is room",
        rich_help_panel=RAY,
    ),
]
CpusOption = Annotated[
    int | None,
    typer.Option(
        "--cpus-per-worker",
        min=1,
        metavar="N",
        help="Cores of a worker.",
        show_default="up to 4; with a GPU, 1",
        rich_help_panel=RAY,
    ),
]
GpusOption = Annotated[
    float | None,
    typer.Option(
        "--gpus-per-worker",
        min=0,
        metavar="N",
        help="GPUs of a worker; 0.5: two share one.",
        show_default="1 where there are any",
        rich_help_panel=RAY,
    ),
]
PartOption = Annotated[
    int | None,
    typer.Option(
        "--part-documents",
        min=1,
        metavar="N",
        help="Documents of a part file.",
        show_default=f"{PART_DOCUMENTS:,}",
        rich_help_panel=RAY,
    ),
]


def check_ray(
    ray: str | None,
    output: str | None,
    corpus: str,
    *,
    needing: Mapping[str, object],
    refusing: Mapping[str, object],
) -> None:
    """Refuse what makes no sense with Ray, or without it.

    Args:
        needing: options that say something only with Ray, and their values.
        refusing: options that say nothing with Ray, and their values.

    Raises:
        UsageError: one of them is given.
    """
    if ray is None:
        for name, value in needing.items():
            if value is not None:
                raise UsageError(f"--{name} is of --ray, which is not given")
        return
    for name, value in refusing.items():
        if value:
            raise UsageError(f"--{name} does not go with --ray")
    if is_stdout(output):
        raise UsageError("--ray writes a folder of parts", hint="-o FOLDER")
    if corpus == STDIN:
        raise UsageError("--ray reads files that all machines reach, not standard input")
