"""Documents as token sequences that share what can be shared.

Under m prompts a document is m token sequences. All begin with the same `prefix`, which does not depend on
the document; those of one document go on with the same `stem` and end in m `tails`. The split is made on the
ids of the whole prompts, so that the teacher reads exactly those prompts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, cast

from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Encoding
    from tokenizers import Tokenizer as FastTokenizer
    from transformers import PreTrainedTokenizerBase

    from dsltm.teacher.reading.prompts import Prompt

# Texts unlike each other: what is the same before all of them is taken for the prefix.
_PROBES = ("a", "The 7 words\nbelow", "«é»", "", "?!", "1", "\t", "語")
_CHARACTERS_PER_TOKEN = 16  # more than tokens of ordinary text have; chosen, not measured
_MARKUP = re.compile(r"[<\[{|].*\w.*[>\]}|]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tokens:
    """One document under every prompt, after the prefix.

    Attributes:
        stem: ids that all prompts share.
        tails: what remains under each prompt, one id at least.
        truncated: the document was cut to fit.
        prefixed: False in the rare case that the document changes the tokens before it; the stem
            then begins at the prompt's first token.
    """

    stem: list[int]
    tails: tuple[list[int], ...]
    truncated: bool
    prefixed: bool

    @property
    def shape(self) -> Shape:
        return Shape(self.prefixed, len(self.stem), tuple(map(len, self.tails)))

    def ids(self) -> list[int]:
        """Stem and tails in a row."""
        return [*self.stem, *(token for tail in self.tails for token in tail)]


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """Whether a document has the prefix, and the lengths of stem and tails; equal shapes need no padding."""

    prefixed: bool
    stem: int
    tails: tuple[int, ...]

    def __len__(self) -> int:
        return self.stem + sum(self.tails)

    @property
    def ends(self) -> list[int]:
        """The place of each tail's last token."""
        return [self.stem + stop - 1 for stop in accumulate(self.tails)]


class Encoder:
    """Tokenizes documents in bulk.

    Args:
        tokenizer: a fast tokenizer.
        prompts: one or more.
        max_tokens: the longest prompt, document included; longer documents are cut at their end.
        known: how many tokens the network has an embedding of; None for all of the tokenizer's.

    Attributes:
        prefix: ids that begin every sequence, [P].

    Raises:
        DsltmError: the instruction alone is longer than `max_tokens`, or has a token that is not known.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        prompts: Sequence[Prompt],
        max_tokens: int,
        known: int | None = None,
    ) -> None:
        self._tokenizer = cast("FastTokenizer", tokenizer.backend_tokenizer)
        self._around = [prompt.around(tokenizer) for prompt in prompts]
        self._special = [not prompt.chat for prompt in prompts]
        self._plain = PlainText(tokenizer, known)
        self.max_tokens = max_tokens
        probes = [ids for probe in _PROBES for ids in self._whole([probe])[0]]
        self.prefix = _common_prefix([ids[:-1] for ids in probes])
        if known is not None and max(max(ids) for ids in probes) >= known:
            raise DsltmError(
                "the tokenizer writes the instruction with tokens that the network does not know"
            )
        if max(map(len, self._whole([""])[0])) >= max_tokens:
            raise DsltmError(f"the instruction alone takes more than --max-tokens {max_tokens}")

    def encode(self, documents: Sequence[str]) -> list[Tokens]:
        """The tokens of each document, in order."""
        limit = _CHARACTERS_PER_TOKEN * self.max_tokens  # so that of a book only the beginning is tokenized
        cleaned = [self._plain(document.strip()) for document in documents]
        texts = [text[:limit] for text in cleaned]
        encoded = []
        for text, before, sequences in zip(texts, cleaned, self._whole(texts), strict=True):
            truncated = len(before) > limit or max(map(len, sequences)) > self.max_tokens
            encoded.append(self._split(self._cut(text) if truncated else sequences, truncated))
        return encoded

    def _whole(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """For each document the ids of its whole prompts."""
        by_prompt = [
            self._tokenizer.encode_batch_fast(
                [before + text + after for text in texts], add_special_tokens=special
            )
            for (before, after), special in zip(self._around, self._special, strict=True)
        ]
        return [[encoding.ids for encoding in encodings] for encodings in zip(*by_prompt, strict=True)]

    def _cut(self, text: str) -> list[list[int]]:
        """The whole prompts around the longest beginning of `text` that fits under every prompt."""
        keep = len(text)
        while True:
            sequences = self._whole([text[:keep]])[0]
            longest = max(range(len(sequences)), key=lambda prompt: len(sequences[prompt]))
            excess = len(sequences[longest]) - self.max_tokens
            if excess <= 0:
                return sequences
            keep = self._shorter(text[:keep], longest, excess)

    def _shorter(self, text: str, prompt: int, excess: int) -> int:
        """How many characters of `text` remain without its last `excess` tokens."""
        before, after = self._around[prompt]
        encoding: Encoding = self._tokenizer.encode(
            before + text + after, add_special_tokens=self._special[prompt]
        )
        inside = [
            start - len(before)
            for start, end in encoding.offsets
            if start < end and len(before) <= start < len(before) + len(text)
        ]
        return min(inside[-excess] if excess <= len(inside) else 0, len(text) - 1)

    def _split(self, sequences: list[list[int]], truncated: bool) -> Tokens:
        prefixed = all(ids[: len(self.prefix)] == self.prefix for ids in sequences)
        begin = len(self.prefix) if prefixed else 0
        stem = _common_prefix([ids[begin:-1] for ids in sequences])
        tails = tuple(ids[begin + len(stem) :] for ids in sequences)
        return Tokens(stem, tails, truncated, prefixed)


class PlainText:
    """Breaks up the names of control tokens in a text, which would otherwise become those tokens.

    A tokenizer marks few of its control tokens as special; it leaves out, for example, `<filename>` of the
    default teacher and `<think>` of Qwen. So an added token counts as a control token where it is marked as
    special, looks like markup, or is not known to the network. Added tokens of spaces and whole words remain.

    Args:
        known: how many tokens the network has an embedding of; None for all of the tokenizer's.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, known: int | None = None) -> None:
        names = {str(name) for name in tokenizer.all_special_tokens}
        for number, token in tokenizer.added_tokens_decoder.items():
            if token.special or _MARKUP.fullmatch(token.content) or (known is not None and number >= known):
                names.add(token.content)
        longest_first = sorted((name for name in names if len(name) > 1), key=lambda name: (-len(name), name))
        self._names = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        backend = cast("FastTokenizer", tokenizer.backend_tokenizer)
        self._normalizer: Any = backend.normalizer

    def __call__(self, text: str) -> str:
        text = self._broken(text)
        if self._normalizer is not None and text:
            # In small letters, or with its compatibility characters replaced, a text may spell a name, too.
            normalized = self._normalizer.normalize_str(text)
            if self._names.search(normalized):
                return self._broken(normalized)
        return text

    def _broken(self, text: str) -> str:
        return self._names.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)


def _common_prefix(sequences: Sequence[Sequence[int]]) -> list[int]:
    shortest = min(map(len, sequences))
    for position in range(shortest):
        if any(left[position] != right[position] for left, right in pairwise(sequences)):
            return list(sequences[0][:position])
    return list(sequences[0][:shortest])
