"""The words that the teacher is asked for, how many of them it can write, and the words that are counted."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.teacher.reading.projection import Kind, Projection, project
from dsltm.words.vocabulary import choose_words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dsltm.distilling.config import DistillConfig
    from dsltm.teacher.reading.teacher import Teacher
    from dsltm.words.config import Lexicon
    from dsltm.words.counts import Counts

# A teacher that can say a smaller part of the vocabulary is warned of; chosen, not measured.
LOW_COVERAGE = 0.9
# The names of so many words take half a megabyte of a labels file; chosen for that, not measured.
_MOST_WORDS = 50_000
# How a teacher writes the words that a projection keeps.
_WRITES: dict[Kind, str] = {
    "every": "as one token",
    "token": "as one token",
    "spellings": "as one token, in small letters or capitals",
    "first": "by their first token",
    "chain": "token by token",
}
# At this part of the words or less the tokens do not tell words apart: of words that share their first token
# only one is left. Chosen, not measured.
_COLLAPSED = 0.02


def vocabulary_of(counts: Counts, lexicon: Lexicon, teacher: Teacher, config: DistillConfig) -> Projection:
    """The words to read, and how many of the wanted ones the teacher can say."""
    wanted = wanted_words(config, counts, lexicon)
    projection = project(teacher.tokenizer, wanted, config.projection)
    report_coverage(projection, len(wanted), teacher.name, config.projection)
    return projection


def wanted_words(config: DistillConfig, counts: Counts, lexicon: Lexicon) -> tuple[str, ...]:
    """The vocabulary that is wanted, chosen from the corpus's words where none is given.

    Raises:
        DsltmError: no word is left.
    """
    if config.words is not None:
        return config.words
    chosen = choose_words(counts, config.size, min_df=config.min_df, stopwords=lexicon.stopwords)
    return tuple(entry.word for entry in chosen)


def counted_words(counts: Counts, vocabulary: Sequence[str], stopwords: Collection[str]) -> list[str]:
    """The words that the labels count: the vocabulary, then those of the most documents.

    The vocabulary keeps its order, so that its counts are the first columns; the others follow in the order
    of their document frequency, words of the same frequency by the alphabet. There are 50,000 at most. A word
    of a single document says nothing of how documents are alike, but its letters do
    (tests/bench/README.md, "Readers of words").

    Args:
        counts: of all words of the corpus.
        vocabulary: the words that the labels have logits of.
        stopwords: are not counted, unless they are of the vocabulary.
    """
    left_out = {*vocabulary, *stopwords}
    others = ((-documents, word) for word, documents in counts.df.items() if word not in left_out)
    return [*vocabulary, *(word for _, word in nsmallest(_MOST_WORDS - len(vocabulary), others))]


def report_coverage(projection: Projection, wanted: int, teacher: str, kind: Kind) -> None:
    """Say how many of the wanted words the teacher can say.

    Raises:
        DsltmError: none, or so few that its tokens do not tell words apart.
    """
    if projection.split:
        whole = len(projection.words) - len(projection.split)
        console.note(
            f"{teacher} writes {whole:,} of {wanted:,} words as one token ({projection.coverage:.0%}); "
            "the others are known by the documents that use them"
        )
        return
    if len(projection.words) <= _COLLAPSED * wanted:
        raise DsltmError(
            f"only {len(projection.words):,} of the vocabulary's {wanted:,} words are tokens of {teacher} "
            "that tell them apart",
            hint="--projection every, which keeps them all",
        )
    say = console.warn if projection.coverage < LOW_COVERAGE else console.note
    left = "; the others are left out" if projection.coverage < 1 else ""
    say(
        f"{teacher} writes {len(projection.words):,} of {wanted:,} words {_WRITES[kind]} "
        f"({projection.coverage:.0%}){left}"
    )
