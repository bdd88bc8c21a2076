"""`dsltm info`: one or two files in, a description of them out."""

from typing import Annotated

import typer

from dsltm import console, screen
from dsltm.commands.options import Output
from dsltm.errors import UsageError
from dsltm.formats.output import for_people
from dsltm.formats.records import write_jsonl

READS = {"FILE": "Labels", "FILE, in its place": "Model"}


def command(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Labels file, model, folder of parts or journal; one or two."),
    ],
    *,
    output: Output = None,
) -> None:
    """Says of a labels file, a model, a folder of parts or the journal of an unfinished run how much it
    holds, which teacher and prompts made it, and which versions of dsltm read it. Of two files it says
    whether they fit, as a model and labels of the same teacher, prompts and vocabulary do; where they do not,
    the exit status is 1.

    Shows a table on a terminal, and writes a JSON object a file into a pipe or a file; of two files also
    {"fit", "why"}.

    dsltm info model.npz

    dsltm info model.npz labels.npz
    """
    from dsltm.errors import DsltmError
    from dsltm.formats.info import facts, fit

    if len(paths) > 2:
        raise UsageError("info takes one file, or two that are to fit")
    rows = [facts(path) for path in paths]
    why = fit(*paths) if len(paths) == 2 else None
    verdict = [{"fit": why is None, "why": why}] if len(paths) == 2 else []
    if for_people(output):
        for row in rows:
            screen.table(["", screen.Column("", wrap=True)], list(row.items()))
    else:
        write_jsonl(output, [*rows, *verdict])
    if why is not None:
        raise DsltmError(f"{paths[0]} and {paths[1]} do not fit: {why}")
    if verdict:
        console.note(f"{paths[0]} and {paths[1]} fit")
