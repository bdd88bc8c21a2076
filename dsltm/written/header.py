"""The header of models of written topics, and the check that their teacher is the documents' teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError
from dsltm.formats.model import provenance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsltm.formats.labels import Labels
    from dsltm.formats.topics import WrittenTopic
    from dsltm.teacher.reading.teacher import Teacher


def header_of(labels: Labels, topics: Sequence[WrittenTopic], backbone: str) -> dict[str, Any]:
    """The header of a model of written topics, as far as the labels file and the topics decide it."""
    return provenance(labels.header) | {
        "backbone": backbone,
        "seed": 0,
        "names": [topic.label for topic in topics],
    }


def check_teacher(teacher: Teacher, labels: Labels) -> None:
    """Refuse a teacher other than the one that read the documents.

    Raises:
        DsltmError: its weights are others.
    """
    wanted = labels.header["teacher"]
    if teacher.weights_sha256 != wanted["weights_sha256"]:
        raise DsltmError(f"the documents were read by {wanted['name']}, not by {teacher.name}")
