"""An open teacher as its readers know it: network, tokenizer, and how they are to be used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dsltm.teacher.reading.tokens import Encoder, PlainText

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from transformers import PreTrainedTokenizerFast

    from dsltm.teacher.reading.network import Network
    from dsltm.teacher.reading.probe import Verdict
    from dsltm.teacher.reading.prompts import Prompt


@dataclass(frozen=True, eq=False)
class Opened:
    """A language model that reads and is never trained, with what those who read with it go by.

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

    @cached_property
    def plain(self) -> PlainText:
        """A function that breaks up the names of control tokens in a text."""
        return PlainText(self.tokenizer, self.network.known_tokens)

    def encoder(self, prompts: Sequence[Prompt], max_tokens: int) -> Encoder:
        """What makes tokens of documents under some prompts, no longer than the teacher was made to read."""
        longest = min(max_tokens, self.context_length)
        return Encoder(self.tokenizer, prompts, longest, known=self.network.known_tokens)
