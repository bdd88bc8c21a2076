"""The one door to a teacher: texts go in; hidden states, logits, likelihoods and attention come out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from dsltm.teacher.reading.tokens import PlainText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerFast

    from dsltm.teacher.reading.forward import Reader
    from dsltm.teacher.reading.likelihood import Likelihood
    from dsltm.teacher.reading.network import Network
    from dsltm.teacher.reading.probe import Verdict
    from dsltm.teacher.reading.projection import Projection
    from dsltm.teacher.reading.prompts import Prompt
    from dsltm.teacher.reading.spans import Watcher


@dataclass(frozen=True, eq=False)
class Teacher:
    """A language model that reads and is never trained.

    Attributes:
        name: what the user called it, and what opens it again.
        revision: package and version, or the hub's commit; None for a directory or file.
        weights_sha256: of the weights as published.
        network: in eval mode, without gradients.
        tokenizer: a fast one.
        context_length: the most tokens that it was made to read.
        verdict: the way in which it is to be read.
    """

    name: str
    revision: str | None
    weights_sha256: str
    network: Network
    tokenizer: PreTrainedTokenizerFast
    context_length: int
    verdict: Verdict

    @property
    def model(self) -> Any:
        """The transformers model, for uses that this class has no method for."""
        return self.network.model

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.network.device

    @property
    def dtype(self) -> torch.dtype:
        """The number format that it computes in."""
        return self.network.dtype

    @property
    def hidden_size(self) -> int:
        """H, the length of a hidden state."""
        return self.network.hidden_size

    @property
    def vocab_size(self) -> int:
        """The number of tokens that have a logit."""
        return self.network.vocab_size

    @property
    def has_chat_template(self) -> bool:
        """Whether the tokenizer can write a conversation as the model was trained on them."""
        return bool(self.tokenizer.chat_template)

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
        from dsltm.teacher.reading.chain import ChainReader
        from dsltm.teacher.reading.forward import Reader

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
        """A reader of the attention that a prompt's end pays to parts of its beginning; see `Watcher`."""
        from dsltm.teacher.reading.spans import Watcher

        return Watcher(self, prompts, spans, tokens, max_tokens=max_tokens)

    @cached_property
    def plain(self) -> PlainText:
        """A function that breaks up the names of control tokens in a text."""
        return PlainText(self.tokenizer, self.network.known_tokens)

    @cached_property
    def likelihood(self) -> Likelihood:
        """The probabilities of phrases after a text."""
        from dsltm.teacher.reading.likelihood import Likelihood

        return Likelihood(self)

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
