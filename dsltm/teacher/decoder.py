"""A Llama-shaped network without the library's overhead.

The arithmetic of a small teacher is over before its memory traffic is: RMS norms in float32, rotary
embeddings made of five temporaries, a fresh buffer for every product. Here the projections that
read the same input are one matrix, the norms' weights are part of it, and every intermediate
result has a buffer that lives as long as the decoder. What it computes is the same.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import torch

from dsltm.teacher.attention import attend_runs

if TYPE_CHECKING:
    from dsltm.teacher.attention import Packing


class Decoder:
    """Runs a transformers model of the Llama shape over documents that lie end to end.

    The model keeps working: its weights become views of the merged ones, and its norms' weights,
    which are merged too, become ones.

    Args:
        model: the body of a causal language model (without its head).

    Raises:
        AttributeError, ValueError: the model has another shape.
    """

    def __init__(self, model: Any) -> None:
        config = model.config
        self._embed, self._rotary, self._norm = model.embed_tokens, model.rotary_emb, model.norm
        self._heads: int = config.num_attention_heads
        self._kv_heads: int = config.num_key_value_heads
        self._eps: float = config.rms_norm_eps
        if config.hidden_act != "silu":
            raise ValueError(f"activation {config.hidden_act}")
        self._layers = [_Layer(layer) for layer in model.layers]
        self._local = threading.local()

    def __call__(
        self, ids: torch.Tensor, places: torch.Tensor, packing: Packing, ends: torch.Tensor
    ) -> torch.Tensor:
        """Post-norm hidden states.

        Args:
            ids: [T] tokens.
            places: [T] their positions.
            packing: how the documents lie; without runs, the tokens are the prefix and are added to it.
            ends: [n, m] which tokens' states are wanted.

        Returns:
            [n, m, H].
        """
        states = torch.index_select(self._embed.weight, 0, ids)
        cos, sin = self._rotary(states[None], places[None])
        half = cos.shape[-1] // 2
        turn = cos[0, :, None, :half].contiguous(), sin[0, :, None, :half].contiguous()
        last = len(self._layers) - 1
        for number, layer in enumerate(self._layers):
            mixed = self._attention(layer, number, states, turn, packing)
            if number == last:
                states, mixed = states[ends.flatten()], mixed[ends.flatten()]
            states.addmm_(mixed, layer.out)
            self._mlp(layer, states)
        return torch.as_tensor(self._norm(states)).view(*ends.shape, -1)

    def _attention(
        self,
        layer: _Layer,
        number: int,
        states: torch.Tensor,
        turn: tuple[torch.Tensor, torch.Tensor],
        packing: Packing,
    ) -> torch.Tensor:
        """[T, heads * head] what each token gathers from those that it sees."""
        tokens, size = len(states), layer.head_size
        qkv = self._buffer("qkv", tokens, layer.qkv.shape[1], states)
        torch.mm(self._normalise(states), layer.qkv, out=qkv)
        heads = qkv.view(tokens, -1, size)
        _rotate(heads[:, : self._heads + self._kv_heads], *turn, self._buffer)
        by_head = heads.transpose(0, 1)
        query, key, value = by_head[: self._heads], *by_head[self._heads :].chunk(2)
        mixed = self._buffer("mixed", tokens, self._heads * size, states)
        out = mixed.view(tokens, self._heads, size)
        attend_runs(query, key, value, packing, number, layer.scaling, None, out)
        return mixed

    def _mlp(self, layer: _Layer, states: torch.Tensor) -> None:
        """Add the feed-forward part of a layer to `states`."""
        both = self._buffer("both", len(states), layer.gate_up.shape[1], states)
        torch.mm(self._normalise(states), layer.gate_up, out=both)
        gate, up = both.chunk(2, dim=1)
        torch.nn.functional.silu(gate, inplace=True).mul_(up)
        states.addmm_(gate, layer.down)

    def _normalise(self, states: torch.Tensor) -> torch.Tensor:
        """RMS norm without its weight, which the next matrix holds."""
        norm = torch.linalg.vector_norm(states, dim=-1, keepdim=True, dtype=torch.float32)
        scale = norm.square_().div_(states.shape[1]).add_(self._eps).rsqrt_().to(states.dtype)
        return torch.mul(states, scale, out=self._buffer("normal", len(states), states.shape[1], states))

    def _buffer(self, name: str, rows: int, columns: int, like: torch.Tensor) -> torch.Tensor:
        """[rows, columns] memory that a thread uses again in every layer and batch."""
        buffers: dict[str, torch.Tensor] = self._local.__dict__
        held = buffers.get(name)
        if held is None or held.numel() < rows * columns:
            held = buffers[name] = like.new_empty(rows * columns)
        return held[: rows * columns].view(rows, columns)


class _Layer:
    """One layer's matrices, [in, out] each."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.qkv = _merge([attention.q_proj, attention.k_proj, attention.v_proj], layer.input_layernorm)
        self.out = attention.o_proj.weight.t()
        self.gate_up = _merge([mlp.gate_proj, mlp.up_proj], layer.post_attention_layernorm)
        self.down = mlp.down_proj.weight.t()
        self.head_size: int = attention.head_dim
        self.scaling: float = attention.scaling
        if attention.o_proj.bias is not None or mlp.down_proj.bias is not None:
            raise ValueError("biases")


def _merge(linears: list[Any], norm: Any) -> torch.Tensor:
    """[in, out] of several projections of one normalised input; they become views of it."""
    if any(linear.bias is not None for linear in linears):
        raise ValueError("biases")
    scale = norm.weight.float()
    merged = torch.cat([(linear.weight.float() * scale).to(linear.weight.dtype) for linear in linears])
    for linear, part in zip(
        linears, torch.split(merged, [len(linear.weight) for linear in linears]), strict=True
    ):
        linear.weight.data = part
    norm.weight.data = torch.ones_like(norm.weight)
    return merged.t()


def _rotate(heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, buffer: Any) -> None:
    """Rotary embedding (Su et al. 2021) of [T, heads, head], in place."""
    first, second = heads.chunk(2, dim=-1)
    held = buffer("turned", len(heads), first.shape[1] * first.shape[2], heads).view(first.shape)
    torch.mul(first, sin, out=held)
    first.mul_(cos).addcmul_(second, sin, value=-1)
    second.mul_(cos).add_(held)
