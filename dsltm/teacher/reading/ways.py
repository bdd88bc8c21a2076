"""The ways in which a teacher can read documents, from the fastest to the one that always works.

Each takes documents as tokens and gives [n, m, H] post-norm hidden states: of n documents at the
last token of each of m prompts.
"""

from __future__ import annotations

import contextlib
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

import torch

from dsltm.teacher.reading import attention
from dsltm.teacher.reading.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsltm.teacher.reading.network import Network
    from dsltm.teacher.reading.tokens import Shape, Tokens

_LLAMA_SHAPED = ("llama",)
_PACKABLE = ("full_attention", "sliding_attention")


class Way(Protocol):
    """How documents are read.

    Attributes:
        packs: whether documents of different shapes may be read together.
    """

    packs: bool

    def __call__(self, documents: Sequence[Tokens]) -> torch.Tensor: ...


class Whole:
    """Whole prompts of equal length, through transformers."""

    packs = False

    def __init__(self, network: Network, prefix: list[int]) -> None:
        self._network, self._prefix = network, prefix

    @torch.inference_mode()
    def __call__(self, documents: Sequence[Tokens]) -> torch.Tensor:
        ends = []
        for tail in range(len(documents[0].tails)):
            ids = [
                [*(self._prefix if document.prefixed else ()), *document.stem, *document.tails[tail]]
                for document in documents
            ]
            ends.append(self._network.states(torch.tensor(ids, device=self._network.device))[:, -1])
        return torch.stack(ends, 1)


class Packed:
    """Documents end to end behind a prefix that is run once."""

    packs = True

    def __init__(self, network: Network, prefix: list[int]) -> None:
        self._network, self._device = network, network.device
        self._before = len(prefix)
        self._shared = attention.Packing()
        if prefix:
            ids, places = torch.tensor(prefix), torch.arange(len(prefix))
            with torch.inference_mode():
                ids, places, end = (x.to(self._device) for x in (ids, places, torch.tensor([[0]])))
                self._forward(ids, places, self._shared, end)

    @torch.inference_mode()
    def __call__(self, documents: Sequence[Tokens]) -> torch.Tensor:
        shapes = [document.shape for document in documents]
        packing = self._shared.around(list(attention.runs_of(shapes)))
        ids = torch.tensor([token for document in documents for token in document.ids()])
        places = {
            shape: attention.positions(shape, self._before if shape.prefixed else 0) for shape in set(shapes)
        }
        place = torch.cat([places[shape] for shape in shapes])
        ids, place, ends = (tensor.to(self._device) for tensor in (ids, place, _ends(shapes)))
        return self._forward(ids, place, packing, ends)

    def _forward(
        self, ids: torch.Tensor, places: torch.Tensor, packing: attention.Packing, ends: torch.Tensor
    ) -> torch.Tensor:
        body = self._network.attending(attention.NAME, attention.attend)
        out = body(input_ids=ids[None], position_ids=places[None], packing=packing, use_cache=False)
        states: torch.Tensor = out.last_hidden_state[0, ends]
        return states


class Fast(Packed):
    """The same through our own decoder, for models of the Llama shape."""

    def __init__(self, network: Network, prefix: list[int]) -> None:
        self._decoder = Decoder(network.body)
        super().__init__(network, prefix)

    def _forward(
        self, ids: torch.Tensor, places: torch.Tensor, packing: attention.Packing, ends: torch.Tensor
    ) -> torch.Tensor:
        return self._decoder(ids, places, packing, ends)


def candidates(network: Network, prefix: list[int]) -> Iterator[Way]:
    """The ways that may suit a network, the fastest first; whether they do, only a trial tells."""
    config = network.config
    layers = getattr(config, "layer_types", None) or ["full_attention"]
    if config.model_type in _LLAMA_SHAPED and set(layers) == {"full_attention"}:
        with contextlib.suppress(ValueError):  # a Llama with biases, say
            yield Fast(network, prefix)
    if set(layers) <= set(_PACKABLE):
        yield Packed(network, prefix)
    yield Whole(network, prefix)


def _ends(shapes: Sequence[Shape]) -> torch.Tensor:
    """[n, m] index of each tail's last token among the tokens of the batch."""
    starts = accumulate(map(len, shapes), initial=0)
    return torch.tensor(
        [[start + end for end in shape.ends] for start, shape in zip(starts, shapes, strict=False)]
    )
