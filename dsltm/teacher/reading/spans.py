"""What documents attend to in the prompt before them: spans of its text, seen by each layer and head.

Documents of one shape are read side by side behind a prefix whose keys and values are computed once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from dsltm.errors import DsltmError
from dsltm.teacher.reading.attention import positions
from dsltm.teacher.reading.network import FAILURES
from dsltm.teacher.reading.tokens import Tokens
from dsltm.teacher.reading.watch import NAME, Watch, watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from dsltm.teacher.reading.opened import Opened
    from dsltm.teacher.reading.prompts import Prompt

_TRIAL = "The weather in the mountains changes within the hour, they say."
# Differences, relative to the largest logit, that count as rounding: in float32, and in 16 bits. Chosen, not
# measured.
_SAME, _SAME_ROUGHLY = {torch.float32: 1e-3}, 0.1
_ATTENTION = ("full_attention", "sliding_attention")


@dataclass(frozen=True)
class Glance:
    """The attention that one document pays to the spans, and the logits at the end of its prompts.

    Attributes:
        spans: [heads, S] float32, logarithm of the document's attention on each span of the prefix.
        length: tokens of the document, with what the prompts have between prefix and answer.
        logits: [m, V] float32, of the wanted tokens at the end of each tail; [0, V] where none was wanted.
    """

    spans: NDArray[np.float32]
    length: int
    logits: NDArray[np.float32]


class Watcher:
    """A teacher under prompts that differ only in how they end.

    Args:
        teacher: an open teacher.
        prompts: the first one ends with the document; the others go on behind it.
        spans: (start, end) in characters of the text before the document.
        tokens: ids of the tokens whose logits are wanted.
        max_tokens: the longest prompt, document included.
        batch_tokens: about how many tokens go through the teacher at once; None for what suits the device.

    Attributes:
        encoder: makes the `Tokens` that `read` takes.
        heads: layer and head of all of the teacher's attention heads, in ascending order.
        shares_prefix: False for teachers with layers of another kind than attention, which read every
            prompt from its beginning.
    """

    def __init__(
        self,
        teacher: Opened,
        prompts: Sequence[Prompt],
        spans: Sequence[tuple[int, int]],
        tokens: Sequence[int],
        *,
        max_tokens: int,
        batch_tokens: int | None = None,
    ) -> None:
        self.encoder = teacher.encoder(prompts, max_tokens)
        self.batch_tokens = batch_tokens or teacher.network.batch_tokens
        self._network, self._device = teacher.network, teacher.device
        depth = self._network.depth
        kinds = getattr(self._network.config, "layer_types", None) or [_ATTENTION[0]] * depth
        layers = [number for number, kind in enumerate(kinds) if kind in _ATTENTION]
        count = int(self._network.config.num_attention_heads)
        self.heads = [(layer, head) for layer in layers for head in range(count)]
        self.shares_prefix = len(layers) == len(kinds)
        text, _ = prompts[0].around(teacher.tokenizer)
        prefix = self.encoder.prefix
        weights = torch.zeros(len(prefix), len(spans))
        for span, places in enumerate(
            span_tokens(teacher.tokenizer, text, prefix, spans, special=not prompts[0].chat)
        ):
            weights[places, span] = 1 / len(places)
        self._watch = Watch(weights.to(self._device))
        try:
            self._head = self._network.head(tokens)
            if self.shares_prefix:
                self._forward([prefix], torch.arange(len(prefix)), depth)
            alike = teacher.verdict.way != "own" and self._reads_right()
        except FAILURES:
            alike = False
        if not alike:
            raise DsltmError(
                f"the attention of {teacher.name} cannot be watched: its layers attend in a way of their own",
                hint="dsltm ground, or another teacher",
            )

    def _reads_right(self) -> bool:
        """Whether the watched network reads a text as the model itself does."""
        (document,) = self.encoder.encode([_TRIAL])
        ((_, glance),) = self.read([document], self.heads[:1])
        ids = [*(self.encoder.prefix if document.prefixed else ()), *document.stem, *document.tails[0]]
        with torch.inference_mode():
            expected = self._head(self._network.states(torch.tensor([ids], device=self._device))[0, -1])
        given = torch.from_numpy(glance.logits[0])
        difference = (given - expected.cpu()).abs().max().item()
        return difference <= _SAME.get(self._network.dtype, _SAME_ROUGHLY) * max(
            1.0, expected.abs().max().item()
        )

    def read(
        self,
        documents: Sequence[Tokens],
        heads: Sequence[tuple[int, int]] | None = None,
        *,
        answers: bool = True,
    ) -> Iterator[tuple[int, Glance]]:
        """Read documents, those of one shape side by side.

        Args:
            heads: layer and head of those that are watched, in ascending order; None for all.
            answers: whether logits are wanted. Without them, only the first tail is read, and no layer above
                the last one of `heads` is run.

        Yields:
            The position of a document, and the attention and logits.
        """
        chosen = self.heads if heads is None else heads
        wanted: dict[int, list[int]] = {}
        for layer, head in chosen:
            wanted.setdefault(layer, []).append(head)
        self._watch.heads = wanted
        depth = self._network.depth if answers else max(wanted) + 1
        if not answers:
            documents = [replace(document, tails=document.tails[:1]) for document in documents]
        shapes = [document.shape for document in documents]
        order = sorted(range(len(documents)), key=lambda row: (shapes[row], row))
        while order:
            shape = shapes[order[0]]
            room = max(1, self.batch_tokens // len(shape))
            batch = [row for row in order[:room] if shapes[row] == shape]
            order = order[len(batch) :]
            read = self._read if self.shares_prefix else self._whole
            yield from zip(batch, read([documents[row] for row in batch], depth, answers), strict=True)

    def _read(self, documents: Sequence[Tokens], depth: int, answers: bool) -> Iterator[Glance]:
        shape = documents[0].shape
        before = len(self.encoder.prefix) if shape.prefixed else 0
        self._watch.shape = shape
        states = self._forward([document.ids() for document in documents], positions(shape, before), depth)
        logits = self._logits(states[:, shape.ends if answers else []])
        spans = torch.cat([self._watch.seen[layer] for layer in self._watch.heads], 1).cpu().numpy()
        length = shape.stem + shape.tails[0] - (0 if shape.prefixed else len(self.encoder.prefix))
        for i in range(len(documents)):
            yield Glance(spans[i], length, logits[i])

    def _whole(self, documents: Sequence[Tokens], depth: int, answers: bool) -> Iterator[Glance]:
        """The same as `_read`, with each tail read as a whole prompt from its first token."""
        prefix, m = self.encoder.prefix, len(documents[0].tails)
        glances = []
        for tail in range(m):
            prompts = [
                Tokens([*(prefix if d.prefixed else ()), *d.stem], (d.tails[tail],), d.truncated, False)
                for d in documents
            ]
            glances.append(list(self._read(prompts, depth, answers)))
        for first, *others in zip(*glances, strict=True):
            logits = first.logits if not others else _stack([first, *others])
            yield replace(first, logits=logits)

    @torch.inference_mode()
    def _forward(self, ids: Sequence[Sequence[int]], places: torch.Tensor, depth: int) -> torch.Tensor:
        """[n, T, H] post-norm hidden states behind the first `depth` layers."""
        out = self._network.attending(NAME, watch, depth)(
            input_ids=torch.tensor([list(row) for row in ids], device=self._device),
            position_ids=places.expand(len(ids), -1).to(self._device),
            watching=self._watch,
            use_cache=False,
        )
        states: torch.Tensor = out.last_hidden_state
        return states

    @torch.inference_mode()
    def _logits(self, states: torch.Tensor) -> NDArray[np.float32]:
        out: NDArray[np.float32] = self._head(states).cpu().numpy()
        return out


def span_tokens(
    tokenizer: Any, text: str, prefix: Sequence[int], spans: Sequence[tuple[int, int]], *, special: bool
) -> list[list[int]]:
    """Places of the prefix's tokens that lie in each span of its text.

    Raises:
        DsltmError: a span has no token, or its tokens are not the same before every document.
    """
    encoding = tokenizer.backend_tokenizer.encode(text, add_special_tokens=special)
    members = []
    for start, end in spans:
        places = [i for i, (a, b) in enumerate(encoding.offsets) if a < min(end, b) and b > start]
        if not places or encoding.ids[: places[-1] + 1] != list(prefix[: places[-1] + 1]):
            raise DsltmError(f"{text[start:end]!r} cannot be told apart in the prompt")
        members.append(places)
    return members


def _stack(glances: Sequence[Glance]) -> NDArray[np.float32]:
    import numpy as np

    return np.concatenate([glance.logits for glance in glances])
