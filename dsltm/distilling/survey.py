"""The first pass over a corpus: how much there is to read, and which words it uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsltm.words.vocabulary import Counts, count_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsltm.formats.corpus import Corpus, Document

# Estimates for the progress bar and the size of windows, not measured: the characters of a token of English
# text, and the tokens of an instruction behind the document.
_CHARACTERS_PER_TOKEN = 4
_TAIL_TOKENS = 8


@dataclass(frozen=True)
class Survey:
    """What a corpus holds.

    Attributes:
        documents: how many.
        work: about how many tokens the teacher will read, the shared prefix not counted.
        words: the counts of their words, None where they were not wanted.
        skipped: rows that are not documents.
    """

    documents: int
    work: int
    words: Counts | None
    skipped: int


def estimate_tokens(text: str, max_tokens: int) -> int:
    """About how many tokens the teacher reads for a document, the shared prefix not counted."""
    return _TAIL_TOKENS + min(len(text) // _CHARACTERS_PER_TOKEN, max_tokens)


def survey(corpus: Corpus, *, max_tokens: int, shard: tuple[int, int], count: bool) -> Survey:
    """Read a corpus once.

    Args:
        max_tokens: the longest prompt.
        shard: (i, n); `work` counts only documents whose number leaves i after division by n.
        count: whether to count words, too; they are counted over all shards.
    """
    totals = [0, 0]

    def tally() -> Iterator[Document]:
        for number, document in enumerate(corpus):
            totals[0] += 1
            if number % shard[1] == shard[0]:
                totals[1] += estimate_tokens(document.text, max_tokens)
            yield document

    words = count_words(tally()) if count else None
    if not count:
        for _ in tally():
            pass
    return Survey(totals[0], totals[1], words, corpus.skipped)
