"""From the teacher's tokens to the words of the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

from dsltm.errors import UsageError
from dsltm.words.text import is_spaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from transformers import PreTrainedTokenizerBase

Kind = Literal["every", "token", "spellings", "first", "chain"]
_BEHIND_SPACE = ":"  # stands before a text that begins with a space; most instructions end with it
_BEHIND = "\n"  # stands before other texts; no tokenizer joins it with the letters that follow
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Projection:
    """Which tokens stand for each word.

    Attributes:
        words: V words: all that are wanted ("every"), or those of them that the teacher can say.
        forms: V tuples of token ids; a word's probability is the sum of theirs.
        coverage: share of the wanted words that the teacher says as the kind wants it, 0 to 1.
        chains: V tuples of all token ids of each word, in order ("chain"); else empty.
        split: columns of words that are not one token, whose logit is that of their first token ("every").
        spelled: for each of these columns, all tokens of its word.
    """

    words: list[str]
    forms: list[tuple[int, ...]]
    coverage: float
    chains: tuple[tuple[int, ...], ...] = ()
    split: tuple[int, ...] = ()
    spelled: tuple[tuple[int, ...], ...] = ()

    @property
    def tokens(self) -> list[int]:
        """V token ids, the first of each word's forms."""
        return [form[0] for form in self.forms]

    def pieces(self) -> list[tuple[int, ...]]:
        """V tuples of tokens; a word's embedding is the mean of their rows of the output embedding."""
        if self.chains:
            return list(self.chains)
        pieces: list[tuple[int, ...]] = [form[:1] for form in self.forms]
        for column, tokens in zip(self.split, self.spelled, strict=True):
            pieces[column] = tokens
        return pieces


def _answer(word: str) -> str:
    """A word as it follows a prompt: behind a space, where its script has any."""
    return f" {word}" if is_spaced(word) else word


def single_token(tokenizer: PreTrainedTokenizerBase, word: str) -> int | None:
    """The token that writes `word` as an answer, None where it takes several (paper, section 3.1)."""
    return _only(tokenizer, continuation(tokenizer, _answer(word)))


def continuation(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The tokens of a text that follows another, as an answer follows a prompt.

    Alone a text may have other tokens: a tokenizer that puts a space before every text (Phi-3, Llama 2) then
    sees two spaces, and makes two tokens of every word.
    """
    before = _BEHIND_SPACE if text.startswith(" ") else _BEHIND
    ahead = _alone(tokenizer, before)
    whole = tokenizer.encode(before + text, add_special_tokens=False)
    if whole[: len(ahead)] == ahead:
        return list(whole[len(ahead) :])
    return list(tokenizer.encode(text, add_special_tokens=False))


@lru_cache(maxsize=8)
def _alone(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))


def spellings(tokenizer: PreTrainedTokenizerBase, word: str) -> tuple[int, ...]:
    """The single tokens that write `word`: after a space or not; small, capitalised or all capitals."""
    cases = dict.fromkeys((word, word[:1].upper() + word[1:], word.upper()))
    texts = (space + case for space in (" ", "") for case in cases)
    tokens = (_only(tokenizer, continuation(tokenizer, text)) for text in texts)
    return tuple(dict.fromkeys(token for token in tokens if token is not None))


def first_token(tokenizer: PreTrainedTokenizerBase, word: str) -> int | None:
    """The token that begins `word` as an answer, as in the paper's published code."""
    ids = continuation(tokenizer, _answer(word))
    return ids[0] if ids and ids[0] != tokenizer.unk_token_id else None


def project(tokenizer: PreTrainedTokenizerBase, words: Iterable[str], kind: Kind = "every") -> Projection:
    """Find the tokens of words, and keep the words that have any; words that come first take a token first.

    Args:
        kind: "every", all words, by their one token where they have one and by their first token where they
            take several; "token", words that are one token as an answer (the paper's text); "spellings", the
            sum over all of `spellings`; "first", any word by its first token, which it may share with others
            (the paper's published code); "chain", all tokens of any word, in order.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no projection {kind!r}", hint="one of " + ", ".join(KINDS))
    forms_of: dict[Kind, Callable[[str], tuple[int | None, ...]]] = {
        "token": lambda word: (single_token(tokenizer, word),),
        "spellings": lambda word: spellings(tokenizer, word),
    }
    wanted, claimed = list(words), set[int]()
    if kind == "every":
        return _every(tokenizer, wanted)
    if kind == "first":
        return _firsts(tokenizer, wanted)
    if kind == "chain":
        return _chains(tokenizer, wanted)
    projected: dict[str, tuple[int, ...]] = {}
    for word in wanted:
        free = tuple(token for token in forms_of[kind](word) if token is not None and token not in claimed)
        if free and word not in projected:
            projected[word] = free
            claimed.update(free)
    return Projection(list(projected), list(projected.values()), len(projected) / max(len(wanted), 1))


def _every(tokenizer: PreTrainedTokenizerBase, wanted: list[str]) -> Projection:
    """All words; one of several tokens has the logit of its first token, as other words may have."""
    words = list(dict.fromkeys(wanted))
    nothing = tokenizer.unk_token_id if isinstance(tokenizer.unk_token_id, int) else 0
    spelled = [tuple(continuation(tokenizer, _answer(word))) or (nothing,) for word in words]
    claimed, split = set[int](), []
    for column, tokens in enumerate(spelled):
        if _only(tokenizer, tokens) is None or tokens[0] in claimed:
            split.append(column)
        claimed.update(tokens if len(tokens) == 1 else ())
    coverage = 1 - len(split) / max(len(words), 1)
    forms = [tokens[:1] for tokens in spelled]
    return Projection(
        words, forms, coverage, split=tuple(split), spelled=tuple(spelled[column] for column in split)
    )


def _firsts(tokenizer: PreTrainedTokenizerBase, wanted: list[str]) -> Projection:
    """All words that the tokenizer can begin; of words that begin alike each has the same logit."""
    begun = {word: first_token(tokenizer, word) for word in dict.fromkeys(wanted)}
    forms = {word: (token,) for word, token in begun.items() if token is not None}
    return Projection(list(forms), list(forms.values()), len(forms) / max(len(wanted), 1))


def _chains(tokenizer: PreTrainedTokenizerBase, wanted: list[str]) -> Projection:
    """All words that the tokenizer can spell; of words that it spells alike, the first."""
    word_of: dict[tuple[int, ...], str] = {}
    for word in dict.fromkeys(wanted):
        ids = tuple(continuation(tokenizer, _answer(word)))
        if ids and tokenizer.unk_token_id not in ids:
            word_of.setdefault(ids, word)
    forms: list[tuple[int, ...]] = [(chain[0],) for chain in word_of]
    return Projection(list(word_of.values()), forms, len(word_of) / max(len(wanted), 1), tuple(word_of))


def _only(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> int | None:
    return ids[0] if len(ids) == 1 and ids[0] != tokenizer.unk_token_id else None
