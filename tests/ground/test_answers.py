"""The teacher's own answers as a cue: which documents it would call by a topic's words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from planted import plant

from dsltm.formats.topics import WrittenTopic
from dsltm.words.bm25 import queries
from dsltm.written.ground.answers import answers
from dsltm.written.ground.matching import _best


def test_documents_are_answered_with_words_of_their_topic_also_where_they_have_none() -> None:
    planted = plant(documents=600, topics=6, noise=1.5)
    labels = planted.labels
    topics = [
        WrittenTopic(labels.vocabulary[words[0]], keywords=(labels.vocabulary[words[1]], "unheard-of"))
        for words in planted.topic_words
    ]
    scores = answers(labels, queries(topics))
    assert scores.shape == (600, 6)
    np.testing.assert_allclose(scores.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(scores.std(0), 1, atol=1e-3)
    # A word stands 4 above its usual logit in documents of its topic, with noise of 1.5 on every word.
    assert np.mean(scores.argmax(1) == planted.truth) > 0.85
    without = replace(labels, bow_indices=labels.bow_indices[:0], bow_data=labels.bow_data[:0],
                      bow_indptr=np.zeros_like(labels.bow_indptr))  # fmt: skip
    np.testing.assert_array_equal(answers(without, queries(topics)), scores)


def test_what_is_added_to_all_logits_of_a_document_says_nothing_and_unknown_words_neither() -> None:
    planted = plant(documents=200, topics=4, noise=1.0)
    topics = [WrittenTopic(planted.labels.vocabulary[words[0]]) for words in planted.topic_words]
    shift = np.linspace(-8, 8, 200)[:, None]
    shifted = replace(planted.labels, logits=(planted.labels.logits + shift).astype(np.float16))
    asked = queries(topics)
    np.testing.assert_allclose(answers(shifted, asked), answers(planted.labels, asked), atol=0.05)
    assert not answers(planted.labels, [*asked, ["unheard-of"]])[:, -1].any()


def test_a_document_that_is_as_good_for_two_topics_stands_for_neither() -> None:
    scores = np.array([[3, 3, 1], [2, 1, 1], [0, 0, 0], [1, 2, 2.5], [-1, -2, -3], [4, 0, 0]], np.float32)
    usable = np.array([True, True, True, True, True, True])
    assert _best(scores, usable) == [[5, 1], [], [3]]
    usable[5] = False
    assert _best(scores, usable) == [[1], [], [3]]
