"""Attention that is watched: each layer's usual attention, and beside it the row of the answer position.

The row is computed again by itself, from one query and the keys that the layer has already. Documents of one
shape lie side by side, behind a prefix whose keys and values are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from dsltm.teacher.reading.attention import additive, visible
from dsltm.teacher.reading.tokens import Shape

NAME = "dsltm_watched"


@dataclass
class Watch:
    """What the attention layers must know about the batch that is being read, and what they give back.

    Attributes:
        spans: [P, S], which tokens of the prefix make up each span, columns sum to one.
        shape: the documents' shape; None while the prefix itself is read.
        layers: numbers of the layers whose rows are wanted.
        prefix: by layer, its keys and values [1, kv heads, P, head].
        masks: [T, P + T] additive, by the documents' shape and the layer's window.
        rows: by layer, attention per token on spans [n, heads, S] and own tokens [n, heads, T].
    """

    spans: torch.Tensor
    shape: Shape | None = None
    layers: frozenset[int] = frozenset()
    prefix: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    masks: dict[tuple[Shape, int | None], torch.Tensor] = field(default_factory=dict)
    rows: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)

    def mask(self, shape: Shape, before: int, window: int | None, like: torch.Tensor) -> torch.Tensor:
        if (shape, window) not in self.masks:
            self.masks[shape, window] = additive(visible(shape, before, window), like)
        return self.masks[shape, window]


def watch(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *_: Any,
    scaling: float,
    watching: Watch,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **__: Any,
) -> tuple[torch.Tensor, None]:
    """One layer's attention; called by transformers as `attention.attend` is.

    Args:
        module: the layer's attention, which has its number.
        query: [n, heads, T, head].
        key, value: [n, kv heads, T, head].
        scaling: what the products of queries and keys are multiplied by.
        watching: the batch, to which the layer's row is added.
        sliding_window: how many tokens the layer looks back, itself included; None for all.
        softcap: the soft cap of the scores; None for none.

    Returns:
        [n, T, heads, head].

    Raises:
        NotImplementedError: the layer has a soft cap, with which the row would be another.
    """
    if softcap is not None:
        raise NotImplementedError("attention with a soft cap")
    layer, shape = module.layer_idx, watching.shape
    if shape is None:
        watching.prefix[layer] = (key, value)
    elif shape.prefixed:
        ahead = watching.prefix[layer]
        key = torch.cat([ahead[0].expand(len(key), -1, -1, -1), key], 2)
        value = torch.cat([ahead[1].expand(len(value), -1, -1, -1), value], 2)
    tokens = query.shape[2]
    read = Shape(False, tokens, ()) if shape is None else shape
    mask = watching.mask(read, key.shape[2] - tokens, sliding_window, query)
    if shape is not None and layer in watching.layers:
        answer = shape.stem + shape.tails[0] - 1
        row = _row(query[:, :, answer], key, mask[answer], scaling)
        size = len(watching.spans)
        start = size if shape.prefixed else 0
        end = key.shape[2] - tokens + answer + 1
        watching.rows[layer] = (row[..., :size] @ watching.spans, row[..., start:end])
    out = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=scaling, enable_gqa=True
    )
    return out.transpose(1, 2), None


def _row(query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor, scaling: float) -> torch.Tensor:
    """[n, heads, keys] float32 attention weights of one query [n, heads, head] each."""
    count, heads, size = query.shape
    grouped = query.float().view(count, key.shape[1], -1, size)
    scores = torch.einsum("nkgd,nktd->nkgt", grouped, key.float()) * scaling + mask.float()
    return torch.softmax(scores, -1).view(count, heads, -1)
