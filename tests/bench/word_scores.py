"""How good the words of topics are: the columns of `reproduce.py` on words.

The documents' own words and those of a reference are cut by dsltm's tokenizer and counted whole, whatever a
model's vocabulary is, so that all tools' words are held to the same texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import outside
from scipy import sparse

from dsltm.formats.corpus import Corpus
from dsltm.metrics.coherence import COHERENCE, coherence
from dsltm.metrics.config import SHOWN_WORDS, TOP_WORDS
from dsltm.metrics.cooccurrence import count_windows
from dsltm.metrics.diversity import top_words, topic_diversity
from dsltm.metrics.presence import as_token
from dsltm.metrics.usage import precision_and_coverage
from dsltm.words.text import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


# Words for the classes of StackOverflow, which the file has as numbers from 1 (Xu et al. 2015).
NAMES = {
    "stackoverflow": {
        *("wordpress", "oracle", "svn", "apache", "excel", "matlab", "visual", "cocoa", "osx", "bash"),
        *("spring", "hibernate", "scala", "sharepoint", "ajax", "qt", "drupal", "linq", "haskell", "magento"),
    }
}


@dataclass(frozen=True)
class Tokens:
    """Tokenised texts, as numbers so that millions of them fit in memory.

    Attributes:
        index: each word's number.
        flat: the tokens of all texts, one text after another.
        bounds: where each text begins, and where the last one ends.
    """

    index: dict[str, int]
    flat: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, texts: Iterable[str]) -> Tokens:
        index: dict[str, int] = {}
        parts = [np.array([index.setdefault(w, len(index)) for w in words(text)], np.int32) for text in texts]
        return cls(index, np.concatenate(parts), np.cumsum([0, *map(len, parts)]))

    def texts(self) -> Iterator[list[int]]:
        for start, end in zip(self.bounds[:-1], self.bounds[1:], strict=True):
            yield self.flat[start:end].tolist()

    def coded(self, topics: list[list[str]]) -> list[list[int]]:
        """Topics in the numbers of these texts; words that no text has get numbers of their own."""
        extra: dict[str, int] = {}
        return [
            [self.index.get(w, len(self.index) + extra.setdefault(w, len(extra))) for w in topic]
            for topic in topics
        ]

    def presence(self, topics: list[list[str]]) -> sparse.csr_array:
        """[texts, words of all topics] 1 where a text has a word."""
        count = len(self.bounds) - 1
        rows = np.repeat(np.arange(count), np.diff(self.bounds))
        shape = (count, len(self.index) + sum(map(len, topics)))
        held = sparse.csr_array((np.ones(len(rows), np.int64), (rows, self.flat)), shape=shape)
        columns = np.array([number for topic in self.coded(topics) for number in topic], np.int64)
        return (held[:, columns] > 0).astype(np.int64)


@cache
def own_tokens(source: Path) -> Tokens:
    return Tokens.of(outside.documents(source)[0])


@cache
def reference_tokens(path: Path, limit: int | None) -> Tokens:
    documents = (document.text for document in Corpus(str(path)))
    return Tokens.of(text for _, text in zip(range(limit or 1 << 40), documents, strict=False))


def score(
    topics: list[list[str]], chosen: np.ndarray, source: Path, reference: Path, limit: int | None
) -> dict[str, float]:
    """The columns on words.

    What a reader sees is measured on the first ten words of a topic. Coherence in the reference is
    over fifteen, as in the paper.

    Args:
        topics: the words of each.
        chosen: [N] the topic of each document, -1 for none.
        source: the corpus.
        reference: another corpus, on which C_V and a second NPMI are measured.
        limit: only so many documents of the reference.
    """
    tops = cut(topics, SHOWN_WORDS)
    own = own_tokens(source)
    precision, coverage = precision_and_coverage(tops, chosen, own.presence(tops))
    names = NAMES.get(re.split("[-.]", source.name)[0])
    elsewhere = coherent(cut(topics, TOP_WORDS), reference_tokens(reference, limit), "c_v", "npmi")
    return {
        **({"names": len(names & {word for top in tops for word in top})} if names else {}),
        "precision": float(np.nanmean(precision)),
        "coverage": float(np.nanmean(coverage)),
        "distinct": topic_diversity(tops, SHOWN_WORDS),
        "NPMI": coherent(tops, own, "npmi_doc")["npmi_doc"],
        "C_V": elsewhere["c_v"],
        "NPMI, Wikipedia": elsewhere["npmi"],
    }


def cut(topics: list[list[str]], count: int) -> list[list[str]]:
    """The first words of each topic, as tokens, each once."""
    return [top_words([as_token(word) for word in topic], count) for topic in topics]


def coherent(tops: list[list[str]], tokens: Tokens, *names: str) -> dict[str, float]:
    """The mean of each measure over topics, in one pass over the tokens."""
    measures = {name: COHERENCE[name] for name in names}
    coded = tokens.coded(tops)
    counts = count_windows(tokens.texts(), coded, [measure.window for measure in measures.values()])
    return coherence(coded, counts, measures).means()
