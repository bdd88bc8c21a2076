"""Entropic optimal transport by Sinkhorn's iteration, for ECRTM and FASTopic.

A plan P [M, N] with given marginals minimises Σ P D + H / α, where H = Σ P (log P - 1); it has the form
P = exp(f + g - α D) for potentials f [M] and g [N]. Cuturi, "Sinkhorn distances" (2013).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

# Their product bounds the iterations of a training step, which goes on where the step before it stopped.
_SWEEPS = 10  # chosen, not measured
_CHECKS = 10  # chosen, not measured


def squared_distances(left: Tensor, right: Tensor) -> Tensor:
    """|x - y|² [M, N] of rows of `left` [M, E] and of `right` [N, E], not below zero."""
    distances: Tensor = _SquaredDistances.apply(left, right)  # type: ignore[no-untyped-call]
    return distances


class _SquaredDistances(torch.autograd.Function):
    """The derivative by x is 2 Σ g (x - y): one product, where autograd keeps and visits the squares too.

    Where rounding takes a distance below zero, x is y and the derivative is zero with or without the bound.
    """

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor) -> Tensor:
        ctx.save_for_backward(left, right)
        lengths = [torch.linalg.vector_norm(x, dim=1).square_() for x in (left, right)]
        distances: Tensor = lengths[0][:, None] + lengths[1]
        return distances.addmm_(left, right.T, alpha=-2).clamp_min_(0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        left, right = ctx.saved_tensors
        by_left, by_right = ctx.needs_input_grad
        return (
            _through(gradients[0], left, right) if by_left else None,
            _through(gradients[0].T, right, left) if by_right else None,
        )


def _through(gradient: Tensor, x: Tensor, others: Tensor) -> Tensor:
    return (x * gradient.sum(1, keepdim=True)).addmm_(gradient, others, beta=2, alpha=-2)


@torch.no_grad()
def potential(
    cost: Tensor, sharpness: float, log_columns: Tensor, start: Tensor, tolerance: float = 1e-3
) -> Tensor:
    """The potential g [N] of the plan whose rows weigh 1 / M each.

    In logarithms, so that no distance is too large: exp(-α D) alone is zero in float32 beyond D = 88 / α.

    Args:
        cost: D [M, N].
        sharpness: α.
        log_columns: logarithm of the columns' weights [N], which sum to one.
        start: a first guess of g [N], such as that of the step before, or zeros.
        tolerance: how far the columns' weights may be off, summed.
    """
    kernel = -sharpness * cost
    columns, column_potential = log_columns.exp(), start
    for _ in range(_CHECKS):
        for _ in range(_SWEEPS):
            rows = -math.log(len(cost)) - torch.logsumexp(kernel + column_potential, 1, keepdim=True)
            reached = torch.logsumexp(kernel + rows, 0)
            error = (torch.exp(column_potential + reached) - columns).abs().sum()
            column_potential = log_columns - reached
            if error < tolerance:
                return column_potential
    return column_potential


def plan(cost: Tensor, log_columns: Tensor, start: Tensor, sharpness: float) -> tuple[Tensor, Tensor]:
    """M · P [M, N], whose rows sum to one, and its potential g [N], which is a constant.

    Args:
        cost, log_columns, start, sharpness: as of `potential`; differentiable by the first two.
    """
    scaled, columns = _Plan.apply(cost, log_columns, start, sharpness)  # type: ignore[no-untyped-call]
    return scaled, columns


class _Plan(torch.autograd.Function):
    """The derivatives of a plan follow from its marginals, which stay what they are whatever the cost.

    That gives a linear system in the potentials, whose longer side is eliminated. The derivative of the
    last few iterations, which autograd would give at a bearable price, lets FASTopic diverge.
    """

    @staticmethod
    def forward(
        ctx: Any, cost: Tensor, log_columns: Tensor, start: Tensor, sharpness: float
    ) -> tuple[Tensor, Tensor]:
        columns = potential(cost, sharpness, log_columns, start)
        plan = torch.softmax(columns - sharpness * cost, 1)
        ctx.sharpness = sharpness
        ctx.save_for_backward(plan, log_columns)
        ctx.mark_non_differentiable(columns)
        return plan, columns

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        scaled, log_columns = ctx.saved_tensors
        plan = scaled.double() / len(scaled)
        weighted = gradients[0].double() * scaled
        by_row, by_column = weighted.sum(1), weighted.sum(0)
        rows, columns = plan.sum(1), plan.sum(0).clamp_min(1e-30)
        if len(rows) < len(columns):  # [diag(rows) P; Pᵀ diag(columns)] [u; v] = [by_row; by_column]
            u = _solve(rows, plan / columns, plan, by_row - (plan / columns) @ by_column)
            v = (by_column - u @ plan) / columns
        else:
            v = _solve(columns, plan.T / rows, plan.T, by_column - (plan.T / rows) @ by_row)
            u = (by_row - plan @ v) / rows
        through = ctx.sharpness * (plan * (u[:, None] + v) - weighted)
        return through.to(scaled.dtype), (v * log_columns.exp()).to(scaled.dtype), None, None


def _solve(diagonal: Tensor, left: Tensor, right: Tensor, target: Tensor) -> Tensor:
    """Solve (diag - left rightᵀ) x = target, where a constant added to x makes no difference."""
    matrix = torch.diag(diagonal * (1 + 1e-6)) - left @ right.T
    solution: Tensor = torch.linalg.solve(matrix, target - target.mean())
    return solution
