"""The inference network that ProdLDA, ECRTM and ETM share: a document vector to a logistic-normal posterior.

Srivastava and Sutton, "Autoencoding variational inference for topic models" (2017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

if TYPE_CHECKING:
    from dsltm.models.base import Shape


class Encoder(nn.Module):
    """Two softplus layers, then mean and log-variance, each batch-normalised without scale or shift.

    Without the normalisation topics collapse: the prior wins before the decoder has learned anything. But it
    also bounds the mean, so that no document could be surer of a topic than that allows: where the sharpness
    is learned, one factor stretches all means.

    Args:
        norm: "plain"; "shifted", with a learned shift behind the normalisation, as published with ECRTM; or
            "none", as published with ETM.
    """

    shift: nn.Parameter | None
    log_sharpness: nn.Parameter | None
    noise: Tensor | None

    def __init__(self, shape: Shape, norm: Literal["plain", "shifted", "none"] = "plain") -> None:
        super().__init__()
        self.dropout = shape.dropout
        self.first = nn.Linear(shape.inputs, shape.units)
        self.second = nn.Linear(shape.units, shape.units)
        self.posterior = nn.Linear(shape.units, 2 * shape.topics)  # mean and log-variance, side by side
        self.norm = nn.Identity() if norm == "none" else nn.BatchNorm1d(2 * shape.topics, affine=False)
        shift = nn.Parameter(torch.zeros(2 * shape.topics)) if norm == "shifted" else None
        self.register_parameter("shift", shift)
        sharpness = nn.Parameter(torch.zeros(())) if shape.sharpness == "learned" else None
        self.register_parameter("log_sharpness", sharpness)
        noise = torch.randn(shape.samples, 1, shape.topics) if shape.samples else None
        self.register_buffer("noise", noise)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [B, K] of the posterior of documents [B, D]."""
        hidden = softplus(self.second(softplus(self.first(x))))
        hidden = dropout(hidden, self.dropout, training=self.training)
        posterior = self.norm(self.posterior(hidden))
        if self.shift is not None:
            posterior = posterior + self.shift
        mean, log_variance = posterior.chunk(2, 1)
        if self.log_sharpness is not None:
            mean = mean * self.log_sharpness.exp()
        return mean, log_variance

    def theta(self, x: Tensor) -> Tensor:
        """θ [B, K] of documents [B, D]: of the posterior's mean, or the mean of θ over a few of its draws.

        The draws are the same for all documents and are part of the model, so that what a document gets
        depends neither on chance nor on the documents beside it.
        """
        mean, log_variance = self(x)
        if self.noise is None:
            return torch.softmax(mean, 1)
        return torch.softmax(mean + torch.exp(0.5 * log_variance) * self.noise, 2).mean(0)


def dropout(x: Tensor, share: float, *, training: bool) -> Tensor:
    """`torch.nn.functional.dropout`, four times as fast on a CPU: one random number serves four units."""
    if not training or share == 0:
        return x
    numbers = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device).random_(-(2**63), None)
    mask = numbers.view(torch.int16)[: x.numel()].view_as(x) >= round(share * 2**16) - 2**15
    return x * (mask * (1 / (1 - share)))


class _Posterior(torch.autograd.Function):
    """`draw` with its derivatives by hand: as a chain of small operations it costs as much as the decoder."""

    @staticmethod
    def forward(
        ctx: Any, mean: Tensor, log_variance: Tensor, prior_mean: Tensor, prior_log_variance: Tensor
    ) -> tuple[Tensor, Tensor]:
        noise = torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        theta = torch.softmax(mean + noise, 1)
        precision = torch.exp(-prior_log_variance)
        distance = mean - prior_mean
        ratio = torch.exp(log_variance)
        ctx.save_for_backward(noise, theta, precision, distance, ratio)
        total = (ratio + distance.square()) @ precision - log_variance.sum(1)
        return theta, 0.5 * (total.mean() + (prior_log_variance - 1).sum())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        noise, theta, precision, distance, ratio = ctx.saved_tensors
        through_theta, scale = gradients[0] * theta, gradients[1] / len(theta)
        through_theta = through_theta - theta * through_theta.sum(1, keepdim=True)
        pull = distance * (precision * scale)
        spread = (ratio + distance.square()) * precision
        return (
            through_theta + pull,
            0.5 * (through_theta * noise + (ratio * precision - 1) * scale),
            -pull.sum(0),
            0.5 * scale * (1 - spread).sum(0),
        )


def draw(
    mean: Tensor, log_variance: Tensor, prior_mean: Tensor, prior_log_variance: Tensor
) -> tuple[Tensor, Tensor]:
    """One θ [B, K] a document from its posterior, and KL(posterior ‖ prior) averaged over documents.

    θ = softmax(z) with z ~ N(mean, variance), by the reparameterisation trick.

    Args:
        mean, log_variance: [B, K].
        prior_mean, prior_log_variance: [K].
    """
    theta, divergence = _Posterior.apply(  # type: ignore[no-untyped-call]
        mean, log_variance, prior_mean, prior_log_variance
    )
    return theta, divergence


def laplace_log_variance(topics: int) -> Tensor:
    """Log-variance [K] of the Gaussian that stands for a symmetric Dirichlet(1) by Laplace's approximation.

    Of its mean all entries are zero. The variance is (1 - 2/K) / α + 1 / (K α), here with α = 1.
    """
    return torch.full((topics,), 1.0 - 1.0 / topics).log()
