"""`dsltm attend`: written topics and documents in, a model out that follows the teacher's attention."""

import re
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dsltm.commands.ground import Device, Dtype, LabelsOption, TeacherOption, TopicsFile, opener
from dsltm.commands.options import (
    CorpusFile,
    FormatOption,
    IdField,
    LabelField,
    OnErrorOption,
    Output,
    TextField,
)
from dsltm.errors import UsageError
from dsltm.formats.corpus import Corpus
from dsltm.formats.output import open_output
from dsltm.formats.records import write_jsonl
from dsltm.formats.source import holds_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsltm.formats.labels import Labels
    from dsltm.written.attend.scoring import Attended

AUTO = "auto"


def attend_command(
    topics: TopicsFile,
    corpus: CorpusFile = "-",
    output: Output = None,
    labels: LabelsOption = None,
    answer: Annotated[
        Literal["attention", "numbers", "mixture"],
        typer.Option(help="What is read: attention on the topics, their numbers' probability, or both."),
    ] = "attention",
    heads: Annotated[
        str,
        typer.Option(
            metavar="auto|L.H,...",
            help="Attention heads; auto takes those that choose alike in every order of the topics.",
        ),
    ] = AUTO,
    layers: Annotated[
        str | None, typer.Option(metavar="N-N", help="With --heads auto: only of these layers.")
    ] = None,
    most: Annotated[int, typer.Option("--most-heads", min=1, metavar="N", help="With auto: at most N.")] = 4,
    orders: Annotated[int, typer.Option(min=1, metavar="N", help="Orders of the topics, averaged.")] = 2,
    calibrate: Annotated[
        Literal["corpus", "empty"],
        typer.Option(help="What a topic draws anyway is measured on documents, or on ones without content."),
    ] = "corpus",
    sample: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Documents that are read by attention, evenly spread; 0: all."),
    ] = 5000,
    temperature: Annotated[
        float, typer.Option(min=0.01, help="Lower makes each document's first topic more certain.")
    ] = 0.3,
    max_tokens: Annotated[
        int, typer.Option(min=64, metavar="N", help="Longest prompt, topics and document included.")
    ] = 2048,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the orders.")] = 0,
    assignments_output: Annotated[
        str | None,
        typer.Option(
            "--assignments",
            metavar="FILE",
            help="Write what attention itself gave each document that was read.",
        ),
    ] = None,
    teacher: TeacherOption = None,
    dtype: Dtype = "auto",
    device: Device = "auto",
    text_field: TextField = "text",
    id_field: IdField = "id",
    label_field: LabelField = "label",
    format_: FormatOption = "auto",
    on_error: OnErrorOption = "fail",
) -> None:
    """Bring written topics to documents by the teacher's attention.

    The teacher reads each document under the numbered list of topics; how much the answer's place attends to
    each topic, in heads that were chosen without labels, says what the document is about, and how much it
    attends to each word of the document makes the topic's words. What stands where in the list, and how long
    it is, is calibrated away. Writes a model for assign, topics and eval, which gives documents their topics
    from their vectors, as attention taught it: no document is attended to twice.

    dsltm attend topics.jsonl corpus.jsonl --labels labels.npz -o model.npz

    dsltm attend topics.jsonl corpus.jsonl --sample 0 --assignments attended.jsonl -o model.npz
    """
    from dsltm.formats.model import write_model
    from dsltm.formats.topics import read_topics
    from dsltm.written.attend.scoring import AttendConfig, attend
    from dsltm.written.ground.documents import documents

    if holds_labels(corpus):
        raise UsageError("attention needs the documents' texts", hint="CORPUS --labels LABELS")
    config = AttendConfig(
        answer=answer,
        heads=_heads(heads),
        layers=_layers(layers),
        most=most,
        orders=orders,
        calibrate=calibrate,
        sample=sample,
        temperature=temperature,
        max_tokens=max_tokens,
        seed=seed,
    )

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
    with open_output(output, binary=True) as target:
        with documents(corpus, labels, open_corpus, opener(teacher, dtype, device)) as opened:
            assert opened.corpus is not None
            attended = attend(told, opened.labels, opened.corpus, opened.teacher, config)
            if assignments_output is not None:
                write_jsonl(assignments_output, _rows(attended, opened.labels))
        write_model(target, attended.model)


def _rows(attended: "Attended", labels: "Labels") -> "Iterator[dict[str, object]]":
    for row, theta in zip(attended.rows, attended.theta, strict=True):
        first = int(theta.argmax())
        yield {"id": labels.ids[int(row)], "topic": first, "p": theta[first], "theta": theta}


def _heads(text: str) -> tuple[tuple[int, int], ...] | None:
    if text == AUTO:
        return None
    found = [re.fullmatch(r"(\d+)\.(\d+)", part.strip()) for part in text.split(",")]
    if not all(found):
        raise UsageError(f"--heads {text}: is not a list of heads", hint="auto, or 24.4,19.7 (layer.head)")
    return tuple((int(match[1]), int(match[2])) for match in found if match)


def _layers(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if not match or int(match[2] or match[1]) < int(match[1]):
            raise UsageError(f"--layers {text}: is not a list of layers", hint="12-29 or 3,5,7")
        found.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(found)
