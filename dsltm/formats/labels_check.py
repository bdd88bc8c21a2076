"""The arrays of a labels file: whether all are there, and fit each other, the header and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


MEMBERS: dict[str, tuple[type[np.generic], int]] = {
    "ids": (np.uint8, 1),
    "ids_indptr": (np.int64, 1),
    "logits": (np.float16, 2),
    "hidden": (np.float16, 2),
    "bow_indptr": (np.int64, 1),
    "bow_indices": (np.int32, 1),
    "bow_data": (np.int32, 1),
    "gold": (np.int32, 1),
    "flags": (np.uint8, 1),
    "word_embeddings": (np.float16, 2),
}
"""In the order of the file, by name: the type, and how many dimensions there are."""


def check_types(arrays: Mapping[str, NDArray[Any]], name: str) -> None:
    """Refuse labels that lack an array, or have another one in its place.

    Args:
        arrays: by their names in the file.
        name: the file's, for messages.

    Raises:
        DsltmError: there is one.
    """
    for key, (dtype, dimensions) in MEMBERS.items():
        if key not in arrays or arrays[key].dtype != dtype or arrays[key].ndim != dimensions:
            raise DsltmError(f"{name}: its array {key!r} is missing or of another type")


def check_shapes(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], unread: int, name: str
) -> None:
    """Refuse labels whose arrays contradict each other or their header.

    Args:
        arrays: by their names in the file.
        unread: how many documents their flags call unread.
        name: the file's, for messages.

    Raises:
        DsltmError: they do.
    """
    vocabulary = header.get("vocabulary")
    if not _is_list_of_words(vocabulary):
        raise DsltmError(f"{name}: its header has no vocabulary")
    words = header.get("words", vocabulary)
    if not _is_list_of_words(words) or words[: len(vocabulary)] != vocabulary:
        raise DsltmError(f"{name}: the words that it counts do not begin with its vocabulary")
    rows, (read, columns), codes = len(arrays["flags"]), arrays["logits"].shape, arrays["gold"]
    if not (
        (columns == len(vocabulary) or (columns == 0 and header.get("teacher") is None))
        and len(vocabulary) == len(arrays["word_embeddings"])
        and rows == len(codes)
        and read == len(arrays["hidden"]) == rows - unread
        and _is_csr(arrays["ids_indptr"], len(arrays["ids"]), rows)
        and _is_csr(arrays["bow_indptr"], len(arrays["bow_data"]), rows)
        and len(arrays["bow_indices"]) == len(arrays["bow_data"])
    ):
        raise DsltmError(f"{name}: its arrays do not fit each other")
    names = header.get("gold_names", [])
    if not isinstance(names, list) or (rows and not -1 <= codes.min() <= codes.max() < max(len(names), 1)):
        raise DsltmError(f"{name}: its gold labels do not fit their names")
    indices = arrays["bow_indices"]
    if len(indices) and not 0 <= indices.min() <= indices.max() < len(words):
        raise DsltmError(f"{name}: its word counts name words that its header does not")


def _is_list_of_words(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _is_csr(indptr: NDArray[np.int64], size: int, rows: int) -> bool:
    return (
        len(indptr) == rows + 1
        and indptr[0] == 0
        and indptr[-1] == size
        and bool((np.diff(indptr) >= 0).all())
    )
