"""`dsltm merge`: the shards of a corpus, or samples of it, in, one labels file out."""

from typing import Annotated

import typer

from dsltm import console
from dsltm.commands.options import Output
from dsltm.formats.output import open_output

READS, WRITES = {"LABELS": "Labels"}, "Labels"


def command(
    shards: Annotated[
        list[str],
        typer.Argument(metavar="LABELS...", help="Labels files from dsltm distill --shard or --sample."),
    ],
    output: Output = None,
) -> None:
    """Every machine reads its own share of the documents; the joined file holds all of them in the order of
    the corpus, as if one machine had read them. A shard that is missing, is given twice or is of another run
    is refused. Of several samples of one corpus, each document that any of them read is read in the result.

    dsltm merge labels-*.npz -o labels.npz

    dsltm merge sample.npz more.npz -o labels.npz
    """
    from dsltm.distilling.merge import merge

    with open_output(output, binary=True) as target:
        documents = merge(shards, target)
    console.note(f"{documents:,} documents from {len(shards)} files")
