"""Adam over all of a model's weights as one vector.

The sums are torch's; what is left out is `torch.optim.Adam`'s walk from weight to weight, which takes as
long as the sums where a step takes a millisecond, and its import of the compiler, a second or more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.optim.adam import adam

if TYPE_CHECKING:
    from torch import nn


class Adam:
    """Kingma and Ba, "Adam: a method for stochastic optimization" (2015).

    Args:
        model: its weights become views of one vector, in place; they must be float32 and on one device.
        learning_rate: the step size.
        beta1, beta2: decay of the running means of the gradient and of its square.
    """

    def __init__(self, model: nn.Module, learning_rate: float, beta1: float, beta2: float = 0.999) -> None:
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.learning_rate, self.beta1, self.beta2 = learning_rate, beta1, beta2
        self.vector = torch.cat([weight.detach().reshape(-1) for weight in self.weights])
        self.gradient, self.mean, self.square = (torch.zeros_like(self.vector) for _ in range(3))
        self.steps = torch.zeros((), device=self.vector.device)
        start = 0
        for weight in self.weights:
            weight.data = self.vector[start : start + weight.numel()].view_as(weight)
            start += weight.numel()

    def step(self) -> None:
        """Move along the gradients that `backward` left, and forget them."""
        gradients = []
        for weight in self.weights:
            assert weight.grad is not None, "a weight that the loss does not depend on"
            gradients.append(weight.grad.reshape(-1))
            weight.grad = None
        torch.cat(gradients, out=self.gradient)
        adam(
            [self.vector],
            [self.gradient],
            [self.mean],
            [self.square],
            [],
            [self.steps],
            fused=True,
            amsgrad=False,
            beta1=self.beta1,
            beta2=self.beta2,
            lr=self.learning_rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )
