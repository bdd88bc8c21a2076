"""Derivatives written by hand, against finite differences."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import gradcheck
from torch.nn.functional import batch_norm, log_softmax

from dsltm.models import decoder as decoding
from dsltm.models.decoder import NormalisedDecoder, _Decoding
from dsltm.models.encoder import draw, dropout
from dsltm.models.objective import cross_entropy


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_cross_entropy() -> None:
    y = torch.softmax(normal(5, 7), 1) * torch.tensor(
        [[1.0], [2], [0], [1], [3]]
    )  # counts need not sum to one
    assert gradcheck(lambda z: cross_entropy(y, z), normal(5, 7, seed=1).requires_grad_())


@pytest.mark.parametrize("temperature", [None, 3.0])
def test_decoder(temperature: float | None) -> None:
    decoder = NormalisedDecoder(3, 7, temperature=temperature).double()
    divisor = decoder.temperature
    decoder.shift.data.copy_(normal(7, seed=2))
    theta = torch.softmax(normal(6, 3), 1).requires_grad_()
    scores, y = normal(3, 7, seed=1).requires_grad_(), normal(6, 7, seed=3).square()

    def loss(theta: torch.Tensor, scores: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = _Decoding.apply(theta, scores, shift, y, 1e-2, divisor)[0]  # type: ignore[no-untyped-call]
        return found

    decoder.shift.requires_grad_()
    assert gradcheck(loss, (theta, scores, decoder.shift))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "_CELLS", 14)  # two documents at a time
        assert gradcheck(loss, (theta, scores, decoder.shift))


def test_decoder_is_batch_normalisation_with_a_shift() -> None:
    decoder = NormalisedDecoder(3, 7).double()
    with torch.no_grad():
        decoder.shift.copy_(normal(7, seed=2))
    theta, scores = torch.softmax(normal(6, 3), 1), normal(3, 7, seed=1)
    y = normal(6, 7, seed=3).square()

    def against(logits: torch.Tensor) -> torch.Tensor:
        return -(y * log_softmax(logits, 1)).sum(1).mean()

    mean, variance = torch.zeros(7, dtype=torch.float64), torch.ones(7, dtype=torch.float64)
    expected = batch_norm(theta @ scores, mean, variance, None, decoder.shift, training=True)
    torch.testing.assert_close(decoder(theta, scores, y), against(expected))
    torch.testing.assert_close(decoder.running_mean @ scores, mean)
    decoder.eval()
    expected = (theta - decoder.running_mean) @ scores / (
        decoder.running_variance + 1e-5
    ).sqrt() + decoder.shift
    torch.testing.assert_close(decoder(theta, scores, y), against(expected))


def test_posterior() -> None:
    mean, log_variance = normal(4, 5).requires_grad_(), normal(4, 5, seed=1).requires_grad_()
    prior = (normal(5, seed=2).requires_grad_(), normal(5, seed=3).requires_grad_())

    def repeatable(*inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        torch.manual_seed(7)
        return draw(*inputs)

    with torch.random.fork_rng():
        assert gradcheck(repeatable, (mean, log_variance, *prior))


def test_dropout_keeps_its_share_and_the_mean() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ones = torch.ones(1001, 199, requires_grad=True)
        out = dropout(ones, 0.2, training=True)
        out.sum().backward()
    assert set(out.unique().tolist()) == {0.0, 1.25}
    assert abs(out.mean().item() - 1) < 0.01
    assert abs((out == 0).float().mean(0) - 0.2).max() < 0.06  # no column and
    assert abs((out == 0).float().mean(1) - 0.2).max() < 0.15  # no row is special
    torch.testing.assert_close(ones.grad, out.detach())
    assert torch.equal(dropout(ones, 0.2, training=False), ones)
