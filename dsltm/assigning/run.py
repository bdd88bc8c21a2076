"""The topics of documents, by whoever is to read them: what `Model.assign` and `dsltm assign` do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsltm.formats.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dsltm.assigning.config import ReaderOptions
    from dsltm.assigning.documents import Assigned
    from dsltm.formats.corpus import Corpus, Document
    from dsltm.formats.model import Model
    from dsltm.teacher.reading.teacher import Teacher


def assign(
    model: Model,
    source: Labels | Corpus,
    teacher: Callable[[], Teacher],
    options: ReaderOptions,
    *,
    along: Iterator[Document] | None = None,
    batch_tokens: int | None = None,
    counted: bool = False,
) -> Assigned:
    """The topics of documents.

    Args:
        model: what the topics are.
        source: labels, or documents that are to be read.
        teacher: opens the model's teacher; not called where nothing is left for it to read.
        options: who reads.
        along: the documents of labels, for the fields that are kept of them.
        batch_tokens: about how many tokens the teacher reads at once; None for what suits the device.
        counted: count the documents first, for a form of output that needs to know.

    Raises:
        DsltmError: the model has no such reader, labels are of another teacher, or the corpus or the teacher
            cannot be used.
        UsageError: options that are about texts, for labels.
    """
    from dsltm.assigning.documents import assign_labels
    from dsltm.assigning.vectors import assign_vectors

    if isinstance(source, Labels):
        options.check_for_labels()
        return assign_labels(model, source, along)
    if options.vectors is not None:
        return assign_vectors(model, source, options.vectors)
    return _assign_texts(model, source, teacher, options, batch_tokens, counted=counted)


def _assign_texts(
    model: Model,
    corpus: Iterable[Document],
    teacher: Callable[[], Teacher],
    options: ReaderOptions,
    batch_tokens: int | None,
    *,
    counted: bool,
    unit: str = "documents",
) -> Assigned:
    from dsltm.assigning.documents import assign_corpus, reader_of
    from dsltm.assigning.parts import Divided
    from dsltm.assigning.vectors import check_teacher_reads
    from dsltm.assigning.words import assign_by_words, assign_unsure

    if options.parts is not None:
        divided, whole = Divided(corpus, model, options.parts), replace(options, parts=None)
        parts = _assign_texts(model, divided, teacher, whole, batch_tokens, counted=False, unit="parts")
        return divided.joined(parts)
    if options.reader == "words":
        return assign_by_words(model, corpus, counted=counted, unit=unit)
    check_teacher_reads(model)
    if options.reader == "auto":
        return assign_unsure(model, corpus, reader_of(model, teacher(), batch_tokens), options.most())
    return assign_corpus(model, corpus, teacher(), batch_tokens=batch_tokens, unit=unit)
