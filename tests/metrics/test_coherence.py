"""Coherence against gensim on the same tokens, windows against counting them singly, and the stated rules."""

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.metrics import cooccurrence
from dsltm.metrics.coherence import COHERENCE, Coherence, coherence
from dsltm.metrics.config import Counting
from dsltm.metrics.cooccurrence import DOCUMENT, count_windows

# The measure here, the one in gensim, and the window that gensim must be told.
GENSIM = [
    ("c_v", "c_v", None),
    ("npmi", "c_npmi", None),
    ("c_uci", "c_uci", None),
    ("umass", "u_mass", None),
    ("npmi_doc", "c_npmi", 100_000),
]

words = st.sampled_from("abcdefgh")
corpora = st.lists(st.lists(words, max_size=25), min_size=1, max_size=6)


def score(documents: list[list[str]], topics: list[list[str]], counting: Counting = "gensim") -> Coherence:
    counts = count_windows(documents, topics, sorted({m.window for m in COHERENCE.values()}), counting)
    return coherence(topics, counts, COHERENCE)


def zipf_corpus(seed: int, documents: int = 250, vocabulary: int = 300) -> list[list[str]]:
    """Documents of many lengths, some empty, in words whose frequency falls with their rank."""
    chance = random.Random(seed)
    names = [f"w{i}" for i in range(vocabulary)]
    weights = [1 / (i + 1) for i in range(vocabulary)]
    lengths = (0, 1, 4, 10, 11, 60, 110, 111, 400)
    return [chance.choices(names, weights, k=chance.choice(lengths)) for _ in range(documents)]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("name", "gensim_name", "window"), GENSIM)
def test_equal_to_gensim(name: str, gensim_name: str, window: int | None, seed: int) -> None:
    pytest.importorskip("gensim")
    from gensim.corpora import Dictionary
    from gensim.models.coherencemodel import CoherenceModel

    documents = zipf_corpus(seed)
    topics = [random.Random(k).sample([f"w{i}" for i in range(200)], 10) for k in range(6)]
    options: dict[str, Any] = {} if window is None else {"window_size": window}
    model = CoherenceModel(
        topics=topics,
        texts=documents,
        dictionary=Dictionary(documents),
        coherence=gensim_name,
        processes=1,
        **options,
    )
    result = score(documents, topics)
    assert result.per_topic[name] == pytest.approx(model.get_coherence_per_topic(), abs=1e-9)
    assert result.means()[name] == pytest.approx(model.get_coherence(), abs=1e-9)
    assert result.unseen_words == 0


@given(corpora, st.integers(0, 30), st.permutations("abcdefgh"))
@settings(deadline=None)
def test_exact_windows_equal_counting_them_one_by_one(
    documents: list[list[str]], window: int, order: list[str]
) -> None:
    topics = [order[:3], order[2:6]]
    counts = count_windows(documents, topics, [window], "exact")[window]
    naive = [
        set(document[start : start + window] if window else document)
        for document in documents
        for start in range(max(1, len(document) - window + 1) if window else 1)
    ]
    assert counts.total == len(naive)
    for topic, joint in zip(topics, counts.joint, strict=True):
        expected = [[sum(a in seen and b in seen for seen in naive) for b in topic] for a in topic]
        assert joint.tolist() == expected


@given(corpora, st.integers(1, 30))
@settings(deadline=None)
def test_gensim_windows_lose_a_word_when_its_first_occurrence_leaves(
    documents: list[list[str]], window: int
) -> None:
    topic = list("abcd")
    counts = count_windows(documents, [topic], [window])[window]
    joint = np.zeros((4, 4), dtype=int)
    for document in documents:
        present: set[str] = set(document[:window])
        for start in range(max(1, len(document) - window + 1)):
            if start:
                present.discard(document[start - 1])
                present.add(document[start + window - 1])
            here = np.array([word in present for word in topic])
            joint += np.outer(here, here)
    assert counts.joint[0].tolist() == joint.tolist()


def test_the_two_countings_differ_only_where_a_word_repeats_within_a_window() -> None:
    topic, once, twice = ["a", "b"], list("abxyz"), list("abaxx")
    assert count_windows([once], [topic], [3], "exact")[3].joint[0].tolist() == [[1, 1], [1, 2]]
    assert count_windows([once], [topic], [3], "gensim")[3].joint[0].tolist() == [[1, 1], [1, 2]]
    assert count_windows([twice], [topic], [3], "exact")[3].joint[0].tolist() == [[3, 2], [2, 2]]
    assert count_windows([twice], [topic], [3], "gensim")[3].joint[0].tolist() == [[1, 1], [1, 2]]


