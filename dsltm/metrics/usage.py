"""Whether documents use the words of their first topic, counted in the documents themselves."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dsltm.metrics.diversity import Topics, top_words
from dsltm.metrics.evidence import Evidence, Scores
from dsltm.metrics.presence import presence
from dsltm.metrics.reference import own_npmi

Floats = NDArray[np.float64]


def usage(evidence: Evidence) -> Scores:
    """How well the documents' words and their topics' words agree, and how probable a first word is."""
    subject, scores = evidence.subject, Scores()
    if subject.first_word_shares is not None:
        scores.per_topic["first_word_share"] = subject.first_word_shares.tolist()
        scores.values["first_word_share"] = float(np.median(subject.first_word_shares))
    if evidence.labels is None or evidence.rows is None or not subject.topics:
        return scores
    scores.add_topics("npmi_own", own_npmi(subject.topics, evidence.labels, evidence.options.topn))
    if subject.listed is not None:
        topics = [top_words(topic, evidence.options.shown) for topic in subject.topics]
        held = presence(evidence.labels, [word for topic in topics for word in topic])[evidence.rows]
        precision, coverage = precision_and_coverage(topics, subject.listed, held)
        scores.add_topics("word_precision", precision)
        scores.add_topics("word_coverage", coverage)
    return scores


def precision_and_coverage(
    topics: Topics, listed: Sequence[int] | NDArray[np.int64], held: sparse.csr_array
) -> tuple[Floats, Floats]:
    """How far a topic's words are its own, and how far they reach; both [K].

    Precision of topic k is the mean over its words w of |D_w ∩ D_k| / |D_w|, with D_w the documents that have
    w and D_k those whose first topic is k; a word that no document has counts as 0, since it points to none.
    Coverage is |D_k ∩ ∪_w D_w| / |D_k|, NaN for a topic that is no document's first. Both lie in [0, 1]. They
    are the precision of each word as a rule for the topic and the recall of "one of the words" (Manning,
    Raghavan and Schütze 2008, "Introduction to information retrieval", chapter 8).

    Args:
        topics: the words of each of K topics, all different within a topic; NaN for one without words.
        listed: [N] the first topic of each document, -1 for none.
        held: [N, Σ words] 1 where a document has a word, words in the order of the topics.
    """
    listed = np.asarray(listed)
    lengths = np.array([len(topic) for topic in topics])
    topic_of_word = np.repeat(np.arange(len(topics)), lengths)
    assigned = np.flatnonzero(listed >= 0)
    of_topic = _indicator(assigned, listed[assigned], (len(listed), len(topics)))
    documents = np.asarray(held.sum(axis=0), np.float64)
    inside = (of_topic.T @ held).toarray()[topic_of_word, np.arange(len(topic_of_word))]
    precise = np.divide(inside, documents, out=np.zeros(len(documents)), where=documents > 0)
    words_of_topic = _indicator(np.arange(len(topic_of_word)), topic_of_word, (held.shape[1], len(topics)))
    covered = np.asarray((of_topic * (held @ words_of_topic) > 0).sum(axis=0), np.float64)
    sizes = np.asarray(of_topic.sum(axis=0), np.float64)
    worded = lengths > 0
    nothing = np.full(len(topics), np.nan)
    precision = np.divide(
        np.bincount(topic_of_word, precise, len(topics)), lengths, out=nothing.copy(), where=worded
    )
    coverage = np.divide(covered, sizes, out=nothing, where=worded & (sizes > 0))
    return precision, coverage


def _indicator(
    rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]
) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(rows), np.int64), (rows, columns)), shape=shape)
