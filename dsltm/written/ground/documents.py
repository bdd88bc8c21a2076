"""The documents that written topics are brought to: a labels file, or a corpus, distilled on the way."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsltm import console
from dsltm.distilling.config import DistillConfig
from dsltm.distilling.run import distill
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.labels import Labels, labels_read, read_labels
from dsltm.formats.source import holds_labels
from dsltm.words.config import WordConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dsltm.formats.corpus import Corpus
    from dsltm.teacher.reading.teacher import Teacher

_DOING = "looking for the topics in"


@dataclass(frozen=True)
class Documents:
    """Documents as they were read, and the teacher that read them.

    Attributes:
        labels: one row a document.
        corpus: their texts, None where only a labels file was given; of a sample, those of `labels.among` it.
        teacher: open.
    """

    labels: Labels
    corpus: Corpus | None
    teacher: Teacher


@contextlib.contextmanager
def documents(
    path: str,
    labels: str | None,
    open_corpus: Callable[[str], Corpus],
    open_teacher: Callable[[Mapping[str, Any] | None], Teacher],
) -> Iterator[Documents]:
    """Open the documents; labels that have to be distilled for it last as long as the block.

    Args:
        path: a corpus or a labels file, "-" for standard input.
        labels: the labels file of the corpus, where there is one.
        open_corpus: opens a path as a corpus.
        open_teacher: opens the teacher that the user chose, else the one that a labels file's header records,
            else the default.

    Raises:
        UsageError: two labels files.
        DsltmError: corpus and labels are not of the same documents.
    """
    if holds_labels(path):
        if labels is not None:
            raise UsageError("--labels belongs to a corpus, and the documents are a labels file already")
        opened = _read_by_a_teacher(path)
        yield Documents(opened, None, open_teacher(opened.header["teacher"]))
        return
    corpus = open_corpus(path)
    if labels is not None:
        opened = _read_by_a_teacher(labels)
        check_same(opened, corpus, labels)
        yield Documents(opened, corpus, open_teacher(opened.header["teacher"]))
        return
    teacher = open_teacher(None)
    with tempfile.TemporaryDirectory(prefix="dsltm-") as folder:
        place = str(Path(folder) / "labels.npz")
        console.note("distilling the corpus; dsltm distill keeps what it reads, for --labels")
        distill(corpus, teacher, DistillConfig(rules=WordConfig().rules()), output=place)
        yield Documents(read_labels(place), corpus, teacher)


def _read_by_a_teacher(path: str) -> Labels:
    labels = labels_read(path, _DOING)
    if "vectors" in labels.header:
        raise DsltmError(
            f"{path}: its document vectors are not a teacher's, which alone can bring topics to documents",
            hint="dsltm distill without --vectors",
        )
    return labels


def check_same(labels: Labels, corpus: Corpus, name: str) -> None:
    """Refuse a labels file that was made of another corpus, or of a part of it."""
    if labels.header.get("corpus") != corpus.digest():
        raise DsltmError(f"{name}: was made of another corpus than {corpus.name}")
    if list(labels.header.get("shard", [0, 1])) != [0, 1]:
        raise DsltmError(f"{name}: is one shard of the corpus", hint="dsltm merge")
