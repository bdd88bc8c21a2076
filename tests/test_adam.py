"""The optimiser against torch's own."""

from __future__ import annotations

import torch
from torch import nn

from dsltm.training.adam import Adam


def test_adam_moves_as_torch_does() -> None:
    def model() -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))

    ours, theirs = model(), model()
    optimiser = Adam(ours, 0.01, 0.99)
    reference = torch.optim.Adam(theirs.parameters(), 0.01, betas=(0.99, 0.999))
    x = torch.linspace(-1, 1, 20).reshape(4, 5)
    for _ in range(50):
        ours(x).square().sum().backward()
        optimiser.step()
        reference.zero_grad()
        theirs(x).square().sum().backward()
        reference.step()
    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(left, right, atol=1e-6, rtol=1e-5)
    assert all(weight.grad is None for weight in ours.parameters())
