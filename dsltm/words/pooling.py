"""What vectors and words say of documents, put together, and how far it can be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float32]

_MOST_DOUBT = 0.5  # of `doubt_of`; chosen, not measured


def pooled(theta: Floats, log_words: Floats, weight: float, counts: csr_array) -> Floats:
    """θ [N, K] ∝ θ · words^weight: what vectors and words say of documents, as a product of experts.

    A logarithmic opinion pool (Genest and Zidek, "Combining probability distributions", 1986). A document
    without a known word keeps its θ.

    Args:
        theta: [N, K] by the documents' vectors.
        log_words: [N, K] by their words, logarithms.
        weight: of the words, 0 for none.
        counts: [N, W] of the words that were known.
    """
    weights = np.where(np.diff(counts.indptr) > 0, np.float32(weight), np.float32(0))[:, None]
    log_theta = np.log(np.maximum(theta, np.finfo(np.float32).tiny))
    return np.asarray(softmax(log_theta + weights * log_words, axis=1), np.float32)


def doubt_of(theta: Floats, agreement: float) -> float:
    """How much to doubt θ, 0 to ½, so that its first topics are as probable, on average, as words let expect.

    Two readers that err independently agree about as often as both are right: of two that are equally good
    each is right in the root of these cases, which needs no label to be known (after Platanios, Blum and
    Mitchell, "Estimating accuracy from unlabeled data", 2014). θ is never made surer than it is, and doubt
    ends at one half: where words name hardly a topic, as in a few texts that share no words, they are the
    reader that errs.

    Args:
        theta: [N, K] of N documents.
        agreement: of how large a share of them words name the first topic, learned from others, 0 to 1.
    """
    sure, chance = float(theta.max(axis=1).mean()), 1 / theta.shape[1]
    return float(np.clip((sure - np.sqrt(agreement)) / max(sure - chance, 1e-9), 0, _MOST_DOUBT))


def doubted(theta: Floats, doubt: float) -> Floats:
    """(1 - doubt) · θ + doubt / K [N, K]: with the probability `doubt` a document is of any topic."""
    return theta if doubt == 0 else np.asarray((1 - doubt) * theta + doubt / theta.shape[1], np.float32)
