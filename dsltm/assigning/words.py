"""Topics by the words of documents alone, and by the teacher where words are not sure enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.assigning.documents import TEACHER, WORDS, Assigned, Block, assign_windows
from dsltm.assigning.student import WordReader
from dsltm.formats.blocks import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from dsltm.assigning.inference import Inference
    from dsltm.distilling.sample import Sample
    from dsltm.formats.corpus import Document
    from dsltm.formats.model import Model
    from dsltm.progress import Progress
    from dsltm.teacher.reading.forward import Reader

# So many documents are placed at a time, to bound the memory; chosen, not measured.
_BLOCK = 1 << 13


def assign_by_words(model: Model, corpus: Iterable[Document], *, counted: bool) -> Assigned:
    """The topics of the documents of a corpus by their words; no teacher is opened.

    Args:
        corpus: a stream that can be read again.
        counted: count the documents first, for a form of output that needs to know; else they are passed on
            as they come, and their number is None.

    Raises:
        DsltmError: the model has no reader of words, or the corpus cannot be read.
    """
    reader = WordReader.of(model)
    documents = sum(1 for _ in corpus) if counted else None

    def blocks() -> Iterator[Block]:
        with console.progress("assigning", documents, "documents") as bar:
            for some in batches(corpus, _BLOCK):
                theta = reader.of_texts([document.text for document in some])
                bar.advance(len(some))
                yield _block(some, theta, [WORDS] * len(some))

    return Assigned(documents, model.numbering.given, blocks())


def assign_unsure(model: Model, corpus: Iterable[Document], reader: Reader, budget: Sample) -> Assigned:
    """The topics of the documents of a corpus: the teacher reads those whose words are least sure.

    A document's words are as sure as its first topic is probable.

    Args:
        reader: of the model's teacher (`dsltm.assigning.documents.reader_of`).
        budget: how many documents it reads.

    Raises:
        DsltmError: the model has no reader of words, or the corpus cannot be read.
    """
    from dsltm.assigning.inference import Inference

    words, inference = WordReader.of(model), Inference(model)
    sure = [words.of_texts([each.text for each in some]).max(1) for some in batches(corpus, _BLOCK)]
    documents = sum(map(len, sure))
    unsure = np.zeros(documents, bool)
    order = np.argsort(np.concatenate([np.empty(0, np.float32), *sure]), kind="stable")
    unsure[order[: budget.size(documents)]] = True

    def blocks() -> Iterator[Block]:
        start = 0
        with console.progress("assigning", int(unsure.sum()), "documents") as bar:
            for some in batches(corpus, _BLOCK):
                asked = np.flatnonzero(unsure[start : start + len(some)])
                start += len(some)
                theta = words.of_texts([document.text for document in some])
                by = [WORDS] * len(some)
                read = _read(inference, reader, [some[row] for row in asked.tolist()], bar)
                for row, line in zip(asked.tolist(), read, strict=True):
                    theta[row], by[row] = line, TEACHER
                yield _block(some, theta, by)

    return Assigned(documents, model.numbering.given, blocks())


def _read(
    inference: Inference, reader: Reader, documents: list[Document], bar: Progress
) -> Iterator[NDArray[np.float32]]:
    """θ [K] of each of a few documents, which the teacher reads."""
    from dsltm.distilling.reading import read_windows, windows

    stream = read_windows(
        reader, windows(documents, reader.encoder.max_tokens), lambda read, *_: bar.advance(read)
    )
    for block in assign_windows(inference, stream):
        yield from block.theta


def _block(documents: list[Document], theta: NDArray[np.float32], by: list[str]) -> Block:
    empty = np.array([not document.text.strip() for document in documents])
    return Block(
        [document.id for document in documents],
        theta,
        empty,
        [document.fields for document in documents],
        by,
    )
