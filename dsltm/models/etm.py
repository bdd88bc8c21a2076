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
    """ŷ = θ β, β = softmax over words of t · w, R = KL(posterior ‖ N(0, I)).

    The paper's decoder is softmax(θ β), a softmax of probabilities, and so is nearly even whatever θ is. Its
    embeddings begin as short as a linear layer's weights do.
    """

    prior: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.encoder = Encoder(shape, "none" if shape.encoder == "paper" else "plain")
        self.topics = nn.Parameter(torch.randn(shape.topics, shape.embedding_size))
        if shape.decoder == "paper":
            bound = shape.embedding_size**-0.5
            for weight in (self.topics, self.words):
                nn.init.uniform_(weight, -bound, bound)
        # The mean of N(0, I), and the logarithm of its variance: both are zero.
        self.register_buffer("prior", torch.zeros(shape.topics))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encoder(self.standardise(x))
        theta, prior = draw(mean, log_variance, self.prior, self.prior)
        return cross_entropy(y, self.log_words(theta)), prior, mean

    def theta(self, x: Tensor) -> Tensor:
        return self.encoder.theta(self.standardise(x))

    def log_words(self, theta: Tensor) -> Tensor:
        beta = torch.softmax(self.topics @ self.words.T, 1)
        return theta @ beta if self.shape.decoder == "paper" else mixture(theta, beta)


def mixture(theta: Tensor, beta: Tensor) -> Tensor:
    """log(θ β + 10⁻¹²) [B, V]; the small number keeps the logarithm of a word that no topic has finite."""
    return torch.log(theta @ beta + 1e-12)
