"""Topics of a text by its words alone: a linear model that learned them from a topic model, its teacher.

A word is described by itself and by the pieces of it, so that a word that nobody has seen still says
something (Bojanowski, Grave, Joulin and Mikolov, "Enriching word vectors with subword information", 2017).
Nothing here needs a language model or torch, and a document takes microseconds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array
from scipy.special import log_softmax

from dsltm.errors import DsltmError
from dsltm.formats.counts import of_rows
from dsltm.formats.model import edit_of
from dsltm.formats.strings import Strings
from dsltm.words.stopwords import AUTO, StopWords
from dsltm.words.text import joined, words_and_pairs
from dsltm.words.text import words as words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.model import Model

    Floats = NDArray[np.float32]

_PIECES = (3, 4)  # letters of a piece, ends of words counted; measured: 3 to 5, and 4 alone, do alike
_DAMAGED = "the arrays of the model's reader of words do not fit each other"
_ARRAYS = ("known", "known_indptr", "pieces", "pieces_indptr", "rarity", "weights", "bias")


def pieces(word: str) -> list[str]:
    """A word with its ends marked, `<word>`, and all runs of 3 and of 4 letters of that, each once."""
    whole = f"<{word}>"
    runs = {whole[start : start + size] for size in _PIECES for start in range(len(whole) - size + 1)}
    return [whole, *sorted(runs - {whole})]


def has_pieces(words: Sequence[str], index: Mapping[str, int]) -> csr_array:
    """[W, F] 1 where a word has a piece.

    Args:
        words: W of them.
        index: numbers F pieces; others are left out.
    """
    rows = [sorted({index[piece] for piece in pieces(word) if piece in index}) for word in words]
    return of_rows([dict.fromkeys(row, 1) for row in rows], len(index)).astype(np.float32)


def log_frequencies(counts: csr_array) -> csr_array:
    """1 + log n of every count n: a word that comes twice says less than twice as much."""
    weights = counts.astype(np.float32)
    weights.data = 1 + np.log(weights.data)
    return weights


def unit_lengths(weights: csr_array, squares: Floats) -> csr_array:
    """Documents [N, W] of length one, where word w is as long as the root of `squares` [W] tells."""
    lengths = np.sqrt(weights.power(2) @ squares)
    scaled = weights.copy()
    scaled.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(weights.indptr))
    return scaled


@dataclass(frozen=True)
class Student:
    """log θ = b + Σ_w f_w Σ_p c_p, normalised: each word w adds what its pieces p say of the topics.

    f_w is 1 + log of how often the word comes, scaled so that a document's words have length one. The K
    topics are those that the backbone was trained with.

    Attributes:
        known: W words of the documents of training.
        pieces: F pieces of words.
        rarity: [F] log((1 + M) / (1 + documents that have the piece)) + 1.
        weights: [F, K] c, the rarity included.
        bias: [K] b.
        language: whose stop words are passed over (ISO 639-1); they were not counted in training.
    """

    known: Sequence[str]
    pieces: Sequence[str]
    rarity: Floats
    weights: Floats
    bias: Floats
    language: str

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], topics: int, language: str) -> Student:
        """From the arrays that `arrays` gave.

        Raises:
            DsltmError: they are missing, or do not fit each other.
        """
        try:
            *strings, rarity, weights, bias = (arrays[name] for name in _ARRAYS)
        except KeyError as missing:
            raise DsltmError(f"the model's reader of words lacks its array {missing}") from None
        known, named = _distinct(*strings[:2]), _distinct(*strings[2:])
        numbers = all(array.dtype.kind == "f" for array in (rarity, weights, bias))
        shapes = weights.shape, rarity.shape, bias.shape
        if not numbers or shapes != ((len(named), topics), (len(named),), (topics,)):
            raise DsltmError(_DAMAGED)
        rarity, weights, bias = (array.astype(np.float32) for array in (rarity, weights, bias))
        return cls(known, named, rarity, weights, bias, language)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a model file keeps; the weights in half precision."""
        known, named = Strings.pack(self.known), Strings.pack(self.pieces)
        values = (known.data, known.indptr, named.data, named.indptr, self.rarity, self.weights, self.bias)
        kept = dict(zip(_ARRAYS, (np.asarray(value) for value in values), strict=True))
        return kept | {"weights": self.weights.astype(np.float16)}

    def of_counts(self, counts: csr_array) -> Floats:
        """log θ [N, K] of documents by their known words.

        Args:
            counts: [N, W] how often each of the words `known` comes.
        """
        return self._log_theta(counts, *self._known)

    def of_texts(self, texts: Iterable[str]) -> Floats:
        """log θ [N, K] of texts by all of their words but stop words, known or not."""
        numbers = dict(self.numbers)
        rows = [_numbered(self._words(text), numbers, self._stopwords) for text in texts]
        scores, squares = self._known
        if len(numbers) > len(self.known):
            more = self._describe(list(numbers)[len(self.known) :])
            scores, squares = np.concatenate([scores, more[0]]), np.concatenate([squares, more[1]])
        return self._log_theta(of_rows(rows, len(numbers)), scores, squares)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The columns of `of_counts` by their words."""
        return {word: number for number, word in enumerate(self.known)}

    def _words(self, text: str) -> list[str]:
        """The words of a text, and its phrases as far as they are known."""
        if not self._has_phrases:
            return words_of(text)
        words, pairs = words_and_pairs(text)
        return words + [phrase for pair in pairs if (phrase := joined(*pair)) in self.numbers]

    @cached_property
    def _has_phrases(self) -> bool:
        return any(" " in word for word in self.known)

    @cached_property
    def _stopwords(self) -> frozenset[str]:
        return StopWords.parse(AUTO).of([self.language])

    @cached_property
    def _places(self) -> dict[str, int]:
        return {piece: number for number, piece in enumerate(self.pieces)}

    @cached_property
    def _known(self) -> tuple[Floats, Floats]:
        return self._describe(self.known)

    def _describe(self, words: Sequence[str]) -> tuple[Floats, Floats]:
        """What words say of the topics [W, K], and the squares of their lengths [W]."""
        has = has_pieces(words, self._places)
        return np.asarray(has @ self.weights), np.asarray(has @ self.rarity**2)

    def _log_theta(self, counts: csr_array, scores: Floats, squares: Floats) -> Floats:
        theta = unit_lengths(log_frequencies(counts), squares) @ scores + self.bias
        return np.asarray(log_softmax(theta, axis=1), np.float32)


def _distinct(data: NDArray[Any], indptr: NDArray[Any]) -> list[str]:
    """The strings of two arrays, of which none may come twice.

    Raises:
        DsltmError: the arrays are damaged.
    """
    if (
        data.dtype != np.uint8
        or indptr.dtype != np.int64
        or data.ndim != 1
        or indptr.ndim != 1
        or not len(indptr)
        or indptr[0] != 0
        or indptr[-1] != len(data)
        or (np.diff(indptr) < 0).any()
    ):
        raise DsltmError(_DAMAGED)
    strings = list(Strings(data, indptr))
    if len({*strings}) < len(strings):
        raise DsltmError(_DAMAGED)
    return strings


def student_of(model: Model) -> Student | None:
    """The reader of words of a model; None where it was trained without.

    Raises:
        DsltmError: its arrays are damaged.
    """
    if model.student is None:
        return None
    return Student.of_arrays(model.student, edit_of(model.header, model.topics).topics, model.language)


def required_student(model: Model) -> Student:
    """The reader of words of a model that must have one.

    Raises:
        DsltmError: it has none, or its arrays are damaged.
    """
    if (student := student_of(model)) is None:
        raise DsltmError(
            "the model has no reader of words: models of dsltm 0.1, of ground and of attend have none",
            hint="train it anew",
        )
    return student


def aligned(counts: csr_array, words: Sequence[str], wanted: Sequence[str]) -> csr_array:
    """The columns [N, len(wanted)] of the words wanted; zero for words that were not counted.

    Args:
        counts: [N, W] of W words.
    """
    if list(words) == list(wanted):
        return counts
    places = {word: column for column, word in enumerate(wanted)}
    moves = of_rows([{places[word]: 1} if word in places else {} for word in words], len(wanted))
    return csr_array(counts @ moves)


def _numbered(words: list[str], numbers: dict[str, int], passed_over: frozenset[str]) -> dict[int, int]:
    """How often each word comes, by its number; a new word gets the next number."""
    counted = Counter(words)
    return {
        numbers.setdefault(word, len(numbers)): times
        for word, times in counted.items()
        if word in numbers or word not in passed_over
    }
