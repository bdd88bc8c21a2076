"""`dsltm vocab`: a corpus in, the words that its topics will be made of out."""

from typing import TYPE_CHECKING, Literal

from dsltm import console
from dsltm.commands.options import CorpusFiles, CorpusOptions, Output
from dsltm.errors import UsageError
from dsltm.formats.source import STDIN
from dsltm.option import option
from dsltm.teacher.files.registry import ALIASES
from dsltm.words.config import WordConfig

if TYPE_CHECKING:
    from collections.abc import Callable


READS, WRITES = {"CORPUS": "Corpus"}, "Vocabulary"


def command(
    corpora: CorpusFiles = None,
    *,
    output: Output = None,
    size: int = option(2000, "At most N words.", min=1, metavar="N"),
    min_df: float | None = option(
        None,
        "Least number of documents; below 1, least share of them.",
        min=0,
        metavar="N",
        shown="1 to 10, by the corpus's size",
    ),
    max_df: float | None = option(
        None, "Greatest number of documents; below 1, greatest share of them.", min=0, metavar="N"
    ),
    words: WordConfig,
    phrases: bool = option(
        False, "Also phrases of two words that come together far more often than by chance."
    ),
    teacher: str | None = option(
        None,
        "Keep to words that this teacher writes as one token with a space in front.",
        metavar="NAME",
        words=tuple(ALIASES),
    ),
    preset: Literal["best", "paper"] = option(
        "best", "paper: the words that come most often in lower case, of letters alone, within sentences."
    ),
    reading: CorpusOptions,
) -> None:
    """Writes JSON lines {"word", "df", "tf"}: the words that come in the most documents, in how many, and how
    often in all. Edit them by hand and give them to `dsltm distill --vocab`. A word begins with a letter, has
    at least three characters and is lower-cased; words in equally many documents stand in the order of the
    alphabet.

    dsltm vocab corpus.jsonl > vocab.jsonl

    dsltm vocab reviews.csv --text-field review --stopwords de --min-df 5 -o vocab.jsonl
    """
    from dsltm.words.language import sample_of
    from dsltm.words.published import published_vocabulary
    from dsltm.words.vocabulary import build_vocabulary, write_vocabulary

    source, rules = reading.open(corpora or [STDIN]), words.rules()
    if preset == "paper":
        refused = {"min-df": min_df, "max-df": max_df, "teacher": teacher, "phrases": phrases or None}
        for name, value in refused.items():
            if value is not None:
                raise UsageError(f"--{name} has no place in the paper's rule for words")
        entries = published_vocabulary(source, size, stopwords=rules.of(sample_of(source)).stopwords)
    else:
        entries = build_vocabulary(
            source, size, min_df=min_df, max_df=max_df, rules=rules, phrases=phrases, keep=_sayable(teacher)
        )
    write_vocabulary(output, entries)
    console.note(f"{len(entries):,} words, from {entries[0].word} to {entries[-1].word}")


def _sayable(teacher: str | None) -> "Callable[[str], bool] | None":
    """Whether the teacher writes a word as one token."""
    if teacher is None:
        return None
    from dsltm.teacher.files.resolve import resolve
    from dsltm.teacher.files.tokenizer import load_tokenizer
    from dsltm.teacher.reading.projection import single_token

    tokenizer = load_tokenizer(resolve(teacher, console.info))
    return lambda word: single_token(tokenizer, word) is not None
