"""ProdLDA: each topic is a free vector of word scores, and a document is a product of experts.

Srivastava and Sutton, "Autoencoding variational inference for topic models" (2017).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from dsltm.models.base import Backbone, Shape
from dsltm.models.decoder import shift_only_norm
from dsltm.models.encoder import Encoder, laplace_log_variance, prior_kl, sample


class ProdLDA(Backbone):
    """ŷ = softmax(norm(θ β)), R = KL(posterior ‖ prior), with a prior that is learned."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.encoder = Encoder(shape)
        self.prior_mean = nn.Parameter(torch.zeros(shape.topics))
        self.prior_log_variance = nn.Parameter(laplace_log_variance(shape.topics))
        self.scores = nn.Parameter(nn.init.xavier_uniform_(torch.empty(shape.topics, shape.words)))
        self.decoder_norm = shift_only_norm(shape.words)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(self.standardise(x))
        theta = dropout(sample(mean, log_variance), self.shape.dropout, self.training)
        log_words = torch.log_softmax(self.decoder_norm(theta @ self.scores), 1)
        return log_words, prior_kl(mean, log_variance, self.prior_mean, self.prior_log_variance)

    def theta(self, x: Tensor) -> Tensor:
        mean, _ = self.encoder(self.standardise(x))
        return torch.softmax(mean, 1)

    def beta(self) -> Tensor:
        return torch.softmax(self.scores, 1)
