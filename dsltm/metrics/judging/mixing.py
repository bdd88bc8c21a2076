"""Whether a judge tells words of two topics from words of one.

Topic word mixing, of Prouteau et al. 2026, "When numbers tell half the story" (arXiv 2603.01945): intrusion
asks whether a topic holds together, mixing whether it is another than the other topics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.metrics.evidence import Scores
from dsltm.metrics.judging.asked import Asked, mean_of_known

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.metrics.judging.judge import Floats

_WORDS = 8  # in a set, half of them from each topic where there are two; chosen, not measured
_SETS = 2  # of each kind for each topic; chosen, not measured


def mixing(asked: Asked) -> Scores:
    """For each topic how often a mixed set of its words looks more mixed than a set of one topic does.

    That is the area under the ROC curve, .5 for a judge that guesses; for one that only says yes or no it is
    the mean of its two rates of right answers.
    """
    shown = asked.words(asked.shown)
    usable = [topic for topic, words in enumerate(shown) if len(words) >= _WORDS]
    if len(usable) < 2:
        return Scores()
    sets, of, mixed = _sets(asked, shown, usable)
    answers = np.stack([asked.judge.mixed(_in_order(asked, sets, time)) for time in range(asked.repeats)])
    beliefs = mean_of_known(answers)
    single = beliefs[~mixed & ~np.isnan(beliefs)]
    per_topic = np.full(len(shown), np.nan)
    for topic in usable:
        own = beliefs[mixed & (of == topic)]
        per_topic[topic] = _above(own[~np.isnan(own)], single)
    scores = asked.scores("mixing", per_topic)
    scores.add(asked.agreement("mixing", answers, "interval"))
    return scores


def _sets(
    asked: Asked, shown: list[list[str]], usable: list[int]
) -> tuple[list[list[str]], NDArray[np.int64], NDArray[np.bool_]]:
    """The sets of words, each one's topic, and whether there is a second topic in it."""
    sets, of, mixed = [], [], []
    for topic in usable:
        rng = asked.rng(3, topic)
        for _ in range(_SETS):
            sets.append([shown[topic][place] for place in rng.permutation(len(shown[topic]))[:_WORDS]])
            other = usable[(usable.index(topic) + int(rng.integers(1, len(usable)))) % len(usable)]
            half = [shown[topic][place] for place in rng.permutation(len(shown[topic]))[: _WORDS // 2]]
            foreign = [word for word in shown[other] if word not in half]
            sets.append([*half, *(foreign[place] for place in rng.permutation(len(foreign))[: _WORDS // 2])])
            of += [topic, topic]
            mixed += [False, True]
    return sets, np.array(of), np.array(mixed)


def _in_order(asked: Asked, sets: list[list[str]], time: int) -> list[list[str]]:
    orders = [asked.rng(4, number, time).permutation(len(words)) for number, words in enumerate(sets)]
    return [[words[place] for place in order] for words, order in zip(sets, orders, strict=True)]


def _above(own: Floats, others: Floats) -> float:
    """How often one of `own` is above one of `others`; a tie counts half."""
    if not len(own) or not len(others):
        return float("nan")
    return float(np.mean((own[:, None] > others) + (own[:, None] == others) / 2))
