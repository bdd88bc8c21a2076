"""Opening what is evaluated: which of the files are models, and which holds the documents."""

from collections.abc import Sequence
from dataclasses import dataclass

from dsltm.errors import UsageError
from dsltm.formats.inputs import name_of
from dsltm.formats.labels import FORMAT, Labels, labels_read
from dsltm.formats.model import read_model
from dsltm.formats.npz import format_of
from dsltm.formats.source import STDIN, is_folder_of_parts
from dsltm.formats.word_vectors import WordVectors, read_word_vectors
from dsltm.metrics.config import TOP_WORDS
from dsltm.metrics.subject import Subject, from_files, from_model


@dataclass(frozen=True, slots=True)
class Opened:
    """The models, and the labels file of the documents if there is one."""

    subjects: list[Subject]
    labels: Labels | None


def open_inputs(
    files: Sequence[str],
    labels: str | None = None,
    topics: str | None = None,
    assignments: str | None = None,
    topn: int = TOP_WORDS,
) -> Opened:
    """Read models, labels, and the results of another tool.

    Args:
        files: models; the last one may be a labels file where `labels` is not given.
        labels: a labels file.
        topics, assignments: as in `subject.from_files`.
        topn: words of each topic.

    Raises:
        UsageError: there is nothing to evaluate.
        DsltmError: a file is not what it should be.
    """
    models = list(files)
    if labels is None and len(models) > 1 and _has_documents(models[-1]):
        labels = models.pop()
    opened = None if labels is None else labels_read(labels, "scoring")
    subjects = [from_model(name_of(path), read_model(path), opened, topn) for path in models]
    if topics is not None or assignments is not None:
        subjects.append(from_files(topics, assignments))
    if not subjects:
        raise UsageError("there is nothing to evaluate", hint="a model file, --topics or --assignments")
    return Opened(subjects, opened)


def open_word_vectors(path: str, subjects: Sequence[Subject]) -> WordVectors:
    """The vectors of the models' top words, from a file.

    Raises:
        UsageError: no model has words.
        DsltmError: the file is not one of word vectors, or has none of these words.
    """
    words = {word for subject in subjects for topic in subject.topics or () for word in topic}
    if not words:
        raise UsageError("--word-vectors is for topics' words, and only assignments are given")
    return read_word_vectors(path, words)


def _has_documents(path: str) -> bool:
    return path == STDIN or format_of(path) == FORMAT or is_folder_of_parts(path)
