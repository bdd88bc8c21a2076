"""What happens to topics over time: planted events are found, and chance is not called one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from planted import plant
from shell import dsltm, on_terminal

from dsltm.formats.model import Model
from dsltm.topics.events import Events, events
from dsltm.topics.periods import words_over_time
from dsltm.topics.shares import shares
from dsltm.topics.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from looking import Files

PERIODS = 24
TOTALS = np.random.default_rng(9).integers(80, 160, PERIODS)


def _happened(share: np.ndarray, seed: int = 0) -> Events:
    counts = np.random.default_rng(seed).binomial(TOTALS, share)
    return events(counts, TOTALS, topics=10)


def test_a_burst() -> None:
    share = np.full(PERIODS, 0.04)
    share[[4, 5, 6, 15, 16]] = 0.3
    assert _happened(share) == Events(None, None, [(4, 6), (15, 16)])


def test_a_topic_that_comes_up_and_one_that_ends() -> None:
    share = np.where(np.arange(PERIODS) < 14, 0, 0.12)
    assert _happened(share) == Events(14, None, [])
    assert _happened(share[::-1]) == Events(None, 9, [])


def test_a_topic_that_is_there_for_some_periods_only() -> None:
    share = np.where((np.arange(PERIODS) >= 6) & (np.arange(PERIODS) < 12), 0.15, 0)
    assert _happened(share) == Events(6, 11, [])


def test_a_burst_of_a_topic_that_came_up_is_against_its_usual_share_since() -> None:
    share = np.where(np.arange(PERIODS) < 8, 0, 0.06)
    share[16:18] = 0.4
    happened = _happened(share)
    assert happened.since in (8, 9)
    assert happened.bursts == [(16, 17)]
    assert happened.in_burst(17)
    assert not happened.in_burst(18)


def test_chance_is_seldom_called_an_event() -> None:
    rng, said = np.random.default_rng(1), 0
    for _ in range(150):
        counts = np.stack([rng.multinomial(total, np.ones(10) / 10) for total in TOTALS])
        said += any(events(own, TOTALS, 10) != Events(None, None, []) for own in counts.T)
    assert said <= 0.05 * 150


def test_few_documents_and_few_periods_say_nothing() -> None:
    nothing = Events(None, None, [])
    assert events(np.zeros(5, np.int64), np.full(5, 9), 3) == nothing
    assert events(np.array([3]), np.array([9]), 3) == nothing
    assert events(np.array([2, 0, 0]), np.array([9, 0, 0]), 3) == nothing
    assert events(np.array([9, 9]), np.array([9, 9]), 3) == nothing


def test_words_of_a_period_are_those_of_its_documents() -> None:
    """In the second period the documents of a topic use the other half of its words."""
    planted = plant(documents=600, topics=3, words=60)
    labels, truth = planted.labels, planted.truth
    place = np.arange(600) % 2
    counts, logits = labels.counts.toarray(), np.array(labels.logits, np.float32)
    for topic, words in enumerate(planted.topic_words):
        for period, absent in enumerate((words[5:], words[:5])):
            rows = np.flatnonzero((truth == topic) & (place == period))
            counts[np.ix_(rows, absent)] = 0
            logits[np.ix_(rows, absent)] -= 4
    rows, columns = np.nonzero(counts)
    changed = replace(
        labels,
        logits=logits.astype(np.float16),
        bow_indptr=np.concatenate([[0], np.cumsum((counts > 0).sum(1))]),
        bow_indices=columns.astype(np.int32),
        bow_data=counts[rows, columns].astype(np.int32),
    )
    model = Model({"vocabulary": labels.vocabulary}, np.ones((3, 60), np.float32) / 60, {})
    view = View(model, changed, np.eye(3, dtype=np.float32)[truth])
    over_time = shares("year", [f"{2020 + p}" for p in place], view.first, range(3), "year")
    for topic, own in enumerate(words_over_time(view, over_time, 5)):
        for period, words in enumerate(own):
            half = planted.topic_words[topic][5 * period : 5 * period + 5]
            assert {*words} == {f"word{word}" for word in half}


def test_periods_without_documents_have_no_words(files: Files) -> None:
    rows = _over_time(files)
    assert all(bool(row["words"]) == bool(row["count"]) for row in rows)
    assert {len(row["words"]) for row in rows if row["count"]} == {4}
    # Topic 0's words are those of the topic, in whatever month.
    rising = max(rows, key=lambda row: row["trend"])["topic"]
    own = {f"word{word}" for word in files.planted.topic_words[0]}
    busy = [row for row in rows if row["topic"] == rising and row["count"] >= 8]
    assert busy
    assert all(len(own & {*row["words"]}) >= 3 for row in busy)


def test_rows_and_a_terminal_name_what_happened(files: Files) -> None:
    """The documents of topic 0 are of the second half of the year alone."""
    rows = _over_time(files)
    rising = max(rows, key=lambda row: row["trend"])["topic"]
    mine = [row for row in rows if row["topic"] == rising]
    assert {row["since"] for row in mine} == {"2024-07"}
    assert {row["until"] for row in mine} == {None}
    assert all(row["since"] is None for row in rows if row["topic"] != rising)
    status, sent = on_terminal("topics", *_args(files), streams="out", env={"COLUMNS": "120"})
    assert status == 0
    assert "since 2024-07" in sent


def _args(files: Files) -> tuple[str | Path, ...]:
    return (
        files.model_path,
        files.labels_path,
        "--corpus",
        files.corpus_path,
        "--by",
        "date",
        "--every",
        "month",
    )


def _over_time(files: Files) -> list[dict[str, Any]]:
    done = dsltm("topics", *_args(files), "--words", "4")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_classes_have_neither_events_nor_words(files: Files) -> None:
    done = dsltm("topics", files.model_path, files.labels_path, "--by", "label")
    row = json.loads(done.stdout.splitlines()[0])
    assert list(row) == ["topic", "value", "count", "of", "share", "low", "high"]


def test_labels_without_a_teacher(files: Files) -> None:
    labels = files.planted.labels
    without = replace(labels, logits=np.empty((len(labels), 0), np.float16))
    truth = files.planted.truth
    view = View(files.model, without, np.eye(6, dtype=np.float32)[truth])
    over_time = shares("year", ["2024"] * len(labels), view.first, range(6), "year")
    for topic, ((words,), planted) in enumerate(
        zip(words_over_time(view, over_time, 5), files.planted.topic_words, strict=True)
    ):
        assert {*words} <= {f"word{word}" for word in planted}, topic


@pytest.mark.parametrize("topics", [1, 40])
def test_more_topics_ask_for_more_evidence(topics: int) -> None:
    counts, totals = np.array([0, 0, 0, 0, 3]), np.full(5, 20)
    assert (events(counts, totals, topics) != Events(None, None, [])) == (topics == 1)
