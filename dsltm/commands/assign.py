"""`dsltm assign`: a model and documents in, the topics of each document out."""

from typing import TYPE_CHECKING, Annotated

import typer

from dsltm import console
from dsltm.commands.options import (
    PART_DOCUMENTS,
    RAY,
    CpusOption,
    FormatOption,
    GpusOption,
    IdField,
    OnErrorOption,
    Output,
    PartOption,
    RayOption,
    TextField,
    WorkersOption,
    check_ray,
)
from dsltm.errors import UsageError
from dsltm.formats.corpus import Corpus, Fields
from dsltm.formats.output import open_output
from dsltm.formats.source import STDIN, holds_labels

if TYPE_CHECKING:
    from dsltm.assigning.documents import Assigned
    from dsltm.formats.model import Model

TEACHER = "New documents"


def assign_command(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Model file from dsltm train; - is standard input.")
    ],
    documents: Annotated[
        str,
        typer.Argument(
            metavar="DOCUMENTS",
            help="Labels file from dsltm distill, or a corpus, which the teacher reads; - is standard input.",
        ),
    ] = "-",
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
    teacher: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Where the model's teacher is found now, if it has moved.",
            rich_help_panel=TEACHER,
        ),
    ] = None,
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
    dtype: Annotated[
        str,
        typer.Option(
            metavar="TYPE",
            help="auto, float32, bfloat16 or float16; auto: the fast one.",
            rich_help_panel=TEACHER,
        ),
    ] = "auto",
    device: Annotated[
        str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.", rich_help_panel=TEACHER)
    ] = "auto",
    trust_remote_code: Annotated[
        bool,
        typer.Option(
            "--trust-remote-code",
            help="Run Python code that comes with the teacher.",
            rich_help_panel=TEACHER,
        ),
    ] = False,
    text_field: TextField = "text",
    id_field: IdField = "id",
    format_: FormatOption = "auto",
    on_error: OnErrorOption = "fail",
    ray: RayOption = None,
    workers: WorkersOption = None,
    cpus_per_worker: CpusOption = None,
    gpus_per_worker: GpusOption = None,
    part_documents: PartOption = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Start over, whatever an earlier run left.", rich_help_panel=RAY),
    ] = False,
) -> None:
    """Give documents their topics.

    Documents are a labels file, or a corpus: then the teacher that the model names is run, with the model's
    prompt and vocabulary, and the result is that of distilling the corpus first. The training data is not
    needed.

    Writes JSON lines {"id", "topic", "p", "theta"}, one a document in the documents' order: the most probable
    topic, its probability, and the probabilities of all topics. With --top "topics" instead of "theta", pairs
    of topic and probability. "empty": true marks a document without text. Nothing is random here.

    dsltm assign model.npz labels.npz > assignments.jsonl

    dsltm assign model.npz new.jsonl --top 3 | jq -c '[.id, .topics]'

    zcat new.csv.gz | dsltm assign model.npz - --format csv --text-field review > assignments.jsonl

    dsltm assign model.npz s3://bucket/posts/ --ray auto -o assignments/
    """
    from dsltm.assigning.documents import assignment_rows, write_matrix
    from dsltm.formats.model import read_model
    from dsltm.formats.records import write_jsonl

    if npz and (top is not None or min_prob):
        raise UsageError("--npz writes all proportions", hint="it without --top and --min-prob")
    if model == documents == STDIN:
        raise UsageError("only one of the files can be standard input")
    needing = {
        "workers": workers,
        "cpus-per-worker": cpus_per_worker,
        "gpus-per-worker": gpus_per_worker,
        "part-documents": part_documents,
        "fresh": fresh or None,
    }
    check_ray(ray, output, documents, needing=needing, refusing={})
    if ray is not None:
        if model == STDIN or holds_labels(documents):
            raise UsageError("--ray takes a model file and a corpus, which its workers read")
        from dsltm.on_ray.assign import Written, assign_on_ray
        from dsltm.on_ray.distill import Cluster, TeacherChoice
        from dsltm.on_ray.pieces import Cut

        named = teacher or read_model(model).header["teacher"]["name"]
        assign_on_ray(
            model,
            documents,
            TeacherChoice(named, dtype, device, trust_remote_code),
            Written(top, min_prob, npz),
            Cut(Fields(text_field, id_field), on_error, part_documents or PART_DOCUMENTS),
            Cluster(ray, workers, cpus_per_worker, gpus_per_worker),
            batch_tokens=batch_tokens,
            output=str(output),
            format=format_,
            fresh=fresh,
        )
        return
    with open_output(output, binary=npz) as target:
        opened = read_model(model)
        if holds_labels(documents):
            assigned = _labels(opened, documents)
        else:
            source = Corpus.open(
                documents, text_field=text_field, id_field=id_field, format=format_, on_error=on_error
            )
            assigned = _corpus(opened, source, teacher, batch_tokens, dtype, device, trust_remote_code)
        if npz:
            write_matrix(target, assigned)
        else:
            write_jsonl(target, assignment_rows(assigned.blocks, top=top, min_prob=min_prob))


def _labels(model: "Model", path: str) -> "Assigned":
    from dsltm.assigning.documents import assign_labels
    from dsltm.formats.labels import read_labels

    return assign_labels(model, read_labels(path))


def _corpus(
    model: "Model",
    corpus: Corpus,
    teacher: str | None,
    batch_tokens: int | None,
    dtype: str,
    device: str,
    trust_remote_code: bool,
) -> "Assigned":
    from dsltm.assigning.documents import assign_corpus
    from dsltm.teacher.files.load import load_teacher

    opened = load_teacher(
        teacher or model.header["teacher"]["name"],
        weights_sha256=None if teacher else model.header["teacher"]["weights_sha256"],
        dtype=dtype,
        device=device,
        trust_remote_code=trust_remote_code,
        notify=console.info,
    )
    return assign_corpus(model, corpus, opened, batch_tokens=batch_tokens)
