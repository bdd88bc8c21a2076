"""Phrases of two words: which are found, and that they are counted as words are."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shell import dsltm
from tiny_teachers import save_tiny_teacher

from dsltm.distilling.rows import count
from dsltm.formats.corpus import Document
from dsltm.formats.labels import read_labels
from dsltm.words import counts as counting
from dsltm.words.counts import Counts, count_words, with_phrases
from dsltm.words.text import joined, words_and_pairs

if TYPE_CHECKING:
    from pathlib import Path


def counted(*texts: str) -> Counts:
    return count_words((Document(str(i), text) for i, text in enumerate(texts)), pairs=True)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("machine learning, deep-learning\nmodels", ["machine learning", "deep learning", "learning models"]),
        ("state of a art; ant. Bee (cat)", ["state of"]),  # "a" is no word, so that "of art" is no pair
        ("snake_case https://a.b/c word", ["snake case"]),
        ("文件系统很大，Linux内核", ["文件系统很大"]),
        ("操作 系统", ["操作系统"]),
    ],
)
def test_pairs_stand_side_by_side(text: str, pairs: list[str]) -> None:
    found = [joined(*pair) for pair in words_and_pairs(text)[1]]
    assert [pair for pair in found if pair in pairs] == [pair for pair in pairs if pair in found]
    if text.isascii():
        assert found == pairs


def test_association_is_worked_out_by_hand() -> None:
    # 100 documents; "hot" in 20, "dog" in 10, both side by side in 8: log(.08 / .02) / -log(.08) = .549.
    texts = ["a hot dog"] * 8 + ["so hot now"] * 12 + ["one dog there"] * 2 + ["nothing else here"] * 78
    before = counted(*texts)
    assert math.log(0.08 / 0.02) / -math.log(0.08) == pytest.approx(0.549, abs=1e-3)
    after = with_phrases(before, {"nothing", "else", "here", "now", "one", "so", "there"})
    assert after.df.keys() - before.df.keys() == {"hot dog"}
    assert (after.df["hot dog"], after.tf["hot dog"]) == (8, 8)
    # Four fifths of the documents of "dog" have it in the phrase, and it is left to the phrase.
    assert before.df.keys() - after.df.keys() == {"dog"}
    assert after.df["hot"] == 20


def test_pairs_by_chance_of_stop_words_or_of_few_documents_are_no_phrases() -> None:
    by_chance = ["red car"] * 25 + ["red bus"] * 25 + ["big car"] * 25 + ["big bus"] * 25
    assert with_phrases(counted(*by_chance), ()).df == counted(*by_chance).df
    seldom = counted(*["hot dog"] * 4, *["the weather"] * 96)
    assert "hot dog" not in with_phrases(seldom, {"the"}).df
    assert "the weather" not in with_phrases(seldom, {"the"}).df
    assert with_phrases(counted(*["same text"] * 9), ()).df == {"same": 9, "text": 9}
    assert with_phrases(count_words([Document("0", "hot dog")]), ()).pair_df == {}


def test_counts_of_parts_add_up() -> None:
    texts = ["hot dog", "hot dog stand", "a dog"]
    whole, parts = counted(*texts), Counts()
    for text in texts:
        parts.add(counted(text))
    assert (parts.documents, parts.df, parts.tf) == (whole.documents, whole.df, whole.tf)
    assert (parts.pair_df, parts.pair_tf) == (whole.pair_df, whole.pair_tf)


def test_pairs_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_PRUNE_AT", 50)
    texts = [f"hot dog {'abcdefghij'[i % 10] * 3}{i} rest" for i in range(500)]
    counts = counted(*texts)
    assert len(counts.pair_df) <= 51
    assert counts.pair_df["hot", "dog"] == 500


def test_a_phrase_is_counted_as_words_are() -> None:
    index = {"machine learning": 0, "learning": 1, "文件系统": 2}
    assert count("Machine learning is learning. Machine-learning", index) == {0: 2, 1: 3}
    assert count("Linux文件系统", index) == {2: 1}


def test_the_commands(tmp_path: Path) -> None:
    texts = ["the hot dog stand"] * 9 + ["a cold day for a dog"] * 6 + ["cold rain all day"] * 60
    (tmp_path / "c.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    plain = dsltm("vocab", tmp_path / "c.jsonl")
    done = dsltm("vocab", tmp_path / "c.jsonl", "--phrases")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"word": "dog stand", "df": 9, "tf": 9} in found
    assert b"dog stand" not in plain.stdout
    save_tiny_teacher(tmp_path / "teacher", "llama")
    run = ("distill", tmp_path / "c.jsonl", "--teacher", tmp_path / "teacher", "-o", tmp_path / "l.npz")
    done = dsltm(*run, "--phrases")
    assert done.returncode == 0, done.stderr
    labels = read_labels(str(tmp_path / "l.npz"))
    assert labels.vocabulary == [row["word"] for row in found]
    column = labels.vocabulary_counts.toarray()[:, labels.vocabulary.index("dog stand")]
    np.testing.assert_array_equal(column, [1] * 9 + [0] * 66)
    refused = dsltm("vocab", tmp_path / "c.jsonl", "--phrases", "--preset", "paper")
    assert (refused.returncode, b"--phrases has no place" in refused.stderr) == (2, True)
