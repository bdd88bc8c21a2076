"""What a decoder does between its matrix products: norms, activations, attention.

`Operations` does it with torch, on any device and in any precision; `compiled` does the same for bfloat16 on
a processor.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import torch

from dsltm.teacher.reading.attention import attend_runs

if TYPE_CHECKING:
    from dsltm.teacher.reading.attention import Packing

Turn = tuple[torch.Tensor, torch.Tensor]


class Operations:
    """The operations with torch.

    Results lie in buffers that a thread uses again, so a result is valid until the next call of its method.

    Args:
        heads, kv_heads: how many attention has, of queries and of keys.
        scaling: factor of attention's scores.
        epsilon: what the norms add to the mean square.
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
        """silu(g) · u [T, F] of g and u side by side [T, 2F], which may be overwritten."""
        gate, up = both.chunk(2, dim=1)
        return torch.nn.functional.silu(gate, inplace=True).mul_(up)

    def attend(self, qkv: torch.Tensor, turn: Turn, packing: Packing, layer: int) -> torch.Tensor:
        """Attention's output [T, heads * head], before the projection that mixes the heads.

        Args:
            qkv: [T, (heads + 2 kv heads) * head]; may be overwritten.
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
        turned = self.buffer("turned", heads, *first.shape)
        torch.mul(first, sin, out=turned)
        first.mul_(cos).addcmul_(second, sin, value=-1)
        second.mul_(cos).add_(turned)

    def buffer(self, name: str, like: torch.Tensor, *shape: int) -> torch.Tensor:
        """Memory that a thread uses again in every layer and batch."""
        buffers: dict[str, torch.Tensor] = self._local.__dict__
        memory, size = buffers.get(name), torch.Size(shape).numel()
        if memory is None or memory.numel() < size:
            memory = buffers[name] = like.new_empty(size)
        return memory[:size].view(shape)
