"""`dsltm topics`: a model in, its topics out, as a table for people and JSON lines for programs."""

from typing import Annotated

import typer

from dsltm import console
from dsltm.commands.options import ModelFile, Output
from dsltm.formats.output import is_stdout


def topics_command(
    model: ModelFile = "-",
    labels: Annotated[
        str | None,
        typer.Argument(metavar="LABELS", help="Labels file of the documents whose topics are counted."),
    ] = None,
    output: Output = None,
    words: Annotated[int, typer.Option(min=1, metavar="N", help="How many words of each topic.")] = 10,
) -> None:
    """Show the topics of a model.

    On a terminal a table; in a pipe or a file JSON lines {"topic", "words", "weights"}, the most probable
    words of each topic and their probabilities, with "size", the number of documents that the topic is the
    first of, where a labels file is given.

    dsltm topics model.npz

    dsltm topics model.npz labels.npz --words 5 | jq -r '[.size, .words[]] | @tsv'
    """
    from dsltm.formats.model import read_model
    from dsltm.formats.records import write_jsonl
    from dsltm.topics import describe

    opened = read_model(model)
    theta = None
    if labels is not None:
        from dsltm.assignment import theta_of
        from dsltm.formats.labels import read_labels

        theta = theta_of(opened, read_labels(labels))
    shown = describe(opened.beta, opened.vocabulary, words, theta)
    if not is_stdout(output) or not console.stdout_is_terminal():
        write_jsonl(output, (topic.row() for topic in shown))
        return
    sized = theta is not None
    columns = [console.Column("topic", "right"), *([console.Column("documents", "right")] if sized else [])]
    console.table(
        [*columns, console.Column("words", wrap=True)],
        ([topic.topic, *([f"{topic.size:,}"] if sized else []), ", ".join(topic.words)] for topic in shown),
    )
