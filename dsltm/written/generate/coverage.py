"""An order of documents in which each beginning shows as many kinds of them as it can."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS, _TURNS = 200, 4  # clusters that take turns at most, and turns of each at least; chosen, not measured
_MANY = 10_000  # documents above which clusters are found in batches


def clusters(
    vectors: NDArray[np.float32], count: int, seed: int
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Each document's cluster by k-means, and each cluster's documents, the most typical first."""
    from sklearn.cluster import KMeans, MiniBatchKMeans

    count = min(count, len(np.unique(vectors, axis=0)))
    method = MiniBatchKMeans if len(vectors) > _MANY else KMeans
    assignment = method(count, n_init=3, random_state=seed).fit_predict(vectors).astype(np.int64)
    near = []
    for number in range(count):
        rows = np.flatnonzero(assignment == number)
        distance = np.square(vectors[rows] - vectors[rows].mean(0)).sum(1) if len(rows) else rows
        near.append(rows[np.argsort(distance, kind="stable")])
    return assignment, near


def by_turns(vectors: NDArray[np.float32], shown: int, seed: int) -> NDArray[np.int64]:
    """All rows of documents [n, d], clusters taking turns, the largest first.

    What is rare in the corpus is seen by its cluster's turn, long before a sample of the same size would
    have it. Among the first `shown`, each cluster that is large enough has four turns at least.
    """
    _, near = clusters(vectors, max(2, min(_KINDS, shown // _TURNS)), seed)
    near.sort(key=len, reverse=True)
    rounds = zip_longest(*(rows.tolist() for rows in near))
    return np.array([row for turn in rounds for row in turn if row is not None], np.int64)
