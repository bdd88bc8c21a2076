"""What a decoder does between its matrix products: norms, activations, attention.

`Operations` does it with torch, on any device and in any precision; `Compiled` does the same for bfloat16 on
a processor, with loops of our own (`kernels`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dsltm.teacher.attention import attend_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.teacher.attention import Packing, Run

Turn = tuple[torch.Tensor, torch.Tensor]
_TURN = 256  # places; a multiple of the processor's vectors


class Operations:
    """With torch. Results lie in buffers that a thread uses again: each is good until the next of its kind.

    Args:
        heads, kv_heads: of attention.
        scaling: of attention's scores.
        epsilon: of the norms.
    """

    def __init__(self, heads: int, kv_heads: int, scaling: float, epsilon: float) -> None:
        self.heads, self.kv_heads, self.scaling, self.epsilon = heads, kv_heads, scaling, epsilon
        self._local = threading.local()

    def normalise(self, states: torch.Tensor) -> torch.Tensor:
        """RMS norm of [T, H] without its weight, which the next matrix holds."""
        norm = torch.linalg.vector_norm(states, dim=-1, keepdim=True, dtype=torch.float32)
        scale = norm.square_().div_(states.shape[1]).add_(self.epsilon).rsqrt_().to(states.dtype)
        return torch.mul(states, scale, out=self.buffer("normal", states, *states.shape))

    def gate(self, both: torch.Tensor) -> torch.Tensor:
        """silu(g) · u [T, F] of g and u side by side [T, 2F], which may be used up."""
        gate, up = both.chunk(2, dim=1)
        return torch.nn.functional.silu(gate, inplace=True).mul_(up)

    def attend(self, qkv: torch.Tensor, turn: Turn, packing: Packing, layer: int) -> torch.Tensor:
        """What each token gathers from those that it sees, [T, heads * head].

        Args:
            qkv: [T, (heads + 2 kv heads) * head]; may be used up.
            turn: cosine and sine of each token's position [T, head / 2], float32.
            packing: how the documents lie; without runs, the tokens are the prefix and are added to it.
        """
        heads = qkv.view(len(qkv), self.heads + 2 * self.kv_heads, -1)
        cos, sin = (part[:, None].to(qkv.dtype) for part in turn)
        self._rotate(heads[:, : self.heads + self.kv_heads], cos, sin)
        query, key, value = heads.transpose(0, 1).tensor_split([self.heads, self.heads + self.kv_heads])
        mixed = self.buffer("mixed", qkv, len(qkv), self.heads * heads.shape[2])
        out = mixed.view(len(qkv), self.heads, -1)
        attend_runs(query, key, value, packing, layer, self.scaling, None, out)
        return mixed

    def _rotate(self, heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> None:
        """Rotary embedding (Su et al. 2021) of [T, heads, head], in place."""
        first, second = heads.chunk(2, dim=-1)
        held = self.buffer("turned", heads, *first.shape)
        torch.mul(first, sin, out=held)
        first.mul_(cos).addcmul_(second, sin, value=-1)
        second.mul_(cos).add_(held)

    def buffer(self, name: str, like: torch.Tensor, *shape: int) -> torch.Tensor:
        """Memory that a thread uses again in every layer and batch."""
        buffers: dict[str, torch.Tensor] = self._local.__dict__
        held, size = buffers.get(name), torch.Size(shape).numel()
        if held is None or held.numel() < size:
            held = buffers[name] = like.new_empty(size)
        return held[:size].view(shape)


class Compiled(Operations):
    """With compiled loops, for bfloat16 on a processor."""

    def normalise(self, states: torch.Tensor) -> torch.Tensor:
        from dsltm.teacher import kernels

        out = self.buffer("normal", states, *states.shape)
        kernels.normalise(_bits(states), self.epsilon, _bits(out))
        return out

    def gate(self, both: torch.Tensor) -> torch.Tensor:
        from dsltm.teacher import kernels

        out = self.buffer("gate", both, len(both), both.shape[1] // 2)
        kernels.gate(_bits(both), _bits(out))
        return out

    def attend(self, qkv: torch.Tensor, turn: Turn, packing: Packing, layer: int) -> torch.Tensor:
        if packing.runs is None:
            return super().attend(qkv, turn, packing, layer)
        heads = qkv.view(len(qkv), self.heads + 2 * self.kv_heads, -1)
        mixed = self.buffer("mixed", qkv, len(qkv), self.heads * heads.shape[2])
        for run in packing.runs:
            cut = slice(run.start, run.stop)
            self._attend_run(heads[cut], (turn[0][cut], turn[1][cut]), packing, run, layer, mixed[cut])
        return mixed

    def _attend_run(
        self,
        heads: torch.Tensor,
        turn: Turn,
        packing: Packing,
        run: Run,
        layer: int,
        out: torch.Tensor,
    ) -> None:
        """Attention of equal documents [n T, heads + 2 kv heads, head] into `out` [n T, heads * head].

        The query heads that share a key head lie side by side as if they were more tokens: keys and values
        are then read once and never repeated. A long document's queries take turns, `_TURN` places at a time,
        and look no further ahead than to the last of them.
        """
        from dsltm.teacher import kernels

        prefix = packing.prefix[layer] if packing.prefix and run.shape.prefixed else None
        before = prefix[0].shape[1] if prefix else 0
        length, size, groups = len(run.shape), heads.shape[2], self.heads // self.kv_heads
        rows = -(-groups * length // kernels.VECTOR) * kernels.VECTOR
        query = self.buffer("query", heads, run.count, self.kv_heads, rows, size)
        key, value = (
            self.buffer(name, heads, run.count, self.kv_heads, before + length, size)
            for name in ("key", "value")
        )
        if prefix:
            key[:, :, :before], value[:, :, :before] = prefix
        cos, sin = (part.numpy() for part in turn)
        scale = np.float32(self.scaling)
        kernels.spread(_bits(heads), cos, sin, scale, length, _bits(query), _bits(key), _bits(value))
        answer = self.buffer("answer", heads, run.count, self.kv_heads, rows, size)
        queries, keys, values, answers = (x.flatten(0, 1) for x in (query, key, value, answer))
        masks = packing.masks_by_key(run.shape, groups, rows, _TURN)
        for mask, start in zip(masks, range(0, rows, _TURN * groups), strict=True):
            seen, cut = len(mask), slice(start, start + mask.shape[1])
            scores, shares = (
                self.buffer(name, heads, len(keys), *mask.shape) for name in ("scores", "shares")
            )
            torch.bmm(keys[:, :seen], queries[:, cut].transpose(1, 2), out=scores)
            work = self.buffer("work", turn[0], seen + 2, mask.shape[1])
            kernels.softmax(_bits(scores), mask, work.numpy(), _bits(shares))
            torch.bmm(shares.transpose(1, 2), values[:, :seen], out=answers[:, cut])
        by_place = (run.count, self.kv_heads, length, groups, size)
        answer = answer[:, :, : groups * length].view(by_place).transpose(1, 2)
        out.view(answer.shape).copy_(answer)


def operations(model: Any, scaling: float) -> Operations:
    """What suits the device and the precision of a transformers model's body."""
    config, weight = model.config, model.embed_tokens.weight
    suits = weight.device.type == "cpu" and weight.dtype == torch.bfloat16
    kind = Compiled if suits else Operations
    return kind(config.num_attention_heads, config.num_key_value_heads, scaling, config.rms_norm_eps)


def _bits(x: torch.Tensor) -> NDArray[np.uint16]:
    """A bfloat16 tensor's bits, without a copy."""
    bits: NDArray[np.uint16] = x.view(torch.uint16).numpy()
    return bits
