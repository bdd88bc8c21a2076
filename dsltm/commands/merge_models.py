"""`dsltm merge-models`: two models and their documents in, one model out."""

from typing import Annotated

import typer

from dsltm import console
from dsltm.commands.options import Output
from dsltm.formats.output import open_output
from dsltm.option import option

READS, WRITES = {"A, B": "Model", "A_LABELS, B_LABELS": "Labels"}, "Model"


def command(
    a: Annotated[str, typer.Argument(metavar="A", help="Model whose topics keep their numbers.")],
    a_labels: Annotated[str, typer.Argument(metavar="A_LABELS", help="Labels of its documents.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Model whose other topics come after.")],
    b_labels: Annotated[str, typer.Argument(metavar="B_LABELS", help="Labels of its documents.")],
    *,
    output: Output = None,
    table_output: str | None = option(
        None, "Write where each topic comes from, as JSON lines, to this file.", "--table", metavar="FILE"
    ),
    seed: int = option(0, "Seed of everything random.", metavar="N", min=0),
) -> None:
    """Two topics are one where each is the other's nearest in the space of both corpora, nearer than any
    topic of its own model. A topic that is like none stays as it is. The joined model learns from the
    documents of both, which begin in the topics that their own model gives them.

    Both corpora must have been read by the same teacher, with the same prompts and the same vocabulary:
    `dsltm distill b.jsonl --vocab a.npz`.

    dsltm merge-models a.npz a-labels.npz b.npz b-labels.npz -o both.npz
    """
    from dsltm.api.joining import joint
    from dsltm.formats.labels import labels_read
    from dsltm.formats.model import read_model, write_model
    from dsltm.formats.records import write_jsonl

    with open_output(output, binary=True) as target:
        first, second = read_model(a), read_model(b)
        opened = [labels_read(path, "learning from") for path in (a_labels, b_labels)]
        model, rows = joint(first, opened[0], second, opened[1], seed)
        write_model(target, model)
    both = [row for row in rows if row.a is not None and row.b is not None]
    console.info(
        f"{len(rows):,} topics: {len(both):,} of both models, "
        f"{sum(row.b is None for row in rows):,} of {a} alone, {sum(row.a is None for row in rows):,} of {b}"
    )
    for row in both:
        console.info(f"topic {row.topic}: {row.a} of {a} and {row.b} of {b}, cosine {row.likeness:.2f}")
    for row in rows:
        if row.a is None:
            console.info(f"topic {row.topic}: {row.b} of {b}, new")
    if table_output is not None:
        write_jsonl(table_output, (row.row() for row in rows))
