"""Whether the arrays of a labels file fit each other, its header, and the words that this names."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels


def check_shapes(labels: Labels, name: str) -> None:
    """Refuse labels whose arrays contradict each other or their header.

    Args:
        name: the file's, for messages.

    Raises:
        DsltmError: they do.
    """
    vocabulary = labels.header.get("vocabulary")
    if not _is_list_of_words(vocabulary):
        raise DsltmError(f"{name}: its header has no vocabulary")
    words = labels.header.get("words", vocabulary)
    if not _is_list_of_words(words) or words[: len(vocabulary)] != vocabulary:
        raise DsltmError(f"{name}: the words that it counts do not begin with its vocabulary")
    rows, (read, columns) = len(labels.flags), labels.logits.shape
    if not (
        (columns == len(vocabulary) or (columns == 0 and labels.header.get("teacher") is None))
        and len(vocabulary) == len(labels.word_embeddings)
        and rows == len(labels.gold_codes) == len(labels.ids)
        and read == len(labels.hidden) == rows - len(labels.unread)
        and _is_csr(labels.ids.indptr, len(labels.ids.data), rows)
        and _is_csr(labels.bow_indptr, len(labels.bow_data), rows)
        and len(labels.bow_indices) == len(labels.bow_data)
    ):
        raise DsltmError(f"{name}: its arrays do not fit each other")
    codes, names = labels.gold_codes, labels.header.get("gold_names", [])
    if not isinstance(names, list) or (rows and not -1 <= codes.min() <= codes.max() < max(len(names), 1)):
        raise DsltmError(f"{name}: its gold labels do not fit their names")
    indices = np.asarray(labels.bow_indices)
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
