"""`dsltm ground`: written topics and documents in, a model out."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsltm import console
from dsltm.commands.options import FormatOption, IdField, LabelField, OnErrorOption, Output, TextField
from dsltm.formats.corpus import Corpus
from dsltm.formats.output import open_output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dsltm.teacher.reading.teacher import Teacher

TopicsFile = Annotated[
    str,
    typer.Argument(
        metavar="TOPICS",
        help='JSON lines with "label", by hand or from dsltm generate; - is standard input.',
    ),
]
DocumentsFile = Annotated[
    str,
    typer.Argument(metavar="DOCUMENTS", help="Corpus or labels file; - is standard input."),
]
LabelsOption = Annotated[
    str | None,
    typer.Option("--labels", metavar="FILE", help="The corpus's labels file, not to distil it again."),
]
TeacherOption = Annotated[
    str | None,
    typer.Option(
        "--teacher", metavar="NAME", help="As for dsltm distill.", show_default="the one of the labels file"
    ),
]
Dtype = Annotated[str, typer.Option("--dtype", metavar="TYPE", help="auto, float32, bfloat16 or float16.")]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.")]


def ground_command(
    topics: TopicsFile,
    documents: DocumentsFile = "-",
    output: Output = None,
    labels: LabelsOption = None,
    representatives: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Up to N documents that say a topic's words join it."),
    ] = 100,
    expand: Annotated[
        int, typer.Option(min=0, metavar="N", help="Up to N words of those documents join the topic's own.")
    ] = 20,
    balance: Annotated[
        float, typer.Option(min=0, max=1, help="Weight of the teacher's vectors beside the words.")
    ] = 0.85,
    temperature: Annotated[
        float, typer.Option(min=0.01, help="Lower makes each document's first topic more certain.")
    ] = 0.4,
    teacher: TeacherOption = None,
    dtype: Dtype = "auto",
    device: Device = "auto",
    text_field: TextField = "text",
    id_field: IdField = "id",
    label_field: LabelField = "label",
    format_: FormatOption = "auto",
    on_error: OnErrorOption = "fail",
) -> None:
    """Bring written topics to documents by retrieval.

    A topic needs only a label: {"label": "kitchen"}; "keywords", a "summary" and the ids of typical
    "documents" help. Documents find their topics by the topic's words (BM25) and by how near they are to it
    in the teacher's vector space, where documents that say a topic's name stand beside it; how frequent a
    topic is they tell, too. The words of a topic are those of its documents. Writes a model for assign,
    topics and eval.

    A labels file alone will do; with the corpus, names that are not in the vocabulary are found, too.

    dsltm ground topics.jsonl corpus.jsonl --labels labels.npz -o model.npz

    dsltm generate corpus.jsonl | dsltm ground - labels.npz | dsltm topics
    """
    from dsltm.formats.model import write_model
    from dsltm.formats.topics import read_topics
    from dsltm.written.ground.documents import documents as open_documents
    from dsltm.written.ground.matching import GroundConfig, ground

    def open_corpus(path: str) -> Corpus:
        return Corpus.open(
            path,
            text_field=text_field,
            id_field=id_field,
            label_field=label_field,
            format=format_,
            on_error=on_error,
        )

    told = read_topics(topics)
    config = GroundConfig(representatives, expand, balance, temperature)
    with open_output(output, binary=True) as target:
        opening = opener(teacher, dtype, device)
        with open_documents(documents, labels, open_corpus, opening) as opened:
            model = ground(told, opened.labels, opened.teacher, config, opened.corpus)
        write_model(target, model)


def opener(chosen: str | None, dtype: str, device: str) -> "Callable[[Mapping[str, Any] | None], Teacher]":
    """Opens the teacher that was chosen, else the one that a labels file records, else the default."""

    def opened(recorded: "Mapping[str, Any] | None") -> "Teacher":
        from dsltm.teacher.files.load import load_teacher
        from dsltm.teacher.files.registry import DEFAULT

        if chosen or not recorded:
            return load_teacher(chosen or DEFAULT, dtype=dtype, device=device, notify=console.info)
        return load_teacher(
            recorded["name"],
            dtype=dtype,
            device=device,
            weights_sha256=recorded["weights_sha256"],
            notify=console.info,
        )

    return opened
