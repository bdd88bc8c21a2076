"""The one door to a teacher: texts go in; hidden states, logits, likelihoods and attention come out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch

from dsltm.teacher.reading.chain import ChainReader
from dsltm.teacher.reading.forward import Reader
from dsltm.teacher.reading.likelihood import Likelihood
from dsltm.teacher.reading.opened import Opened
from dsltm.teacher.reading.spans import Watcher
from dsltm.teacher.reading.writing import Writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsltm.teacher.reading.projection import Projection
    from dsltm.teacher.reading.prompts import Prompt


class Teacher(Opened):
    """An open teacher, and all that can be asked of it."""

    def reader(
        self,
        prompts: Sequence[Prompt],
        projection: Projection | None = None,
        *,
        max_tokens: int,
        batch_tokens: int | None = None,
    ) -> Reader:
        """A reader of documents under fixed prompts: hidden states, and the logits of a vocabulary.

        Args:
            prompts: one or more.
            projection: the vocabulary in tokens; None for hidden states alone.
            max_tokens: the longest prompt, document included.
            batch_tokens: about how many tokens go through at once; None for what suits the device.
        """
        chains = () if projection is None else projection.chains
        if chains:
            return ChainReader(self, prompts, chains, max_tokens=max_tokens, batch_tokens=batch_tokens)
        forms = () if projection is None else projection.forms
        return Reader(self, prompts, forms, max_tokens=max_tokens, batch_tokens=batch_tokens)

    def watcher(
        self,
        prompts: Sequence[Prompt],
        spans: Sequence[tuple[int, int]],
        tokens: Sequence[int],
        *,
        max_tokens: int,
    ) -> Watcher:
        """A reader of the attention that documents pay to parts of the prompt before them; see `Watcher`."""
        return Watcher(self, prompts, spans, tokens, max_tokens=max_tokens)

    @cached_property
    def likelihood(self) -> Likelihood:
        """The probabilities of phrases after a text."""
        return Likelihood(self)

    @cached_property
    def writing(self) -> Writing:
        """Strings that the teacher writes itself."""
        return Writing(self)

    @torch.inference_mode()
    def next_logits(self, ids: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Logits [V] of the tokens that may follow a sequence, in float64 where the device has it.

        A bfloat16 logit of 15 is rounded to an eighth, which makes different sequences look alike.
        """
        sequence = torch.tensor([list(ids)], device=self.device)
        if self.verdict.way == "own":
            return self.network.logits(sequence)[0, list(tokens)].float()
        exact = torch.float32 if self.device.type == "mps" else torch.float64
        return self.network.head(tokens, exact)(self.network.states(sequence)[0, -1])
