"""A corpus whose topics are known: labels files without a teacher."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsltm.formats.labels import EMPTY, Labels
from dsltm.formats.strings import Strings


@dataclass(frozen=True)
class Planted:
    """Labels, and what was planted in them.

    Attributes:
        labels: what `train` reads.
        truth: [N] the topic that each document is about.
        topic_words: [T, W] the words of each topic.
    """

    labels: Labels
    truth: np.ndarray
    topic_words: np.ndarray


def plant(
    documents: int = 1200,
    topics: int = 6,
    words: int = 120,
    words_per_topic: int = 10,
    hidden: int = 32,
    empty: int = 0,
    noise: float = 1.0,
    seed: int = 0,
) -> Planted:
    """A corpus in which each topic has words of its own, beside words of none that are more frequent.

    The hidden state is a noisy point beside the topic's place, off-centre and with units of unlike scale, as
    hidden states are. Logits favour the topic's words by 4, with noise of unit size on every word; word
    counts hold 10 words of the topic for 20 of any. The last `empty` documents have no text.
    """
    rng = np.random.default_rng(seed)
    truth = rng.integers(topics, size=documents)
    topic_words = rng.permutation(words)[: topics * words_per_topic].reshape(topics, words_per_topic)
    popularity = rng.normal(0, 1, words)
    popularity[topic_words] -= 1
    logits = popularity + noise * rng.normal(0, 1, (documents, words))
    logits[np.arange(documents)[:, None], topic_words[truth]] += 4
    places = rng.normal(0, 1, (topics, hidden))
    states = places[truth] + noise * rng.normal(0, 0.7, (documents, hidden))
    states = 5 + states * np.exp(rng.normal(0, 1, hidden))
    background = np.exp(popularity) / np.exp(popularity).sum()
    counts = rng.multinomial(20, background, documents)
    mixed = np.zeros((topics, words))
    np.put_along_axis(mixed, topic_words, 1 / words_per_topic, 1)
    counts += rng.multinomial(10, mixed[truth])
    flags = np.zeros(documents, np.uint8)
    if empty:
        flags[-empty:], logits[-empty:], states[-empty:], counts[-empty:] = EMPTY, popularity, 9, 0
    rows, columns = np.nonzero(counts)
    embeddings = rng.normal(0, 1, (words, hidden))
    for topic in topic_words:
        embeddings[topic] += rng.normal(0, 1.5, hidden)
    labels = Labels(
        header={
            "teacher": {"name": "planted", "weights_sha256": "0" * 64},
            "prompts": ["{document}"],
            "projection": "first",
            "max_tokens": 512,
            "vocabulary": [f"word{i}" for i in range(words)],
            "gold_names": [f"topic{i}" for i in range(topics)],
        },
        ids=Strings.pack(str(i) for i in range(documents)),
        logits=logits.astype(np.float16),
        hidden=states.astype(np.float16),
        bow_indptr=np.concatenate([[0], np.cumsum((counts > 0).sum(1))]).astype(np.int64),
        bow_indices=columns.astype(np.int32),
        bow_data=counts[rows, columns].astype(np.int32),
        gold_codes=truth.astype(np.int32),
        flags=flags,
        word_embeddings=embeddings.astype(np.float16),
    )
    return Planted(labels, truth, topic_words)


def purity(truth: np.ndarray, assigned: np.ndarray) -> float:
    """The share of documents that belong to the commonest class of their topic."""
    return sum(np.bincount(truth[assigned == topic]).max() for topic in np.unique(assigned)) / len(truth)


def recovered(planted: np.ndarray, beta: np.ndarray) -> float:
    """How much of each planted topic's words is found among the top words of its best topic, on average."""
    top = np.argsort(-beta, axis=1)[:, : planted.shape[1]]
    overlap = [max(len(set(words) & set(found)) for found in top) for words in planted]
    return float(np.mean(overlap)) / planted.shape[1]
