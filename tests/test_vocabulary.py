"""Words, counts and the choice among them."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import dsltm, environment

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Document
from dsltm.words import counts as counting
from dsltm.words.config import WordRules
from dsltm.words.counts import count_words, usual_min_df
from dsltm.words.stopwords import StopWords
from dsltm.words.text import words
from dsltm.words.vocabulary import (
    Entry,
    build_vocabulary,
    choose_words,
    read_vocabulary,
    write_vocabulary,
)

if TYPE_CHECKING:
    from pathlib import Path


def documents(*texts: str) -> list[Document]:
    return [Document(str(i), text) for i, text in enumerate(texts)]


@given(st.lists(st.lists(st.sampled_from(["ant", "bee", "cat", "dog"]), max_size=8), min_size=1))
def test_counts_against_a_plain_count(texts: list[list[str]]) -> None:
    df = Counter(word for text in texts for word in set(text))
    tf = Counter(word for text in texts for word in text)
    expected = [Entry(w, df[w], tf[w]) for w in sorted(df, key=lambda w: (-df[w], w))]
    corpus = documents(*map(" ".join, texts))
    if expected:
        assert build_vocabulary(corpus, 100) == expected
        assert build_vocabulary(corpus, 3) == expected[:3]
    else:
        with pytest.raises(DsltmError, match="no word is left"):
            build_vocabulary(corpus, 100)


def test_no_word_left_says_what_to_try() -> None:
    corpus = documents("ant bee", "cat")
    with pytest.raises(
        DsltmError, match=r"of the 3 in 2 documents, try --min-df 1, --stopwords none or more"
    ):
        build_vocabulary(corpus, min_df=3)
    with pytest.raises(DsltmError, match=r"of the 3 in 2 documents, try --stopwords none or more text$"):
        choose_words(count_words(corpus), stopwords={"ant", "bee", "cat"})  # distill has no --min-df


def test_texts_without_a_word_are_told_from_a_vocabulary_without_one() -> None:
    with pytest.raises(DsltmError, match=r"the 3 documents have none of two letters or more, try more text$"):
        build_vocabulary(documents("x", "x", "4 X!"))


def test_document_frequency_ranks_and_ties_follow_the_alphabet() -> None:
    corpus = documents("zebra zebra zebra zebra", "cat bird", "cat bird apple")
    assert [e.word for e in build_vocabulary(corpus)] == ["bird", "cat", "apple", "zebra"]


@pytest.mark.parametrize(
    ("bounds", "left"),
    [
        ({"min_df": 2}, ["all", "most", "some"]),
        ({"min_df": 0.5}, ["all", "most", "some"]),
        ({"min_df": 0.51}, ["all", "most"]),
        ({"max_df": 3}, ["most", "some", "one"]),
        ({"max_df": 0.75}, ["most", "some", "one"]),
        ({"max_df": 0.74}, ["some", "one"]),
        ({"min_df": 2, "max_df": 0.6}, ["some"]),
        ({"min_df": 0, "max_df": 1}, ["one"]),
    ],
)
def test_bounds_are_counts_or_shares(bounds: dict[str, float], left: list[str]) -> None:
    corpus = documents("all most some one", "all most some", "all most", "all")
    assert [e.word for e in build_vocabulary(corpus, **bounds)] == left


def test_stop_words_and_a_teacher_s_choice_do_not_shorten_the_list() -> None:
    corpus = documents("the cat and the dog", "the cat and bee", "the cat", "the and")
    asked = []

    def keep(word: str) -> bool:
        asked.append(word)
        return word != "cat"

    rules = WordRules(StopWords(frozenset({"the", "and"})))
    kept = build_vocabulary(corpus, 1, rules=rules, keep=keep)
    assert kept == [Entry("bee", 1, 1)]
    assert asked == ["cat", "bee"]  # in rank order, and no further than needed


def test_pruning_bounds_memory_and_spares_the_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_PRUNE_AT", 500)
    draw = random.Random(0)
    texts = [f"common{draw.randrange(20)} rare{'abcdefghij'[i % 10]}x{i}" for i in range(5000)]
    corpus = documents(*texts)
    exact = Counter(word for text in texts for word in words(text))
    counts = count_words(corpus)
    assert len(counts.df) <= 501
    top = choose_words(counts, 20)
    assert {(e.word, e.df) for e in top} == {(w, n) for w, n in exact.items() if w.startswith("common")}


def test_how_many_documents_a_word_needs_grows_with_the_corpus() -> None:
    assert [usual_min_df(n) for n in (5, 99, 100, 8000, 12_000, 10**6)] == [1, 1, 2, 2, 3, 10]
    corpus = documents(*["often now"] * 120, "seldom")
    assert [entry.word for entry in build_vocabulary(corpus)] == ["now", "often"]


def test_the_order_does_not_depend_on_hashing(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_text("\n".join(f"w{chr(97 + i % 26)}{chr(97 + i % 25)} shared" for i in range(400)))
    command = [sys.executable, "-m", "dsltm", "vocab", str(path), "--stopwords", "none", "--min-df", "1"]
    outputs = {
        subprocess.run(command, capture_output=True, env=environment(PYTHONHASHSEED=seed), check=True).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert outputs.pop().count(b"\n") > 100


def test_written_and_read_again(tmp_path: Path) -> None:
    entries = [Entry("naïve", 3, 4), Entry("日本語", 2, 2)]
    write_vocabulary(str(tmp_path / "v.jsonl"), entries)
    assert read_vocabulary(str(tmp_path / "v.jsonl")) == entries


def test_an_edited_vocabulary_needs_only_words(tmp_path: Path) -> None:
    (tmp_path / "v.jsonl").write_text('{"word": "cat"}\n\n{"word": " machine learning ", "df": 2, "x": 1}\n')
    assert read_vocabulary(str(tmp_path / "v.jsonl")) == [Entry("cat"), Entry("machine learning", 2)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"word": "a"}\n{"wort": "b"}', r'v\.jsonl:2: no "word" that is a string'),
        ('{"word": 1}', r"v\.jsonl:1: no"),
        ('{"word": "  "}', r"v\.jsonl:1: no"),
        ('{"word": "a", "df": "2"}', r'v\.jsonl:1: "df" and "tf" must be whole numbers'),
        ('{"word": "a"}\n{"word": "b"}\n{"word": "a "}', r"v\.jsonl:3: the word 'a' comes twice"),
        ("cat\n", r"v\.jsonl:1: not JSON"),
        ("", r"v\.jsonl: no words"),
    ],
)
def test_a_wrong_vocabulary_is_one_sentence(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "v.jsonl").write_text(content)
    with pytest.raises(DsltmError, match=message):
        read_vocabulary(str(tmp_path / "v.jsonl"))


def test_the_command(tmp_path: Path) -> None:
    corpus = '{"body": "cats chase mice"}\n{"body": "cats sleep"}\n'
    done = dsltm("vocab", "-", "--text-field", "body", "--size", "2", stdin=corpus)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"word": "cats", "df": 2, "tf": 2},
        {"word": "chase", "df": 1, "tf": 1},
    ]
    assert dsltm("vocab", "--text-field", "body", "-o", tmp_path / "v", stdin=corpus).stdout == b""
    assert (tmp_path / "v").read_bytes().count(b"\n") == 4


def test_the_command_with_a_teacher(tiny_teacher, tiny_corpus: Path) -> None:
    from transformers import AutoTokenizer

    teacher = tiny_teacher("llama")
    tokenizer = AutoTokenizer.from_pretrained(teacher)
    free = dsltm("vocab", tiny_corpus, "--size", "1000")
    kept = dsltm("vocab", tiny_corpus, "--size", "1000", "--teacher", teacher)
    assert kept.returncode == 0, kept.stderr
    expected = [
        line
        for line in free.stdout.splitlines()
        if len(tokenizer.encode(" " + json.loads(line)["word"], add_special_tokens=False)) == 1
    ]
    assert kept.stdout.splitlines() == expected
    assert 0 < len(expected) <= len(free.stdout.splitlines())


def test_the_demo_corpus(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dsltm.demo"]
    outputs = [
        subprocess.run(
            command, capture_output=True, env=environment(PYTHONHASHSEED=s), cwd=tmp_path, check=True
        )
        for s in "12"
    ]
    assert outputs[0].stdout == outputs[1].stdout
    rows = [json.loads(line) for line in outputs[0].stdout.splitlines()]
    assert len(rows) > 1500
    assert len({row["id"] for row in rows}) == len(rows)
    sizes = Counter(row["label"] for row in rows)
    assert min(sizes.values()) >= 30
    assert len(sizes) >= 20
    by_id = {row["id"]: row for row in rows}
    assert by_id["logging.Handler.emit"]["label"] == "logging"
    assert "Do whatever it takes to actually log" in by_id["logging.Handler.emit"]["text"]
    assert not list(tmp_path.iterdir())
