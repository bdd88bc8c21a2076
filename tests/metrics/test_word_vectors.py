"""Word vectors from files of three kinds, and what is refused."""

import bz2
import gzip
from pathlib import Path

import numpy as np
import pytest

from dsltm.errors import DsltmError
from dsltm.formats.word_vectors import read_word_vectors

WORDS = ["cat", "dog", "two words", "éclair"]
VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3) + 1


def text(header: str = "") -> str:
    rows = [" ".join([word, *map(str, row)]) for word, row in zip(WORDS, VECTORS.tolist(), strict=True)]
    return header + "\n".join(rows) + "\n"


def write_all(folder: Path) -> list[str]:
    np.savez(folder / "v.npz", words=np.array(WORDS), vectors=VECTORS)
    np.save(folder / "w.npy", VECTORS)
    (folder / "w.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    (folder / "glove.txt").write_text(text(), encoding="utf-8")
    (folder / "word2vec.vec").write_text(text("4 3\n"), encoding="utf-8")
    (folder / "fasttext.vec.gz").write_bytes(gzip.compress(text("4 3\n").encode()))
    return [str(folder / n) for n in ("v.npz", "w.npy", "glove.txt", "word2vec.vec", "fasttext.vec.gz")]


def test_every_kind_gives_the_same_directions(tmp_path: Path) -> None:
    for path in write_all(tmp_path):
        read = read_word_vectors(path, {"dog", "two words", "éclair", "bird"})
        assert sorted(read.places) == ["dog", "two words", "éclair"]  # what is not wanted is not kept
        for word, row in read.places.items():
            expected = VECTORS[WORDS.index(word)] / np.linalg.norm(VECTORS[WORDS.index(word)])
            assert read.directions[row] == pytest.approx(expected)


def test_text_is_read_as_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "v.vec.gz"  # the content tells how it is packed
    for data in (
        text().encode(),
        b"\xef\xbb\xbf" + text().replace("\n", "\r\n").encode(),
        bz2.compress(text().encode()),
    ):
        path.write_bytes(data)
        assert sorted(read_word_vectors(str(path), {*WORDS}).places) == sorted(WORDS)


def test_the_first_of_two_counts_and_zeros_stay(tmp_path: Path) -> None:
    path = tmp_path / "v.vec"
    path.write_text("a 3 4\nb 0 0\na 1 0\n")
    read = read_word_vectors(str(path), {"a", "b"})
    assert read.directions[read.places["a"]].tolist() == pytest.approx([0.6, 0.8])
    assert read.directions[read.places["b"]].tolist() == [0, 0]


def test_what_is_wrong_is_told_in_one_sentence(tmp_path: Path) -> None:
    def file(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    np.savez(tmp_path / "objects.npz", words=np.array(["a"], object), vectors=np.ones((1, 2)))
    np.savez(tmp_path / "other.npz", names=np.array(["a"]))
    np.savez(tmp_path / "numbers.npz", words=np.arange(2), vectors=np.ones((2, 2)))
    np.savez(tmp_path / "short.npz", words=np.array(["a"]), vectors=np.ones((2, 2)))
    np.save(tmp_path / "alone.npy", np.ones((2, 2)))
    (tmp_path / "bad.txt").write_text("a\n")
    cases = [
        (str(tmp_path / "none.vec"), "no such file"),
        (str(tmp_path), "directory"),
        (str(tmp_path / "objects.npz"), "is no NPZ with the arrays"),
        (str(tmp_path / "other.npz"), "is no NPZ with the arrays"),
        (str(tmp_path / "numbers.npz"), "not a list of strings"),
        (str(tmp_path / "short.npz"), "each of its 1 words"),
        (str(tmp_path / "alone.npy"), "alone.txt, which does not exist"),
        (file("bad.npy", b"no array"), "is no NPY of numbers"),
        (file("cut.npz", b"PK\x03\x04"), "cut.npz"),
        (file("ragged.vec", b"a 1 2\nb 3\n"), "ragged.vec:2: is not a word and its 2 numbers"),
        (file("words.vec", b"a one two\n"), "words.vec:1: is not a word and its 2 numbers"),
        (file("empty.vec", b""), "none of the topics' words"),
        (file("bytes.vec", b"a \xff\xff\n"), "bytes.vec:1: not UTF-8"),
        (file("nan.vec", b"a nan 1\n"), "not finite numbers"),
        (file("cut.vec.gz", gzip.compress(text().encode())[:-12]), "is cut off"),
    ]
    for path, message in cases:
        with pytest.raises(DsltmError, match=message) as caught:
            read_word_vectors(path, {"a", "b"})
        assert "\n" not in str(caught.value)
