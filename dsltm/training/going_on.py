"""Going on from a model with other documents: its topics as they were edited, and new ones beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from dsltm.errors import DsltmError
from dsltm.formats.model import check_compatible, edit_of
from dsltm.models.base import Shape
from dsltm.models.restore import restore
from dsltm.space.inputs import Inputs
from dsltm.space.kmeans import cluster_beside
from dsltm.training.beginning import Beginning, begin_around
from dsltm.training.data import theta_of
from dsltm.training.decided import SHAPING, is_written

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array
    from torch import Tensor

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.models.base import Backbone
    from dsltm.training.config import TrainConfig
    from dsltm.training.data import TrainingSet

    Floats = NDArray[np.float32]

_SURE = 1 / 3  # of a topic's documents are taken for its own, where new topics are looked for; chosen
_TINY = 1e-6  # keeps the lift of a word that a topic, or every topic, never has finite; chosen


def check_fits(init: Model, config: TrainConfig, labels: Labels) -> None:
    """Refuse to go on from a model that the labels or the options do not fit.

    Raises:
        DsltmError: they do not.
    """
    check_compatible(init.header, labels.header)
    for name in () if is_written(init) else SHAPING:
        # Models of older versions lack some options: they are what a shape is by default.
        before = init.header["hyperparameters"].get(name, getattr(Shape, name, None))
        now = getattr(config, name)
        if name != "topics" and now not in (None, before):
            raise DsltmError(f"the model to go on from has {name} {before}, not {now}")
    if config.topics < init.topics:
        raise DsltmError(f"the model to go on from has {init.topics} topics, not {config.topics}")
    if not config.guide and (config.topics > init.topics or "edit" in init.header or is_written(init)):
        raise DsltmError(
            "only a guide keeps the topics of an edited model or of written topics, and finds new ones",
            hint="--guide above 0",
        )


def beginning(
    init: Model,
    config: TrainConfig,
    labels: Labels,
    data: TrainingSet,
    points: Floats,
    neighbours: NDArray[np.int32],
) -> Beginning:
    """Where each of M documents begins: in the first topic that the model gives it, or in a new one.

    Args:
        init: K topics.
        config: how many topics there are to be; those above K are found among documents that lie nearer to
            each other than to the others of their topics or, where the topics are written ones, around
            documents that fit none.
        labels: all documents, with their words.
        data: the M that are trained on.
        points: [M, d] their places.
        neighbours: [M, n].
    """
    theta = _trained(init, labels, data.rows)
    groups = edit_of(init.header, init.topics).groups
    shares = _summed(theta, groups)
    first: NDArray[np.int64] = shares.argmax(1)
    new = config.topics - init.topics
    if not new:
        return Beginning.of(first)
    if is_written(init):
        sure = _surest(first, shares.max(1))
        known = np.where(sure, first, -1)
        found = begin_around(points, neighbours, known, init.topics, new, config.seed)
        return Beginning.of(np.where(found < init.topics, first, found))
    # Topics that were merged or dropped still have their documents here: these are nothing new.
    known, trained = theta.argmax(axis=1), theta.shape[1]
    typical = _surest(known, _likeness(init, known, groups, labels.vocabulary_counts[data.rows]))
    cluster = cluster_beside(points, known, typical, trained, new, config.seed)
    return Beginning.of(np.where(cluster < trained, first, cluster - trained + init.topics))


def proportions(model: Model, labels: Labels) -> Floats:
    """θ [N, K] of documents by their vectors alone, as the model's topics are after merging and dropping.

    Where topics were dropped, rows sum to less than one.
    """
    theta = _trained(model, labels, np.arange(len(labels)))
    return _summed(theta, edit_of(model.header, model.topics).groups)


def _trained(model: Model, labels: Labels, rows: NDArray[np.int64]) -> Floats:
    """θ [M, T] of the documents `rows` for the T topics that the model was trained with."""
    reads = model.header["hyperparameters"]["input"]
    inputs = Inputs.of(reads, labels.hidden, labels.vocabulary_counts)
    return theta_of(restore(model), inputs, rows)


def _summed(theta: Floats, groups: list[list[int]]) -> Floats:
    return np.stack([theta[:, group].sum(axis=1) for group in groups], 1)


def _surest(topics: NDArray[np.int64], sureness: NDArray[np.floating]) -> NDArray[np.bool_]:
    """[M] whether a document is among the third of its topic's that are the most sure to be its own."""
    surest = np.zeros(len(topics), bool)
    for topic in np.unique(topics):
        own = topics == topic
        surest[own] = sureness[own] >= np.quantile(sureness[own], 1 - _SURE)
    return surest


