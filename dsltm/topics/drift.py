"""How the topics of newer documents differ from those of older ones: which grew, shrank, came and went."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.labels import read_labels
from dsltm.formats.records import read_jsonl, whole
from dsltm.formats.source import holds_labels
from dsltm.topics.config import WordChoice
from dsltm.topics.describe import describe
from dsltm.topics.limits import wilson
from dsltm.topics.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.topics.describe import Topic

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

Verdict = Literal["new", "gone", "grew", "shrank", "same"]
# All limits hold together for so large a part of comparisons.
_LEVEL = 0.95
# A topic had no documents of its own, or has none, where its share is below this part of its other one: some
# documents stray into every topic. Chosen; on StackOverflow strays were 2% of a topic's later documents.
_STRAYS = 0.1


@dataclass(frozen=True)
class Change:
    """What became of one topic's share of the documents.

    Attributes:
        topic: the topic.
        old, new: how many documents it is the first of, among the older and the newer ones.
        of_old, of_new: all of these that have text.
        low, high: limits of the change of its share, in [-1, 1].
    """

    topic: Topic
    old: int
    new: int
    of_old: int
    of_new: int
    low: float
    high: float

    @property
    def change(self) -> float:
        """The newer share less the older one."""
        return self.new / self.of_new - self.old / self.of_old

    @property
    def least(self) -> float:
        """The smallest change, of either direction, that the limits allow; 0 where they allow none."""
        return max(self.low, -self.high, 0.0)

    @property
    def verdict(self) -> Verdict:
        """What can be said of the topic; "same" where the change may be chance."""
        before, after = self.old / self.of_old, self.new / self.of_new
        if self.low > 0:
            return "new" if before < _STRAYS * after else "grew"
        if self.high < 0:
            return "gone" if after < _STRAYS * before else "shrank"
        return "same"

    def row(self) -> dict[str, object]:
        """The change as a line of a file."""
        row: dict[str, object] = {"topic": self.topic.topic, "words": self.topic.words}
        if self.topic.label is not None:
            row["label"] = self.topic.label
        return row | {
            "old": self.old,
            "new": self.new,
            "old_share": self.old / self.of_old,
            "new_share": self.new / self.of_new,
            "change": self.change,
            "low": self.low,
            "high": self.high,
            "verdict": self.verdict,
        }


def drift(model: Model, old: Integers, new: Integers, choice: WordChoice | None = None) -> list[Change]:
    """The changes of all topics, the largest first.

    The limits of a difference of two shares are those of Newcombe (1998, "Interval estimation for the
    difference between independent proportions", method 10), made of Wilson's for each share. They are
    corrected as Bonferroni has it: with 95% probability all K of them hold.

    Args:
        model: K topics.
        old, new: [K] how many documents each topic is the first of, among the older and the newer ones.
        choice: which words of each topic; None: the usual.

    Raises:
        DsltmError: there are no documents.
    """
    of_old, of_new = int(old.sum()), int(new.sum())
    if not of_old or not of_new:
        raise DsltmError(f"the {'newer' if of_old else 'older'} documents have no topics: none has text")
    low, high = difference(old, new, NormalDist().inv_cdf(1 - (1 - _LEVEL) / 2 / model.topics))
    changes = [
        Change(topic, int(old[n]), int(new[n]), of_old, of_new, float(low[n]), float(high[n]))
        for n, topic in enumerate(describe(model, choice or WordChoice()))
    ]
    return sorted(changes, key=lambda each: (-abs(each.change), each.topic.topic))


def difference(old: Integers, new: Integers, z: float) -> tuple[Floats, Floats]:
    """Limits [K] and [K] of how much larger each topic's share is among the newer documents.

    Args:
        old, new: [K] documents of each topic.
        z: quantile of the standard normal distribution.
    """
    before, after = old / old.sum(), new / new.sum()
    old_low, old_high = wilson(old, old.sum(), z)
    new_low, new_high = wilson(new, new.sum(), z)
    change = after - before
    low: Floats = change - np.hypot(after - new_low, old_high - before)
    high: Floats = change + np.hypot(new_high - after, before - old_low)
    return low, high


def moved(changes: Sequence[Change]) -> float:
    """The part of the documents that would have to change their topics for the shares to be equal, in [0, 1].

    It is the total variation distance of the two distributions over topics.
    """
    return sum(abs(each.change) for each in changes) / 2


def counted(model: Model, documents: Labels | str) -> Integers:
    """[K] how many documents each topic is the first of; those without text or topic do not count.

    Args:
        model: K topics.
        documents: labels, or the path of a labels file or of what `dsltm assign` wrote as JSON lines.

    Raises:
        DsltmError: they do not belong to the model.
    """
    if not isinstance(documents, str):
        return View.of(model, documents).sizes
    path = documents
    if holds_labels(path):
        return View.of(model, read_labels(path)).sizes
    places = {number: place for place, number in enumerate(model.numbering.numbers)}
    counts = np.zeros(model.topics, np.int64)
    for line, row in read_jsonl(path):
        topic = whole(row.get("topic", "missing"))
        if topic is None or row.get("empty"):
            continue
        if "topic" not in row:
            raise DsltmError(f"{path}:{line}: has no topic", hint="what dsltm assign wrote")
        if type(topic) is not int or topic not in places:
            raise DsltmError(f"{path}:{line}: its topic is none of the model's", hint="dsltm assign again")
        counts[places[topic]] += 1
    return counts
