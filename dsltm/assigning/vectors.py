"""Documents whose vectors somebody else made, as those of a model's documents were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.assigning.documents import Assigned, assign_windows
from dsltm.errors import DsltmError
from dsltm.formats.blocks import batches
from dsltm.formats.labels import EMPTY
from dsltm.formats.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsltm.distilling.reading import Window
    from dsltm.formats.corpus import Corpus
    from dsltm.formats.model import Model

# So many documents are assigned at a time, to bound the memory; chosen, not measured.
_BLOCK = 1 << 14


def check_teacher_reads(model: Model) -> None:
    """Refuse a model that needs vectors from elsewhere, where a teacher would read new documents for it.

    Raises:
        DsltmError: it does.
    """
    if (width := model.header.get("vectors")) is not None:
        raise DsltmError(
            f"the model goes by vectors from elsewhere, of length {width}, which no teacher gives",
            hint="--vectors FILE.npy, a row for each document",
        )


def assign_vectors(model: Model, corpus: Corpus, path: str) -> Assigned:
    """The topics of new documents by their vectors.

    Args:
        path: an NPY file with a row for each document.

    Raises:
        DsltmError: the model goes by a teacher's hidden states, or the vectors are not usable.
    """
    from dsltm.assigning.inference import Inference

    if model.header.get("vectors") is None:
        raise DsltmError("the model goes by the hidden states of its teacher, not by vectors from elsewhere")
    documents = sum(1 for _ in corpus)
    vectors = Vectors.open(path, documents)
    windows = _windows(corpus, vectors)
    return Assigned(documents, model.numbering.given, assign_windows(Inference(model), windows))


def _windows(corpus: Corpus, vectors: Vectors) -> Iterator[Window]:
    from dsltm.distilling.reading import Window

    start = 0
    for some in batches(corpus, _BLOCK):
        rows = np.arange(start, start + len(some))
        start += len(some)
        flags = np.array([0 if document.text.strip() else EMPTY for document in some], np.uint8)
        yield Window(some, np.empty((len(some), 0), np.float16), vectors.half(rows), flags)
