"""The objective: L = λ · KL(y ‖ ŷ) + R, whatever the backbone and the target."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def divergence(target: Tensor, logits: Tensor, entropy: Tensor | float = 0.0) -> Tensor:
    """KL(y ‖ ŷ) = -Σ y log ŷ - H(y) with ŷ = softmax(logits), averaged over documents, in nats.

    With `entropy` zero it is the cross-entropy, which has the same gradient. A target of word counts gives
    the published likelihood of bag-of-words models: a count is a weight.

    Args:
        target: y [B, V], not negative; constant.
        logits: [B, V], log ŷ up to a constant in each row.
        entropy: H(y) [B], which is constant and so is computed once.
    """
    cross: Tensor = _CrossEntropy.apply(logits, target)  # type: ignore[no-untyped-call]
    return (cross - entropy).mean()


class _CrossEntropy(torch.autograd.Function):
    """-Σ y log softmax(z) [B], whose derivative ŷ Σ y - y is taken in place, in three passes over [B, V]."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor) -> Tensor:
        log_words = torch.log_softmax(logits, 1)
        ctx.save_for_backward(log_words, target)
        loss: Tensor = -torch.linalg.vecdot(target, log_words)
        return loss

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        log_words, target = ctx.saved_tensors
        gradient = gradients[0].unsqueeze(1)
        words = log_words.exp()
        words *= target.sum(1, keepdim=True) * gradient
        return words.addcmul_(target, gradient, value=-1), None
