"""How well a topic's words go together in a space where words of like meaning lie in like directions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dsltm.formats.word_vectors import WordVectors
from dsltm.metrics.diversity import Topics, top_words
from dsltm.metrics.evidence import Evidence, Scores

Floats = NDArray[np.float64]


def embedding(evidence: Evidence) -> Scores:
    """Coherence and intrusion in the chosen space; a topic with fewer than two words in it has no value."""
    scores, vectors, topics = Scores(), evidence.options.word_vectors, evidence.subject.topics
    if vectors is None or not topics:
        return scores
    tops = [top_words(topic, evidence.options.topn) for topic in topics]
    scores.add_topics("embedding_coherence", embedding_coherence(tops, vectors))
    shown = [top_words(topic, evidence.options.shown) for topic in topics]
    scores.add_topics("word_intrusion", word_intrusion(shown, vectors))
    scores.values["unembedded_words"] = len({w for top in tops for w in top} - vectors.places.keys())
    return scores


def embedding_coherence(topics: Topics, vectors: WordVectors) -> Floats:
    """[K] the mean cosine of two words of a topic, over all pairs, in [-1, 1]; NaN without a pair.

    Words that the space lacks are left out. Fang et al. 2016, "Using word embedding to evaluate the coherence
    of topics from Twitter data"; `WordEmbeddingsPairwiseCoherence` in OCTIS.

    Args:
        topics: the words of each, all different within a topic.
    """
    return np.array([_mean_cosine(_directions(topic, vectors)) for topic in topics], np.float64)


def _mean_cosine(directions: Floats) -> float:
    words = len(directions)
    if words < 2:
        return float("nan")
    cosines = directions @ directions.T
    return float(cosines[np.tril_indices(words, -1)].mean())


def word_intrusion(topics: Topics, vectors: WordVectors) -> Floats:
    """[K] the share of intruders that stand out among a topic's words, in [0, 1]; NaN where there are none.

    An intruder is a word of another topic that is put among a topic's own words and is not one of them. It
    stands out where its mean cosine with the topic's words is lower than that of each of these with all
    others, the intruder included. Every word of every other topic is tried, which gives the value that
    random intruders would only estimate, and needs no seed. Guessing gives 1 / (words + 1). The task is that
    of Chang et al. 2009, "Reading tea leaves"; that a machine can do it, with association in a corpus in the
    place of the cosine, is Lau, Newman and Baldwin 2014, "Machine reading tea leaves".

    Args:
        topics: the words of each, all different within a topic.
    """
    # Every place that a word has in a topic, so that words of several topics intrude more often.
    places = [(word, k) for k, topic in enumerate(topics) for word in topic if word in vectors.places]
    candidates = _directions([word for word, _ in places], vectors)
    return np.array(
        [_standing_out(k, topic, vectors, places, candidates) for k, topic in enumerate(topics)], np.float64
    )


def _standing_out(
    number: int,
    topic: Sequence[str],
    vectors: WordVectors,
    places: Sequence[tuple[str, int]],
    candidates: Floats,
) -> float:
    """The share of the candidates from other topics that stand out in this one."""
    own = set(topic)
    intruders = candidates[[k != number and word not in own for word, k in places]]
    directions = _directions(topic, vectors)
    if len(directions) < 2 or not len(intruders):
        return float("nan")
    with_intruder = directions @ intruders.T  # [words, intruders]
    within = (directions @ directions.T).sum(axis=1) - (directions**2).sum(axis=1)
    lowest = (within[:, None] + with_intruder).min(axis=0)
    # Sums, not means: every word has as many others. Rounding must not tell equal words apart.
    return float((with_intruder.sum(axis=0) < lowest - 1e-9).mean())


def _directions(words: Sequence[str], vectors: WordVectors) -> Floats:
    """[n, E] of those words that the space has."""
    rows = [vectors.places[word] for word in words if word in vectors.places]
    directions: Floats = vectors.directions[rows].astype(np.float64)
    return directions
