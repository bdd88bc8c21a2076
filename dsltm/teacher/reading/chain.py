"""Words of several tokens, scored exactly: P(w) = Π P(tᵢ | document, instruction, t₁ … tᵢ₋₁).

Every beginning t₁ … tᵢ₋₁ of a word is one more tail behind the prompt, whose keys and values are
read once. There are hundreds of such beginnings, so this takes tens of times as long as words of one token.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from dsltm.errors import DsltmError
from dsltm.teacher.reading.forward import Reader, Reading
from dsltm.teacher.reading.ways import Own

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsltm.teacher.reading.opened import Opened
    from dsltm.teacher.reading.prompts import Prompt
    from dsltm.teacher.reading.tokens import Tokens


class ChainReader(Reader):
    """A `Reader` whose words are chains of tokens.

    The logit of a word is that of its first token plus log P of each token after it. So words of one token
    have the same logits as in a `Reader`, and the softmax over words divides their exact probabilities by the
    sum of these.

    Args:
        teacher: an open teacher.
        prompts: one or more.
        chains: [V] token ids of each word, in order.
        max_tokens: the longest prompt, document included, without the tokens of words.
        batch_tokens: about how many tokens go through the teacher at once.
    """

    def __init__(
        self,
        teacher: Opened,
        prompts: Sequence[Prompt],
        chains: Sequence[Sequence[int]],
        *,
        max_tokens: int,
        batch_tokens: int | None = None,
    ) -> None:
        firsts = [chain[0] for chain in chains]
        super().__init__(teacher, prompts, firsts, max_tokens=max_tokens, batch_tokens=batch_tokens)
        if isinstance(self.way, Own):
            raise DsltmError(
                f"--projection chain needs a teacher whose head can be taken off, not {teacher.name}"
            )
        self._whole_head = teacher.network.head()
        steps = [[tuple(chain[:end]) for end in range(1, len(chain))] for chain in chains]
        beginnings = {beginning: n for n, beginning in enumerate(sorted({b for row in steps for b in row}))}
        edges: dict[tuple[int, int], int] = {}
        words = [
            [
                edges.setdefault((beginnings[beginning], chain[len(beginning)]), len(edges))
                for beginning in row
            ]
            for chain, row in zip(chains, steps, strict=True)
        ]
        width = max(map(len, words), default=0)
        # Shorter words are filled up with an edge that does not exist, whose log P will be 0.
        padded = [[*row, *[len(edges)] * (width - len(row))] for row in words]
        self._edges_of = torch.tensor(padded, dtype=torch.int64, device=teacher.device).view(
            len(words), width
        )
        pairs = torch.tensor(list(edges), dtype=torch.int64, device=teacher.device).view(-1, 2)
        self._node, self._next = pairs.unbind(1)
        self._sequences = [list(beginning) for beginning in beginnings]

    @torch.inference_mode()
    def _read_batch(self, documents: Sequence[Tokens], batch: list[int]) -> tuple[list[int], Reading]:
        """Read one document under one prompt at a time, which is a batch with its words' beginnings."""
        ends, later = [], []
        for row in batch:
            states = torch.cat([self.way([prompt]) for prompt in self._with_beginnings(documents[row])])
            ends.append(states[:, 0])
            later.append(torch.stack([self._later(prompt[1:]) for prompt in states]).mean(0))
        states = torch.stack(ends).float()
        reading = self._reading(states, self._head(states))
        return batch, replace(reading, logits=reading.logits + torch.stack(later).cpu().numpy())

    def _with_beginnings(self, tokens: Tokens) -> Iterator[Tokens]:
        """The document under each prompt, with tails that end as before and in the beginning of each word."""
        for tail in tokens.tails:
            tails = tuple([tail[-1], *more] for more in ([], *self._sequences))
            yield replace(tokens, stem=[*tokens.stem, *tail[:-1]], tails=tails)

    def _later(self, states: torch.Tensor) -> torch.Tensor:
        """[V] the sum of log P of each word's tokens after the first, from states [beginnings, H]."""
        log_shares = self._whole_head(states).float().log_softmax(1)[self._node, self._next]
        return torch.nn.functional.pad(log_shares, (0, 1))[self._edges_of].sum(1)
