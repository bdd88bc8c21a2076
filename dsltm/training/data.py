"""Batches of inputs and targets, gathered by index from whole arrays: no loader, no Python per document."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices
from dsltm.formats.copies import copies
from dsltm.formats.scratch import scratch
from dsltm.space.axes import document_space
from dsltm.space.inputs import Inputs, dense
from dsltm.space.kmeans import cluster
from dsltm.space.neighbours import nearest, settled
from dsltm.training.beginning import Beginning
from dsltm.training.consensus import agreed
from dsltm.training.presets import neighbourhood
from dsltm.training.student import Lessons
from dsltm.training.targets import counted_targets, mean_logits, mixed_targets, soft_targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from dsltm.formats.labels import Labels
    from dsltm.models.base import Backbone
    from dsltm.training.settings import Settings

    Begin = Callable[["TrainingSet", NDArray[np.float32], NDArray[np.int32]], Beginning]

# So many documents go through a backbone at once; chosen, not measured.
_BLOCK = 4096


class TrainingSet:
    """The texts that are learned from: their inputs, their targets and the targets' entropy [M].

    A text that several documents share is there once, unless `settings` say otherwise: as its own neighbour
    it would tell nothing new, and a topic would be found for what was only said often. Empty documents
    are left out: the teacher's answer for them is about the instruction alone, and a corpus with many of them
    would spend a topic on it. They still get a θ from `assign`.

    Args:
        labels: N documents.
        settings: the options.
        device: where batches go.
        begin: gives where the M documents begin, by their places [M, d] and neighbours [M, n]; None: in their
            k-means clusters.

    Attributes:
        documents: [R] the rows of all documents with text.
        text: [R] which of the M texts each of them has.
        rows: [M] the rows of the texts' first documents.
    """

    def __init__(
        self, labels: Labels, settings: Settings, device: torch.device, begin: Begin | None = None
    ) -> None:
        self.documents = np.flatnonzero(~labels.empty)
        first = self.text = np.arange(len(self.documents))
        if settings.copies == "once":
            first, self.text = copies(labels, self.documents)
        self.rows = self.documents[first]
        self.inputs = Inputs.of(settings.input, labels.hidden, labels.vocabulary_counts)
        self.device = device
        self.counts = labels.vocabulary_counts if settings.target == "bow" else None
        self.entropy = np.zeros(len(self.rows), np.float32)
        self.lessons = Lessons.of(labels.counts[self.rows], labels.words, labels.language)
        neighbours = self._look_around(labels, settings, begin)
        if settings.target != "bow":
            self.targets, entropy = self._targets(labels, settings, neighbours)
            if settings.loss == "kl":
                self.entropy = entropy

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, chosen: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """x [B, D] and y [B, V] of the chosen members of the set; y may be float16."""
        rows = self.rows[chosen]
        target = self.targets[chosen] if self.counts is None else dense(self.counts[rows])
        return self._tensor(self.inputs.stored(rows)).float(), self._tensor(target)

    def _targets(
        self, labels: Labels, settings: Settings, neighbours: NDArray[np.int32] | None
    ) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
        """y [M, V] and its entropy [M]."""
        if settings.target == "soft-bow":
            return counted_targets(labels.vocabulary_counts, self.rows, settings.temperature)
        top = settings.target_top
        if settings.target_share is not None:
            top = math.ceil(settings.target_share * labels.logits.shape[1])
        centre = self._centre(labels, settings)
        if settings.target == "soft":
            return soft_targets(
                labels.logits, self.rows, settings.temperature, top, centre=centre, neighbours=neighbours
            )
        return mixed_targets(
            labels.logits,
            labels.vocabulary_counts,
            self.rows,
            settings.temperature,
            top,
            own_logit=labels.own_logit,
            centre=centre,
            neighbours=neighbours,
        )

    def _centre(self, labels: Labels, settings: Settings) -> NDArray[np.float32] | None:
        """[V] what is subtracted from every document's logits; None for nothing."""
        if settings.centre != "empty":
            return mean_logits(labels.logits, self.rows) if settings.centre == "mean" else None
        empty_logits = labels.header.get("empty_logits")
        if empty_logits is None:
            raise DsltmError(
                "the labels do not tell what the teacher says of an empty document",
                hint="distill again, or --centre mean",
            )
        return np.array(empty_logits, np.float32)

    def _look_around(
        self, labels: Labels, settings: Settings, begin: Begin | None
    ) -> NDArray[np.int32] | None:
        """Each document's neighbours [M, n], None where none are averaged with.

        Sets `guide`, [M] or [M, K], on the way, because it is made of the same points.
        """
        self.guide: Tensor | None = None
        neighbours = None
        if not settings.smooth and not settings.guide:
            return None
        points = document_space(Inputs(labels.hidden, labels.counts), self.rows)
        if settings.smooth:
            neighbours = nearest(points, settings.smooth, self.device)
            points = settled(points, neighbours)
        if settings.guide and (begin is not None or settings.topics <= len(points)):
            if begin is None:
                beginning = Beginning.of(cluster(points, settings.topics, settings.seed))
            else:
                near = nearest(points, neighbourhood(len(points))) if neighbours is None else neighbours
                beginning = begin(self, points, near)
            guide: NDArray[Any] = beginning.topics
            if settings.rounds:
                guide = agreed(points, beginning, settings.topics, self.lessons, settings.rounds)
            self.guide = self._tensor(guide)
        return neighbours

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self.device)


def settled_places(labels: Labels, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Places [M, d] of the documents `rows`, moved to the middle of their neighbours.

    They are those in which training clusters documents, unless its options say otherwise.
    """
    points = document_space(Inputs(labels.hidden, labels.counts), rows)
    return settled(points, nearest(points, neighbourhood(len(points))))


def theta_of(backbone: Backbone, inputs: Inputs, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """θ [M, K] of the M documents `rows` by their vectors alone."""
    device = backbone.input_mean.device
    theta = scratch((len(rows), backbone.shape.topics), np.float32)
    with torch.no_grad():
        for block in slices(len(rows), _BLOCK):
            x = torch.from_numpy(inputs.dense(rows[block])).to(device)
            theta[block] = backbone.theta(x).cpu().numpy()
    return theta
