"""Which topics documents have: those of a labels file, or new ones that the model's teacher reads first."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm import console
from dsltm.assigning.word_reader import WordReader
from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices
from dsltm.formats.labels import EMPTY, TRUNCATED
from dsltm.formats.model import check_compatible
from dsltm.words.student import aligned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from dsltm.assigning.inference import Inference
    from dsltm.distilling.reading import Window
    from dsltm.formats.corpus import Document
    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.teacher.reading.forward import Reader
    from dsltm.teacher.reading.teacher import Teacher

WORDS, TEACHER = "words", "teacher"
"""Who placed a document, in a row of assignments."""
# So many documents are assigned at a time, to bound the memory; chosen, not measured.
_BLOCK = 1 << 15


@dataclass(frozen=True)
class Block:
    """n neighbouring documents and their topics.

    Attributes:
        ids: n names.
        theta: [n, K] float32, rows sum to one; column k is the topic of number k (`Inference.theta`).
        empty: [n] True where there is no text, so that the topics mean nothing.
        fields: n documents' fields that the corpus was asked to keep; none where there was no corpus.
        readers: who placed each document, `TEACHER` or `WORDS`; none where it was the teacher, all of them.
        parts: n documents' parts as their rows have them (`dsltm.assigning.parts.Part`); none where documents
            were read whole.
    """

    ids: Sequence[str]
    theta: NDArray[np.float32]
    empty: NDArray[np.bool_]
    fields: Sequence[Mapping[str, str]] = ()
    readers: Sequence[str] = ()
    parts: Sequence[Sequence[Mapping[str, Any]]] = ()

    def __post_init__(self) -> None:
        """Refuse proportions that are not numbers.

        Raises:
            DsltmError: the document's vector, and so its topics, are NaN or infinite.
        """
        bad = np.flatnonzero(~np.isfinite(self.theta).all(axis=1))
        if len(bad):
            raise DsltmError(
                f"document {self.ids[int(bad[0])]!r}: its vector holds values that are no numbers"
            )


@dataclass(frozen=True)
class Assigned:
    """The topics of N documents, a block at a time, in the documents' order.

    Attributes:
        documents: N; None where they are not counted beforehand.
        topics: K, the columns of θ.
        blocks: can be gone through once.
    """

    documents: int | None
    topics: int
    blocks: Iterator[Block]


def theta_of(model: Model, labels: Labels) -> NDArray[np.float32]:
    """θ [R, K] of the documents of a labels file that were read, whole: a column for each row of β.

    Raises:
        DsltmError: model and labels come from different teachers, prompts or vocabularies.
    """
    numbers = model.numbering.numbers
    blocks = [block.theta[:, numbers] for block in assign_labels(model, labels.only_read()).blocks]
    return np.concatenate(blocks) if blocks else np.empty((0, model.topics), np.float32)


def assign_labels(model: Model, labels: Labels, documents: Iterator[Document] | None = None) -> Assigned:
    """The topics of the documents of a labels file; those that were not read are placed by their words.

    Args:
        documents: the same documents of the corpus, for the fields that are kept of them.

    Raises:
        DsltmError: model and labels come from different teachers, prompts or vocabularies, or documents were
            not read and the model has no reader of words.
    """
    from dsltm.assigning.inference import Inference

    check_compatible(model.header, labels.header)
    inference = Inference(model)
    words = None if labels.read is None else WordReader.of(model)
    unread = labels.unread
    # The row of each document among those that were read.
    places = np.cumsum(~unread) - 1

    def theta(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        counts = None
        if inference.words is not None:
            counts = aligned(labels.counts[rows], labels.words, inference.words)
        return inference.theta(labels.hidden[places[rows]], counts)

    def blocks() -> Iterator[Block]:
        for block in slices(len(labels), _BLOCK):
            rows = np.r_[block]
            ids, empty = labels.ids[block], labels.empty[block]
            fields = [each.fields for each in islice(documents or (), len(ids))]
            if words is None:
                yield Block(ids, theta(rows), empty, fields)
                continue
            by_words = unread[rows]
            of_all = np.empty((len(rows), model.numbering.given), np.float32)
            of_all[by_words] = words.of_counts(labels.counts[rows[by_words]], labels.words)
            of_all[~by_words] = theta(rows[~by_words])
            yield Block(ids, of_all, empty, fields, np.where(by_words, WORDS, TEACHER).tolist())
        # Going on to the end lets the reader of the documents find that the corpus has more than the labels.
        for _ in documents or ():
            pass

    return Assigned(len(labels), model.numbering.given, blocks())


def assign_corpus(
    model: Model,
    corpus: Iterable[Document],
    teacher: Teacher,
    *,
    batch_tokens: int | None = None,
    unit: str = "documents",
) -> Assigned:
    """The topics of new documents, as if they had been distilled first, in memory that does not grow.

    Args:
        corpus: a stream that can be read again.
        teacher: the one that the model was trained with.
        batch_tokens: about how many tokens it reads at once; None for what suits the device.
        unit: what progress calls them, in the plural.

    Raises:
        DsltmError: another teacher, or a corpus that cannot be read.
    """
    from dsltm.assigning.inference import Inference
    from dsltm.distilling.survey import work_of

    reader, inference = reader_of(model, teacher, batch_tokens), Inference(model)
    documents, work = work_of(corpus, reader.encoder.max_tokens)

    def blocks() -> Iterator[Block]:
        from dsltm.distilling.reading import read_windows, windows

        with console.progress("assigning", documents, unit, work_total=work) as bar:
            read = read_windows(
                reader,
                windows(corpus, reader.encoder.max_tokens),
                lambda read, _, work: bar.advance(read, work=work),
            )
            yield from assign_windows(inference, _counting_cut(read, reader))

    return Assigned(documents, model.numbering.given, blocks())


def _counting_cut(windows: Iterable[Window], reader: Reader) -> Iterator[Window]:
    """The windows as they come; after the last one, a warning tells how many documents were cut."""
    from dsltm.distilling.reading import tell_cut

    cut = documents = 0
    for window in windows:
        cut += int(((window.flags & TRUNCATED) != 0).sum())
        documents += len(window.documents)
        yield window
    tell_cut(cut, documents, reader.encoder.max_tokens)


def assign_windows(inference: Inference, windows: Iterable[Window]) -> Iterator[Block]:
    """The topics of documents that the model's teacher has read, a block a window."""
    from dsltm.distilling.rows import counts_of

    index = {word: number for number, word in enumerate(inference.words or ())}
    for window in windows:
        counts = counts_of(window.documents, index) if index else None
        ids = [document.id for document in window.documents]
        fields = [document.fields for document in window.documents]
        empty = np.asarray(window.flags & EMPTY, bool)
        yield Block(ids, inference.theta(window.hidden, counts), empty, fields)


def reader_of(model: Model, teacher: Teacher, batch_tokens: int | None) -> Reader:
    """The teacher under the prompts, and over the vocabulary, that the model was trained with.

    Raises:
        DsltmError: it is another teacher.
    """
    from dsltm.teacher.reading.projection import project
    from dsltm.teacher.reading.prompts import Prompt

    header = model.header
    if teacher.weights_sha256 != header["teacher"]["weights_sha256"]:
        raise DsltmError(
            f"the model was trained with the teacher {header['teacher']['name']}, whose weights are others "
            f"than those of {teacher.name}"
        )
    projection = project(teacher.tokenizer, model.vocabulary, header.get("projection", "token"))
    if projection.words != model.vocabulary:
        raise DsltmError(f"the tokenizer of {teacher.name} is not the one that the model was trained with")
    prompts = [Prompt.from_header(prompt) for prompt in header["prompts"]]
    return teacher.reader(prompts, projection, max_tokens=header["max_tokens"], batch_tokens=batch_tokens)
