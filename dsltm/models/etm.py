"""ETM: a topic is a point among word embeddings, and prefers the words that lie in its direction.

Dieng, Ruiz and Blei, "Topic modeling in embedding spaces" (2020).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dsltm.models.base import Embedded, Shape
from dsltm.models.encoder import Encoder, draw
from dsltm.models.objective import cross_entropy


class ETM(Embedded):
    """ŷ = θ β, β = softmax over words of t · w, R = KL(posterior ‖ N(0, I))."""

    prior: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.encoder = Encoder(shape)
        self.topics = nn.Parameter(torch.randn(shape.topics, self.words.shape[1]))
        # The mean of N(0, I), and the logarithm of its variance: both are zero.
        self.register_buffer("prior", torch.zeros(shape.topics))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encoder(self.standardise(x))
        theta, prior = draw(mean, log_variance, self.prior, self.prior)
        return cross_entropy(y, self.log_words(theta)), prior, mean

    def theta(self, x: Tensor) -> Tensor:
        mean, _ = self.encoder(self.standardise(x))
        return torch.softmax(mean, 1)

    def log_words(self, theta: Tensor) -> Tensor:
        return mixture(theta, torch.softmax(self.topics @ self.words.T, 1))


def mixture(theta: Tensor, beta: Tensor) -> Tensor:
    """log(θ β + 10⁻¹²) [B, V]; the small number keeps the logarithm of a word that no topic has finite."""
    return torch.log(theta @ beta + 1e-12)
