"""Coherence and intrusion among word vectors, against gensim and against intruders tried one by one."""

import random

import numpy as np
import pytest
from planted import plant

from dsltm.formats.word_vectors import WordVectors
from dsltm.metrics.config import EvalOptions
from dsltm.metrics.embedding import embedding, embedding_coherence, word_intrusion
from dsltm.metrics.evidence import Evidence
from dsltm.metrics.subject import Subject

WORDS = [f"w{i}" for i in range(60)]


def space(seed: int = 0, themes: int = 4, spread: float = 1.0) -> WordVectors:
    """Words in themes: w0, w4, w8 … lie together."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(themes, 12))
    vectors = centres[np.arange(60) % themes] + spread * chance.normal(size=(60, 12))
    return WordVectors.of(WORDS, vectors)


def cosine(vectors: WordVectors, a: str, b: str) -> float:
    return float(vectors.directions[vectors.places[a]] @ vectors.directions[vectors.places[b]])


def test_coherence_equals_gensim() -> None:
    gensim = pytest.importorskip("gensim")
    raw = np.random.default_rng(1).normal(size=(60, 12)).astype(np.float32)
    keyed = gensim.models.KeyedVectors(12)
    keyed.add_vectors(WORDS, raw)
    topics = [random.Random(k).sample(WORDS, 7) for k in range(4)]
    expected = [
        np.mean([keyed.similarity(a, b) for i, a in enumerate(topic) for b in topic[:i]]) for topic in topics
    ]
    assert embedding_coherence(topics, WordVectors.of(WORDS, raw)).tolist() == pytest.approx(
        expected, abs=1e-6
    )


def one_by_one(topics: list[list[str]], vectors: WordVectors, number: int) -> float:
    topic = [word for word in topics[number] if word in vectors.places]
    stands_out = []
    for k, other in enumerate(topics):
        for intruder in other:
            if k == number or intruder in topics[number] or intruder not in vectors.places:
                continue
            shown = [*topic, intruder]
            means = [np.mean([cosine(vectors, a, b) for b in shown if b != a]) for a in shown]
            stands_out.append(means[-1] < min(means[:-1]))
    return float(np.mean(stands_out))


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_intrusion_equals_trying_each_intruder(spread: float) -> None:
    vectors = space(spread=spread)
    topics = [random.Random(k).sample([*WORDS, "unknown"], 6) for k in range(5)]
    expected = [one_by_one(topics, vectors, k) for k in range(5)]
    assert word_intrusion(topics, vectors).tolist() == pytest.approx(expected)


def test_themes_are_coherent_and_their_intruders_stand_out() -> None:
    vectors = space(spread=0.3)
    themes = [WORDS[k::4][:8] for k in range(4)]
    mixed = [random.Random(k).sample(WORDS, 8) for k in range(4)]
    assert embedding_coherence(themes, vectors).mean() > embedding_coherence(mixed, vectors).mean() + 0.4
    assert word_intrusion(themes, vectors).mean() > 0.95
    assert word_intrusion(mixed, vectors).mean() < 0.4


def test_what_cannot_be_compared_has_no_value() -> None:
    vectors = space()
    topics = [["w1", "unknown"], [], ["w2", "w6"]]
    assert np.isnan(embedding_coherence(topics, vectors)[:2]).all()
    assert embedding_coherence(topics, vectors)[2] == pytest.approx(cosine(vectors, "w2", "w6"), abs=1e-6)
    assert np.isnan(word_intrusion(topics, vectors)[:2]).all()
    assert np.isnan(word_intrusion([["w1", "w2"]], vectors)).all()  # no other topic
    same = WordVectors.of(["a", "b", "c"], np.ones((3, 4)))
    assert word_intrusion([["a", "b"], ["c"]], same)[0] == 0.0  # where all words are alike none stands out


def test_the_teachers_embeddings_serve_where_no_others_are_given() -> None:
    planted = plant(documents=50, topics=4, words=80, words_per_topic=10)
    vectors = WordVectors.of_labels(planted.labels)
    assert vectors is not None
    vocabulary = planted.labels.vocabulary
    topics = [[vocabulary[i] for i in words] for words in planted.topic_words]
    topics[0].append("elsewhere")
    scores = embedding(Evidence(Subject("m", topics), EvalOptions(word_vectors=vectors)))
    assert scores.values["unembedded_words"] == 1
    assert scores.values["embedding_coherence"] > 0.4
    assert scores.values["word_intrusion"] > 0.9
    assert len(scores.per_topic["word_intrusion"]) == 4
    assert embedding(Evidence(Subject("m", topics))).values == {}
