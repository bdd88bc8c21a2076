"""One model of two corpora: topics of two models that are alike become one, the others stay.

What documents of a joined topic look like is learned anew from the documents of both, which begin in the
topics that their own model gives them. A model made of the two models' arrays alone could not place a
document: neither network has ever seen the other's themes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dsltm.formats.joined import joined
from dsltm.formats.model import check_compatible
from dsltm.space.kmeans import means
from dsltm.training.data import settled_places
from dsltm.training.going_on import proportions
from dsltm.training.loop import train
from dsltm.training.seed_topics import SeedTopics
from dsltm.training.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.training.config import TrainConfig
    from dsltm.training.loop import Epoch

# The cosine of two topics' centres from which they may be one. Topics of one class in models of two halves of
# StackOverflow have .9 or more, those of different classes up to .8, but for some that are truly alike.
_ALIKE = 0.8


@dataclass(frozen=True)
class Joined:
    """One topic of the joined model.

    Attributes:
        topic: its number.
        a, b: the numbers of the topics that it comes from, None where there is none in that model.
        likeness: cosine of the two, or of the topic to the one that is most like it in the other model.
        documents: how many it begins with.
    """

    topic: int
    a: int | None
    b: int | None
    likeness: float
    documents: int

    def row(self) -> dict[str, Any]:
        """As a line of JSON."""
        return {**vars(self), "likeness": round(self.likeness, 4)}


def join(
    a: Model,
    a_labels: Labels,
    b: Model,
    b_labels: Labels,
    config: TrainConfig,
    progress: Callable[[Epoch], None] | None = None,
) -> tuple[Model, list[Joined]]:
    """A model of the topics of both, and where each of them comes from.

    Topics of `a` keep their numbers and names. Those of `b` that are like none of them come after, with the
    names that they have.

    Args:
        a, b: models whose teacher, instructions and vocabulary are the same.
        a_labels, b_labels: their documents.
        config: the options of training; how many topics there are is decided here.
        progress: called after every epoch.

    Raises:
        DsltmError: the models or the labels do not fit each other.
    """
    labels = joined(a_labels, b_labels)
    check_compatible(a.header, labels.header)
    check_compatible(b.header, labels.header)
    first = [proportions(model, own).argmax(1) for model, own in ((a, a_labels), (b, b_labels))]
    likeness = _likeness(labels, first, (a.topics, b.topics))
    used = np.bincount(first[1], minlength=b.topics) > 0
    place = _places(likeness, a.topics, used)
    topics = max(a.topics, int(place.max()) + 1)
    begin = np.where(labels.empty, -1, np.concatenate([first[0], place[first[1]]]))
    of_b = {where: number for number, where in enumerate(place.tolist()) if where >= 0}
    names = [*a.names, *[b.names[of_b[topic]] for topic in range(a.topics, topics)]]
    seeds = SeedTopics([name or "" for name in names], np.full(len(labels), -1), begin)
    model = train(labels, replace(config, topics=topics), progress, None, seeds)
    numbering = a.numbering.with_new(topics - a.topics)
    rows = [
        Joined(
            numbering.numbers[topic],
            a.numbering.numbers[topic] if topic < a.topics else None,
            b.numbering.numbers[of_b[topic]] if topic in of_b else None,
            _cosine(likeness[: a.topics, a.topics :], topic, of_b.get(topic), a.topics),
            int((begin == topic).sum()),
        )
        for topic in range(topics)
    ]
    header = {key: value for key, value in model.header.items() if key != "names"}
    header |= {"names": names} if any(names) else {}
    header |= numbering.header()
    header["training"] = {**header["training"], "joined": [row.row() for row in rows]}
    return replace(model, header=header), rows


def _cosine(across: NDArray[np.float32], topic: int, of_b: int | None, of_a: int) -> float:
    """Of the two that a topic comes from, else the largest of the one that it comes from."""
    if topic >= of_a:
        return float(across[:, of_b].max())
    return float(across[topic].max() if of_b is None else across[topic, of_b])


@one_thread()
def _likeness(labels: Labels, first: list[NDArray[np.int64]], topics: tuple[int, int]) -> NDArray[np.float32]:
    """Cosines [Ka + Kb, Ka + Kb] of the centres of all topics, in the space of the documents of both.

    The space is that of training, of vectors and words. A topic without documents is like none.
    """
    rows = np.flatnonzero(~labels.empty)
    points = settled_places(labels, rows)
    own = np.concatenate([first[0], first[1] + topics[0]])[rows]
    centres = means(torch.from_numpy(points), torch.from_numpy(own), sum(topics))[0]
    units = torch.nn.functional.normalize(centres, dim=1)
    likeness: NDArray[np.float32] = (units @ units.T).numpy()
    np.fill_diagonal(likeness, -1)
    return likeness


def _places(likeness: NDArray[np.float32], count: int, used: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The place [Kb] of each topic of b among those of a, or after them; -1 for one without documents.

    Two topics are one where each is the other's nearest of all, nearer than any topic of its own model, and
    near enough.

    Args:
        likeness: [Ka + Kb, Ka + Kb].
        count: Ka.
        used: [Kb] whether a topic of b has documents.
    """
    nearest_of = likeness.argmax(axis=1)
    place = np.full(len(used), -1)
    after = count
    for topic in np.flatnonzero(used).tolist():
        other = int(nearest_of[count + topic])
        alike = other < count and nearest_of[other] == count + topic
        if alike and likeness[other, count + topic] >= _ALIKE:
            place[topic] = other
        else:
            place[topic], after = after, after + 1
    return place