def test_small_blocks_and_small_groups_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = zipf_corpus(5, documents=60)
    topics = [[f"w{i}" for i in range(k, 60, 7)] for k in range(7)] + [["w1", "w2", "w3"]]
    whole = score(documents, topics)
    monkeypatch.setattr(cooccurrence, "_BLOCK_TOKENS", 50)
    monkeypatch.setattr(cooccurrence, "_GROUP_WORDS", 12)
    assert score(documents, topics) == whole


def test_permuting_topics_permutes_values() -> None:
    documents = zipf_corpus(2, documents=80)
    topics = [random.Random(k).sample([f"w{i}" for i in range(60)], 6) for k in range(5)]
    forward, backward = score(documents, topics), score(documents, topics[::-1])
    for name in COHERENCE:
        assert forward.per_topic[name] == backward.per_topic[name][::-1]
        assert forward.means()[name] == pytest.approx(backward.means()[name])


def test_document_measures_by_hand() -> None:
    documents = [["a", "b"], ["a", "b"], ["a"], ["c"]]
    result = score(documents, [["a", "b"]])
    # P(a) = 3/4, P(b) = P(a, b) = 1/2
    assert result.per_topic["npmi_doc"][0] == pytest.approx(math.log(0.5 / 0.375) / -math.log(0.5), abs=1e-9)
    assert result.per_topic["umass"][0] == pytest.approx(math.log(0.5 / 0.75), abs=1e-9)
    assert result.per_topic["c_uci"][0] == pytest.approx(math.log(0.5 / 0.375), abs=1e-9)


def test_words_that_never_meet_reach_the_lower_end() -> None:
    result = score([["a"], ["b"], ["a"], ["b"]], [["a", "b"]])
    assert result.per_topic["npmi_doc"][0] == pytest.approx(-0.95, abs=0.01)
    assert result.per_topic["umass"][0] == pytest.approx(math.log(1e-12 / 0.5))


def test_a_word_that_the_reference_lacks_counts_as_independent() -> None:
    documents = [["a", "b", "x"], ["a", "b"], ["a"], ["b"], ["x"]]
    known, partly = score(documents, [["a", "b"]]), score(documents, [["a", "b", "never"]])
    assert partly.unseen_words == 1
    for name in ("npmi", "npmi_doc", "c_uci"):  # two of three pairs are 0
        assert partly.per_topic[name][0] == pytest.approx(known.per_topic[name][0] / 3)
    assert partly.per_topic["c_v"][0] == pytest.approx(known.per_topic["c_v"][0] * 2 / 3)
    # a before never, b before never: nothing together, so ε over P(a) and P(b)
    umass = known.per_topic["umass"][0] + 2 * math.log(1e-12 / 0.6)
    assert partly.per_topic["umass"][0] == pytest.approx(umass / 3)


def test_every_hostile_topic_has_a_finite_value_or_none() -> None:
    documents = [["a", "b"], ["c"], []]
    topics = [["a", "b"], ["only"], ["never", "nowhere"], ["never", "a"], []]
    result = score(documents, topics)
    assert result.short_topics == 2
    assert result.unseen_words == 3
    for name, values in result.per_topic.items():
        assert [math.isnan(v) for v in values] == [False, True, False, False, True], name
        assert result.means()[name] == pytest.approx(np.mean([values[0], values[2], values[3]]))
    assert result.per_topic["npmi"][2] == 0.0
    assert result.per_topic["c_v"][2] == 0.0
    assert result.per_topic["umass"][2] == pytest.approx(math.log(1e-12))


def test_without_any_topic_of_two_words_there_is_no_mean() -> None:
    result = score([["a"]], [["a"], []])
    assert result.means() == {}


def test_numbers_serve_as_tokens() -> None:
    documents, topics = [[3, 5], [5], [7]], [[3, 5], [7, 9]]
    joint = count_windows(documents, topics, [DOCUMENT])[DOCUMENT].joint
    assert [matrix.tolist() for matrix in joint] == [[[1, 1], [1, 2]], [[1, 0], [0, 0]]]
