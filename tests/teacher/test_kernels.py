"""The compiled loops give what torch gives in float32, rounded to bfloat16, and let NaN through."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dsltm.teacher.reading import kernels
from dsltm.teacher.reading.compiled import Compiled
from dsltm.teacher.reading.operations import Operations

HALF_STEP = 2.0**-8  # of a bfloat16, relative
SIZES = [(1, 8), (5, 33), (7, 64), (3, 576)]


def bits(x: torch.Tensor) -> np.ndarray:
    return x.view(torch.uint16).numpy()


def normal(*shape: int, scale: float = 1.0) -> torch.Tensor:
    return (torch.randn(shape, generator=torch.Generator().manual_seed(7)) * scale).bfloat16()


def close(got: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(got.float(), expected, rtol=HALF_STEP, atol=1e-30)


@pytest.mark.parametrize(("tokens", "size"), SIZES)
def test_normalise(tokens: int, size: int) -> None:
    x, out = normal(tokens, size, scale=30), torch.empty(tokens, size).bfloat16()
    kernels.normalise(bits(x), 1e-5, bits(out))
    close(out, torch.nn.functional.rms_norm(x.float(), (size,), eps=1e-5))


@pytest.mark.parametrize(("tokens", "size"), SIZES)
@pytest.mark.parametrize("scale", [1.0, 40.0, 3000.0])
def test_gate(tokens: int, size: int, scale: float) -> None:
    x, out = normal(tokens, 2 * size, scale=scale), torch.empty(tokens, size).bfloat16()
    kernels.gate(bits(x), bits(out))
    gate, up = x.float().chunk(2, 1)
    expected = torch.nn.functional.silu(gate) * up
    torch.testing.assert_close(out.float(), expected, rtol=HALF_STEP, atol=1e-20)


@pytest.mark.parametrize(("keys", "queries"), [(1, 16), (33, 48), (20, 7)])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_softmax(keys: int, queries: int, scale: float) -> None:
    scores, out = normal(3, keys, queries, scale=scale), torch.empty(3, keys, queries).bfloat16()
    mask = torch.where(torch.rand(keys, queries) < 0.3, float("-inf"), 0.0)
    mask[0] = 0  # every query sees something
    work = np.empty((keys + 2, queries), np.float32)
    kernels.softmax(bits(scores), mask.numpy(), work, bits(out))
    expected = torch.softmax(scores.float() + mask, 1)
    torch.testing.assert_close(out.float(), expected, rtol=HALF_STEP, atol=1e-12)


def test_what_is_not_a_number_stays_so() -> None:
    x = normal(2, 8)
    x[1, 3] = float("nan")
    out, gated = torch.empty_like(x), torch.empty(2, 4).bfloat16()
    kernels.normalise(bits(x), 1e-5, bits(out))
    kernels.gate(bits(x), bits(gated))
    assert out.isnan().any(1).tolist() == [False, True]
    assert gated.isnan().any(1).tolist() == [False, True]


@pytest.mark.parametrize("kind", [Compiled, Operations])
def test_attention_of_a_whole_prompt(kind: type[Operations]) -> None:
    """Behind a prefix, with several tails, as masked attention over each document's own tokens."""
    from dsltm.teacher.reading.attention import Packing, Run, positions, visible
    from dsltm.teacher.reading.tokens import Shape

    heads, kv_heads, size, before = 6, 2, 16, 5
    do = kind(heads, kv_heads, size**-0.5, 1e-5)
    shapes = [Shape(True, 3, (1,)), Shape(True, 4, (2, 3)), Shape(False, 6, (1,)), Shape(True, 300, (2, 60))]
    runs, start = [], 0
    for shape, count in zip(shapes, (3, 2, 1, 2), strict=True):
        runs.append(Run(shape, count, start))
        start = runs[-1].stop
    prefix = [(normal(kv_heads, before, size), normal(kv_heads, before, size, scale=2))]
    qkv = normal(start, (heads + 2 * kv_heads) * size)
    places = torch.cat([positions(r.shape, before * r.shape.prefixed).repeat(r.count) for r in runs])
    angles = places[:, None] * torch.linspace(1, 0.01, size // 2)
    cos, sin = angles.cos(), angles.sin()
    parts = qkv.float().view(start, -1, size)
    first, second = parts.chunk(2, -1)
    c, s = cos[:, None], sin[:, None]
    turned = torch.cat([first * c - second * s, second * c + first * s], -1)
    expected = torch.empty(start, heads, size)
    for run in runs:
        length = len(run.shape)
        for begin in range(run.start, run.stop, length):
            own = slice(begin, begin + length)
            ahead = [part.float() for part in prefix[0]] if run.shape.prefixed else []
            key = turned[own, heads:-kv_heads].transpose(0, 1)
            value = parts[own, -kv_heads:].transpose(0, 1)
            key = torch.cat([*ahead[:1], key], 1).repeat_interleave(heads // kv_heads, 0)
            value = torch.cat([*ahead[1:], value], 1).repeat_interleave(heads // kv_heads, 0)
            scores = turned[own, :heads].transpose(0, 1) @ key.transpose(1, 2) * size**-0.5
            seen = visible(run.shape, before if run.shape.prefixed else 0)
            shares = torch.softmax(scores.masked_fill(~seen, float("-inf")), -1)
            expected[own] = (shares @ value).transpose(0, 1)
    got = do.attend(qkv, (cos, sin), Packing(prefix, runs), 0).float().view(expected.shape)
    assert (got - expected).abs().max() < 0.05
    assert (got - expected).abs().mean() < 0.005
