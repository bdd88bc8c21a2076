"""The objective: L = λ · KL(y ‖ ŷ) + R, whatever the backbone and the target.

KL(y ‖ ŷ) is the cross-entropy of y and ŷ but for the entropy of y, which no model changes: models work with
the cross-entropy.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def cross_entropy(target: Tensor, logits: Tensor) -> Tensor:
    """-Σ y log ŷ with ŷ = softmax(logits), averaged over documents, in nats.

    A target of word counts gives the published likelihood of bag-of-words models: a count is a weight.

    Args:
        target: y [B, V], not negative; constant.
        logits: [B, V], log ŷ up to a constant in each row.
    """
    cross: Tensor = _CrossEntropy.apply(logits, target.to(logits.dtype))  # type: ignore[no-untyped-call]
    return cross


class _CrossEntropy(torch.autograd.Function):
    """The mean of -Σ y log softmax(z), whose derivative is (ŷ Σ y - y) / B, in three passes over [B, V]."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor) -> Tensor:
        log_words = torch.log_softmax(logits, 1)
        ctx.save_for_backward(log_words, target)
        return torch.dot(target.reshape(-1), log_words.view(-1)).div_(-len(target))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        log_words, target = ctx.saved_tensors
        scale = gradients[0] / len(target)
        words = log_words.exp()
        words *= target.sum(1, keepdim=True).mul_(scale)
        return words.addcmul_(target, scale, value=-1), None
