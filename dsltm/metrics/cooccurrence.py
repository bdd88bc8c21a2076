"""Counting in how many windows of a reference corpus the words of a topic occur, alone and together.

A sliding window of W tokens moves over each document one token a step: a document of T tokens has
max(1, T-W+1) windows (an empty one has one, as gensim counts). The windows are never built. An occurrence at
position p lies in the windows that start at p-W+1 … p; such intervals of one word are merged where they
touch; and the windows that two words share are the overlap of their intervals. With the intervals of a
block of documents in the order of their starts, those that overlap an interval follow it directly, so that
numpy walks all pairs at distance 1, then 2, 3 …. Work grows with the occurrences of topic words and what
they meet, not with windows times words, and memory with the block and the topics, not with the reference.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dsltm.metrics.config import Counting

DOCUMENT = 0
"""The window that is the whole document."""

Integers = NDArray[np.int64]
Token = TypeVar("Token", bound=Hashable)

# Both bound memory and change no result.
_BLOCK_TOKENS = 1 << 19  # tokens held at a time, whose intervals take some tens of megabytes
_GROUP_WORDS = 4096  # different words counted together, whose table of pairs takes 64 MiB


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """What was counted with one window size.

    Attributes:
        total: number of windows in the reference.
        joint: one matrix [n_k, n_k] a topic: windows that hold both words, on the diagonal those that hold
            the word.
    """

    total: int
    joint: list[Integers]


def count_windows(
    documents: Iterable[Sequence[Token]],
    topics: Sequence[Sequence[Token]],
    windows: Sequence[int],
    counting: Counting = "gensim",
) -> dict[int, WindowCounts]:
    """Count the topics' words in one pass over the reference, for several window sizes at once.

    Args:
        documents: the tokens of each document, strings or numbers; read once and not kept.
        topics: the words of each topic, all different within a topic, of the same kind as the tokens.
        windows: sizes in tokens, `DOCUMENT` for the whole document.
        counting: see `config.Counting`.
    """
    vocabulary = {word: code for code, word in enumerate(dict.fromkeys(w for topic in topics for w in topic))}
    coded = [np.array([vocabulary[word] for word in topic], dtype=np.int64) for topic in topics]
    groups = [_Group(part, len(vocabulary), windows) for part in _parts(coded)]
    totals = dict.fromkeys(windows, 0)
    for block in _blocks(documents, vocabulary):
        for window in windows:
            sizes = np.maximum(block.length - window + 1, 1) if window else np.ones_like(block.length)
            totals[window] += int(sizes.sum())
            word, start, end = _presence(block, window, sizes, counting)
            for group in groups:
                group.add(window, word, start, end)
    return {
        window: WindowCounts(totals[window], [joint for group in groups for joint in group.joint(window)])
        for window in windows
    }


@dataclass(frozen=True, slots=True)
class _Block:
    """Where the topics' words stand in some documents written one after another, in the order of the text.

    Attributes:
        word, document, place: of each occurrence: which word, in which document, at which token.
        first, length: of each document: its first token and the number of its tokens.
    """

    word: Integers
    document: Integers
    place: Integers
    first: Integers
    length: Integers


def _blocks(documents: Iterable[Sequence[Token]], vocabulary: dict[Token, int]) -> Iterator[_Block]:
    codes: list[int] = []
    lengths: list[int] = []
    for tokens in documents:
        codes.extend(map(vocabulary.get, tokens, repeat(-1)))
        lengths.append(len(tokens))
        if len(codes) + len(lengths) >= _BLOCK_TOKENS:
            yield _block(codes, lengths)
            codes, lengths = [], []
    if lengths:
        yield _block(codes, lengths)


def _block(codes: list[int], lengths: list[int]) -> _Block:
    length = np.array(lengths, dtype=np.int64)
    word = np.array(codes, dtype=np.int64)
    place = np.flatnonzero(word >= 0)
    document = np.repeat(np.arange(len(length)), length)[place]
    return _Block(word[place], document, place, np.cumsum(length) - length, length)


def _presence(
    block: _Block, window: int, sizes: Integers, counting: Counting
) -> tuple[Integers, Integers, Integers]:
    """The runs of windows that hold a word: the word, its first and last window; runs of a word never touch.

    Windows are numbered through the block, so that runs in two documents never overlap.
    """
    order = np.argsort(block.word, kind="stable")  # each word's occurrences in the order of the text
    word, document, place = block.word[order], block.document[order], block.place[order]
    position = place - block.first[document]
    start = np.maximum(position - window + 1, 0) if window else np.zeros_like(position)
    if window and counting == "gensim":
        # In gensim's counting the word is lost when its first occurrence in the window leaves.
        key = word * int(block.length.sum())
        leaves = position[np.searchsorted(key + place, key + block.first[document] + start)]
    else:
        leaves = position
    offset = (np.cumsum(sizes) - sizes)[document]
    end = offset + np.minimum(leaves, sizes[document] - 1)
    start = offset + np.minimum(start, sizes[document] - 1)
    # Along one word starts and ends only grow: an interval can touch the one before it, and no other.
    fresh = np.ones(len(word) + 1, dtype=np.bool_)
    fresh[1:-1] = (word[1:] != word[:-1]) | (document[1:] != document[:-1]) | (start[1:] > end[:-1] + 1)
    bounds = np.flatnonzero(fresh)
    return word[bounds[:-1]], start[bounds[:-1]], end[bounds[1:] - 1]


def _parts(topics: Sequence[Integers]) -> Iterator[list[Integers]]:
    """Topics in groups of at most `_GROUP_WORDS` different words, so that tables of word pairs stay small."""
    part: list[Integers] = []
    words: set[int] = set()
    for topic in topics:
        if part and len(words.union(topic.tolist())) > _GROUP_WORDS:
            yield part
            part, words = [], set()
        part.append(topic)
        words.update(topic.tolist())
    if part:
        yield part


class _Group:
    """Counts of the words and word pairs of some topics; pairs that no topic has are not counted."""

    def __init__(self, topics: Sequence[Integers], vocabulary: int, windows: Sequence[int]) -> None:
        words = np.unique(np.concatenate(topics))
        self.local = np.full(vocabulary, -1, dtype=np.int64)
        self.local[words] = np.arange(len(words))
        self.topics = [self.local[topic] for topic in topics]
        wanted = np.zeros((len(words), len(words)), dtype=np.bool_)
        for topic in self.topics:
            wanted[np.ix_(topic, topic)] = True
        pairs = np.flatnonzero(wanted)
        self.width, self.unlisted = len(words), len(pairs)
        self.slot = np.full(wanted.size, self.unlisted, dtype=np.int32)
        self.slot[pairs] = np.arange(len(pairs))
        self.counts = {window: np.zeros(len(pairs) + 1, dtype=np.int64) for window in windows}

    def add(self, window: int, word: Integers, start: Integers, end: Integers) -> None:
        """Add the overlaps of a block's intervals to the counts of a window size."""
        word = self.local[word]
        if self.width < len(self.local):
            mine = word >= 0
            word, start, end = word[mine], start[mine], end[mine]
        self._count(window, word * (self.width + 1), end - start + 1)
        order = np.argsort(start, kind="stable")
        word, start, end = word[order], start[order], end[order]
        follower = np.searchsorted(start, end, side="right")  # the first run that begins after this one ends
        alive = np.arange(len(word))
        distance = 1
        while len(alive := alive[follower[alive] > alive + distance]):
            pair = word[alive] * self.width + word[alive + distance]
            one = alive[self.slot[pair] < self.unlisted]
            two = one + distance
            overlap = np.minimum(end[one], end[two]) - start[two] + 1
            self._count(window, word[one] * self.width + word[two], overlap)
            distance += 1

    def _count(self, window: int, pair: Integers, amount: Integers) -> None:
        # Sums in float64 are exact far beyond the windows of any block.
        added = np.bincount(self.slot[pair], weights=amount, minlength=self.unlisted + 1)
        self.counts[window] += added.astype(np.int64)

    def joint(self, window: int) -> Iterator[Integers]:
        """The count matrix of each topic, both orders of a pair added up."""
        counts = self.counts[window][self.slot.reshape(self.width, self.width)]
        for topic in self.topics:
            block = counts[np.ix_(topic, topic)]
            yield block + block.T - np.diag(np.diag(block))
