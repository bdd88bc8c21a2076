"""What a program may give in the place of a corpus or of a labels file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

from dsltm import console
from dsltm.errors import UsageError
from dsltm.formats.corpus import Corpus
from dsltm.formats.fields import Fields
from dsltm.formats.labels import Labels, read_labels
from dsltm.formats.source import holds_labels
from dsltm.formats.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dsltm.teacher.reading.teacher import Teacher

Path: TypeAlias = "str | os.PathLike[str]"
TextsLike: TypeAlias = "Path | Iterable[str | Mapping[str, Any]] | Corpus"
"""Texts; or rows with a "text" and, where known, an "id" and a "label"; or the path of a corpus."""


def corpus_of(texts: TextsLike, fields: Fields | None = None) -> Corpus:
    """The corpus that is meant.

    Args:
        texts: a path as the commands take it (a file, a folder, a pattern, an address), or texts in memory.
        fields: the names under which rows have their text, id and class; None for the usual ones.

    Raises:
        UsageError: a table, which a program would go through by its columns.
        DsltmError: a file cannot be opened.
    """
    if isinstance(texts, Corpus):
        return texts
    fields = fields or Fields(label="label")
    if isinstance(texts, str | os.PathLike):
        return Corpus(os.fspath(texts), fields)
    if hasattr(texts, "columns"):
        raise UsageError(
            "a data frame is not a list of texts", hint='frame["text"], or frame.to_dict("records")'
        )
    return Texts(texts, fields)


def labels_of(labels: Labels | Path) -> Labels:
    """Labels, opened where a path is given, of the documents that the teacher read.

    Raises:
        DsltmError: the path leads to something else.
    """
    opened = labels if isinstance(labels, Labels) else read_labels(os.fspath(labels))
    return opened.only_read()


def labels_or_corpus(texts: Labels | TextsLike) -> Labels | Corpus:
    """Labels where they, or the path of a labels file, are given; else the corpus that is meant.

    Raises:
        DsltmError: a file cannot be opened.
    """
    if isinstance(texts, Labels):
        return texts
    if isinstance(texts, str | os.PathLike) and holds_labels(os.fspath(texts)):
        return read_labels(os.fspath(texts))
    return corpus_of(texts)


def open_teacher(
    teacher: str | Teacher,
    *,
    dtype: str = "auto",
    device: str = "auto",
    weights_sha256: str | None = None,
    progress: bool = False,
) -> Teacher:
    """Open a teacher, to read several corpora with it, or to choose its device.

    Args:
        teacher: an alias (`dsltm teachers` lists them), hub id, directory or .gguf file; one that is open
            already is given back.
        dtype: auto, float32, bfloat16 or float16.
        device: as torch names them; auto is the best there is.
        weights_sha256: of the weights that are wanted, where a model's header names them.
        progress: print messages on standard error.

    Raises:
        DsltmError: it cannot be found, fetched or opened.

    >>> teacher = dsltm.open_teacher("teacher")
    >>> dsltm.distill(["a cat and a dog"] * 3, teacher=teacher, stopwords="none").ids[0]
    '0'
    """
    from dsltm.teacher.files.load import load_teacher

    if not isinstance(teacher, str):
        return teacher
    with console.called_by_a_program(progress=progress):
        return load_teacher(
            teacher, dtype=dtype, device=device, weights_sha256=weights_sha256, notify=console.info
        )
