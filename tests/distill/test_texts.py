"""Which texts are read: each once, and of a sample as many as were asked for, in whatever order."""

from __future__ import annotations

from itertools import compress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsltm.distilling.sample import AUTO_TEXTS, Sample
from dsltm.distilling.texts import Digests, Texts
from dsltm.errors import UsageError

# Few letters and white space, so that copies, empty texts and texts that differ at their ends are frequent.
CORPORA = st.lists(st.text(alphabet="ab \n", max_size=3), max_size=40)
SHARDS = st.integers(1, 4).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n)))


def texts_of(
    corpus: list[str], sample: Sample | None = None, shard: tuple[int, int] = (0, 1), seed: int = 0
) -> Texts:
    digests = Digests(seed)
    for text in corpus:
        digests.add(text)
    return Texts.of(digests, sample, shard)


@given(CORPORA, st.integers(1, 8), SHARDS, st.randoms())
def test_the_least_sure_texts_are_read(
    corpus: list[str], size: int, shard: tuple[int, int], random: np.random.RandomState
) -> None:
    different = sorted({text.strip() for text in corpus})
    random.shuffle(different)  # numbers of their own could be equal, and then either text may be read
    sure = {text: place / len(different) for place, text in enumerate(different)}
    digests = Digests()
    for text in corpus:
        digests.add(text)
    sureness = np.array([sure[text.strip()] for text in corpus])
    texts = Texts.of(digests, Sample(size), shard, sureness)
    said = sorted({text.strip() for text in corpus} - {""}, key=sure.__getitem__)
    wanted = {*said[:size]} if size < len(said) else {*said, ""}
    own = [text.strip() for text in corpus[shard[0] :: shard[1]]]
    assert [number >= 0 for number in texts.numbers] == [text in wanted for text in own]


def test_copies_have_the_number_of_the_first() -> None:
    texts = texts_of(["one", "two", " one\n", "", "two", "three", "\t"])
    assert texts.numbers.tolist() == [0, 1, 0, 2, 1, 3, 2]
    assert texts.first.tolist() == [True, True, False, True, False, True, False]
    assert (texts.count, texts.different) == (4, 3)
    assert texts.read.tolist() == list(range(7))


@given(CORPORA, SHARDS)
def test_every_text_is_read_once_in_the_order_in_which_it_comes(
    corpus: list[str], shard: tuple[int, int]
) -> None:
    own = [text.strip() for text in corpus[shard[0] :: shard[1]]]
    order = list(dict.fromkeys(own))
    texts = texts_of(corpus, shard=shard)
    assert texts.numbers.tolist() == [order.index(text) for text in own]
    assert list(compress(own, texts.first)) == order
    assert texts.count == len(order)
    assert texts.different == len({text.strip() for text in corpus} - {""})


@given(CORPORA, st.integers(1, 8), st.integers(-3, 3), st.randoms())
def test_a_sample_has_all_documents_of_its_texts(
    corpus: list[str], size: int, seed: int, random: np.random.RandomState
) -> None:
    texts = texts_of(corpus, Sample(size, seed=seed), seed=seed)
    said = {text.strip() for text in corpus} - {""}
    read = {corpus[row].strip() for row in texts.read.tolist()}
    if size >= len(said):
        assert texts.sample is None
        assert len(texts.read) == len(corpus)
        return
    assert len(read) == size == texts.count
    assert "" not in read
    assert [row for row, text in enumerate(corpus) if text.strip() in read] == texts.read.tolist()
    other = list(corpus)
    random.shuffle(other)
    again = texts_of(other, Sample(size, seed=seed), seed=seed)
    assert {other[row].strip() for row in again.read.tolist()} == read
    more = texts_of(corpus, Sample(size + 1, seed=seed), seed=seed)
    assert set(texts.read.tolist()) < set(more.read.tolist())


@given(CORPORA, st.integers(1, 8), SHARDS)
def test_a_shard_reads_what_the_whole_run_reads_of_it(
    corpus: list[str], size: int, shard: tuple[int, int]
) -> None:
    whole, part = texts_of(corpus, Sample(size)), texts_of(corpus, Sample(size), shard)
    np.testing.assert_array_equal(part.numbers >= 0, whole.numbers[shard[0] :: shard[1]] >= 0)
    assert part.different == whole.different


def test_every_text_is_as_likely_to_be_drawn() -> None:
    corpus, rounds, size = [f"text {number}" for number in range(40)], 2000, 10
    drawn = np.zeros(40)
    for seed in range(rounds):
        drawn[texts_of(corpus, Sample(size, seed=seed), seed=seed).read] += 1
    # Binomial: the mean is 500, the standard deviation 19.4; of 40 values none is five deviations away.
    assert np.abs(drawn - rounds * size / 40).max() < 5 * np.sqrt(rounds * 0.25 * 0.75)
    assert drawn.std() > 10


@pytest.mark.parametrize(
    ("text", "of", "size"),
    [
        ("5", 100, 5),
        ("500", 100, 100),
        ("10%", 1234, 123),
        ("0.1%", 10, 1),
        ("100%", 7, 7),
        ("33.4%", 1000, 334),
        ("auto", 2 * AUTO_TEXTS, 2 * AUTO_TEXTS),
        ("auto", 2 * AUTO_TEXTS + 1, AUTO_TEXTS),
        ("auto", 0, 0),
        ("10%", 0, 0),
    ],
)
def test_sizes(text: str, of: int, size: int) -> None:
    assert Sample.parse(text).size(of) == size


@pytest.mark.parametrize("text", ["0", "-3", "0%", "101%", "1.5", "ten", "", "%", "1e3", "٣"])
def test_what_is_not_a_sample(text: str) -> None:
    with pytest.raises(UsageError, match="is not a sample"):
        Sample.parse(text)
