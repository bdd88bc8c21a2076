"""The objective: L = λ · KL(y ‖ ŷ) + R, whatever the backbone and the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def divergence(target: Tensor, log_words: Tensor, entropy: Tensor | float = 0.0) -> Tensor:
    """KL(y ‖ ŷ) = -Σ y log ŷ - H(y), averaged over documents, in nats.

    With `entropy` zero it is the cross-entropy, which has the same gradient. A target of word counts gives
    the published likelihood of bag-of-words models: a count is a weight.

    Args:
        target: y [B, V], not negative.
        log_words: log ŷ [B, V].
        entropy: H(y) [B], which is constant and so is computed once.
    """
    return -((target * log_words).sum(1) + entropy).mean()
