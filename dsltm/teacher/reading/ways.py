"""The ways in which a teacher can read documents, from the fastest to the one that always works.

Each takes documents as tokens and gives [n, m, H] post-norm hidden states: of n documents at the
last token of each of m prompts.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, Protocol

import torch

from dsltm.teacher.reading import attention
from dsltm.teacher.reading.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsltm.teacher.reading.network import Network
    from dsltm.teacher.reading.tokens import Shape, Tokens

_LLAMA_SHAPED = ("llama",)  # model types that `Decoder` computes
_PACKABLE = ("full_attention", "sliding_attention")  # kinds of layers that `attention` computes
_BY_LENGTH = {"longrope", "dynamic"}  # rotary embeddings whose angles depend on the sequence's length


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
        return torch.stack([self._network.states(ids)[:, -1] for ids in self._prompts(documents)], 1)

    def _prompts(self, documents: Sequence[Tokens]) -> Iterator[torch.Tensor]:
        """[n, T] the whole prompts, one kind after another."""
        for tail in range(len(documents[0].tails)):
            ids = [
                [*(self._prefix if document.prefixed else ()), *document.stem, *document.tails[tail]]
                for document in documents
            ]
            yield torch.tensor(ids, device=self._network.device)


class Own(Whole):
    """Whole prompts, run once more for their logits, for models whose head cannot be applied by itself."""

    @torch.inference_mode()
    def logits(self, documents: Sequence[Tokens]) -> torch.Tensor:
        """[n, m, V] of the whole vocabulary, as the model's own forward has them."""
        return torch.stack([self._network.logits(ids) for ids in self._prompts(documents)], 1)


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
    """Documents end to end through our own decoder, for models of the Llama shape."""

    def __init__(self, network: Network, prefix: list[int]) -> None:
        self._decoder = Decoder(network.body)
        super().__init__(network, prefix)

    def _forward(
        self, ids: torch.Tensor, places: torch.Tensor, packing: attention.Packing, ends: torch.Tensor
    ) -> torch.Tensor:
        return self._decoder(ids, places, packing, ends)


WAYS: dict[str, type[Fast | Packed | Whole | Own]] = {
    "fast": Fast,
    "packed": Packed,
    "whole": Whole,
    "own": Own,
}
"""By name, the fastest first; `Verdict.way` says which one suits a teacher."""


def candidates(config: Any) -> list[str]:
    """The ways that may suit a configuration, the fastest first; a probe finds out whether they do."""
    layers = set(getattr(config, "layer_types", None) or ["full_attention"])
    fast = ["fast"] if config.model_type in _LLAMA_SHAPED and layers == {"full_attention"} else []
    return [*fast, *(["packed"] if layers <= set(_PACKABLE) else []), "whole"]


def open_way(name: str, network: Network, prefix: list[int], max_tokens: int) -> Way:
    """The way of that name, or whole prompts where documents must not be read together.

    Some rotary embeddings turn by other angles in a long sequence ("longrope", "dynamic"), and then a short
    document would be turned like a long one beside it.

    Args:
        max_tokens: length of the longest prompt.
    """
    config = network.config
    rotary = getattr(config, "rope_parameters", None) or {}
    kinds = {part.get("rope_type") for part in (rotary, *rotary.values()) if isinstance(part, dict)}
    original = "original_max_position_embeddings"
    if name != "own" and kinds & _BY_LENGTH:
        short = getattr(config, original, None) or rotary.get(original) or config.max_position_embeddings
        name = name if max_tokens <= short else "whole"
    return WAYS[name](network, prefix)


def _ends(shapes: Sequence[Shape]) -> torch.Tensor:
    """[n, m] index of each tail's last token among the tokens of the batch."""
    starts = accumulate(map(len, shapes), initial=0)
    return torch.tensor(
        [[start + end for end in shape.ends] for start, shape in zip(starts, shapes, strict=False)]
    )
