"""Topics that are given, not learnt: documents find theirs by hybrid retrieval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from dsltm.models.base import Backbone, Shape
from dsltm.words.bm25 import saturated

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Ground(Backbone):
    """θ = softmax((w · dense + (1 - w) · lexical) / T + log π) over topics that somebody wrote.

    dense is the cosine of document and topic in the teacher's standardised vector space, lexical is BM25 of
    the topic's words in the document. Both are calibrated over the corpus, lexical scores topic by topic, so
    that a topic whose words are everywhere has no advantage. π holds how frequent each topic is.

    Attributes:
        queries: [K, H] unit vectors.
        terms: [K, V] weight of each word for each topic, inverse document frequency included.
        offset, scale: [2, K] of dense and lexical scores over the corpus.
        balance: [] w, in [0, 1].
        temperature: [] T.
        mean_length: [] words per document.
        prior: [K] log π.
    """

    queries: Tensor
    terms: Tensor
    offset: Tensor
    scale: Tensor
    balance: Tensor
    temperature: Tensor
    mean_length: Tensor
    prior: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.hidden = shape.inputs - shape.words
        self.register_buffer("queries", torch.zeros(shape.topics, self.hidden))
        self.register_buffer("terms", torch.zeros(shape.topics, shape.words))
        self.register_buffer("offset", torch.zeros(2, shape.topics))
        self.register_buffer("scale", torch.ones(2, shape.topics))
        self.register_buffer("prior", torch.zeros(shape.topics))
        for name in ("balance", "temperature", "mean_length"):
            self.register_buffer(name, torch.ones(()))

    def vectors(self, x: Tensor) -> Tensor:
        """Documents [B, H + V] as unit vectors [B, H] of the standardised space."""
        return nn.functional.normalize(self.standardise(x)[:, : self.hidden], dim=1)

    def scores(self, x: Tensor) -> Tensor:
        """[2, B, K] dense and lexical scores as they are, before calibration."""
        counts = x[:, self.hidden :]
        lexical = saturated(counts, counts.sum(1, keepdim=True) / self.mean_length) @ self.terms.T
        return torch.stack([self.vectors(x) @ self.queries.T, lexical])

    def theta(self, x: Tensor) -> Tensor:
        return self.fused(self.scores(x))

    def fused(self, scores: Tensor) -> Tensor:
        """θ [B, K] from scores [2, B, K]."""
        dense, lexical = (scores - self.offset[:, None]) / self.scale[:, None]
        mixed = self.balance * dense + (1 - self.balance) * lexical
        return torch.softmax(mixed / self.temperature + self.prior, 1)

    def load_arrays(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        super().load_arrays({"prior": self.prior.numpy(), **arrays})  # models of older versions lack it

    def set(self, **values: NDArray[np.float32] | float) -> None:
        """Change buffers by name."""
        for name, value in values.items():
            getattr(self, name).copy_(torch.as_tensor(value))
