"""A linear map from document vectors to the topics that the teacher's attention gave them.

With it new documents get their topics without another look at the teacher's attention.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dsltm.models.base import Backbone, Shape


class Attend(Backbone):
    """θ = softmax(A x + a), with x the standardised document vector.

    Attributes:
        weight: [K, D] A.
        bias: [K] a.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.register_buffer("weight", torch.zeros(shape.topics, shape.inputs))
        self.register_buffer("bias", torch.zeros(shape.topics))

    def theta(self, x: Tensor) -> Tensor:
        return torch.softmax(nn.functional.linear(self.standardise(x), self.weight, self.bias), 1)

    def fit(self, x: Tensor, theta: Tensor, *, penalty: float, steps: int = 60) -> float:
        """Learn the map from documents [N, D] to their θ [N, K]: cross-entropy, and a penalty on A.

        The problem is convex, so that nothing is random.

        Returns:
            The cross-entropy at the end, in nats.
        """
        inputs = self.standardise(x)
        weight, bias = self.weight.clone().requires_grad_(True), self.bias.clone().requires_grad_(True)
        optimiser = torch.optim.LBFGS([weight, bias], max_iter=steps, line_search_fn="strong_wolfe")

        def cross_entropy() -> Tensor:
            return nn.functional.cross_entropy(nn.functional.linear(inputs, weight, bias), theta)

        def closure() -> Tensor:
            optimiser.zero_grad()
            loss = cross_entropy() + penalty * weight.square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimiser.step(closure)  # type: ignore[no-untyped-call]
        self.weight.copy_(weight.detach())
        self.bias.copy_(bias.detach())
        with torch.no_grad():
            return float(cross_entropy())
