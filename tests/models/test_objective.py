"""Soft labels and the cross-entropy against float64 references written from their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.models.objective import cross_entropy
from dsltm.training.targets import soft_targets


def test_cross_entropy_by_hand() -> None:
    """KL((1/2, 1/2) ‖ (1/4, 3/4)) = log 2 - log 3 / 2, beside an entropy of log 2."""
    y = torch.tensor([[0.5, 0.5]])
    log_words = torch.tensor([[0.25, 0.75]]).log()
    found = cross_entropy(y, log_words)
    assert found.item() == pytest.approx(2 * math.log(2) - math.log(3) / 2)
    assert cross_entropy(y.half(), log_words).item() == found.item()  # targets may be stored narrow


def test_cross_entropy_gradient_is_the_difference_of_distributions() -> None:
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 2, (3, 7)), requires_grad=True)
    y = torch.softmax(torch.tensor(rng.normal(0, 2, (3, 7))), 1)
    cross_entropy(y, torch.log_softmax(logits, 1)).backward()
    torch.testing.assert_close(logits.grad, (torch.softmax(logits, 1) - y).detach() / 3)


@given(
    temperature=st.floats(0.1, 100),
    seed=st.integers(0, 99),
    top=st.one_of(st.none(), st.integers(1, 50)),
)
@settings(deadline=None)
def test_soft_targets_against_float64(temperature: float, seed: int, top: int | None) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 10, (5, 40)).astype(np.float16)
    rows = np.array([4, 0, 2])
    found, entropy = soft_targets(logits, rows, temperature, top)
    for i, row in enumerate(rows):
        scores = logits[row].astype(np.float64) / temperature
        kept = sorted(range(40), key=lambda j: (-scores[j], j))[:top]
        weights = {j: math.exp(scores[j] - scores[kept[0]]) for j in kept}
        total = sum(weights.values())
        expected = np.array([weights.get(j, 0) / total for j in range(40)])
        np.testing.assert_allclose(found[i], expected, rtol=1e-3, atol=1e-7)
        reference = -sum(p * math.log(p) for p in expected if p > 0)
        assert entropy[i] == pytest.approx(reference, rel=1e-4, abs=1e-5)


def test_soft_targets_of_extreme_logits_stay_distributions() -> None:
    logits = np.array([[65504, -65504, 0], [-65504, -65504, -65504]], np.float16)
    found, entropy = soft_targets(logits, np.arange(2), 1e-3)
    np.testing.assert_allclose(found.astype(float).sum(1), 1, atol=1e-3)
    np.testing.assert_allclose(entropy, [0, math.log(3)], atol=1e-6)
