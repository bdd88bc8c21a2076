"""`dsltm assign`: a model and documents in, the topics of each document out."""

from dataclasses import replace
from typing import Annotated, Literal

import typer

from dsltm.assigning.budget import USUAL, Budget
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
from dsltm.formats.tables import table_form, write_table

READS = {"MODEL": "Model", "DOCUMENTS": "Labels", "DOCUMENTS, in its place": "Corpus"}
WRITES = "Assignments"
# A topic in a table has so many words: enough to recognise it, few enough for a cell. Chosen, not measured.
WORDS = 5
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
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the N most probable topics of each document.")
    ] = None,
    min_prob: Annotated[
        float,
        typer.Option(
            min=0, max=1, metavar="P", help="A document whose first topic is less probable has topic null."
        ),
    ] = 0.0,
    output_format: OutputFormat = None,
    words: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="The topic's name and its first N words beside each document.",
            show_default="5 in CSV, TSV and Parquet, none in JSON lines",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELDS", help="Fields of the corpus to write beside: author,date."),
    ] = None,
    corpus: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="With a labels file: the corpus that it was made from, for --keep."
        ),
    ] = None,
    vectors: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="With a corpus and a model of distill --vectors: the vectors of these documents, as NPY.",
        ),
    ] = None,
    levels: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,...",
            help="Also the group of the topic, where topics are put into so many groups: 5,15.",
        ),
    ] = None,
    parts: Annotated[
        Literal["sentences", "windows"] | None,
        typer.Option(
            help='Read a corpus\'s documents part by part, so that long ones are read whole: "parts" has the '
            "topic of each sentence, or of each window as long as the teacher reads at once."
        ),
    ] = None,
    npz: Annotated[bool, typer.Option("--npz", help="Write the proportions as a matrix (NPZ).")] = False,
    reader: Annotated[
        Literal["teacher", "words", "auto"],
        typer.Option(
            help="Who reads a corpus: the teacher; the model's reader of words, which needs no teacher; or "
            "words first, and the teacher what they are least sure of (auto).",
        ),
    ] = "teacher",
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="N|N%|Ns",
            help="With --reader auto: how many documents the teacher reads, what share of them, or for how "
            "many seconds; the least sure first.",
            show_default=USUAL,
        ),
    ] = None,
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
    from dsltm.api.assigning import assign_texts, check_reader
    from dsltm.assigning.documents import assign_labels, write_matrix
    from dsltm.assigning.table import described_rows
    from dsltm.assigning.vectors import assign_vectors, check_teacher_reads
    from dsltm.formats.labels import read_labels
    from dsltm.formats.model import read_model
    from dsltm.topics.documents import read_along
    from dsltm.topics.layers import layers, parse_levels

    check_reader(reader, budget, parts)
    if reader != "teacher" and vectors is not None:
        raise UsageError("--reader does not go with --vectors")
    if reader == "auto" and ray.ray is not None:
        raise UsageError("--reader auto does not go with --ray", hint="--reader words, or teacher")
    if reader == "words":
        refuse(typed(ctx), _OF_TEACHERS, "is about a teacher, and --reader words needs none")
    most = None if budget is None else Budget.parse(budget)
    columns = [name.strip() for names in keep or () for name in names.split(",") if name.strip()]
    beside = bool(columns or words or output_format or levels)
    if npz and (top is not None or min_prob or beside):
        raise UsageError("--npz writes all proportions and nothing beside them", hint="it alone, or a table")
    form = "jsonl" if npz or ray.ray is not None else table_form(output, output_format)
    if ray.ray is not None and beside:
        raise UsageError("--keep, --words, --levels and --output-format do not go with --ray")
    if parts is not None and (form != "jsonl" or npz or vectors or ray.ray is not None):
        raise UsageError("--parts is written as JSON lines, and does not go with --npz, --vectors or --ray")
    if [model, documents, corpus].count(STDIN) > 1:
        raise UsageError("only one of the files can be standard input")
    ray.check(output, documents, needing={"fresh": fresh})
    if ray.ray is not None:
        if model == STDIN or holds_labels(documents):
            raise UsageError("--ray takes a model file and a corpus, which its workers read")
        if vectors is not None:
            raise UsageError("--vectors does not go with --ray")
        from dsltm.on_ray.assign import Written, assign_on_ray

        opened = read_model(model)
        if reader == "teacher":
            check_teacher_reads(opened)
        assign_on_ray(
            model,
            documents,
            None if reader == "words" else teacher.on_workers(opened.header["teacher"]),
            Written(top, min_prob, npz),
            ray.cut(reading),
            ray.cluster(),
            batch_tokens=batch_tokens,
            output=str(output),
            format=reading.format,
            fresh=fresh,
        )
        return
    fields = replace(reading.fields, keep=tuple(columns))
    with open_output(output, binary=npz or form == "parquet") as target:
        opened = read_model(model)
        if holds_labels(documents):
            if vectors is not None or reader != "teacher":
                option = "--vectors" if reader == "teacher" else "--reader"
                raise UsageError(f"{option} is for a corpus; a labels file has its vectors")
            if parts is not None:
                raise UsageError("--parts is for a corpus; a labels file has no texts")
            if (corpus is None) != (not columns):
                raise UsageError("--keep and --corpus go together where the documents are a labels file")
            labels, only_fields = read_labels(documents), replace(fields, text=None)
            along = None if corpus is None else read_along(reading.open(corpus, only_fields), labels)
            assigned = assign_labels(opened, labels, along)
        else:
            if corpus is not None:
                raise UsageError("--corpus is for a labels file; here DOCUMENTS is the corpus already")
            source = reading.open(documents, fields)
            if vectors is not None:
                assigned = assign_vectors(opened, source, vectors)
            else:
                assigned = assign_texts(
                    opened,
                    source,
                    lambda: teacher.open(opened.header["teacher"]),
                    reader,
                    most,
                    parts,
                    batch_tokens=batch_tokens,
                    counted=npz,
                )
        if npz:
            write_matrix(target, assigned)
        else:
            flat = form != "jsonl"
            shown = words if words is not None else WORDS if flat else 0
            cuts = [] if levels is None else layers(opened, parse_levels(levels, opened.topics))
            groups = {f"level_{cut.level}": cut.numbers(opened) for cut in cuts}
            rows = described_rows(
                assigned.blocks, opened, shown, columns, groups, top=top, min_prob=min_prob, flat=flat
            )
            write_table(target, rows, form)
