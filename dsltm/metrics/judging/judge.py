"""What a judge can be asked. All answers are numbers, NaN where there is none, so that no kind of judgement
knows who gave them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Texts = Sequence[str]
RATING_TASK = (
    "You judge the topics that a topic model found in a collection of documents. A topic is given by its "
    "most important words. Rate how closely these words are related to each other: 1 if they have little to "
    "do with each other, 2 if they are somewhat related, 3 if they clearly belong to one theme."
)
"""What every judge is asked of a topic's words, in our own words; how to answer differs."""


@dataclass(frozen=True, slots=True)
class FitTest:
    """A topic's typical documents, and other documents that may or may not be about the same.

    Attributes:
        typical: texts that the topic is made out from.
        documents: texts that are judged.
    """

    typical: Texts
    documents: Texts


@dataclass
class Failures:
    """Why questions have no answer.

    Attributes:
        reasons: how many questions have none, by the reason.
    """

    reasons: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return self.reasons.total()


class Judge(Protocol):
    """Anybody who can be asked about topics.

    Attributes:
        name: what its metrics' names begin with.
        kinds: what it can judge, of `metrics.config.JUDGEMENTS`.
        failures: of all questions so far.
    """

    name: str
    kinds: frozenset[str]
    failures: Failures

    def cost(self) -> str:
        """What was spent so far, in half a sentence; empty for a judge that costs nothing."""

    def rate(self, topics: Sequence[Texts]) -> Floats:
        """[n] how closely the words of each topic are related, from 1 to 3."""

    def rate_as_published(self, topics: Sequence[Texts]) -> Floats:
        """[n] the same in the words of Stammbach et al. 2023."""

    def intruders(self, tests: Sequence[Texts]) -> Floats:
        """[n] the place, from 0, of the word that belongs least to the others."""

    def mixed(self, sets: Sequence[Texts]) -> Floats:
        """[n] the larger, the more the words look like those of two topics."""

    def fits(self, tests: Sequence[FitTest]) -> list[Floats]:
        """For each test [documents] how well each document fits what the typical ones are about."""
