"""`dsltm drift`: a model, older and newer documents in, the changes of its topics out."""

from typing import Annotated

import typer

from dsltm import console
from dsltm.commandline.inputs import check_stdin
from dsltm.commands.options import ModelFile, Output, OutputFormat
from dsltm.formats.output import for_people
from dsltm.formats.tables import table_form, write_table
from dsltm.option import option

READS = {"MODEL": "Model", "OLD, NEW": "Labels", "OLD, NEW, in their place": "Assignments"}
WRITES = "Changes"


def command(
    model: ModelFile,
    old: Annotated[
        str,
        typer.Argument(metavar="OLD", help="Older documents: a labels file, or assignments (JSON lines)."),
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Newer documents, the same.")],
    *,
    output: Output = None,
    output_format: OutputFormat = None,
    fail_above: float | None = option(
        None,
        "End with status 1 if the share of a topic surely changed by more, as 0.05 for five points.",
        min=0,
        max=1,
        metavar="SHARE",
    ),
) -> None:
    """Writes which of the model's topics grew, shrank, came or went, the largest change first.

    A topic's share is the part of the documents whose first topic it is. The limits of each change are such
    that with 95% probability all of them hold, so that "grew" and "shrank" are not said by chance; "same" is
    said of a change that may be chance. Documents without text, or without a topic, do not count.

    dsltm drift model.npz labels.npz new.npz

    dsltm drift model.npz monday.jsonl tuesday.jsonl --fail-above 0.05
    """
    from dsltm.formats.model import read_model
    from dsltm.topics.drift import counted, drift, moved
    from dsltm.topics.terminal_shares import show_changes

    check_stdin(model, old, new)
    opened = read_model(model)
    changes = drift(opened, counted(opened, old), counted(opened, new))
    if output_format is None and for_people(output):
        show_changes(changes)
    else:
        write_table(output, (change.row() for change in changes), table_form(output, output_format))
    console.info(f"{moved(changes):.1%} of the documents would have to move for the shares to be as before")
    surely = [change for change in changes if fail_above is not None and change.least > fail_above]
    if surely:
        listed = ", ".join(str(change.topic.topic) for change in surely)
        console.error(f"shares surely changed by more than {fail_above}: of topics {listed}")
        raise typer.Exit(1)
