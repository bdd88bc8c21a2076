"""Attention over documents that lie end to end in one row, behind a prefix that is run once.

Everything in a transformer but attention works token by token, so documents of any length are
laid end to end and nothing is padded. Attention alone must know where a document begins: it is
given through transformers' attention interface, which every decoder of the paper uses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dsltm.teacher.reading.tokens import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NAME = "dsltm_packed"


@dataclass(frozen=True)
class Run:
    """Documents of one shape that lie next to each other.

    Attributes:
        shape: the shape of each.
        count: how many documents there are.
        start: place of the first one's first token in the row.
    """

    shape: Shape
    count: int
    start: int

    @property
    def stop(self) -> int:
        return self.start + self.count * len(self.shape)


@dataclass
class Packing:
    """What attention must know about the batch that is being read.

    Attributes:
        prefix: keys and values [kv heads, P, head] of each layer, in the order of the layers.
        runs: the batch's documents; None while the prefix itself is read.
        masks: those of `mask`, by shape and window.
        by_key: those of `masks_by_key`, by shape.
    """

    prefix: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    runs: list[Run] | None = None
    masks: dict[tuple[Shape, int | None], torch.Tensor] = field(default_factory=dict)
    by_key: dict[Shape, list[NDArray[np.float32]]] = field(default_factory=dict)

    def around(self, runs: list[Run]) -> Packing:
        """The packing of a batch, with the same prefix."""
        return Packing(self.prefix, runs)

    def before(self, shape: Shape) -> int:
        """P, how many tokens of the prefix come before a document of this shape."""
        return self.prefix[0][0].shape[1] if shape.prefixed and self.prefix else 0

    def mask(self, shape: Shape, window: int | None, like: torch.Tensor, groups: int) -> torch.Tensor:
        """An additive mask [groups * T, P + T]: 0 where a token is seen, -inf where not.

        It is made once for all layers of one window.

        Args:
            groups: how many query heads share a key head; their masks, one after another, are the same.
        """
        key = (shape, window)
        if key not in self.masks:
            self.masks[key] = additive(visible(shape, self.before(shape), window).repeat(groups, 1), like)
        return self.masks[key]

    def masks_by_key(self, shape: Shape, groups: int, rows: int, places: int) -> list[NDArray[np.float32]]:
        """Additive masks [keys, rows] of a layer without a window, for so many places at a time.

        Args:
            groups: how many query heads share a key head; each place has as many rows, side by side.
            rows: groups * T or more; those beyond see everything.
        """
        if shape not in self.by_key:
            before = self.before(shape)
            seen = visible(shape, before).repeat_interleave(groups, 0).T.numpy()
            mask = np.zeros((before + len(shape), rows), np.float32)
            mask[:, : seen.shape[1]] = np.where(seen, 0, -np.inf)
            self.by_key[shape] = [
                np.ascontiguousarray(
                    mask[: before + start + places, groups * start : groups * (start + places)]
                )
                for start in range(0, -(-rows // groups), places)
            ]
        return self.by_key[shape]


def positions(shape: Shape, before: int) -> torch.Tensor:
    """[T] the position of each token of a document in its own prompt; each tail follows the stem."""
    stem = torch.arange(before, before + shape.stem)
    tails = (torch.arange(before + shape.stem, before + shape.stem + tail) for tail in shape.tails)
    return torch.cat([stem, *tails])


def visible(shape: Shape, before: int, window: int | None = None) -> torch.Tensor:
    """[T, before + T] whether a token sees another: the prefix, the stem and its own tail, up to itself.

    Args:
        window: how far back a layer with a sliding window sees, itself included.
    """
    own = torch.cat(
        [torch.zeros(shape.stem), *(torch.full((n,), i + 1.0) for i, n in enumerate(shape.tails))]
    )
    place = torch.cat([torch.arange(before), positions(shape, before)])
    owner = torch.cat([torch.zeros(before), own])
    behind = place[before:, None] - place[None, :]
    seen = (behind >= 0) & ((owner[None, :] == 0) | (owner[None, :] == own[:, None]))
    return seen & (behind < window) if window else seen


def additive(seen: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """A mask to be added to scores: 0 where a token is seen, -inf where not, on the device and in the type of
    `like`."""
    return torch.zeros(seen.shape, dtype=like.dtype, device=like.device).masked_fill_(
        ~seen.to(like.device), float("-inf")
    )


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *_: Any,
    scaling: float,
    packing: Packing,
    sliding_window: int | None = None,
    **__: Any,
) -> tuple[torch.Tensor, None]:
    """One layer's attention; called by transformers, whose mask and other arguments do not count.

    Args:
        module: the layer's attention, which has its number.
        query: [1, heads, tokens, head].
        key, value: [1, kv heads, tokens, head].
        scaling: what the products of queries and keys are multiplied by.
        packing: the batch.
        sliding_window: how many tokens the layer looks back, itself included; None for all.

    Returns:
        [1, tokens, heads, head].
    """
    out = query.new_empty(query.shape[2], query.shape[1], query.shape[3])
    attend_runs(query[0], key[0], value[0], packing, module.layer_idx, scaling, sliding_window, out)
    return out[None], None


def attend_runs(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    packing: Packing,
    layer: int,
    scaling: float,
    window: int | None,
    out: torch.Tensor,
) -> None:
    """One layer's attention over the documents of a packing, written to `out`.

    Args:
        query: [heads, tokens, head].
        key, value: [kv heads, tokens, head]; kept as the layer's prefix where the packing has no runs.
        window: how many tokens the layer looks back, itself included; None for all.
        out: [tokens, heads, head].
    """
    if packing.runs is None:
        packing.prefix.append((key.clone(), value.clone()))
        runs, before = [Run(Shape(False, query.shape[1], ()), 1, 0)], None
    else:
        runs = packing.runs
        before = packing.prefix[layer] if packing.prefix else None
    groups = len(query) // len(key)
    for run in runs:
        mask = packing.mask(run.shape, window, query, groups)
        cut = slice(run.start, run.stop)
        shared = before if run.shape.prefixed else None
        _attend_run(query[:, cut], key[:, cut], value[:, cut], shared, mask, scaling, run.count, out[cut])


def _attend_run(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    prefix: tuple[torch.Tensor, torch.Tensor] | None,
    mask: torch.Tensor,
    scaling: float,
    count: int,
    out: torch.Tensor,
) -> None:
    """Attention of `count` equal documents into `out` [count * T, heads, head].

    The query heads that share a key head are laid one after another as if they were more tokens:
    keys and values are then read once and never repeated.
    """
    heads, tokens, size = query.shape
    kv_heads, length = key.shape[0], tokens // count
    groups = heads // kv_heads
    q = query.view(kv_heads, groups, count, length, size).permute(2, 0, 1, 3, 4)
    q = q.reshape(count, kv_heads, groups * length, size)
    k = _behind(prefix and prefix[0], key.view(kv_heads, count, length, size).transpose(0, 1))
    v = _behind(prefix and prefix[1], value.view(kv_heads, count, length, size).transpose(0, 1))
    answer = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scaling)
    answer = answer.view(count, kv_heads, groups, length, size).permute(0, 3, 1, 2, 4)
    out.view(count, length, kv_heads, groups, size).copy_(answer)


def _behind(prefix: torch.Tensor | None, own: torch.Tensor) -> torch.Tensor:
    """[count, kv heads, P + T, head]."""
    if prefix is None:
        return own
    return torch.cat([prefix.expand(len(own), -1, -1, -1), own], dim=2)


def runs_of(shapes: list[Shape]) -> Iterator[Run]:
    """Group neighbours of equal shape."""
    start = 0
    index = 0
    while index < len(shapes):
        count = 1
        while index + count < len(shapes) and shapes[index + count] == shapes[index]:
            count += 1
        run = Run(shapes[index], count, start)
        yield run
        start, index = run.stop, index + count
