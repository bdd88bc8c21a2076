"""Whether a judge finds the word of another topic among five of a topic's words.

Chang et al. 2009, "Reading tea leaves"; with language models in the place of people Stammbach et al. 2023.
Guessing finds one of six.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.metrics.judging.asked import Asked, mean_of_known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsltm.metrics.evidence import Scores

_OWN = 5  # of the topic's words, as in Chang et al.
_TESTS = 3  # of each topic; chosen, not measured


@dataclass(frozen=True)
class _Test:
    """A topic, some of its words, and a word of another one."""

    topic: int
    words: list[str]
    intruder: str


def intrusion(asked: Asked) -> Scores:
    """The share of a topic's tests in which the intruder is found."""
    tests = list(_tests(asked))
    count = len(asked.subject.topics or ())
    chosen = np.full((asked.repeats, len(tests)), np.nan)
    for time in range(asked.repeats):
        orders = [
            asked.rng(1, number, time).permutation(len(test.words) + 1) for number, test in enumerate(tests)
        ]
        shown = [
            [[*test.words, test.intruder][place] for place in order]
            for test, order in zip(tests, orders, strict=True)
        ]
        answers = asked.judge.intruders(shown)
        for number, (answer, order) in enumerate(zip(answers, orders, strict=True)):
            if not np.isnan(answer) and answer < len(order):
                chosen[time, number] = order[int(answer)]
    right = np.where(np.isnan(chosen), np.nan, chosen == _OWN)
    per_topic = np.full(count, np.nan)
    of = np.array([test.topic for test in tests], int)
    for topic in set(of.tolist()):
        per_topic[topic] = mean_of_known(mean_of_known(right[:, of == topic]))
    scores = asked.scores("intrusion", per_topic)
    # A word is named by its place in its test, which says nothing in another test.
    scores.add(asked.agreement("intrusion", right, "nominal"))
    return scores


def _tests(asked: Asked) -> Iterator[_Test]:
    """The same for every judge. Topics that leave no words for a test have none."""
    topics, shown = asked.words(asked.topn), asked.words(asked.shown)
    for topic, own in enumerate(shown):
        foreign = [
            word
            for other, words in enumerate(shown)
            if other != topic
            for word in words
            if word not in topics[topic]
        ]
        if len(own) < _OWN or not foreign:
            continue
        rng = asked.rng(2, topic)
        for _ in range(_TESTS):
            words = [own[place] for place in np.sort(rng.permutation(len(own))[:_OWN])]
            yield _Test(topic, words, foreign[int(rng.integers(len(foreign)))])
