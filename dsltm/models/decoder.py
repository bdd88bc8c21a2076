"""The decoder of ProdLDA and ECRTM: word scores mixed by θ, then batch-normalised, and its loss."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from dsltm.models.objective import cross_entropy

_CELLS = 1 << 17  # logits at a time: they stay in a processor's cache from one operation to the next


class NormalisedDecoder(nn.Module):
    """z = norm(θ β) / τ + shift [B, V], the logits of ŷ.

    Batch normalisation with a learned shift and no scale, as in the published ProdLDA: the shift holds how
    frequent each word is at all, so that topics are left with what sets them apart. Here τ is 1. The paper's
    decoder divides by the teacher's τ and learns no shift.

    Args:
        temperature: τ of the paper's decoder; None for ours.
    """

    running_mean: Tensor
    running_variance: Tensor
    temperature: Tensor | None

    momentum, epsilon = 0.1, 1e-5  # PyTorch's defaults for batch normalisation

    def __init__(self, topics: int, words: int, temperature: float | None = None) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(words), requires_grad=temperature is None)
        self.register_buffer("temperature", None if temperature is None else torch.tensor(temperature))
        self.register_buffer("running_mean", torch.zeros(topics))
        self.register_buffer("running_variance", torch.ones(words))

    def forward(self, theta: Tensor, scores: Tensor, target: Tensor) -> Tensor:
        """`dsltm.models.objective.cross_entropy` of the target [B, V] and the logits.

        Args:
            theta: topic proportions [B, K].
            scores: word scores β [K, V].
            target: y [B, V], not negative; constant.
        """
        if not self.training:
            return cross_entropy(target, self.logits(theta, scores))
        cross, mean, variance = _Decoding.apply(  # type: ignore[no-untyped-call]
            theta, scores, self.shift, target, self.epsilon, self.temperature
        )
        self.running_mean.lerp_(mean, self.momentum)
        self.running_variance.lerp_(variance, self.momentum)
        loss: Tensor = cross
        return loss

    def logits(self, theta: Tensor, scores: Tensor) -> Tensor:
        """z [B, V] by the means and variances of training, as inference has it.

        Args:
            theta: topic proportions [B, K].
            scores: word scores β [K, V].
        """
        scale = torch.rsqrt(self.running_variance + self.epsilon)
        if self.temperature is not None:
            scale = scale / self.temperature
        return (theta - self.running_mean) @ scores * scale + self.shift


class _Decoding(torch.autograd.Function):
    """The mean of -Σ y log softmax(z), and all of its derivatives, without [B, V] ever being whole.

    A column of θ β has variance β C βᵀ, C the covariance [K, K] of the batch's θ, so the normalisation is one
    of β: z = (θ - mean) β / (τ √(variance + ε)) + shift. What it contributes to the derivatives passes
    through [K, V], not [B, V]. The derivative by the logits, ŷ Σ y - y, is known in the forward pass already,
    because the loss is a single number; so all derivatives are computed there.
    """

    @staticmethod
    def forward(
        ctx: Any,
        theta: Tensor,
        scores: Tensor,
        shift: Tensor,
        target: Tensor,
        epsilon: float,
        temperature: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean = theta.mean(0)
        centred = theta - mean
        mixed = torch.mm(centred.t(), centred).div_(len(theta)) @ scores
        variance = (mixed * scores).sum(0).clamp_min_(0)
        inverse = torch.add(variance, epsilon).rsqrt_()
        scale = inverse if temperature is None else inverse / temperature
        normal = scores * scale
        cross, on_centred, on_normal, on_shift = _against(target, centred, normal, shift)

        on_variance = (on_normal * normal).sum(0).mul_(inverse.square()).mul_(-0.5)
        on_scores = on_normal.mul_(scale).addcmul_(mixed, on_variance, value=2)
        on_covariance = torch.mm(scores * on_variance, scores.t())
        on_centred.addmm_(centred, on_covariance, alpha=2 / len(theta))
        ctx.save_for_backward(on_centred - on_centred.mean(0), on_scores, on_shift)
        ctx.mark_non_differentiable(mean, variance)
        return cross, mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return (*(saved * gradients[0] for saved in ctx.saved_tensors), None, None, None)


def _against(
    target: Tensor, centred: Tensor, normal: Tensor, shift: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The mean of -Σ y log softmax(centred · normal + shift), and its derivatives by these three."""
    rows = len(target) if target.is_cuda else max(1, _CELLS // target.shape[1])
    cross, on_shift = centred.new_zeros(()), torch.zeros_like(shift)
    on_centred, on_normal = torch.empty_like(centred), torch.zeros_like(normal)
    for start in range(0, len(target), rows):
        part, y = centred[start : start + rows], target[start : start + rows].to(centred.dtype)
        words = torch.addmm(shift, part, normal)
        torch.log_softmax(words, 1, out=words)
        cross -= torch.dot(y.view(-1), words.view(-1))
        words.exp_().mul_(y.sum(1, keepdim=True)).sub_(y)
        torch.mm(words, normal.t(), out=on_centred[start : start + rows])
        on_normal.addmm_(part.t(), words)
        on_shift += words.sum(0)
    for total in (cross, on_centred, on_normal, on_shift):
        total /= len(target)
    return cross, on_centred, on_normal, on_shift
