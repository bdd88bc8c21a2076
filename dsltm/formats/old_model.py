"""Models of version 1, whose β was not what the model predicts but a part of its decoder.

ProdLDA's β was the softmax of its word scores, whose scale the decoder's normalisation divides away again.
ECRTM's β was how each word is shared among the topics. The decoder's arrays are in the file, so that the β of
a new model can be computed from them: softmax(norm(e_k β) + shift).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# As in version 1: what the decoder's normalisation adds to variances, and the temperature of ECRTM's shares.
_EPSILON = 1e-5
_TEMPERATURE = 0.2


def predicted_beta(
    header: dict[str, Any], beta: NDArray[np.float32], arrays: dict[str, NDArray[Any]]
) -> NDArray[np.float32]:
    """β [K, V] of a model of version 1 as its decoder predicts it; β of other backbones is returned as it is.

    Topics that were merged or dropped keep their old words, because the file does not tell of which topics
    they are the mean.
    """
    scores = _scores(header.get("backbone"), arrays)
    try:
        mean, variance, shift = (
            arrays[f"decoder.{name}"] for name in ("running_mean", "running_variance", "shift")
        )
    except KeyError:
        return beta
    if scores is None or scores.shape != beta.shape or mean.shape != (len(beta),):
        return beta
    logits = (np.eye(len(beta)) - mean) @ scores / np.sqrt(variance + _EPSILON) + shift
    words = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(words / words.sum(1, keepdims=True), np.float32)


def _scores(backbone: object, arrays: dict[str, NDArray[Any]]) -> NDArray[np.float64] | None:
    """What the decoder normalises [K, V]; None where there is no such decoder."""
    if backbone == "prodlda" and "scores" in arrays:
        return arrays["scores"].astype(np.float64)
    if backbone == "ecrtm" and {"topics", "words"} <= arrays.keys():
        topics, words = (arrays[name].astype(np.float64) for name in ("topics", "words"))
        distances = (topics**2).sum(1)[:, None] + (words**2).sum(1) - 2 * topics @ words.T
        shares = np.exp((distances.min(0) - distances) / _TEMPERATURE)
        return np.asarray(shares / shares.sum(0))
    return None
