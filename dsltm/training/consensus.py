"""Where documents begin: topics on which their place in space and their words agree.

A topic is a centre of documents in space and, besides, what words say of it. From k-means clusters on, both
are taken anew from the documents that the topic has, as in expectation maximisation (Dempster, Laird and
Rubin, 1977) and in co-training (Blum and Mitchell, "Combining labeled and unlabeled data with co-training",
1998). What comes out is less sure of a document than its cluster is: a share of .8 is right in about 80 % of
the cases (tests/bench/README.md, "Space and words").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from dsltm.formats.blocks import slices
from dsltm.formats.scratch import scratch
from dsltm.training.student import held_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.training.beginning import Beginning
    from dsltm.training.student import Lessons

    Floats = NDArray[np.float32]

# From the table that the module's docstring names.
_NEARNESS = 4.0  # logits that a squared distance of one costs, among points of length one
_WORDS = 0.5  # weight of the logarithm of what words say
_BLOCK = 4096  # documents that are placed at once, which changes no result


def agreed(points: Floats, beginning: Beginning, topics: int, lessons: Lessons, rounds: int) -> Floats:
    """Shares of topics [M, K] ∝ exp(-4 d²) · words^½ of M documents, d the distance to a topic's centre.

    What a document's words say is learned from the other half of the documents, so that no document is asked
    about itself. A topic in which no document begins stays without.

    Args:
        points: [M, d] the documents' places; compared at length one.
        beginning: where the documents begin, below `topics`, which is K. Those that stay are sure of it.
        lessons: the words of the documents.
        rounds: how often both are taken anew; the first time from the clusters.
    """
    units = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    shares = scratch((len(units), topics), np.float32)
    shares[:] = 0
    shares[np.arange(len(units)), beginning.topics] = 1
    used = np.bincount(beginning.topics, minlength=topics) > 0
    stays = np.flatnonzero(beginning.stays)
    for _ in range(rounds):
        words = held_out(lessons, shares)
        centres = shares.T @ units / np.maximum(shares.sum(0), 1e-9)[:, None]
        shares = scratch(shares.shape, np.float32)
        for rows in slices(len(shares), _BLOCK):
            logits = _WORDS * words[rows] - _NEARNESS * _squares(units[rows], centres)
            shares[rows] = softmax(np.where(used, logits, -np.inf), axis=1)
        shares[stays] = 0
        shares[stays, beginning.topics[stays]] = 1
    return shares


def _squares(units: Floats, centres: Floats) -> Floats:
    """Squared distances [m, K] of points of length one to centres."""
    return np.asarray(1 + (centres**2).sum(1) - 2 * units @ centres.T)
