"""Model files: everything that `assign` needs, and nothing of the training data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.npz import open_npz, write_npz

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT, VERSION = "dsltm.model", 1
_PROVENANCE = {  # how documents were read, by the keys of a header, and what to call several of it
    "teacher": "teachers",
    "prompts": "prompts",
    "projection": "projections",
    "max_tokens": "document lengths",
    "vocabulary": "vocabularies",
}


@dataclass(frozen=True)
class Model:
    """A trained topic model of K topics over V words.

    Attributes:
        header: JSON object: teacher, prompts, projection, vocabulary, backbone, hyperparameters,
            seed, training; names, where the topics have some; edit, where they were merged or dropped
            (`dsltm.topics.edit`).
        beta: [K, V] float32, rows sum to one.
        arrays: the encoder's arrays by name.
    """

    header: dict[str, Any]
    beta: NDArray[np.float32]
    arrays: dict[str, NDArray[Any]]

    @property
    def vocabulary(self) -> list[str]:
        return list(self.header["vocabulary"])

    @property
    def topics(self) -> int:
        return len(self.beta)

    @property
    def names(self) -> list[str | None]:
        """[K] what the topics are called, None for those without a name."""
        return list(self.header.get("names") or [None] * self.topics)


@dataclass(frozen=True)
class Edit:
    """How the topics of a model come from those that it was trained with.

    Attributes:
        topics: how many it was trained with.
        groups: for each topic of now, the old ones that it was merged from; those of no group were dropped.
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
    write_npz(target, header, [("beta", model.beta), *sorted(model.arrays.items())])


def read_model(path: str) -> Model:
    """Read a model file (`-`: standard input).

    Raises:
        DsltmError: not a model file, or one whose parts do not fit each other.
    """
    header, arrays = open_npz(path, expect=FORMAT, newest=VERSION)
    name = "standard input" if path == "-" else path
    beta, vocabulary = arrays.pop("beta", None), header.get("vocabulary")
    if beta is None or beta.dtype != np.float32 or beta.ndim != 2 or not len(beta):
        raise DsltmError(f"{name}: its topic-word matrix is missing")
    if not isinstance(vocabulary, list) or len(vocabulary) != beta.shape[1]:
        raise DsltmError(f"{name}: its vocabulary does not fit its topic-word matrix")
    for what, array in {"topic-word matrix": beta, **arrays}.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise DsltmError(f"{name}: its {what} holds values that are not numbers")
    _check_names(header.get("names"), len(beta), name)
    return Model(header, np.array(beta), {key: np.array(array) for key, array in arrays.items()})


def provenance(header: dict[str, Any]) -> dict[str, Any]:
    """How documents were read: what a model takes over from the header of its labels."""
    return {key: header[key] for key in _PROVENANCE if key in header}


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
