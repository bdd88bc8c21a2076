"""The decoder of ProdLDA and ECRTM: word scores mixed by θ, then batch-normalised."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class NormalisedDecoder(nn.Module):
    """z = norm(θ β) + shift [B, V], the logits of ŷ.

    Batch normalisation with a learned shift and no scale, as in the published ProdLDA: the shift holds how
    frequent each word is at all, so that topics are left with what sets them apart.
    """

    running_mean: Tensor
    running_variance: Tensor

    def __init__(self, topics: int, words: int, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.shift = nn.Parameter(torch.zeros(words))
        self.register_buffer("running_mean", torch.zeros(topics))
        self.register_buffer("running_variance", torch.ones(words))

    def forward(self, theta: Tensor, scores: Tensor) -> Tensor:
        """Logits [B, V] of topic proportions [B, K] and word scores β [K, V]."""
        if not self.training:
            scale = torch.rsqrt(self.running_variance + self.epsilon)
            return (theta - self.running_mean) @ scores * scale + self.shift
        # Centred θ makes centred products: the mean over the batch is taken of [B, K], not of [B, V].
        mean = theta.mean(0)
        centred = (theta - mean) @ scores
        logits, variance = _Normalise.apply(centred, self.shift, self.epsilon)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_variance.lerp_(variance, self.momentum)
        result: Tensor = logits
        return result


class _Normalise(torch.autograd.Function):
    """c / √(variance + ε) + shift of centred columns c, in half of autograd's passes over [B, V]."""

    @staticmethod
    def forward(ctx: Any, centred: Tensor, shift: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
        variance = torch.linalg.vecdot(centred, centred, dim=0) / len(centred)
        inverse = torch.rsqrt(variance + epsilon)
        normal = centred * inverse
        ctx.save_for_backward(normal, inverse)
        ctx.mark_non_differentiable(variance)
        return normal + shift, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        normal, inverse = ctx.saved_tensors
        gradient = gradients[0]
        slope = torch.linalg.vecdot(gradient, normal, dim=0) / len(normal)
        through = torch.addcmul(gradient, normal, slope, value=-1)  # what the variance absorbs goes
        through *= inverse
        return through, gradient.sum(0), None
