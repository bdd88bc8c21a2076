"""ProdLDA: each topic is a free vector of word scores, and a document is a product of experts.

Srivastava and Sutton, "Autoencoding variational inference for topic models" (2017).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dsltm.models.base import Backbone, Shape
from dsltm.models.decoder import NormalisedDecoder
from dsltm.models.encoder import Encoder, draw, dropout, laplace_log_variance


class ProdLDA(Backbone):
    """ŷ = softmax(norm(θ β) + shift), R = KL(posterior ‖ prior), with a prior that is learned.

    The paper's decoder is softmax(norm(θ β) / τ), with the τ of the soft labels.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.encoder = Encoder(shape)
        self.prior_mean = nn.Parameter(torch.zeros(shape.topics))
        self.prior_log_variance = nn.Parameter(laplace_log_variance(shape.topics))
        self.scores = nn.Parameter(nn.init.xavier_uniform_(torch.empty(shape.topics, shape.words)))
        temperature = shape.temperature if shape.decoder == "paper" else None
        self.decoder = NormalisedDecoder(shape.topics, shape.words, temperature=temperature)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encoder(self.standardise(x))
        theta, prior = draw(mean, log_variance, self.prior_mean, self.prior_log_variance)
        theta = dropout(theta, self.shape.dropout, training=self.training)
        return self.decoder(theta, self.scores, y), prior, mean

    def theta(self, x: Tensor) -> Tensor:
        return self.encoder.theta(self.standardise(x))

    def log_words(self, theta: Tensor) -> Tensor:
        return self.decoder.logits(theta, self.scores)
