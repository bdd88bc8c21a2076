"""A Llama-shaped network without the library's overhead.

A small teacher waits for memory more than for arithmetic: the library computes RMS norms in float32, rotary
embeddings with five temporaries, and every product into a fresh buffer. Here the projections that read the
same input are one matrix, which includes the norms' weights; `operations` does the steps between the
products; and intermediate results have buffers that live as long as the decoder. The results are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from dsltm.teacher.reading.operations import Operations

if TYPE_CHECKING:
    from dsltm.teacher.reading.attention import Packing


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
        if model.config.hidden_act != "silu":
            raise ValueError(f"activation {model.config.hidden_act}")
        self._embed, self._rotary, self._norm = model.embed_tokens, model.rotary_emb, model.norm
        self._layers = [_Layer(layer) for layer in model.layers]
        self._operations = _operations(model, self._layers[0].scaling)

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
        cos, sin = self._rotary(states[None, :1].float(), places[None])
        half = cos.shape[-1] // 2
        turn = cos[0, :, :half].contiguous(), sin[0, :, :half].contiguous()
        do, last = self._operations, len(self._layers) - 1
        for number, layer in enumerate(self._layers):
            qkv = do.buffer("qkv", states, len(states), layer.qkv.shape[1])
            torch.mm(do.normalise(states), layer.qkv, out=qkv)
            mixed = do.attend(qkv, turn, packing, number)
            if number == last:
                states, mixed = states[ends.flatten()], mixed[ends.flatten()]
            states.addmm_(mixed, layer.out)
            both = do.buffer("both", states, len(states), layer.gate_up.shape[1])
            torch.mm(do.normalise(states), layer.gate_up, out=both)
            states.addmm_(do.gate(both), layer.down)
        return torch.as_tensor(self._norm(states)).view(*ends.shape, -1)


class _Layer:
    """One layer's matrices, [in, out] each."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.qkv = _merge([attention.q_proj, attention.k_proj, attention.v_proj], layer.input_layernorm)
        self.out = attention.o_proj.weight.t()
        self.gate_up = _merge([mlp.gate_proj, mlp.up_proj], layer.post_attention_layernorm)
        self.down = mlp.down_proj.weight.t()
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


def _operations(model: Any, scaling: float) -> Operations:
    """The operations for the device and the number format of a transformers model's body."""
    config, weight = model.config, model.embed_tokens.weight
    shape = config.num_attention_heads, config.num_key_value_heads, scaling, config.rms_norm_eps
    if weight.device.type == "cpu" and weight.dtype == torch.bfloat16:
        from dsltm.teacher.reading.compiled import Compiled  # which needs numba

        return Compiled(*shape)
    return Operations(*shape)
