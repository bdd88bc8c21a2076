"""The topic vocabulary: the words that topics are made of, counted in one pass over a corpus."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import BinaryIO

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Document
from dsltm.formats.npz import header_of
from dsltm.formats.records import read_jsonl, write_jsonl
from dsltm.words.config import ENGLISH, WordRules
from dsltm.words.language import Sample
from dsltm.words.text import words

SIZE = 2000
_FEW_DOCUMENTS, _PER_MIN_DF, _LARGEST_MIN_DF = 100, 2000, 10  # of `usual_min_df`; chosen, not measured
_PRUNE_AT = 3_000_000  # distinct words; the rarest beyond are forgotten to bound memory; chosen, not measured


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of the vocabulary, in how many documents it comes (df) and how often in all (tf)."""

    word: str
    df: int = 0
    tf: int = 0


@dataclass
class Counts:
    """How often each word comes, and how many documents were counted; with a sample of their texts.

    Memory is bounded: once there are three million distinct words, those in the fewest documents are
    forgotten, which cannot reach the top few thousand.
    """

    documents: int = 0
    df: Counter[str] = field(default_factory=Counter)
    tf: Counter[str] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)
    _least: int = 1

    def bound(self) -> None:
        """Forget the rarest words where there are too many."""
        if len(self.df) > _PRUNE_AT:
            self.df = Counter({word: n for word, n in self.df.items() if n > self._least})
            self.tf = Counter({word: self.tf[word] for word in self.df})
            self._least += 1


def count_words(corpus: Iterable[Document]) -> Counts:
    """Count the words of a corpus in one pass."""
    counts, sample = Counts(), Sample()
    for document in corpus:
        tokens = words(document.text)
        sample.add(document.text)
        counts.documents += 1
        counts.tf.update(tokens)
        counts.df.update(set(tokens))
        counts.bound()
    counts.texts = sample.texts
    return counts


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
            f"no word is left: the {counts.documents:,} documents have none of three letters or more",
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


def usual_min_df(documents: int) -> int:
    """In how many documents a word must come to be chosen, by the size of a corpus.

    A word of a single document says nothing about a topic, and in a large corpus neither does a word of a few
    documents. A corpus of fewer than a hundred documents has too few words to leave any out.
    """
    if documents < _FEW_DOCUMENTS:
        return 1
    return min(max(2, documents // _PER_MIN_DF), _LARGEST_MIN_DF)


def build_vocabulary(
    corpus: Iterable[Document],
    size: int = SIZE,
    *,
    min_df: float | None = None,
    max_df: float | None = None,
    rules: WordRules = ENGLISH,
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
        keep: whether a word may be in it, such as whether a teacher writes it as one token; asked in rank
            order until there are `size` words.

    Returns:
        The entries in rank order.

    Raises:
        DsltmError: no word is left.
    """
    counts = count_words(corpus)
    stop = rules.of(counts.texts).stopwords
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
    known = (header_of(path) or {}).get("vocabulary")
    if isinstance(known, list) and all(isinstance(word, str) for word in known):
        return [Entry(word) for word in known]
    seen: dict[str, Entry] = {}
    name = "standard input" if path == "-" else path
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
