"""One model of two, as `dsltm merge-models` makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsltm import console
from dsltm.api.corpora import labels_of
from dsltm.api.models import Model
from dsltm.api.training import epochs_shown
from dsltm.training.config import TrainConfig
from dsltm.training.decided import is_written, shaping

if TYPE_CHECKING:
    from dsltm.api.corpora import Path
    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model as Stored
    from dsltm.training.joining import Joined


def merge_models(
    a: Model,
    a_labels: Labels | Path,
    b: Model,
    b_labels: Labels | Path,
    *,
    seed: int = 0,
    progress: bool = False,
) -> Model:
    """One model of the topics of two: those that are alike become one, the others stay.

    Topics of `a` keep their numbers, those of `b` that are like none come after. Where each comes from is in
    the header of the result, `.stored.header["training"]["joined"]`.

    Args:
        a, b: the models, made of documents that the same teacher read with the same vocabulary.
        a_labels, b_labels: their documents.
        seed: of everything random.
        progress: show on standard error how far it has come.

    Raises:
        DsltmError: the models or labels do not fit each other.

    >>> model = dsltm.load("model.npz")
    >>> both = dsltm.merge_models(model, "labels.npz", model, "labels.npz")
    >>> len(both.beta) == len(model.beta)
    True
    """
    with console.called_by_a_program(progress=progress):
        return Model(joint(a.stored, labels_of(a_labels), b.stored, labels_of(b_labels), seed)[0])


def joint(
    a: Stored, a_labels: Labels, b: Stored, b_labels: Labels, seed: int = 0
) -> tuple[Stored, list[Joined]]:
    """The joined model, trained with the options of `a`, and where each of its topics comes from."""
    from dsltm.training.joining import join

    kept = {} if is_written(a) else shaping(a.header["hyperparameters"], ())
    config = TrainConfig(**{**kept, "topics": max(a.topics, 2), "seed": seed})
    with epochs_shown("training", config.loss) as show:
        return join(a, a_labels, b, b_labels, config, show)
