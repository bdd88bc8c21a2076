"""What is known where a judge is asked, and the scores that its answers become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.metrics.diversity import top_words
from dsltm.metrics.evidence import Scores
from dsltm.metrics.judging.agreement import alpha

if TYPE_CHECKING:
    from dsltm.formats.corpus import Corpus
    from dsltm.metrics.judging.agreement import Level
    from dsltm.metrics.judging.judge import Floats, Judge
    from dsltm.metrics.subject import Subject


@dataclass(frozen=True)
class Asked:
    """One model and one judge.

    Attributes:
        subject: the model; it has topics.
        judge: who is asked.
        topn, shown: how many words of a topic are rated, and how many are mixed with others.
        repeats: how often everything is asked, each time in another order.
        corpus: the documents' texts, None where none are to be judged.
    """

    subject: Subject
    judge: Judge
    topn: int
    shown: int
    repeats: int = 1
    corpus: Corpus | None = None

    def words(self, count: int) -> list[list[str]]:
        """The first words of each topic."""
        return [top_words(topic, count) for topic in self.subject.topics or ()]

    def rng(self, *place: int) -> np.random.Generator:
        """The same random numbers for the same place in every run."""
        return np.random.default_rng(place)

    def scores(self, name: str, per_topic: Floats) -> Scores:
        """One value a topic as a metric of this judge."""
        scores = Scores()
        scores.add_topics(f"{self.judge.name}_{name}", per_topic)
        return scores

    def agreement(self, name: str, answers: Floats, level: Level) -> Scores:
        """Krippendorff's alpha of [repeats, questions], where everything was asked more than once."""
        value = alpha(answers, level)
        return Scores() if np.isnan(value) else Scores({f"{self.judge.name}_{name}_alpha": value})


def mean_of_known(values: Floats) -> Floats:
    """The mean over the first axis of those that are not NaN; NaN where all are."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0).sum(0)
    return np.where(known.any(0), total / np.maximum(known.sum(0), 1), np.nan)
