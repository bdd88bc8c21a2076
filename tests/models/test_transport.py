"""Sinkhorn's plans against a float64 reference that iterates on the plan itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.models.transport import plan, potential, squared_distances


def reference_plan(cost: np.ndarray, sharpness: float, columns: np.ndarray) -> np.ndarray:
    """exp(-α D), its rows and columns scaled in turn until both weigh what they should."""
    cost = cost.astype(np.float64)
    plan = np.exp(-sharpness * (cost - cost.min()))
    for _ in range(5000):
        plan *= (1 / len(cost) / plan.sum(1))[:, None]
        plan *= columns / plan.sum(0)
    return plan


def case(seed: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cost = scale * rng.random((5, 9)).astype(np.float32)
    columns = rng.dirichlet(np.full(9, 3.0))
    return cost, columns


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), sharpness=st.sampled_from([0.5, 3.0, 20.0]))
def test_plan_is_the_reference(seed: int, sharpness: float) -> None:
    cost, columns = case(seed, 1.0)
    expected = reference_plan(cost, sharpness, columns)
    log_columns = torch.tensor(columns, dtype=torch.float32).log()
    found = torch.zeros(9)
    for _ in range(20):  # as training does: each call goes on where the last one stopped
        found = potential(torch.tensor(cost), sharpness, log_columns, found, 1e-6)
    found_plan, _ = plan(torch.tensor(cost), log_columns, found, sharpness)
    np.testing.assert_allclose(found_plan.numpy() / 5, expected, atol=2e-5)


def test_distances_far_beyond_float32_do_not_underflow() -> None:
    cost, columns = case(1, 1000.0)
    log_columns = torch.tensor(columns, dtype=torch.float32).log()
    found = potential(torch.tensor(cost), 20.0, log_columns, torch.zeros(9))
    found_plan, _ = plan(torch.tensor(cost), log_columns, found, 20.0)
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found_plan.sum(1), torch.ones(5))


@pytest.mark.parametrize("shape", [(5, 9), (9, 5)])
def test_derivatives_of_the_plan(shape: tuple[int, int]) -> None:
    """By finite differences of the reference, by cost and by the columns' weights."""
    rng = np.random.default_rng(3)
    cost, weights, probe = rng.random(shape), rng.normal(0, 0.3, shape[1]), rng.normal(size=shape)

    def value(cost: np.ndarray, weights: np.ndarray) -> float:
        columns = np.exp(weights) / np.exp(weights).sum()
        return float((probe * shape[0] * reference_plan(cost, 3.0, columns)).sum())

    on_cost = torch.tensor(cost, requires_grad=True)
    on_weights = torch.tensor(weights, requires_grad=True)
    log_columns = torch.log_softmax(on_weights, 0)
    start = potential(on_cost.detach(), 3.0, log_columns.detach(), torch.zeros(shape[1]), 1e-12)
    found_plan, _ = plan(on_cost, log_columns, start, 3.0)
    (found_plan * torch.tensor(probe)).sum().backward()
    for array, found, where in (
        (cost, on_cost, (1, 2)),
        (cost, on_cost, (4, 4)),
        (weights, on_weights, (3,)),
    ):
        step = np.zeros_like(array)
        step[where] = 1e-5
        up, down = ((cost + s, weights) if array is cost else (cost, weights + s) for s in (step, -step))
        assert found.grad is not None
        assert found.grad[where].item() == pytest.approx(
            (value(*up) - value(*down)) / 2e-5, rel=1e-3, abs=1e-5
        )


def test_a_start_from_the_answer_stays_there() -> None:
    cost, columns = case(2, 1.0)
    log_columns = torch.tensor(columns, dtype=torch.float32).log()
    found = potential(torch.tensor(cost), 20.0, log_columns, torch.zeros(9), 1e-6)
    again = potential(torch.tensor(cost), 20.0, log_columns, found, 1e-3)
    torch.testing.assert_close(again - again.mean(), found - found.mean(), atol=1e-3, rtol=1e-3)


def test_squared_distances() -> None:
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(4, 3)), rng.normal(size=(6, 3))
    expected = ((left[:, None] - right[None]) ** 2).sum(2)
    found = squared_distances(torch.tensor(left), torch.tensor(right))
    np.testing.assert_allclose(found.numpy(), expected)
    same = squared_distances(torch.tensor(left), torch.tensor(left)).diagonal()
    assert same.min() >= 0
    assert same.max() == pytest.approx(0, abs=1e-12)


def test_derivatives_of_squared_distances() -> None:
    rng = np.random.default_rng(1)
    left, right = (torch.tensor(rng.normal(size=(n, 3)), requires_grad=True) for n in (4, 6))
    assert torch.autograd.gradcheck(squared_distances, (left, right))
    assert torch.autograd.gradcheck(lambda x: squared_distances(x, right.detach()), (left,))
