"""Topics by the words of documents alone, and by the teacher where words are not sure enough."""

from __future__ import annotations

from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.assigning.documents import TEACHER, WORDS, Assigned, Block, assign_windows
from dsltm.assigning.word_reader import WordReader
from dsltm.formats.blocks import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from dsltm.assigning.budget import Budget
    from dsltm.assigning.inference import Inference
    from dsltm.formats.corpus import Document
    from dsltm.formats.model import Model
    from dsltm.progress import Progress
    from dsltm.teacher.reading.forward import Reader

# So many documents are placed at a time, to bound the memory; chosen, not measured.
_BLOCK = 1 << 13


def assign_by_words(
    model: Model, corpus: Iterable[Document], *, counted: bool, unit: str = "documents"
) -> Assigned:
    """The topics of the documents of a corpus by their words; no teacher is opened.

    Args:
        corpus: a stream that can be read again.
        counted: count the documents first, for a form of output that needs to know; else they are passed on
            as they come, and their number is None.
        unit: what progress calls them, in the plural.

    Raises:
        DsltmError: the model has no reader of words, or the corpus cannot be read.
    """
    reader = WordReader.of(model)
    documents = sum(1 for _ in corpus) if counted else None

    def blocks() -> Iterator[Block]:
        with console.progress("assigning", documents, unit) as bar:
            for block in placed_by_words(reader, corpus):
                bar.advance(len(block.ids))
                yield block

    return Assigned(documents, model.numbering.given, blocks())


def placed_by_words(reader: WordReader, documents: Iterable[Document]) -> Iterator[Block]:
    """The topics of documents by their words, a few thousand documents at a time."""
    for some in batches(documents, _BLOCK):
        yield Block(
            [document.id for document in some],
            reader.of_texts([document.text for document in some]),
            np.array([not document.text.strip() for document in some]),
            [document.fields for document in some],
            [WORDS] * len(some),
        )


def assign_unsure(model: Model, corpus: Iterable[Document], reader: Reader, budget: Budget) -> Assigned:
    """The topics of the documents of a corpus: the teacher reads those whose words are least sure.

    A document's words are as sure as its first topic is probable. One without text is not read.

    Args:
        corpus: a stream that can be read again.
        reader: of the model's teacher (`dsltm.assigning.documents.reader_of`).
        budget: how much it reads.

    Raises:
        DsltmError: the model has no reader of words, or the corpus cannot be read.
    """
    from dsltm.assigning.inference import Inference

    words, inference = WordReader.of(model), Inference(model)
    sure = [np.where(block.empty, np.inf, block.theta.max(1)) for block in placed_by_words(words, corpus)]
    p = np.concatenate([np.empty(0), *sure])
    order = np.argsort(p, kind="stable")[: int(np.isfinite(p).sum())]
    # For each document its row among those that the teacher has read, in the order of reading.
    row_of = np.full(len(p), -1)
    theta = [np.empty((0, model.numbering.given), np.float32)]
    done = 0
    with console.progress("reading the least sure", budget.most(len(order)), "documents") as bar:
        for more in budget.rounds(len(order)):
            chosen = np.zeros(len(p), bool)
            chosen[order[done : done + more]] = True
            row_of[chosen] = np.arange(done, done + more)
            theta += _read(inference, reader, compress(corpus, chosen), bar)
            done += more
    by_teacher = np.concatenate(theta)

    def blocks() -> Iterator[Block]:
        start = 0
        for block in placed_by_words(words, corpus):
            rows = row_of[start : start + len(block.ids)]
            start += len(rows)
            block.theta[rows >= 0] = by_teacher[rows[rows >= 0]]
            yield replace(block, readers=np.where(rows >= 0, TEACHER, WORDS).tolist())

    return Assigned(len(p), model.numbering.given, blocks())


def _read(
    inference: Inference, reader: Reader, documents: Iterator[Document], bar: Progress
) -> Iterator[NDArray[np.float32]]:
    """θ [n, K] of documents that the teacher reads, a window at a time."""
    from dsltm.distilling.reading import read_windows, windows

    limit = reader.encoder.max_tokens
    stream = read_windows(reader, windows(documents, limit), lambda read, *_: bar.advance(read))
    return (block.theta for block in assign_windows(inference, stream))
