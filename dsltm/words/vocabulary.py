"""The topic vocabulary: the words that topics are made of, by how many documents use them."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from typing import BinaryIO

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Document
from dsltm.formats.inputs import name_of
from dsltm.formats.records import read_jsonl, write_jsonl
from dsltm.words.config import ENGLISH, WordRules
from dsltm.words.counts import Counts, count_words, usual_min_df, with_phrases

SIZE = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of the vocabulary, in how many documents it comes (df) and how often in all (tf)."""

    word: str
    df: int = 0
    tf: int = 0


def choose_words(
    counts: Counts,
    size: int = SIZE,
    *,
    min_df: float | None = None,
    max_df: float | None = None,
    stopwords: Collection[str] = (),
    keep: Callable[[str], bool] | None = None,
) -> list[Entry]:
    """Choose the words that come in the most documents; see `build_vocabulary`."""
    least = usual_min_df(counts.documents) if min_df is None else _documents(min_df, counts.documents)
    most = counts.documents if max_df is None else _documents(max_df, counts.documents)
    stop = frozenset(stopwords)
    ranked = sorted((-df, word) for word, df in counts.df.items() if least <= df <= most and word not in stop)
    allowed = ((word, -df) for df, word in ranked if keep is None or keep(word))
    entries = [Entry(word, df, counts.tf[word]) for word, df in islice(allowed, size)]
    if not counts.df:
        raise DsltmError(
            f"no word is left: the {counts.documents:,} documents have none of two letters or more",
            hint="more text",
        )
    if not entries:
        raise DsltmError(
            f"no word is left of the {len(counts.df):,} in {counts.documents:,} documents",
            hint="--min-df 1, --stopwords none or more text"
            if least > 1
            else "--stopwords none or more text",
        )
    return entries


def build_vocabulary(
    corpus: Iterable[Document],
    size: int = SIZE,
    *,
    min_df: float | None = None,
    max_df: float | None = None,
    rules: WordRules = ENGLISH,
    phrases: bool = False,
    keep: Callable[[str], bool] | None = None,
) -> list[Entry]:
    """Choose the topic vocabulary of a corpus.

    Words are ranked by the number of documents they come in, so that one long document does not decide;
    ties are broken by the word. The order never depends on hashing.

    Args:
        corpus: the documents, read once.
        size: at most so many words.
        min_df: the least number of documents, or, below 1, the least share of them; None for
            `usual_min_df`.
        max_df: the greatest number, or, below 1, share; None for no bound.
        rules: which words are left out.
        phrases: choose phrases of two words, too; see `with_phrases`.
        keep: whether a word may be in it, such as whether a teacher writes it as one token; asked in rank
            order until there are `size` words.

    Returns:
        The entries in rank order.

    Raises:
        DsltmError: no word is left.
    """
    counts = count_words(corpus, pairs=phrases)
    stop = rules.of(counts.texts).stopwords
    counts = with_phrases(counts, stop)
    return choose_words(counts, size, min_df=min_df, max_df=max_df, stopwords=stop, keep=keep)


def write_vocabulary(target: str | BinaryIO | None, entries: Iterable[Entry]) -> None:
    """Write a vocabulary as JSON lines; `target` as in `write_jsonl`."""
    write_jsonl(target, map(asdict, entries))


def read_vocabulary(path: str) -> list[Entry]:
    """Read a vocabulary that `write_vocabulary` wrote and perhaps somebody edited, or that of a model.

    Only "word" must be there. The order is kept.

    Args:
        path: a file of JSON lines, or "-" for standard input; or a model or labels file, whose words it has.

    Raises:
        DsltmError: a line without a word, a word that comes twice, or no word at all.
    """
    # Who only counts words need not wait for numpy.
    from dsltm.formats.npz import header_of

    known = (header_of(path) or {}).get("vocabulary")
    if isinstance(known, list) and all(isinstance(word, str) for word in known):
        return [Entry(word) for word in known]
    seen: dict[str, Entry] = {}
    name = name_of(path)
    for number, row in read_jsonl(path):
        word = row.get("word")
        if not isinstance(word, str) or not word.strip():
            raise DsltmError(f'{name}:{number}: no "word" that is a string')
        df, tf = row.get("df", 0), row.get("tf", 0)
        if type(df) is not int or type(tf) is not int:
            raise DsltmError(f'{name}:{number}: "df" and "tf" must be whole numbers')
        word = word.strip()
        if word in seen:
            raise DsltmError(f"{name}:{number}: the word {word!r} comes twice")
        seen[word] = Entry(word, df, tf)
    if not seen:
        raise DsltmError(f"{name}: no words")
    return list(seen.values())


def _documents(bound: float, total: int) -> float:
    return bound * total if bound < 1 else bound
