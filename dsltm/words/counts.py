"""The words of a corpus, and phrases of two, counted in one pass over it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from dsltm.words.language import Sample
from dsltm.words.text import joined, words, words_and_pairs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dsltm.formats.corpus import Document

Pair = tuple[str, str]
Item = TypeVar("Item", str, Pair)

# Of `usual_min_df`. One in 4,000 was measured (tests/bench/README.md, "Words: which score, which target");
# the others are chosen, not measured.
_FEW_DOCUMENTS, _PER_MIN_DF, _LARGEST_MIN_DF = 100, 4000, 10
_PRUNE_AT = 3_000_000  # distinct words; the rarest beyond are forgotten to bound memory; chosen, not measured
# What makes two words a phrase: association (tests/bench/README.md, "Phrases", compares them), and documents;
# and the part of a word's documents at which it is left to the phrase. The last two are chosen, not measured.
_ASSOCIATION, _LEAST_PHRASE, _WHOLE = 0.3, 5, 0.75


@dataclass
class Counts:
    """How often each word comes, and how many documents were counted; with a sample of their texts.

    Memory is bounded: once there are three million distinct words, or pairs of words, those in the fewest
    documents are forgotten, which cannot reach the top few thousand.

    Attributes:
        documents: how many were counted.
        df, tf: in how many of them each word comes, and how often in all.
        pair_df, pair_tf: the same of words that stand side by side; empty unless they were counted.
        texts: a sample, as `language.Sample` keeps one.
    """

    documents: int = 0
    df: Counter[str] = field(default_factory=Counter)
    tf: Counter[str] = field(default_factory=Counter)
    pair_df: Counter[Pair] = field(default_factory=Counter)
    pair_tf: Counter[Pair] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)
    _least: int = 1
    _least_pair: int = 1

    def add(self, other: Counts) -> None:
        """Add the counts of other documents, but not their texts."""
        self.documents += other.documents
        self.df.update(other.df)
        self.tf.update(other.tf)
        self.pair_df.update(other.pair_df)
        self.pair_tf.update(other.pair_tf)
        self.bound()

    def bound(self) -> None:
        """Forget the rarest words where there are too many."""
        if len(self.df) > _PRUNE_AT:
            self.df, self.tf = _frequent(self.df, self.tf, self._least)
            self._least += 1
        if len(self.pair_df) > _PRUNE_AT:
            self.pair_df, self.pair_tf = _frequent(self.pair_df, self.pair_tf, self._least_pair)
            self._least_pair += 1


def _frequent(df: Counter[Item], tf: Counter[Item], least: int) -> tuple[Counter[Item], Counter[Item]]:
    """The counts of what comes in more documents than `least`."""
    kept = Counter({item: n for item, n in df.items() if n > least})
    return kept, Counter({item: tf[item] for item in kept})


def count_words(corpus: Iterable[Document], *, pairs: bool = False) -> Counts:
    """Count the words of a corpus in one pass, and pairs of neighbouring words where they are wanted."""
    counts, sample = Counts(), Sample()
    for document in corpus:
        if pairs:
            tokens, neighbours = words_and_pairs(document.text)
            counts.pair_tf.update(neighbours)
            counts.pair_df.update(set(neighbours))
        else:
            tokens = words(document.text)
        sample.add(document.text)
        counts.documents += 1
        counts.tf.update(tokens)
        counts.df.update(set(tokens))
        counts.bound()
    counts.texts = sample.texts
    return counts


def usual_min_df(documents: int) -> int:
    """In how many documents a word must come to be chosen, by the size of a corpus.

    A word of a single document says nothing about a topic, and in a large corpus neither does a word of a few
    documents. A corpus of fewer than a hundred documents has too few words to leave any out.
    """
    if documents < _FEW_DOCUMENTS:
        return 1
    return min(max(2, documents // _PER_MIN_DF), _LARGEST_MIN_DF)


def with_phrases(counts: Counts, stopwords: Collection[str]) -> Counts:
    """The counts with phrases among the words, where pairs were counted; else the counts themselves.

    Two neighbouring words are a phrase where their normalised pointwise mutual information, over documents
    (Bouma 2009, "Normalized (pointwise) mutual information in collocation extraction"), is .3 or more, in
    five documents or more. A phrase is counted beside its words; but a word that three quarters of its
    documents have within one phrase is left to the phrase.

    Args:
        stopwords: words of no phrase.
    """
    if not counts.pair_df:
        return counts
    total, df, tf = counts.documents, counts.df.copy(), counts.tf.copy()
    least = max(_LEAST_PHRASE, usual_min_df(total))
    for (a, b), both in sorted(counts.pair_df.items()):
        if both < least or a == b or a in stopwords or b in stopwords:
            continue
        chance = counts.df[a] * counts.df[b] / total
        # Where every document has both, the measure is 0 / 0, and they tell nothing.
        if not chance or both == total or math.log(both / chance) < _ASSOCIATION * math.log(total / both):
            continue
        name = joined(a, b)
        df[name] += both
        tf[name] += counts.pair_tf[a, b]
        for word in (a, b):
            if both >= _WHOLE * counts.df[word]:
                del df[word]
    return replace(counts, df=df, tf=tf)
