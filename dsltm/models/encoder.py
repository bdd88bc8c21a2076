"""The inference network that ProdLDA, ECRTM and ETM share: a document vector to a logistic-normal posterior.

Srivastava and Sutton, "Autoencoding variational inference for topic models" (2017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, softplus

if TYPE_CHECKING:
    from dsltm.models.base import Shape


class Encoder(nn.Module):
    """Two softplus layers, then mean and log-variance, each batch-normalised without scale or shift.

    Without the normalisation topics collapse: the prior wins before the decoder has learned anything.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.dropout = shape.dropout
        self.first = nn.Linear(shape.inputs, shape.units)
        self.second = nn.Linear(shape.units, shape.units)
        self.mean = nn.Linear(shape.units, shape.topics)
        self.log_variance = nn.Linear(shape.units, shape.topics)
        self.mean_norm = nn.BatchNorm1d(shape.topics, affine=False)
        self.log_variance_norm = nn.BatchNorm1d(shape.topics, affine=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [B, K] of the posterior of documents [B, D]."""
        hidden = softplus(self.second(softplus(self.first(x))))
        hidden = dropout(hidden, self.dropout, self.training)
        return self.mean_norm(self.mean(hidden)), self.log_variance_norm(self.log_variance(hidden))


def sample(mean: Tensor, log_variance: Tensor) -> Tensor:
    """One θ [B, K] a document from its posterior: softmax of a Gaussian, by the reparameterisation trick."""
    return torch.softmax(mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance), 1)


def prior_kl(mean: Tensor, log_variance: Tensor, prior_mean: Tensor, prior_log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) ‖ N(prior)), summed over topics, averaged over documents.

    Args:
        mean, log_variance: [B, K].
        prior_mean, prior_log_variance: [K].
    """
    ratio = torch.exp(log_variance - prior_log_variance)
    distance = (mean - prior_mean).square() * torch.exp(-prior_log_variance)
    return 0.5 * (ratio + distance - 1.0 - log_variance + prior_log_variance).sum(1).mean()


def laplace_log_variance(topics: int) -> Tensor:
    """Log-variance [K] of the Gaussian that stands for a symmetric Dirichlet(1) by Laplace's approximation.

    Of its mean all entries are zero. The variance is (1 - 2/K) / α + 1 / (K α), here with α = 1.
    """
    return torch.full((topics,), 1.0 - 1.0 / topics).log()
