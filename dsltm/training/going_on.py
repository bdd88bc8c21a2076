"""Going on from a model with other documents: its topics as they were edited, and new ones beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from dsltm.errors import DsltmError
from dsltm.formats.model import check_compatible, edit_of
from dsltm.formats.numbering import Numbering
from dsltm.models.base import Shape
from dsltm.models.restore import restore
from dsltm.space.kmeans import cluster_beside
from dsltm.training.data import theta_of
from dsltm.training.decided import SHAPING

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array
    from torch import Tensor

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.models.base import Backbone
    from dsltm.training.config import TrainConfig
    from dsltm.training.data import TrainingSet


_SURE = 1 / 3  # of a topic's documents are taken for its own, where new topics are looked for; chosen
_TINY = 1e-6  # keeps the lift of a word that a topic, or every topic, never has finite; chosen


def check_fits(init: Model, config: TrainConfig, labels: Labels) -> None:
    """Refuse to go on from a model that the labels or the options do not fit.

    Raises:
        DsltmError: they do not.
    """
    check_compatible(init.header, labels.header)
    for name in SHAPING:
        # Models of older versions lack some options: they are what a shape is by default.
        before = init.header["hyperparameters"].get(name, getattr(Shape, name, None))
        now = getattr(config, name)
        if name != "topics" and now not in (None, before):
            raise DsltmError(f"the model to go on from has {name} {before}, not {now}")
    if config.topics < init.topics:
        raise DsltmError(f"the model to go on from has {init.topics} topics, not {config.topics}")
    if not config.guide and (config.topics > init.topics or "edit" in init.header):
        raise DsltmError(
            "only a guide keeps the topics of an edited model, and finds new ones", hint="--guide above 0"
        )


def clusters(init: Model, config: TrainConfig, labels: Labels, data: TrainingSet) -> NDArray[np.int64]:
    """[M] the topic that each document is drawn to: the first of the model's, or a new one.

    Args:
        init: K topics.
        config: how many topics there are to be; those above K are found among documents that lie nearer to
            each other than to the others of their topics.
        labels: all documents, with their words.
        data: the M that are trained on.
    """
    theta = theta_of(restore(init), data)
    groups = edit_of(init.header, init.topics).groups
    first: NDArray[np.int64] = np.stack([theta[:, group].sum(axis=1) for group in groups], 1).argmax(1)
    new = config.topics - init.topics
    if not new:
        return first
    assert data.points is not None
    # Topics that were merged or dropped still have their documents here: these are nothing new.
    known, trained = theta.argmax(axis=1), theta.shape[1]
    typical = _typical(init, known, groups, labels.vocabulary_counts[data.rows])
    cluster = cluster_beside(data.points, known, typical, trained, new, config.seed)
    return np.where(cluster < trained, first, cluster - trained + init.topics)


def _typical(
    init: Model, known: NDArray[np.int64], groups: list[list[int]], counts: csr_array
) -> NDArray[np.bool_]:
    """[M] whether a document is among the third of its topic's whose words are the most like the topic's.

    Documents about something new are among those of the old topics, too, and may be many; their words tell
    them apart.

    Args:
        init: K topics.
        known: [M] the documents' topics as they were trained.
        groups: for each of the K topics those that it was merged from. Of dropped topics all documents are
            typical.
        counts: [M, V] the documents' words.
    """
    topic_of = np.full(known.max() + 1, -1)
    for topic, group in enumerate(groups):
        topic_of[[member for member in group if member < len(topic_of)]] = topic
    lifts = np.log((init.beta + _TINY) / (init.beta.mean(axis=0) + _TINY))
    row = np.repeat(np.arange(len(known)), np.diff(counts.indptr))
    lifted = lifts[topic_of[known[row]], counts.indices] * counts.data
    likeness = np.bincount(row, lifted, len(known)) / np.maximum(counts.sum(axis=1), 1)
    typical = np.ones(len(known), bool)
    for topic in np.unique(known[topic_of[known] >= 0]):
        own = known == topic
        typical[own] = likeness[own] >= np.quantile(likeness[own], 1 - _SURE)
    return typical


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
    new, known = model.topics - init.topics, init.numbering
    given = known.given + new
    numbering = Numbering(given, [*known.numbers, *range(known.given, given)])
    names = {"names": [*init.names, *[None] * new]} if any(init.names) else {}
    training = {**model.header["training"], "before": init.header["training"]}
    return replace(model, header={**model.header, **numbering.header(), **names, "training": training})
