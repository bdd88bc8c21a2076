"""How many topics a corpus has: the number at which two halves of it are divided most alike.

Both halves are clustered on their own, in the same space and by the same k-means as the guide of training,
and each clustering then divides the whole corpus. Where K is too small or too large, it depends on the half
which groups are merged or split, and the two divisions disagree; where K fits, they agree. The idea is that
of Ben-Hur, Elisseeff and Guyon, "A stability based method for discovering structure in clustered
data" (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.copies import copies
from dsltm.space.inputs import evenly
from dsltm.space.kmeans import cluster, nearest_mean
from dsltm.training.data import settled_places
from dsltm.training.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels

    Floats = NDArray[np.float32]

NUMBERS = (5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 160, 200)
SPLITS = 4  # into halves, for each number, as in tests/bench/README.md, "Choosing K without labels"
_DOCUMENTS = 20_000  # the sample of a larger corpus; chosen, not measured
_LEAST = 20  # documents of the sample for each topic, else K is not tried; chosen, not measured


@dataclass(frozen=True)
class Tried:
    """One number of topics.

    Attributes:
        topics: K.
        agreement: mean adjusted Rand index of the two divisions: 1 where they are equal, about 0 by chance.
        error: standard error of that mean.
    """

    topics: int
    agreement: float
    error: float


@dataclass(frozen=True)
class Choice:
    """A number of topics, and why.

    Attributes:
        documents: how many documents were clustered, of copies of a text one.
        tried: the numbers that were tried, in rising order.
    """

    documents: int
    tried: list[Tried]

    @property
    def best(self) -> Tried:
        """The number with the greatest agreement, the smaller one at a tie."""
        return max(self.tried, key=lambda each: each.agreement)

    def why(self) -> str:
        """The choice in a sentence."""
        best = self.best
        others = ", ".join(f"{t.topics}: {t.agreement:.2f}" for t in self.tried)
        return (
            f"{best.topics} topics: two halves of the corpus, clustered apart, then agree best "
            f"(adjusted Rand index {best.agreement:.2f} ± {best.error:.2f}; {others})"
        )

    def header(self) -> dict[str, Any]:
        """The choice as a model's header keeps it."""
        return {
            "criterion": "agreement of clusterings of two halves, adjusted Rand index",
            "documents": self.documents,
            "tried": [[t.topics, round(t.agreement, 4), round(t.error, 4)] for t in self.tried],
        }


@one_thread()
def choose_topics(
    labels: Labels,
    seed: int,
    advance: Callable[[int, int], object] = lambda number, of: None,  # noqa: ARG005
    *,
    once: bool = True,
) -> Choice:
    """Find the number of topics, from the document vectors alone.

    Args:
        labels: documents; those flagged empty are left out.
        seed: of the halves and of k-means.
        advance: called with each number once it has been tried, and with how many there are to try.
        once: a text that several documents share counts once, as in training: its copies would make a topic
            of their own that both halves agree on.

    Raises:
        DsltmError: too few documents to tell.
    """
    rows = np.flatnonzero(~labels.empty)
    if once:
        rows = rows[copies(labels, rows)[0]]
    numbers = numbers_for(len(rows))
    points = settled_places(labels, evenly(rows, _DOCUMENTS))
    tried = []
    for count in numbers:
        values = [_agreement(points, count, seed + split) for split in range(SPLITS)]
        error = float(np.std(values, ddof=1)) / SPLITS**0.5
        tried.append(Tried(count, float(np.mean(values)), error))
        advance(count, len(numbers))
    return Choice(len(points), tried)


def numbers_for(texts: int) -> tuple[int, ...]:
    """The numbers of topics that a corpus of so many texts lets one try.

    Raises:
        DsltmError: too few texts for any.
    """
    numbers = tuple(count for count in NUMBERS if count * _LEAST <= min(texts, _DOCUMENTS))
    if not numbers:
        raise DsltmError(
            f"-k auto needs {NUMBERS[0] * _LEAST} texts to tell, and there are {texts}",
            hint="-k with a number",
        )
    return numbers


def _agreement(points: Floats, count: int, seed: int) -> float:
    """Adjusted Rand index of two divisions of all points, each by the nearest centre of a half's clusters."""
    from sklearn.metrics import adjusted_rand_score

    halves = np.array_split(np.random.default_rng(seed).permutation(len(points)), 2)
    one, other = (
        nearest_mean(points, half, cluster(half, count, seed, restarts=3), count)
        for half in (points[rows] for rows in halves)
    )
    return float(adjusted_rand_score(one, other))
