"""The first pass over a corpus: how much there is to read, and which words it uses."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.distilling.texts import Digests
from dsltm.words.counts import Counts, count_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Corpus, Document

# Estimates for the progress bar and the size of windows, not measured: the characters of a token of English
# text, and the tokens of an instruction behind the document.
_CHARACTERS_PER_TOKEN = 4
_TAIL_TOKENS = 8


@dataclass(frozen=True)
class Survey:
    """What a corpus of N documents holds, in memory of 20 bytes a document beside the words.

    Attributes:
        work: [N] uint32 about how many tokens the teacher reads for each document, the shared prefix not
            counted.
        digests: of the documents' texts.
        words: the counts of their words.
        skipped: rows that are not documents.
    """

    work: NDArray[np.uint32]
    digests: Digests
    words: Counts
    skipped: int


def estimate_tokens(text: str, max_tokens: int) -> int:
    """About how many tokens the teacher reads for a document, the shared prefix not counted."""
    return _TAIL_TOKENS + min(len(text) // _CHARACTERS_PER_TOKEN, max_tokens)


def survey(corpus: Corpus, *, max_tokens: int, seed: int = 0, phrases: bool = False) -> Survey:
    """Read a corpus once.

    Args:
        max_tokens: the longest prompt.
        seed: of the digests.
        phrases: count pairs of words, too.
    """
    work, digests = array("I"), Digests(seed)

    def tally() -> Iterator[Document]:
        for document in corpus:
            work.append(estimate_tokens(document.text, max_tokens))
            digests.add(document.text)
            yield document

    words = count_words(tally(), pairs=phrases)
    return Survey(np.frombuffer(work, np.uint32), digests, words, corpus.skipped)


def work_of(corpus: Iterable[Document], max_tokens: int) -> tuple[int, int]:
    """Read a corpus once, for how many documents it has and about how many tokens the teacher will read."""
    documents = work = 0
    for document in corpus:
        documents += 1
        work += estimate_tokens(document.text, max_tokens)
    return documents, work
