"""From the teacher's tokens to the words of the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Projection:
    """Which token stands for each word.

    Attributes:
        words: V words, those of the wanted ones that the teacher can say.
        tokens: V token ids.
        coverage: share of the wanted words that were kept, 0 to 1.
    """

    words: list[str]
    tokens: list[int]
    coverage: float


def single_token(tokenizer: PreTrainedTokenizerBase, word: str) -> int | None:
    """The token that writes `word` with a leading space, None where it takes several (paper, section 3.1)."""
    ids = tokenizer.encode(f" {word}", add_special_tokens=False)
    return ids[0] if len(ids) == 1 and ids[0] != tokenizer.unk_token_id else None


def project(tokenizer: PreTrainedTokenizerBase, words: Iterable[str]) -> Projection:
    """Keep the words that are one token with a leading space; of two that share a token, the first."""
    wanted, tokens = list(words), {}
    for word in wanted:
        token = single_token(tokenizer, word)
        if token is not None and token not in tokens:
            tokens[token] = word
    return Projection(list(tokens.values()), list(tokens), len(tokens) / max(len(wanted), 1))
