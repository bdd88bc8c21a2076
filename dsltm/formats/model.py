"""Model files: everything that `assign` needs, and nothing of the training data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.inputs import name_of
from dsltm.formats.npz import open_npz, write_npz
from dsltm.formats.numbering import Numbering
from dsltm.formats.old_model import predicted_beta

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT, VERSION = "dsltm.model", 2
_STUDENT = "student."  # what the names of its arrays begin with in a file
# The keys of a header that tell how documents were read, and the plural of each for messages.
_PROVENANCE = {
    "teacher": "teachers",
    "prompts": "prompts",
    "projection": "projections",
    "max_tokens": "document lengths",
    "vocabulary": "vocabularies",
    "vectors": "document vectors",
}


@dataclass(frozen=True)
class Model:
    """A trained topic model of K topics over V words.

    Attributes:
        header: JSON object: teacher, prompts, projection, vocabulary, backbone, hyperparameters,
            seed, training; names, where the topics have some; edit and numbering, where they were merged or
            dropped (`dsltm.topics.edit`); sizes, [K] how many documents of training each topic is the first
            of.
        beta: [K, V] float32, rows sum to one: the distribution of words that the model predicts for a
            document of one topic alone.
        arrays: the encoder's arrays by name.
        usage: [K, V] int32, how many of each topic's documents of training have each word; None in files of
            version 1.
        student: arrays of the reader of words (`dsltm.words.student.Student`); None where there is none.
    """

    header: dict[str, Any]
    beta: NDArray[np.float32]
    arrays: dict[str, NDArray[Any]]
    usage: NDArray[np.int32] | None = None
    student: dict[str, NDArray[Any]] | None = None

    @property
    def vocabulary(self) -> list[str]:
        return list(self.header["vocabulary"])

    @property
    def language(self) -> str:
        """Of the documents of training, by its two letters; older files do not tell and are English."""
        return str(self.header.get("language", "en"))

    @property
    def topics(self) -> int:
        return len(self.beta)

    @property
    def numbering(self) -> Numbering:
        """The topics' numbers."""
        return Numbering.of(self.header, self.topics)

    @property
    def sizes(self) -> NDArray[np.int64] | None:
        """[K] how many documents of training each topic is the first of, where the file tells."""
        sizes = self.header.get("sizes")
        return None if sizes is None else np.array(sizes, np.int64)

    @property
    def names(self) -> list[str | None]:
        """[K] what the topics are called, None for those without a name."""
        return list(self.header.get("names") or [None] * self.topics)


@dataclass(frozen=True)
class Edit:
    """How the topics of a model come from those that it was trained with.

    Attributes:
        topics: how many it was trained with.
        groups: for each topic of the edited model the old ones that it was merged from; topics of no group
            were dropped.
    """

    topics: int
    groups: list[list[int]]


def edit_of(header: dict[str, Any], topics: int) -> Edit:
    """The edit that a model's header records; where there was none, every topic comes from itself.

    Raises:
        DsltmError: groups that overlap or do not fit the number of topics.
    """
    edit = header.get("edit")
    if edit is None:
        return Edit(topics, [[topic] for topic in range(topics)])
    try:
        old, groups = int(edit["topics"]), [[int(topic) for topic in group] for group in edit["groups"]]
    except (KeyError, TypeError, ValueError):
        raise DsltmError("the model's header records an edit that cannot be understood") from None
    flat = [topic for group in groups for topic in group]
    if (
        len(groups) != topics
        or not all(groups)
        or len({*flat}) < len(flat)
        or not 0 <= min(flat) <= max(flat) < old
    ):
        raise DsltmError("the model's merged and dropped topics do not fit its topic-word matrix")
    return Edit(old, groups)


def write_model(target: BinaryIO, model: Model) -> None:
    """Write a model file to a binary stream; the same model gives the same bytes."""
    header = {**model.header, "format": FORMAT, "version": VERSION}
    usage = [] if model.usage is None else [("usage", model.usage)]
    student = sorted((_STUDENT + name, array) for name, array in (model.student or {}).items())
    members = [("beta", model.beta), *usage, *sorted(model.arrays.items()), *student]
    write_npz(target, header, members)


def read_model(path: str) -> Model:
    """Read a model file (`-`: standard input).

    Raises:
        DsltmError: not a model file, or one whose parts do not fit each other.
    """
    header, arrays = open_npz(path, expect=FORMAT, newest=VERSION)
    name = name_of(path)
    beta, vocabulary = arrays.pop("beta", None), header.get("vocabulary")
    if beta is None or beta.dtype != np.float32 or beta.ndim != 2 or not len(beta):
        raise DsltmError(f"{name}: its topic-word matrix is missing")
    if not isinstance(vocabulary, list) or len(vocabulary) != beta.shape[1]:
        raise DsltmError(f"{name}: its vocabulary does not fit its topic-word matrix")
    for what, array in {"topic-word matrix": beta, **arrays}.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise DsltmError(f"{name}: its {what} holds values that are not numbers")
    _check_names(header.get("names"), len(beta), name)
    Numbering.of(header, len(beta))
    usage = arrays.pop("usage", None)
    _check_usage(usage, header.get("sizes"), beta.shape, name)
    copies = {key: np.array(array) for key, array in arrays.items()}
    predicted = beta if header["version"] > 1 else predicted_beta(header, beta, copies)
    usage = None if usage is None else np.array(usage)
    student = {
        name.removeprefix(_STUDENT): copies.pop(name) for name in [*copies] if name.startswith(_STUDENT)
    }
    return Model(header, np.array(predicted), copies, usage, student or None)


def _check_usage(usage: NDArray[Any] | None, sizes: Any, shape: tuple[int, ...], file: str) -> None:
    if usage is not None and (usage.dtype != np.int32 or usage.shape != shape or (usage < 0).any()):
        raise DsltmError(f"{file}: its counts of words do not fit its topic-word matrix")
    if sizes is not None and not (
        isinstance(sizes, list) and len(sizes) == shape[0] and all(type(n) is int and n >= 0 for n in sizes)
    ):
        raise DsltmError(f"{file}: its topics' sizes do not fit its topic-word matrix")


def provenance(header: dict[str, Any]) -> dict[str, Any]:
    """How documents were read: what a model takes over from the header of its labels."""
    return {key: header[key] for key in (*_PROVENANCE, "language") if key in header}


def _check_names(names: Any, topics: int, file: str) -> None:
    if names is not None and not (
        isinstance(names, list)
        and len(names) == topics
        and all(n is None or isinstance(n, str) for n in names)
    ):
        raise DsltmError(f"{file}: its topics' names do not fit its topic-word matrix")


def check_compatible(model: dict[str, Any], labels: dict[str, Any]) -> None:
    """Refuse labels that were made another way than those that the model was trained on.

    Args:
        model, labels: the two headers.

    Raises:
        DsltmError: they differ in teacher, prompts, projection, document length or vocabulary.
    """
    for key, plural in _PROVENANCE.items():
        if _identity(model.get(key)) != _identity(labels.get(key)):
            which = _difference(model.get(key), labels.get(key))
            raise DsltmError(f"the model and the labels come from different {plural}{which}")


def _identity(value: Any) -> Any:
    """Two teachers are the same if their weights are, whatever their names and precision."""
    return value.get("weights_sha256") if isinstance(value, dict) else value


def _difference(model: Any, labels: Any) -> str:
    if isinstance(model, dict) and isinstance(labels, dict):
        return f" ({model.get('name')} and {labels.get('name')})"
    if isinstance(model, str | int) and isinstance(labels, str | int):
        return f" ({model} and {labels})"
    return ""
