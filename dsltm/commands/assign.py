"""`dsltm assign`: a model and documents in, the topics of each document out."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from dsltm.assigning.config import ReaderOptions, RowOptions
from dsltm.commandline.inputs import check_stdin
from dsltm.commandline.values import refuse, typed
from dsltm.commands.options import (
    RAY,
    TEACHER,
    CorpusWithIds,
    ModelFile,
    Output,
    OutputFormat,
    RayOptions,
    TeacherOfFile,
)
from dsltm.errors import UsageError
from dsltm.formats.output import open_output
from dsltm.formats.source import STDIN, holds_labels
from dsltm.formats.tables import named_form, table_form, write_table
from dsltm.option import option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsltm.formats.corpus import Corpus, Document
    from dsltm.formats.labels import Labels

READS = {"MODEL": "Model", "DOCUMENTS": "Labels", "DOCUMENTS, in its place": "Corpus"}
WRITES = "Assignments"
# What is of the teacher, and means nothing where words alone are asked.
_OF_TEACHERS = ("teacher", "dtype", "device", "trust_remote_code", "batch_tokens")


def command(
    ctx: typer.Context,
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
    output_format: OutputFormat = None,
    rows: RowOptions,
    corpus: str | None = option(
        None, "With a labels file: the corpus that it was made from, for --keep.", metavar="FILE"
    ),
    readers: ReaderOptions,
    teacher: TeacherOfFile,
    batch_tokens: int | None = option(
        None,
        "About how many tokens are read at once.",
        min=1,
        metavar="N",
        shown="by device",
        heading=TEACHER,
    ),
    reading: CorpusWithIds,
    ray: RayOptions,
    fresh: bool = option(False, "Start over, whatever an earlier run left.", heading=RAY),
) -> None:
    """Documents are a labels file, or a corpus: then the teacher that the model names is run, with the
    model's prompt and vocabulary, and the result is that of distilling the corpus first. The training data is
    not needed.

    Writes JSON lines {"id", "topic", "p", "theta"}, one a document in the documents' order: the most probable
    topic, its probability, and the probabilities of all topics. With --top "topics" instead of "theta", pairs
    of topic and probability. "empty": true marks a document without text. Nothing is random here.

    --reader words goes by the documents' words alone: it needs no teacher and no torch, and places thousands
    of documents a second, a little less well. Then, with auto, and for a labels file of which a sample was
    read, "reader" says who placed a document.

    --parts writes JSON lines alone, with "parts": [{"start", "end", "topic", "p"}, ...] in each, places in
    the text in characters; the document's own proportions are the mean of its parts. --levels 5,15 adds
    "level_5" and "level_15", the numbers of the groups that dsltm topics --levels shows.

    Into a name that ends in .csv, .tsv or .parquet it writes a table, with the topic's "label" and "words";
    theta is then a column a topic, in Parquet a list.

    dsltm assign model.npz labels.npz > assignments.jsonl

    dsltm assign model.npz new.jsonl --top 3 | jq -c '[.id, .topics]'

    dsltm assign model.npz million.jsonl --reader words --top 1 > topics.jsonl

    zcat new.csv.gz | dsltm assign model.npz - --format csv --text-field review > assignments.jsonl

    dsltm assign model.npz reports.jsonl --parts sentences --top 3 > parts.jsonl

    dsltm assign model.npz tickets.xlsx --keep author,date -o topics.csv

    dsltm assign model.npz s3://bucket/posts/ --ray auto -o assignments/
    """
    from dsltm.assigning.rows import described_rows, write_matrix
    from dsltm.assigning.run import assign
    from dsltm.formats.model import read_model
    from dsltm.topics.layers import level_columns

    if readers.reader == "words":
        refuse(typed(ctx), _OF_TEACHERS, "is about a teacher, and --reader words needs none")
    check_stdin(model, documents, corpus)
    if rows.npz and output_format is not None:
        raise UsageError("--output-format is of rows, and --npz writes a matrix")
    form = "jsonl" if rows.npz or ray.ray is not None else table_form(output, output_format)
    if rows.npz and named_form(output):
        raise UsageError(f"{output}: --npz writes a matrix, not a table", hint="a name in .npz")
    if readers.parts is not None and (rows.npz or ray.ray is not None):
        raise UsageError("--parts is written as JSON lines, and does not go with --npz or --ray")
    if readers.parts is not None and form != "jsonl":
        raise UsageError(f"--parts is written as JSON lines, not as {form}", hint="a name in .jsonl")
    beside = {"words": rows.words, "keep": rows.keep, "levels": rows.levels, "output-format": output_format}
    ray.check(
        output,
        documents,
        needing={"fresh": fresh},
        refusing={"reader auto": readers.reader == "auto", "vectors": readers.vectors, **beside},
    )
    if ray.ray is not None:
        from dsltm.on_ray.assign import assign_on_ray

        if model == STDIN or holds_labels(documents):
            raise UsageError("--ray takes a model file and a corpus, which its workers read")
        assign_on_ray(
            model,
            documents,
            None if readers.reader == "words" else teacher.on_workers(read_model(model).header["teacher"]),
            rows,
            ray.cut(reading),
            ray.cluster(),
            batch_tokens=batch_tokens,
            output=str(output),
            format=reading.format,
            fresh=fresh,
        )
        return
    with open_output(output, binary=rows.npz or form == "parquet") as target:
        opened = read_model(model)
        source, along = _opened(documents, corpus, rows.fields, reading)
        assigned = assign(
            opened,
            source,
            lambda: teacher.open(opened.header["teacher"]),
            readers,
            along=along,
            batch_tokens=batch_tokens,
            counted=rows.npz,
        )
        if rows.npz:
            write_matrix(target, assigned)
        else:
            groups = level_columns(opened, rows.levels)
            table = described_rows(assigned.blocks, opened, rows, groups, table=form != "jsonl")
            write_table(target, table, form)


def _opened(
    documents: str, corpus: str | None, kept: tuple[str, ...], reading: CorpusWithIds
) -> "tuple[Labels | Corpus, Iterator[Document] | None]":
    """The labels, and their documents where fields of these are kept; or the corpus.

    Raises:
        UsageError: --corpus or --keep without what it needs.
    """
    from dsltm.formats.labels import read_labels
    from dsltm.topics.documents import read_along

    fields = replace(reading.fields, keep=kept)
    if not holds_labels(documents):
        if corpus is not None:
            raise UsageError("--corpus is for a labels file; here DOCUMENTS is the corpus already")
        return reading.open(documents, fields), None
    if (corpus is None) != (not kept):
        raise UsageError("--keep and --corpus go together where the documents are a labels file")
    labels = read_labels(documents)
    if corpus is None:
        return labels, None
    return labels, read_along(reading.open(corpus, replace(fields, text=None)), labels)
