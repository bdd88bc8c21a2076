"""Where documents begin: topics on which their neighbours and their words agree.

The clusters of documents' vectors know nothing of a single document's words, and words nothing of what they
mean. Each view teaches the other, round by round, as in co-training (Blum and Mitchell, "Combining labeled and
unlabeled data with co-training", 1998), and what comes out is less sure of a document than its cluster is: a
share of .8 is right in about 80 % of the cases (tests/bench/README.md, "Words and neighbours").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from dsltm.formats.scratch import scratch
from dsltm.space.neighbours import averaged
from dsltm.training.student import held_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.training.student import Lessons

# From the table that the module's docstring names.
_WORDS = 0.3  # weight of what words say, in logits, where neighbours have 1
_PRIOR = 0.2  # votes that every topic has beside those of the neighbours
_BLOCK = 4096  # documents that are voted on at once, which changes no result


def agreed(
    clusters: NDArray[np.int64],
    topics: int,
    neighbours: NDArray[np.int32],
    lessons: Lessons,
    rounds: int,
) -> NDArray[np.float32]:
    """Shares of topics [M, K] of M documents: votes of neighbours times what words say, normalised.

    What a document's words say is learned from the other half of the documents, so that no document is asked
    about itself.

    Args:
        clusters: [M] where the documents begin, below `topics`, which is K.
        neighbours: [M, n] of each document.
        lessons: the words of the documents.
        rounds: how often neighbours and words are asked; the first time about the clusters.
    """
    shares = scratch((len(clusters), topics), np.float32)
    shares[:] = 0
    shares[np.arange(len(clusters)), clusters] = 1
    for _ in range(rounds):
        words = held_out(lessons, shares)
        before, shares = shares, scratch(shares.shape, np.float32)
        for start in range(0, len(shares), _BLOCK):
            members = np.arange(start, min(start + _BLOCK, len(shares)))
            votes = _votes(before, members, neighbours)
            shares[members] = softmax(np.log(votes + _PRIOR) + _WORDS * words[members], axis=1)
    return shares


def _votes(
    shares: NDArray[np.float32], members: NDArray[np.int64], neighbours: NDArray[np.int32]
) -> NDArray[np.float32]:
    """How many of a document's neighbours are in each topic [m, K]; the document has no vote."""
    with_own = averaged(shares.__getitem__, members, neighbours) * (1 + neighbours.shape[1])
    return np.asarray(np.maximum(with_own - shares[members], 0))
