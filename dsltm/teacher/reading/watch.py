"""Attention that is watched: each layer's usual attention, and beside it what documents attend to.

The weights of the documents' own tokens on the prefix are computed again by themselves, from the queries
and keys that the layer has already. Documents of one shape lie side by side, behind a prefix whose keys and
values are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from dsltm.teacher.reading.attention import additive, visible
from dsltm.teacher.reading.tokens import Shape

NAME = "dsltm_watched"
_LEAST = 1e-9  # attention, so that the logarithm stays finite where a head gives a token none
_ROOM = 1 << 24  # weights that are computed at once


@dataclass
class Watch:
    """What the attention layers must know about the batch that is being read, and what they give back.

    Attributes:
        spans: [P, S], which tokens of the prefix make up each span, columns sum to one.
        shape: the documents' shape; None while the prefix itself is read.
        heads: by number of a layer which of its heads are wanted.
        prefix: by layer, its keys and values [1, kv heads, P, head].
        masks: [T, P + T] additive, by the documents' shape and the layer's window.
        seen: by layer, logarithm of the documents' attention on each span [n, heads, S].
    """

    spans: torch.Tensor
    shape: Shape | None = None
    heads: dict[int, list[int]] = field(default_factory=dict)
    prefix: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    masks: dict[tuple[Shape, int | None], torch.Tensor] = field(default_factory=dict)
    seen: dict[int, torch.Tensor] = field(default_factory=dict)

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
        watching: the batch, to which what the layer's heads see is added.
        sliding_window: how many tokens the layer looks back, itself included; None for all.
        softcap: the soft cap of the scores; None for none.

    Returns:
        [n, T, heads, head].

    Raises:
        NotImplementedError: the layer has a soft cap, with which the weights would be others.
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
    if shape is not None and layer in watching.heads:
        first = 0 if shape.prefixed else len(watching.spans)
        own = slice(first, shape.stem + shape.tails[0])
        size = max(1, _ROOM // (query.shape[1] * tokens * key.shape[2]))
        watching.seen[layer] = torch.cat(
            [
                _seen(few[:, :, own], keys, mask[own], scaling, watching.heads[layer], watching.spans)
                for few, keys in zip(torch.split(query, size), torch.split(key, size), strict=True)
            ]
        )
    out = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=scaling, enable_gqa=True
    )
    return out.transpose(1, 2), None


def _seen(
    query: torch.Tensor,
    key: torch.Tensor,
    mask: torch.Tensor,
    scaling: float,
    heads: list[int],
    spans: torch.Tensor,
) -> torch.Tensor:
    """[n, heads, S] float32, logarithm of the attention that documents pay to spans, in some heads.

    A document's attention on a token of the prefix is the mean over its own tokens, so that those which look
    for something there count most. A span's is the geometric mean over its tokens: some draw attention
    whatever the document says, and would hide the others.

    Args:
        query: [n, all heads, T, head].
        key: [n, kv heads, keys, head].
        mask: [T, keys].
        spans: [P, S].
    """
    groups = query.shape[1] // key.shape[1]
    shared = torch.tensor(heads, device=key.device) // groups
    scores = query[:, heads].float() @ key[:, shared].float().transpose(2, 3) * scaling + mask.float()
    on_prefix = torch.softmax(scores, -1)[..., : len(spans)].mean(2)
    return on_prefix.clamp_min(_LEAST).log() @ spans
