"""FASTopic: documents, topics and words are points, and two transport plans between them are the model.

Wu, Nguyen, Zhang, Wang and Luu, "FASTopic: pretrained transformer is a fast, adaptive, stable, and
transferable topic model" (2024).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, normalize

from dsltm.models.base import Backbone, Shape
from dsltm.models.etm import mixture
from dsltm.models.objective import cross_entropy
from dsltm.models.transport import plan, potential, squared_distances

DOCUMENT_SHARPNESS, WORD_SHARPNESS = 3.0, 2.0
"""The published α of the plans from documents to topics and from topics to words."""

_MOMENTUM = 0.1  # of the running mean of potentials, PyTorch's default for such means


class FASTopic(Backbone):
    """ŷ = θ β, θ the plan from documents to topics, β that from topics to words, R = the cost of the two.

    Document vectors are scaled to length one, unless they are wanted raw. θ of a new document comes from the
    training documents' plan, of which it takes the topics' potential: FASTopic's own formula, exp(-D)
    relative to the training documents', is 0 / 0 for vectors as long as hidden states are.
    """

    topic_potential: Tensor
    word_potential: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        words = nn.init.trunc_normal_(torch.empty(shape.words, shape.inputs))
        topics = nn.init.trunc_normal_(torch.empty(shape.topics, shape.inputs), std=0.1)
        self.words, self.topics = nn.Parameter(normalize(words)), nn.Parameter(normalize(topics))
        self.word_weights = nn.Parameter(torch.zeros(shape.words))
        self.topic_weights = nn.Parameter(torch.zeros(shape.topics))
        self.register_buffer("topic_potential", torch.zeros(shape.topics))
        self.register_buffer("word_potential", torch.zeros(shape.words))

    def distances(self, x: Tensor) -> Tensor:
        """[B, K] between documents and topics."""
        if self.shape.scale == "standard":
            x = normalize(self.standardise(x))
        return squared_distances(x, self.topics)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        to_topics, to_words = self.distances(x), squared_distances(self.topics, self.words)
        theta, of_topics = plan(
            to_topics, log_softmax(self.topic_weights, 0), self.topic_potential, DOCUMENT_SHARPNESS
        )
        beta, of_words = plan(
            to_words, log_softmax(self.word_weights, 0), self.word_potential, WORD_SHARPNESS
        )
        if self.training:  # batches are about different things, so their potentials are averaged
            share = 1.0 if self.sees_all else _MOMENTUM
            self.topic_potential.lerp_(of_topics - of_topics.mean(), share)
            self.word_potential.copy_(of_words)
        cost = (theta * to_topics).sum(1).mean() + (beta * to_words).sum(1).mean()
        return cross_entropy(y, mixture(theta, beta)), cost, theta.clamp_min(1e-9).log()

    def theta(self, x: Tensor) -> Tensor:
        return torch.softmax(self.topic_potential - DOCUMENT_SHARPNESS * self.distances(x), 1)

    def log_words(self, theta: Tensor) -> Tensor:
        distances = squared_distances(self.topics, self.words)
        weights = log_softmax(self.word_weights, 0)
        of_words = potential(distances, WORD_SHARPNESS, weights, self.word_potential)
        return mixture(theta, torch.softmax(of_words - WORD_SHARPNESS * distances, 1))
