"""A decoder's steps between its matrix products by compiled `kernels`, for bfloat16 on a processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from dsltm.teacher.reading import kernels
from dsltm.teacher.reading.operations import Operations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.teacher.reading.attention import Packing, Run
    from dsltm.teacher.reading.operations import Turn

_TURN = 256  # places of a document at a time, a multiple of `kernels.VECTOR`; chosen, not measured


class Compiled(Operations):
    """The operations as compiled loops, for bfloat16 on a processor."""

    def normalise(self, states: torch.Tensor) -> torch.Tensor:
        out = self.buffer("normal", states, *states.shape)
        kernels.normalise(_bits(states), self.epsilon, _bits(out))
        return out

    def gate(self, both: torch.Tensor) -> torch.Tensor:
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
        prefix = packing.prefix[layer] if packing.prefix and run.shape.prefixed else None
        before = packing.before(run.shape)
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


def _bits(x: torch.Tensor) -> NDArray[np.uint16]:
    """A bfloat16 tensor's bits, without a copy."""
    bits: NDArray[np.uint16] = x.view(torch.uint16).numpy()
    return bits
