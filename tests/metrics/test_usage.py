"""Precision and coverage of words against sets of documents, on planted and on hostile topics."""

import random

import numpy as np
import pytest
from planted import plant

from dsltm.formats.model import Model
from dsltm.metrics.coherence import COHERENCE, coherence
from dsltm.metrics.config import EvalOptions
from dsltm.metrics.cooccurrence import DOCUMENT, count_windows
from dsltm.metrics.evidence import Evidence, rows_in
from dsltm.metrics.presence import presence
from dsltm.metrics.subject import Subject, from_model
from dsltm.metrics.usage import precision_and_coverage, usage

PLANTED = plant(documents=300, topics=5, words=60, words_per_topic=6, empty=7)
LABELS = PLANTED.labels
TEXTS = [
    {LABELS.vocabulary[i] for i in LABELS.bow_indices[LABELS.bow_indptr[row] : LABELS.bow_indptr[row + 1]]}
    for row in range(len(LABELS))
]


def by_sets(topics: list[list[str]], listed: list[int]) -> tuple[list[float], list[float]]:
    precision, coverage = [], []
    for k, topic in enumerate(topics):
        mine = {i for i, first in enumerate(listed) if first == k}
        having = [{i for i, text in enumerate(TEXTS) if word in text} for word in topic]
        shares = [len(each & mine) / len(each) if each else 0.0 for each in having]
        precision.append(sum(shares) / len(shares) if shares else float("nan"))
        covered = mine & set().union(*having)
        coverage.append(len(covered) / len(mine) if mine and topic else float("nan"))
    return precision, coverage


def test_precision_and_coverage_equal_the_sets() -> None:
    chance = random.Random(0)
    topics = [chance.sample([*LABELS.vocabulary, "nowhere"], 9) for _ in range(6)]
    topics += [["nowhere"], [], ["word3"]]  # the last one is no document's first topic
    listed = [chance.randrange(-1, 8) for _ in TEXTS]
    words = [word for topic in topics for word in topic]
    precision, coverage = precision_and_coverage(topics, listed, presence(LABELS, words))
    expected = by_sets(topics, listed)
    assert precision.tolist() == pytest.approx(expected[0], nan_ok=True)
    assert coverage.tolist() == pytest.approx(expected[1], nan_ok=True)


def test_planted_words_are_precise_and_words_of_all_are_not() -> None:
    planted = [[LABELS.vocabulary[i] for i in words] for words in PLANTED.topic_words]
    common = sorted(set(LABELS.vocabulary) - {word for topic in planted for word in topic})[:6]
    listed = PLANTED.truth
    of_topics = presence(LABELS, [word for topic in planted for word in topic])
    of_all = presence(LABELS, common * 5)
    precise, covering = precision_and_coverage(planted, listed, of_topics)
    vague, _ = precision_and_coverage([common] * 5, listed, of_all)
    assert precise.mean() > 2 * vague.mean()
    assert vague.mean() == pytest.approx(
        1 / 5, abs=0.02
    )  # of words that say nothing, each topic has its share
    assert covering.mean() > 0.9


def test_words_are_looked_up_by_name_whatever_their_capitals() -> None:
    found = presence(LABELS, ["WORD7", "elsewhere", "word7"]).toarray()
    assert found[:, 0].tolist() == found[:, 2].tolist() == [int("word7" in text) for text in TEXTS]
    assert not found[:, 1].any()


def test_the_first_words_share_is_told_in_multiples_of_an_even_one() -> None:
    beta = np.full((3, 60), 0.5 / 59, np.float32)
    beta[0, 7] = beta[1, 0] = 0.5
    beta[2] = 1 / 60
    model = Model({"vocabulary": LABELS.vocabulary, "backbone": "prodlda"}, beta, {})
    scores = usage(Evidence(from_model("m", model, None, 10)))
    assert scores.per_topic["first_word_share"] == pytest.approx([30.0, 30.0, 1.0])
    assert scores.values == {"first_word_share": pytest.approx(30.0)}


def test_all_of_it_for_a_tool_whose_documents_are_found_by_id() -> None:
    chance = random.Random(1)
    topics = [chance.sample(LABELS.vocabulary, 12) for _ in range(4)]
    listed = np.array([chance.randrange(4) for _ in TEXTS])
    order = np.array(chance.sample(range(len(TEXTS)), len(TEXTS)))
    ids = list(LABELS.ids)
    shuffled = Subject("s", topics, [ids[i] for i in order], listed[order], listed=listed[order])
    rows = rows_in(LABELS, shuffled)
    assert rows is not None
    assert rows.tolist() == order.tolist()
    scores = usage(Evidence(shuffled, EvalOptions(), None, LABELS, rows))
    precision, coverage = by_sets([topic[:10] for topic in topics], listed.tolist())
    assert scores.per_topic["word_precision"] == pytest.approx(precision)
    assert scores.values["word_coverage"] == pytest.approx(np.mean(coverage))
    five = usage(Evidence(shuffled, EvalOptions(topn=5), None, LABELS, rows))
    assert five.per_topic["word_precision"] == pytest.approx(
        by_sets([t[:5] for t in topics], listed.tolist())[0]
    )
    counts = count_windows([sorted(text) for text in TEXTS], topics, [DOCUMENT])
    expected = coherence(topics, counts, {"npmi_doc": COHERENCE["npmi_doc"]}).means()["npmi_doc"]
    assert scores.values["npmi_own"] == pytest.approx(expected)


def test_documents_that_the_file_lacks_are_not_looked_up() -> None:
    some = np.array([0, 0])
    assert rows_in(LABELS, Subject("s", ids=["0", "elsewhere"], clusters=some)) is None
    assert rows_in(LABELS, Subject("s", clusters=some)) is None
    assert usage(Evidence(Subject("s", [["word1"]], listed=some))).values == {}
