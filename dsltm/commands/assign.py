"""`dsltm assign`: a model and documents in, the topics of each document out."""

from typing import Annotated

import typer

from dsltm.commands.options import (
    RAY,
    TEACHER,
    CorpusWithIds,
    ModelFile,
    Output,
    RayOptions,
    TeacherOfFile,
)
from dsltm.errors import UsageError
from dsltm.formats.output import open_output
from dsltm.formats.source import STDIN, holds_labels

READS = {"MODEL": "Model", "DOCUMENTS": "Labels", "DOCUMENTS, in its place": "Corpus"}
WRITES = "Assignments"


def command(
    model: ModelFile,
    documents: Annotated[
        str,
        typer.Argument(
            metavar="DOCUMENTS",
            help="Labels file from dsltm distill, or a corpus, which the teacher reads; - is standard input.",
        ),
    ] = "-",
    *,
    output: Output = None,
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the N most probable topics of each document.")
    ] = None,
    min_prob: Annotated[
        float,
        typer.Option(
            min=0, max=1, metavar="P", help="A document whose first topic is less probable has topic null."
        ),
    ] = 0.0,
    npz: Annotated[bool, typer.Option("--npz", help="Write the proportions as a matrix (NPZ).")] = False,
    teacher: TeacherOfFile,
    batch_tokens: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="About how many tokens are read at once.",
            show_default="by device",
            rich_help_panel=TEACHER,
        ),
    ] = None,
    reading: CorpusWithIds,
    ray: RayOptions,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Start over, whatever an earlier run left.", rich_help_panel=RAY),
    ] = False,
) -> None:
    """Documents are a labels file, or a corpus: then the teacher that the model names is run, with the
    model's prompt and vocabulary, and the result is that of distilling the corpus first. The training data is
    not needed.

    Writes JSON lines {"id", "topic", "p", "theta"}, one a document in the documents' order: the most probable
    topic, its probability, and the probabilities of all topics. With --top "topics" instead of "theta", pairs
    of topic and probability. "empty": true marks a document without text. Nothing is random here.

    dsltm assign model.npz labels.npz > assignments.jsonl

    dsltm assign model.npz new.jsonl --top 3 | jq -c '[.id, .topics]'

    zcat new.csv.gz | dsltm assign model.npz - --format csv --text-field review > assignments.jsonl

    dsltm assign model.npz s3://bucket/posts/ --ray auto -o assignments/
    """
    from dsltm.assigning.documents import assign_corpus, assign_labels, assignment_rows, write_matrix
    from dsltm.formats.labels import read_labels
    from dsltm.formats.model import read_model
    from dsltm.formats.records import write_jsonl

    if npz and (top is not None or min_prob):
        raise UsageError("--npz writes all proportions", hint="it without --top and --min-prob")
    if model == documents == STDIN:
        raise UsageError("only one of the files can be standard input")
    ray.check(output, documents, needing={"fresh": fresh})
    if ray.ray is not None:
        if model == STDIN or holds_labels(documents):
            raise UsageError("--ray takes a model file and a corpus, which its workers read")
        from dsltm.on_ray.assign import Written, assign_on_ray

        assign_on_ray(
            model,
            documents,
            teacher.on_workers(read_model(model).header["teacher"]),
            Written(top, min_prob, npz),
            ray.cut(reading),
            ray.cluster(),
            batch_tokens=batch_tokens,
            output=str(output),
            format=reading.format,
            fresh=fresh,
        )
        return
    with open_output(output, binary=npz) as target:
        opened = read_model(model)
        if holds_labels(documents):
            assigned = assign_labels(opened, read_labels(documents))
        else:
            source, reader = reading.open(documents), teacher.open(opened.header["teacher"])
            assigned = assign_corpus(opened, source, reader, batch_tokens=batch_tokens)
        if npz:
            write_matrix(target, assigned)
        else:
            write_jsonl(target, assignment_rows(assigned.blocks, top=top, min_prob=min_prob))
