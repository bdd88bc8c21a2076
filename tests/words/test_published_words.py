"""The paper's rule for words, on sentences whose words are known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shell import dsltm
from tiny_teachers import save_tiny_teacher

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Document
from dsltm.formats.labels import read_labels
from dsltm.words.published import inner_words, published_vocabulary

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rain falls on the town", ["falls", "the", "town"]),  # the first word begins a sentence
        ("It rains. rain again! (storm) Wind?\n\nfog here", ["rains", "again", "storm", "here"]),
        ('He said "stay." then left', ["said", "stay", "left"]),
        ("the Oracle SQL query, oracle", ["query", "oracle"]),  # as written, not lower-cased
        ("use html5 and c++ in foo_bar", ["and"]),  # letters alone, three or more
        ("see www.example.org and config.xml, me@home.net", ["and"]),
        ("my client-side don't", ["client", "side", "don"]),
        ("the naïve café", ["naïve", "café"]),
        ("", []),
    ],
)
def test_words_that_the_rule_counts(text: str, words: list[str]) -> None:
    assert inner_words(text) == words


def corpus(*texts: str) -> list[Document]:
    return [Document(str(number), text, None, number) for number, text in enumerate(texts)]


def test_the_most_frequent_words_in_all_come_first() -> None:
    found = published_vocabulary(
        corpus("a storm storm storm rain", "the rain and fog", "Fog"), 3, stopwords={"and"}
    )
    assert [(entry.word, entry.df, entry.tf) for entry in found] == [
        ("storm", 1, 3),
        ("rain", 2, 2),
        ("fog", 1, 1),
    ]
    with pytest.raises(DsltmError, match="lower case within sentences"):
        published_vocabulary(corpus("STORM", "rain"))


def test_distill_has_the_papers_words_each_by_its_first_token(tmp_path: Path) -> None:
    texts = ["The storm brings rain", "A recipe with butter and unheardof rain", "My rain unheardofs"]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    (tmp_path / "corpus.jsonl").write_text(lines)
    save_tiny_teacher(tmp_path / "teacher", "llama")
    run = ("distill", tmp_path / "corpus.jsonl", "--teacher", tmp_path / "teacher", "--preset", "paper")
    done = dsltm(*run, "-o", tmp_path / "labels.npz")
    assert done.returncode == 0, done.stderr
    labels = read_labels(str(tmp_path / "labels.npz"))
    assert labels.vocabulary == ["rain", "brings", "butter", "recipe", "storm", "unheardof", "unheardofs"]
    assert labels.header["projection"] == "first"
    assert [prompt["name"] for prompt in labels.header["prompts"]] == ["paper"]
    assert labels.own_logit.all()
    begun = np.array(labels.logits)
    np.testing.assert_array_equal(begun[:, 5], begun[:, 6])  # they begin with the same token
    refused = dsltm(*run, "--min-df", "2", "-o", tmp_path / "other.npz")
    assert (refused.returncode, b"--min-df does not go with" in refused.stderr) == (2, True)
    own = dsltm("vocab", tmp_path / "corpus.jsonl", "--preset", "paper", "--size", "2")
    rows = [json.loads(row) for row in own.stdout.splitlines()]
    assert rows == [{"word": "rain", "df": 3, "tf": 3}, {"word": "brings", "df": 1, "tf": 1}]
    refused = dsltm("vocab", tmp_path / "corpus.jsonl", "--preset", "paper", "--max-df", "2")
    assert (refused.returncode, b"--max-df has no place" in refused.stderr) == (2, True)
