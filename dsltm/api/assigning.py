"""The topics of new texts, by whoever is to read them: what `Model.assign` and `dsltm assign` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsltm.api.corpora import labels_or_corpus
from dsltm.assigning.budget import USUAL, Budget
from dsltm.errors import UsageError
from dsltm.formats.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dsltm.api.corpora import TextsLike
    from dsltm.api.records import Reader
    from dsltm.assigning.documents import Assigned
    from dsltm.assigning.parts import Parts
    from dsltm.formats.corpus import Document
    from dsltm.formats.model import Model
    from dsltm.teacher.reading.teacher import Teacher


def check_reader(reader: Reader, budget: object, parts: Parts | None) -> None:
    """Refuse what a reader does not know; a budget that is None was not given.

    Raises:
        UsageError: a budget without "auto", or parts of texts with it.
    """
    if budget is not None and reader != "auto":
        raise UsageError("--budget is for --reader auto")
    if parts is not None and reader == "auto":
        raise UsageError("--parts does not go with --reader auto")


def assign_any(
    model: Model,
    texts: Labels | TextsLike,
    teacher: Callable[[], Teacher],
    reader: Reader,
    budget: int | str | None,
    parts: Parts | None = None,
) -> Assigned:
    """The topics of documents, whether they are labels or texts.

    Raises:
        DsltmError: as `assign_texts`, or labels of another teacher.
        UsageError: a reader, a budget or parts for labels, or as `assign_texts`.
    """
    from dsltm.assigning.documents import assign_labels

    check_reader(reader, budget, parts)
    if not isinstance(source := labels_or_corpus(texts), Labels):
        most = None if budget is None else Budget.parse(str(budget))
        return assign_texts(model, source, teacher, reader, most, parts)
    if reader != "teacher":
        raise UsageError("--reader is for texts; labels were read already")
    if parts is not None:
        raise UsageError("labels have no texts to divide into parts")
    return assign_labels(model, source)


def assign_texts(
    model: Model,
    corpus: Iterable[Document],
    teacher: Callable[[], Teacher],
    reader: Reader,
    budget: Budget | None = None,
    parts: Parts | None = None,
    *,
    batch_tokens: int | None = None,
    counted: bool = False,
) -> Assigned:
    """The topics of the documents of a corpus.

    Args:
        model: what the topics are.
        corpus: the documents, a stream that can be read again.
        teacher: opens the model's teacher; not called where words alone decide.
        reader: who reads the documents.
        budget: with "auto", how much the teacher reads; None: the usual.
        parts: what documents are divided into, so that long ones are read whole; None: nothing.
        batch_tokens: about how many tokens the teacher reads at once; None for what suits the device.
        counted: count the documents first, for a form of output that needs to know.

    Raises:
        DsltmError: the model has no such reader, or the corpus or the teacher cannot be used.
        UsageError: as `check_reader`.
    """
    from dsltm.assigning.documents import assign_corpus, reader_of
    from dsltm.assigning.parts import Divided
    from dsltm.assigning.vectors import check_teacher_reads
    from dsltm.assigning.words import assign_by_words, assign_unsure

    check_reader(reader, budget, parts)
    if parts is not None:
        divided = Divided(corpus, model, parts)
        return divided.joined(assign_texts(model, divided, teacher, reader, batch_tokens=batch_tokens))
    if reader == "words":
        return assign_by_words(model, corpus, counted=counted)
    check_teacher_reads(model)
    if reader == "auto":
        most = budget or Budget.parse(USUAL)
        return assign_unsure(model, corpus, reader_of(model, teacher(), batch_tokens), most)
    return assign_corpus(model, corpus, teacher(), batch_tokens=batch_tokens)
