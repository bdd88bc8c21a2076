"""Word vectors, from a labels file or from a file of the user's."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.output import reason
from dsltm.formats.records import decode
from dsltm.formats.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels


@dataclass(frozen=True, slots=True)
class WordVectors:
    """Directions of words in one space.

    Attributes:
        places: each word's row.
        directions: [n, E] float32, of length one; a zero vector stays zero, at cosine 0 to all.
    """

    places: dict[str, int]
    directions: NDArray[np.float32]

    @classmethod
    def of(cls, words: Iterable[str], vectors: NDArray[np.floating]) -> WordVectors:
        """Word vectors [n, E] of n words, brought to length one; of a word that comes twice the first."""
        places: dict[str, int] = {}
        for row, word in enumerate(words):
            places.setdefault(word, row)
        floats = np.asarray(vectors, np.float32)
        lengths = np.linalg.norm(floats, axis=1, keepdims=True)
        return cls(places, np.divide(floats, lengths, out=np.zeros_like(floats), where=lengths > 0))

    def of_words(self, words: Sequence[str]) -> NDArray[np.float32]:
        """[n, E] the directions of n words in their order, zero for those that have none."""
        rows = np.zeros((len(words), self.directions.shape[1]), np.float32)
        for number, word in enumerate(words):
            if word in self.places:
                rows[number] = self.directions[self.places[word]]
        return rows

    @classmethod
    def of_labels(cls, labels: Labels) -> WordVectors | None:
        """The teacher's output embeddings of the vocabulary, None where the file has none.

        Their mean is taken away first: output embeddings share a long common part that says nothing of a word
        (Mu and Viswanath 2018, "All-but-the-top").
        """
        embeddings = np.asarray(labels.word_embeddings, np.float32)
        if not embeddings.size:
            return None
        return cls.of(labels.vocabulary, embeddings - embeddings.mean(axis=0))


def read_word_vectors(path: str, wanted: set[str]) -> WordVectors:
    """Read the vectors of some words from a file; only these stay in memory.

    Args:
        path: an NPZ with the arrays `words` [n] and `vectors` [n, E]; an NPY with the vectors, beside a text
            file of the same name that ends in .txt and has a word on each line; or text as word2vec, GloVe
            and fastText write it, packed or not: a word and its numbers on each line, and perhaps a first
            line with the numbers of words and dimensions.
        wanted: the words to look for.

    Raises:
        DsltmError: the file is missing, damaged, of another kind, or has none of the words.
    """
    try:
        if path.endswith(".npz"):
            words, vectors = _from_npz(path, wanted)
        elif path.endswith(".npy"):
            words, vectors = _from_npy(path, wanted)
        else:
            words, vectors = _from_text(path, wanted)
    except (EOFError, zipfile.BadZipFile) as error:
        raise DsltmError(f"{path}: is damaged ({error})") from error
    except OSError as error:
        raise DsltmError(f"{path}: {reason(error)}") from error
    if not words:
        raise DsltmError(f"{path}: has a vector for none of the topics' words")
    if not np.isfinite(vectors).all():
        raise DsltmError(f"{path}: holds vectors that are not finite numbers")
    return WordVectors.of(words, vectors)


def _from_npz(path: str, wanted: set[str]) -> tuple[list[str], NDArray[np.floating]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            words, vectors = archive["words"], archive["vectors"]
    except (KeyError, ValueError, TypeError, AttributeError):
        raise DsltmError(f"{path}: is no NPZ with the arrays 'words', of strings, and 'vectors'") from None
    if words.ndim != 1 or words.dtype.kind != "U":
        raise DsltmError(f"{path}: its array 'words' is not a list of strings")
    return _rows(path, words.tolist(), vectors, wanted)


def _from_npy(path: str, wanted: set[str]) -> tuple[list[str], NDArray[np.floating]]:
    beside = Path(path).with_suffix(".txt")
    if Path(path).exists() and not beside.exists():
        raise DsltmError(f"{path}: its words, one a line, are looked for in {beside}, which does not exist")
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise DsltmError(f"{path}: is no NPY of numbers ({error})") from None
    words = [decode(line, str(beside)) for line in Source(str(beside)).lines()]
    return _rows(path, words, vectors, wanted)


def _rows(
    path: str, words: list[str], vectors: NDArray[np.floating], wanted: set[str]
) -> tuple[list[str], NDArray[np.floating]]:
    """Those words and vectors of arrays that are wanted."""
    if vectors.ndim != 2 or vectors.dtype.kind != "f" or len(vectors) != len(words):
        raise DsltmError(f"{path}: its vectors are not a row of numbers for each of its {len(words):,} words")
    rows = [row for row, word in enumerate(words) if word in wanted]
    return [words[row] for row in rows], np.asarray(vectors[rows])


def _from_text(path: str, wanted: set[str]) -> tuple[list[str], NDArray[np.floating]]:
    words: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    size: int | None = None
    for number, line in enumerate(Source(path).lines(), 1):
        # Split from the right, because a word may have spaces and a number has none.
        word, *fields = decode(line, f"{path}:{number}").rstrip().rsplit(" ", size or -1)
        # The first line of word2vec's files has the numbers of words and dimensions.
        if number == 1 and len(fields) == 1:
            continue
        size = size or len(fields)
        if len(fields) != size or not size:
            raise DsltmError(f"{path}:{number}: is not a word and its {size or 'vector of'} numbers")
        if word in wanted:
            try:
                vectors.append(np.array(fields, np.float32))
            except ValueError:
                raise DsltmError(f"{path}:{number}: is not a word and its {size} numbers") from None
            words.append(word)
    return words, np.array(vectors, np.float32).reshape(len(words), size or 0)
