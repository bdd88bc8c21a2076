"""Reading documents: one forward pass each, of which only what is needed is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from dsltm.teacher import attention
from dsltm.teacher.decoder import Decoder
from dsltm.teacher.tokens import Encoder, Shape, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from dsltm.teacher.load import Teacher
    from dsltm.teacher.prompts import Prompt

_PROBES = ("How do I read a file?", "one", "The weather in the mountains changes within the hour, they say.")
_SAME_COSINE = 0.99
_LLAMA_SHAPED = ("llama",)


@dataclass(frozen=True)
class Reading:
    """What the teacher said of n documents under m prompts.

    Attributes:
        logits: [n, V] float32, of the vocabulary's tokens at the last position, mean over the prompts.
        hidden: [n, m * H] float32, post-norm hidden state there, prompts side by side.
    """

    logits: NDArray[np.float32]
    hidden: NDArray[np.float32]


class Reader:
    """A teacher under fixed prompts, over a fixed vocabulary.

    Args:
        teacher: an open teacher.
        prompts: one or more.
        tokens: [V] token ids of the vocabulary.
        max_tokens: the longest prompt, document included.
        batch_tokens: about how many tokens go through the teacher at once.

    Attributes:
        encoder: makes the `Tokens` that `read` takes.
        packed: whether documents lie end to end behind a prefix that is run once; False for teachers
            whose layers do not allow it (linear attention), which read whole prompts.
    """

    def __init__(
        self,
        teacher: Teacher,
        prompts: Sequence[Prompt],
        tokens: Sequence[int],
        *,
        max_tokens: int,
        batch_tokens: int,
    ) -> None:
        self.encoder = Encoder(teacher.tokenizer, prompts, max_tokens)
        self.batch_tokens = batch_tokens
        self._device = teacher.device
        self._body: Any = teacher.model.base_model
        head: Any = teacher.model.get_output_embeddings()  # type: ignore[no-untyped-call]
        rows = torch.tensor(list(tokens), dtype=torch.long, device=self._device)
        self._head = head.weight[rows].float()
        self._bias = head.bias[rows].float() if getattr(head, "bias", None) is not None else None
        self._config: Any = teacher.model.config.get_text_config()
        self._softcap: float | None = getattr(self._config, "final_logit_softcapping", None)
        self._packing = attention.Packing()
        self._decoder = _fast_decoder(self._body)
        self.packed = self._can_pack()

    def read(self, documents: Sequence[Tokens]) -> Iterator[tuple[list[int], Reading]]:
        """Read documents in the order that suits the machine.

        Yields:
            Which of them (by position), and what was read of each.
        """
        for batch in self.batches(documents):
            chosen = [documents[row] for row in batch]
            yield batch, self._project(self._last_packed(chosen) if self.packed else self._last_whole(chosen))

    def batches(self, documents: Sequence[Tokens]) -> Iterator[list[int]]:
        """Positions of the documents, like shapes together, `batch_tokens` at a time."""
        order = sorted(range(len(documents)), key=lambda row: (documents[row].shape, row))
        batch: list[int] = []
        size, shape = 0, Shape(True, 0, ())
        for row in order:
            other = documents[row].shape
            if batch and (size + len(other) > self.batch_tokens or (not self.packed and other != shape)):
                yield batch
                batch, size = [], 0
            batch.append(row)
            size, shape = size + len(other), other
        if batch:
            yield batch

    @torch.inference_mode()
    def _last_packed(self, documents: Sequence[Tokens]) -> torch.Tensor:
        """[n, m, H] hidden states at the ends of the tails, documents end to end."""
        shapes = [document.shape for document in documents]
        before = len(self.encoder.prefix)
        self._packing.runs = list(attention.runs_of(shapes))
        ids = torch.tensor([token for document in documents for token in document.ids()])
        places = {shape: attention.positions(shape, before if shape.prefixed else 0) for shape in set(shapes)}
        return self._forward_packed(ids, torch.cat([places[shape] for shape in shapes]), _ends(shapes))

    @torch.inference_mode()
    def _last_whole(self, documents: Sequence[Tokens]) -> torch.Tensor:
        """[n, m, H] as above, from whole prompts of equal length."""
        ends = []
        for tail in range(len(documents[0].tails)):
            ids = [
                [*(self.encoder.prefix if document.prefixed else ()), *document.stem, *document.tails[tail]]
                for document in documents
            ]
            ends.append(self._forward(torch.tensor(ids))[:, -1])
        return torch.stack(ends, 1)

    def _forward_packed(self, ids: torch.Tensor, places: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
        """[..., H] hidden states of the tokens that `ends` names, of documents end to end."""
        ids, places, ends = (tensor.to(self._device) for tensor in (ids, places, ends))
        if self._decoder is not None:
            return self._decoder(ids, places, self._packing, ends)
        with attention.installed(self._config):
            return self._forward(ids[None], position_ids=places[None], packing=self._packing)[0, ends]

    def _forward(self, ids: torch.Tensor, **extra: Any) -> torch.Tensor:
        """[rows, tokens, H] post-norm hidden states."""
        out = self._body(input_ids=ids.to(self._device), use_cache=False, **extra)
        states: torch.Tensor = out.last_hidden_state
        return states

    @torch.inference_mode()
    def _project(self, states: torch.Tensor) -> Reading:
        states = states.float()
        logits = torch.nn.functional.linear(states, self._head, self._bias)
        if self._softcap is not None:
            logits = torch.tanh(logits / self._softcap) * self._softcap
        return Reading(logits.mean(1).cpu().numpy(), states.flatten(1).cpu().numpy())

    @torch.inference_mode()
    def _can_pack(self) -> bool:
        """Run a few documents both ways and see whether the results agree."""
        layers = getattr(self._config, "layer_types", None) or []
        if any(layer not in ("full_attention", "sliding_attention") for layer in layers):
            return False
        probes = self.encoder.encode(_PROBES)
        whole = torch.cat([self._last_whole([probe]) for probe in probes]).float()
        for decoder in dict.fromkeys((self._decoder, None)):
            self._decoder = decoder
            self._run_prefix()
            packed = self._last_packed(probes).float()
            if torch.cosine_similarity(whole, packed, dim=-1).min().item() > _SAME_COSINE:
                return True
        return False

    def _run_prefix(self) -> None:
        self._packing = attention.Packing()
        if prefix := self.encoder.prefix:
            self._forward_packed(torch.tensor(prefix), torch.arange(len(prefix)), torch.tensor([[0]]))


def _fast_decoder(body: Any) -> Decoder | None:
    """Our own decoder where the model has the shape that it knows."""
    layers = getattr(body.config, "layer_types", None) or []
    if body.config.model_type not in _LLAMA_SHAPED or "sliding_attention" in layers:
        return None
    try:
        return Decoder(body)
    except ValueError:
        return None


def _ends(shapes: Sequence[Shape]) -> torch.Tensor:
    """[n, m] index of each tail's last token among the tokens of the batch."""
    ends, start = [], 0
    for shape in shapes:
        stop = start + shape.stem
        row = []
        for tail in shape.tails:
            stop += tail
            row.append(stop - 1)
        ends.append(row)
        start = stop
    return torch.tensor(ends)
