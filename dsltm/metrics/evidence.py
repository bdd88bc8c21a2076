"""What is known of one model's results, and the scores that are made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.metrics.config import EvalOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels
    from dsltm.metrics.subject import Subject


@dataclass(frozen=True, slots=True)
class Scores:
    """The metrics of one model.

    Attributes:
        values: by name; shown in the order of `names.MEANINGS`.
        per_topic: by name one value a topic, None where it has none.
        reliability: the bins behind `ece_topic`, where they were asked for.
        reading: points of the curve of `reading.reading`, where it was asked for.
        failures: why topics were not rated, each reason once.
    """

    values: dict[str, float | int] = field(default_factory=dict)
    per_topic: dict[str, list[float | None]] = field(default_factory=dict)
    reliability: list[dict[str, Any]] = field(default_factory=list)
    reading: list[dict[str, float]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, other: Scores) -> None:
        """Take over what another family measured of the same model."""
        self.values.update(other.values)
        self.per_topic.update(other.per_topic)
        self.reliability.extend(other.reliability)
        self.reading.extend(other.reading)
        self.failures.extend(other.failures)

    def add_topics(self, name: str, values: Sequence[float] | NDArray[np.float64]) -> None:
        """Add one value a topic, NaN for none, and as the metric their mean, where any has a value."""
        known = [float(value) for value in values if not np.isnan(value)]
        self.per_topic[name] = [None if np.isnan(value) else float(value) for value in values]
        if known:
            self.values[name] = float(np.mean(known))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One model's topics and documents, and what else is known of these documents.

    Attributes:
        subject: topics, and the N documents' topics.
        options: what to measure.
        classes: [N] the gold class of each document, None for a document without one; None where no document
            has any.
        labels: a labels file that holds all of the documents, None where there is none.
        rows: [N] each document's row in that file.
    """

    subject: Subject
    options: EvalOptions = field(default_factory=EvalOptions)
    classes: Sequence[str | None] | None = None
    labels: Labels | None = None
    rows: NDArray[np.int64] | None = None

    @property
    def own(self) -> bool:
        """Whether the labels file's documents are those of the model, in the same order."""
        return self.labels is not None and self.subject.ids is self.labels.ids

    def scored(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """The documents that have a gold class [n], and these classes as codes [n]; None without classes.

        Documents without a class are left out. Documents without text are not: they get a topic like all
        others, and a model that gathers them in one topic does well to do so.
        """
        if self.classes is None or self.subject.clusters is None:
            return None
        codes: dict[str, int] = {}
        coded = np.array(
            [-1 if c is None else codes.setdefault(c, len(codes)) for c in self.classes], np.int64
        )
        documents = np.flatnonzero(coded >= 0)
        return documents, coded[documents]


def rows_in(labels: Labels, subject: Subject) -> NDArray[np.int64] | None:
    """Where each document of `subject` is in a labels file; None where one of them is not in it."""
    if subject.ids is None or subject.clusters is None:
        return None
    if subject.ids is labels.ids:
        return np.arange(len(labels))
    places = {identifier: row for row, identifier in enumerate(labels.ids)}
    rows = [places.get(identifier) for identifier in subject.ids]
    known = [row for row in rows if row is not None]
    # Where two documents have the same id, nothing tells which of them is meant.
    return np.array(known, np.int64) if len(known) == len(rows) and len(places) == len(labels) else None
