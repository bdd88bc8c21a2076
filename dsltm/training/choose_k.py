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
import torch

from dsltm.errors import DsltmError
from dsltm.space.axes import document_space
from dsltm.space.inputs import Inputs
from dsltm.space.kmeans import cluster, means
from dsltm.space.neighbours import nearest, settled
from dsltm.training.presets import neighbourhood
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
        documents: how many documents were clustered.
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
def choose_topics(labels: Labels, seed: int, advance: Callable[[int], object] = lambda _: None) -> Choice:
    """Find the number of topics, from the document vectors alone.

    Args:
        labels: documents; those flagged empty are left out.
        seed: of the halves and of k-means.
        advance: called with each number once it has been tried.

    Raises:
        DsltmError: too few documents to tell.
    """
    numbers, points = list(numbers_for(labels)), _points(labels)
    tried = []
    for count in numbers:
        values = [_agreement(points, count, seed + split) for split in range(SPLITS)]
        error = float(np.std(values, ddof=1)) / SPLITS**0.5
        tried.append(Tried(count, float(np.mean(values)), error))
        advance(count)
    return Choice(len(points), tried)


def numbers_for(labels: Labels) -> tuple[int, ...]:
    """The numbers of topics that a corpus of this size lets one try.

    Raises:
        DsltmError: too few documents for any.
    """
    documents = min(int((~labels.empty).sum()), _DOCUMENTS)
    numbers = tuple(count for count in NUMBERS if count * _LEAST <= documents)
    if not numbers:
        raise DsltmError(
            f"-k auto needs {NUMBERS[0] * _LEAST} documents with text to tell, and there are {documents}",
            hint="-k with a number",
        )
    return numbers


def _points(labels: Labels) -> Floats:
    """Coordinates [M, d] of a sample of documents, each moved to the mean of its neighbours."""
    rows = np.flatnonzero(~labels.empty)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), _DOCUMENTS)).astype(np.int64)]
    points = document_space(Inputs(labels.hidden, labels.counts), rows)
    return settled(points, nearest(points, neighbourhood(len(points))))


def _agreement(points: Floats, count: int, seed: int) -> float:
    from sklearn.metrics import adjusted_rand_score

    halves = np.array_split(np.random.default_rng(seed).permutation(len(points)), 2)
    one, other = (_divided(points, points[half], count, seed) for half in halves)
    return float(adjusted_rand_score(one, other))


def _divided(points: Floats, half: Floats, count: int, seed: int) -> NDArray[np.int64]:
    """The cluster of each point, by the nearest of the centres that half of them have."""
    chosen = torch.from_numpy(cluster(half, count, seed, restarts=3))
    centres, sizes = (array.numpy() for array in means(torch.from_numpy(half), chosen, count))
    gaps = np.where(sizes > 0, (centres**2).sum(1), np.inf) - 2 * points @ centres.T
    return np.asarray(gaps.argmin(1))
