"""`dsltm attend`: written topics and documents in, a model out that follows the teacher's attention."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from dsltm.commands.options import (
    CorpusFile,
    CorpusWithLabels,
    LabelsOption,
    Output,
    TeacherOfFile,
    TopicsFile,
)
from dsltm.errors import UsageError
from dsltm.formats.output import open_output
from dsltm.formats.records import write_jsonl
from dsltm.formats.source import holds_labels
from dsltm.option import option
from dsltm.written.attend.config import AttendConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsltm.formats.labels import Labels
    from dsltm.written.attend.scoring import Attended

READS = {"TOPICS": "Written topics", "CORPUS": "Corpus", "--labels": "Labels"}
WRITES = "Model"
AUTO = "auto"


def command(
    topics: TopicsFile,
    corpus: CorpusFile = "-",
    *,
    output: Output = None,
    labels: LabelsOption = None,
    heads: str = option(
        AUTO,
        "Attention heads; auto takes those that choose alike in every order of the topics.",
        metavar="auto|L.H,...",
    ),
    layers: str | None = option(None, "With --heads auto: only of these layers.", metavar="N-N"),
    config: AttendConfig,
    assignments_output: str | None = option(
        None, "Write what attention itself gave each document that was read.", "--assignments", metavar="FILE"
    ),
    teacher: TeacherOfFile,
    reading: CorpusWithLabels,
) -> None:
    """Writes a model for assign, topics and eval. The teacher reads each document under a numbered list of
    the topics. How much the document's words attend to each topic's name, in attention heads that are chosen
    and weighed without labels, says what the document is about. The influence of a topic's place in the list,
    and of its length, is calibrated away. A topic's words are those that its documents have more than others.

    The model learns from this attention to tell the topics of a document by its vector, so that assign needs
    no attention.

    It is for looking at what a teacher attends to: with a small one, heads follow names that the documents
    say, and little of what they mean, so that dsltm ground is right more often and takes less time.

    dsltm attend topics.jsonl corpus.jsonl --labels labels.npz -o model.npz

    dsltm attend topics.jsonl corpus.jsonl --sample 0 --assignments attended.jsonl -o model.npz
    """
    from dsltm.formats.model import write_model
    from dsltm.formats.topics import read_topics
    from dsltm.written.attend.scoring import attend
    from dsltm.written.ground.documents import documents

    if holds_labels(corpus):
        raise UsageError("attention needs the documents' texts", hint="CORPUS --labels LABELS")
    config = replace(config, heads=_heads(heads), layers=_layers(layers))
    written = read_topics(topics)
    with open_output(output, binary=True) as target:
        with documents(corpus, labels, reading.open, teacher.open) as opened:
            assert opened.corpus is not None
            attended = attend(written, opened.labels, opened.corpus, opened.teacher, config)
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
    matches = [re.fullmatch(r"(\d+)\.(\d+)", part.strip()) for part in text.split(",")]
    if not all(matches):
        raise UsageError(f"--heads {text}: is not a list of heads", hint="auto, or 24.4,19.7 (layer.head)")
    return tuple((int(match[1]), int(match[2])) for match in matches if match)


def _layers(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    numbers: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if not match or int(match[2] or match[1]) < int(match[1]):
            raise UsageError(f"--layers {text}: is not a list of layers", hint="12-29 or 3,5,7")
        numbers.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(numbers)
