"""ECRTM: topics are centres of clusters of word embeddings, kept apart by a regulariser.

Wu, Dong, Nguyen and Luu, "Effective neural topic modeling with embedding clustering regularization" (2023).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from dsltm.models.base import Embedded, Shape
from dsltm.models.decoder import NormalisedDecoder
from dsltm.models.encoder import Encoder, draw, dropout, laplace_log_variance
from dsltm.models.transport import potential, squared_distances

# The published settings: temperature of β's softmax, α of the transport plan, weight of the regulariser.
TEMPERATURE, SHARPNESS, WEIGHT = 0.2, 20.0, 100.0
_TOLERANCE = 0.005  # of the plan's marginals, as published


class ECRTM(Embedded):
    """ŷ = softmax(norm(θ β) + shift), R = prior KL + 100 · Σ P |t - w|².

    β is a softmax over topics of -|t - w|² / 0.2. P is the transport plan from topics to words, all of equal
    weight: every topic has to be near some words, so topics cannot fall together.
    """

    prior_mean: Tensor
    prior_log_variance: Tensor
    word_potential: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.encoder = Encoder(shape, "shifted" if shape.encoder == "paper" else "plain")
        self.decoder = NormalisedDecoder(shape.topics, shape.words)
        self.register_buffer("prior_mean", torch.zeros(shape.topics))
        self.register_buffer("prior_log_variance", laplace_log_variance(shape.topics))
        self.register_buffer("word_potential", torch.zeros(shape.words))
        topics = nn.init.trunc_normal_(torch.empty(shape.topics, self.words.shape[1]), std=0.1)
        self.topics = nn.Parameter(nn.functional.normalize(topics))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encoder(self.standardise(x))
        theta, prior = draw(mean, log_variance, self.prior_mean, self.prior_log_variance)
        theta = dropout(theta, self.shape.dropout, training=self.training)
        distances = squared_distances(self.topics, self.words)
        loss = self.decoder(theta, self.word_topics(distances), y)
        return loss, prior + WEIGHT * self.clustering(distances), mean

    def word_topics(self, distances: Tensor) -> Tensor:
        """β [K, V]: for each word, how it is shared among topics; columns sum to one."""
        return torch.softmax(-distances / TEMPERATURE, 0)

    def clustering(self, distances: Tensor) -> Tensor:
        """Σ P D, with P held constant: that is the derivative of the regularised transport cost."""
        even = distances.new_full((self.shape.words,), -math.log(self.shape.words))
        self.word_potential.copy_(potential(distances, SHARPNESS, even, self.word_potential, _TOLERANCE))
        plan = torch.softmax(self.word_potential - SHARPNESS * distances.detach(), 1) / self.shape.topics
        return (plan * distances).sum()

    def theta(self, x: Tensor) -> Tensor:
        return self.encoder.theta(self.standardise(x))

    def log_words(self, theta: Tensor) -> Tensor:
        return self.decoder.logits(theta, self.word_topics(squared_distances(self.topics, self.words)))
