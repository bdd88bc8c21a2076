"""Texts of whose topics a model's words are least sure: what a teacher had better read next.

Uncertainty sampling (Lewis and Gale, "A sequential algorithm for training text classifiers", 1994).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.formats.blocks import batches
from dsltm.formats.model import read_model
from dsltm.words.student import required_student

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Document

# So many documents are asked about at once, to bound the memory; chosen, not measured.
_BLOCK = 1 << 13


def sureness(path: str, documents: Iterable[Document]) -> tuple[str, NDArray[np.float32]]:
    """How probable each document's first topic is by its words.

    Args:
        path: a model file.
        documents: N of them.

    Returns:
        The hash of the model file; [N] probabilities.

    Raises:
        DsltmError: the file is not a model, or one without a reader of words.
    """
    student = required_student(read_model(path))
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    p = [np.empty(0, np.float32)]
    with console.progress("asking words", None, "documents") as bar:
        for some in batches(documents, _BLOCK):
            p.append(np.exp(student.of_texts([document.text for document in some]).max(axis=1)))
            bar.advance(len(some))
    return digest, np.concatenate(p)
