"""Texts in, the words that topics will be made of out: what `dsltm vocab` does."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.api.corpora import corpus_of
from dsltm.formats.fields import Fields
from dsltm.words.config import WordConfig
from dsltm.words.vocabulary import SIZE, build_vocabulary

if TYPE_CHECKING:
    from dsltm.api.corpora import TextsLike
    from dsltm.api.records import Record


def vocab(
    texts: TextsLike,
    *,
    size: int = SIZE,
    min_df: float | None = None,
    max_df: float | None = None,
    language: str = "auto",
    stopwords: str = "auto",
    phrases: bool = False,
    text_field: str = "text",
    progress: bool = False,
) -> list[Record]:
    """The words that come in the most documents, to be looked through and given to `distill`.

    Args:
        texts: as `distill` takes them.
        size: at most so many words.
        min_df, max_df: least and greatest number of documents; below 1, share of them.
        language, stopwords: as of `distill`.
        phrases: also phrases of two words that come together far more often than by chance.
        text_field: the name of a row's text.
        progress: print messages on standard error.

    Returns:
        Records of "word", "df" (how many documents have it) and "tf" (how often it comes).

    Raises:
        DsltmError: the texts cannot be read, or no word is left.

    >>> words = [entry["word"] for entry in dsltm.vocab(["storm and rain", "rain and wind"])]
    >>> words
    ['rain', 'storm', 'wind']
    >>> labels = dsltm.distill("corpus.jsonl", teacher="teacher", vocabulary=["storm", "rain"])
    >>> labels.vocabulary
    ['storm', 'rain']
    """
    rules = WordConfig(language, stopwords).rules()
    with console.called_by_a_program(progress=progress):
        corpus = corpus_of(texts, Fields(text_field, None))
        entries = build_vocabulary(corpus, size, min_df=min_df, max_df=max_df, rules=rules, phrases=phrases)
    return [asdict(entry) for entry in entries]
