"""Topics that somebody wrote, and the documents that have them: what `dsltm ground` does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dsltm import console
from dsltm.api.corpora import corpus_of, labels_of, open_teacher
from dsltm.api.models import Model
from dsltm.errors import UsageError
from dsltm.formats.topics import read_topics, written_topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dsltm.api.corpora import Path, TextsLike
    from dsltm.formats.labels import Labels
    from dsltm.formats.topics import WrittenTopic
    from dsltm.teacher.reading.teacher import Teacher
    from dsltm.written.ground.config import GroundConfig


def ground(
    topics: Path | Iterable[str | Mapping[str, Any]],
    labels: Labels | Path,
    texts: TextsLike | None = None,
    *,
    teacher: str | Teacher | None = None,
    config: GroundConfig | None = None,
    progress: bool = False,
) -> Model:
    """A model of topics that are known already; nothing is trained.

    Args:
        topics: names; or mappings with a "label" and perhaps "keywords", a "summary" and the ids of typical
            "documents"; or the path of a file that has them.
        labels: the documents, as `distill` read them.
        texts: what the labels were made from; with it names that are not in the vocabulary are found, too.
        teacher: the one that read the documents; None: opened as the labels name it.
        config: what else can be chosen.
        progress: print messages on standard error.

    Raises:
        DsltmError: the topics are not usable, or the documents were not read by this teacher.

    >>> model = dsltm.ground(["kitchen", "weather", "football"], "labels.npz", teacher="teacher")
    >>> model.names
    ['kitchen', 'weather', 'football']
    """
    from dsltm.written.ground.matching import ground as run

    written = written_of(topics, "topics")
    with console.called_by_a_program(progress=progress):
        opened = labels_of(labels)
        recorded = opened.header["teacher"]
        if recorded is None or "vectors" in opened.header:
            raise UsageError("a teacher must have read the documents to bring written topics to them")
        name = teacher or str(recorded["name"])
        reader = open_teacher(name, weights_sha256=None if teacher else recorded["weights_sha256"])
        return Model(
            run(written, opened, reader, config, None if texts is None else corpus_of(texts)), reader
        )


def written_of(
    topics: Path | Iterable[str | Mapping[str, Any]], name: str, least: int = 2
) -> list[WrittenTopic]:
    """The topics that a program gives: labels, mappings, or the path of a file that has them.

    Args:
        topics: so many at least as `least`.
        name: what they are called in messages.
        least: one or two.

    Raises:
        DsltmError: they are no topics.
    """
    if isinstance(topics, str | os.PathLike):
        return read_topics(os.fspath(topics), least)
    rows = ({"label": topic} if isinstance(topic, str) else dict(topic) for topic in topics)
    return written_topics(rows, name, least)
