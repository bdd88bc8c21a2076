"""How closely a judge finds a topic's top words related, from 1 (hardly) to 3 (very).

Stammbach et al. 2023, "Revisiting automated topic model evaluation with large language models", found such
ratings nearer to people's than coherence is, for large models. A small local one is repeatable and free,
and its opinion is worth what the model is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.metrics.judging.asked import Asked, mean_of_known

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsltm.metrics.evidence import Scores
    from dsltm.metrics.judging.judge import Floats, Texts


def rating(asked: Asked) -> Scores:
    """In words of our own, which say what the numbers mean."""
    return _rated(asked, "rating", asked.judge.rate)


def published(asked: Asked) -> Scores:
    """In the published words, so that figures can be compared with the papers'."""
    return _rated(asked, "rating_published", asked.judge.rate_as_published)


def _rated(asked: Asked, name: str, rate: Callable[[Sequence[Texts]], Floats]) -> Scores:
    """The first time the words come in the topic's order, afterwards in others."""
    topics = asked.words(asked.topn)
    answers = np.stack(
        [
            rate([_in_order(asked, words, place, time) for place, words in enumerate(topics)])
            for time in range(asked.repeats)
        ]
    )
    scores = asked.scores(name, mean_of_known(answers))
    scores.add(asked.agreement(name, answers, "interval"))
    missing = int(np.isnan(answers).all(0).sum())
    if missing:
        scores.values["failed_ratings"] = missing
    return scores


def _in_order(asked: Asked, words: list[str], place: int, time: int) -> list[str]:
    return [words[i] for i in asked.rng(place, time).permutation(len(words))] if time else words