def _likeness(
    init: Model, known: NDArray[np.int64], groups: list[list[int]], counts: csr_array
) -> NDArray[np.float64]:
    """[M] how like the words of its topic a document's words are, 0 where its topic was dropped.

    Documents about something new are among those of the old topics, too, and may be many; their words tell
    them apart.

    Args:
        init: K topics.
        known: [M] the documents' topics as they were trained.
        groups: for each of the K topics those that it was merged from.
        counts: [M, V] the documents' words.
    """
    topic_of = np.full(known.max() + 1, -1)
    for topic, group in enumerate(groups):
        topic_of[[member for member in group if member < len(topic_of)]] = topic
    lifts = np.log((init.beta + _TINY) / (init.beta.mean(axis=0) + _TINY))
    row = np.repeat(np.arange(len(known)), np.diff(counts.indptr))
    lifted = lifts[topic_of[known[row]], counts.indices] * counts.data
    likeness = np.bincount(row, lifted, len(known)) / np.maximum(counts.sum(axis=1), 1)
    return np.where(topic_of[known] < 0, 0, likeness)


def begun(init: Model, config: TrainConfig) -> Backbone:
    """The model's backbone, with its topics as they were edited and untrained ones for the new.

    It keeps the model's scale of inputs. A merged topic begins as the first of those that it was merged from.
    """
    old = restore(init)
    places = [group[0] for group in edit_of(init.header, init.topics).groups]
    if config.topics == old.shape.topics and places == list(range(config.topics)):
        return old
    backbone = type(old)(replace(old.shape, topics=config.topics))
    axes, before = _axes_of_topics(old), old.state_dict()
    state = {
        name: fresh if name in axes else before[name].clone() for name, fresh in backbone.state_dict().items()
    }
    for name, (axis, times) in axes.items():
        new = [part * config.topics + place for part in range(times) for place in range(len(places))]
        kept = [part * old.shape.topics + place for part in range(times) for place in places]
        values = before[name].index_select(axis, torch.tensor(kept))
        state[name] = state[name].index_copy(axis, torch.tensor(new), values)
    backbone.load_state_dict(state)
    return backbone


def _axes_of_topics(backbone: Backbone) -> dict[str, tuple[int, int]]:
    """Along which axis an array has its topics, by the array's name, and how many times K it is long there.

    Found by comparing two backbones that differ in nothing but the number of topics, so that a new backbone
    needs no code for it. Arrays that do not depend on topics are missing.
    """
    one, other = (
        {name: tensor.shape for name, tensor in _sizes(backbone, topics).items()} for topics in (2, 3)
    )
    axes = {}
    for name, shape in one.items():
        longer = [axis for axis, size in enumerate(shape) if size != other[name][axis]]
        if longer:
            axes[name] = (longer[0], shape[longer[0]] // 2)
    return axes


def _sizes(backbone: Backbone, topics: int) -> dict[str, Tensor]:
    with torch.random.fork_rng(devices=[]):
        return type(backbone)(replace(backbone.shape, topics=topics)).state_dict()


def remembering(model: Model, init: Model) -> Model:
    """The trained model with what the one before knew of its topics: their numbers and names.

    Args:
        model: K topics or more, of which the first K are those of `init`.
        init: the model before, of K topics.
    """
    new = model.topics - init.topics
    numbering = init.numbering.with_new(new)
    names = {"names": [*init.names, *[None] * new]} if any(init.names) else {}
    training = {**model.header["training"], "before": init.header["training"]}
    return replace(model, header={**model.header, **numbering.header(), **names, "training": training})
