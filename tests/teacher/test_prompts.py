"""The named prompts, and the projections that gather words from tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from shell import dsltm

from dsltm.distilling.choose import agreement, best_alike, choose_prompts
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.corpus import Corpus
from dsltm.formats.labels import read_labels
from dsltm.teacher.files.load import load_teacher
from dsltm.teacher.reading.forward import Reader
from dsltm.teacher.reading.projection import project
from dsltm.teacher.reading.prompts import DEFAULT, NAMED, PAPER, Prompt
from dsltm.teacher.reading.tokens import Encoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dsltm.teacher.reading.teacher import Teacher


@pytest.fixture(scope="module")
def teacher(tiny_teacher: Callable[[str], Path]) -> Teacher:
    return load_teacher(str(tiny_teacher("llama")), dtype="float32")


def test_the_default_prompts_share_the_reading_of_the_document(teacher: Teacher) -> None:
    text = "the bank cut the rate and the market fell " * 5
    document = teacher.tokenizer.encode(text.strip(), add_special_tokens=False)
    together = Encoder(teacher.tokenizer, DEFAULT, 512).encode([text])[0]
    assert len(together.tails) == 4
    assert len(together.stem) >= len(document) - 1


def test_listing_is_one_record_a_prompt_that_distill_accepts() -> None:
    rows = [json.loads(line) for line in dsltm("prompts").stdout.splitlines()]
    assert [row["name"] for row in rows] == list(NAMED)
    assert [row["name"] for row in rows if row["default"]] == [prompt.name for prompt in DEFAULT]
    for row in rows:
        assert Prompt(row["name"], row["template"], row["chat"]) == NAMED[row["name"]]


def test_an_unknown_prompt_and_auto_beside_another_are_refused(tiny_corpus: Path) -> None:
    done = dsltm("distill", tiny_corpus, "--prompt", "keyword")
    assert done.returncode == 1
    assert b"keywords" in done.stderr
    done = dsltm("distill", tiny_corpus, "--prompt", "auto", "--prompt", "tags")
    assert done.returncode == 2
    assert b"alone" in done.stderr


def test_what_was_asked_is_in_the_header(tiny_corpus: Path, teacher: Teacher, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("".join(tiny_corpus.read_text().splitlines(keepends=True)[:30]))
    headers = {}
    for name, options in {
        "default": [],
        "paper": ["--preset", "paper"],
        "both": ["--prompt", "tags", "--prompt", "paper", "--projection", "spellings"],
        "auto": ["--prompt", "auto"],
    }.items():
        target = tmp_path / f"{name}.npz"
        done = dsltm("distill", few, "--teacher", teacher.name, "-o", target, *options)
        assert done.returncode == 0, done.stderr.decode()
        headers[name] = read_labels(str(target)).header
    names = {name: [p["name"] for p in header["prompts"]] for name, header in headers.items()}
    assert names["default"] == ["keywords", "tags", "word", "related"]
    assert names["paper"] == ["paper"]
    assert names["both"] == ["tags", "paper"]
    assert 1 <= len(set(names["auto"])) == len(names["auto"]) <= 4
    assert headers["both"]["projection"] == "spellings"
    assert headers["default"]["projection"] == "every"


def test_agreement_ranks_an_instruction_that_sees_nothing_last() -> None:
    rng = np.random.default_rng(0)
    places = rng.normal(0, 1, (120, 6))  # what the documents are about
    views = [places @ rng.normal(0, 1, (6, 24)) + rng.normal(0, 0.3, (120, 24)) for _ in range(3)]
    hidden = np.stack([views[0], rng.normal(0, 1, (120, 24)), views[1], views[2]]).astype(np.float16)
    scores = agreement(hidden)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores.argmin() == 1
    assert min(scores[[0, 2, 3]]) > 2 * scores[1]


def test_agreement_of_equal_views_is_one() -> None:
    hidden = np.repeat(np.random.default_rng(1).normal(size=(1, 40, 8)).astype(np.float16), 3, 0)
    np.testing.assert_allclose(agreement(hidden), 1.0)


def test_the_best_prompt_is_joined_by_those_that_begin_like_it() -> None:
    candidates = [NAMED[name] for name in ("tags", "question", "keywords", "topic")]
    assert [p.name for p in best_alike(candidates, np.array([0.3, 0.2, 0.5, 0.1]))] == [
        "keywords",
        "tags",
        "topic",
    ]
    assert best_alike(candidates, np.array([0.3, 0.9, 0.5, 0.1])) == (NAMED["question"],)
    assert len(best_alike(candidates, np.array([0.3, 0.2, 0.5, 0.1]), 2)) == 2


def test_auto_needs_documents_to_look_at(teacher: Teacher, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text('{"text": "the bank"}\n' * 5)
    with pytest.raises(DsltmError, match="more documents"):
        choose_prompts(Corpus(str(few)), teacher, max_tokens=100)


def test_spellings_sum_the_probability_of_every_form(teacher: Teacher) -> None:
    forms = [[5, 17, 33], [100], [260, 301]]
    text = "the bank cut the rate"
    reader = Reader(teacher, [PAPER], forms, max_tokens=200)
    _, reading = next(iter(reader.read(reader.encoder.encode([text]))))
    encoder = Encoder(teacher.tokenizer, [PAPER], 200)
    with torch.inference_mode():
        ids = torch.tensor([[*encoder.prefix, *encoder.encode([text])[0].ids()]])
        shares = torch.softmax(teacher.model(input_ids=ids).logits[0, -1].double(), 0)
    expected = np.array([shares[form].sum().item() for form in forms])
    shown = np.exp(reading.logits[0].astype(np.float64))
    np.testing.assert_allclose(shown / shown.sum(), expected / expected.sum(), rtol=1e-3)


class Spelling:
    """A tokenizer with a list of whole words; others fall into letters."""

    unk_token_id = 0
    known = (" bank", "bank", " Bank", " BANK", "Rate", " ra")

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        assert not add_special_tokens
        if text[:1] in (":", "\n"):  # what words stand behind
            return [99, *self.encode(text[1:], add_special_tokens=False)] if text[1:] else [99]
        if text in self.known:
            return [1 + self.known.index(text)]
        if text.startswith(" ra"):
            return [1 + self.known.index(" ra"), 50, 51]
        return [100 + ord(letter) for letter in text]


def test_projections_differ_in_the_words_that_they_can_say() -> None:
    words = ["bank", "rate", "rank", "x"]
    tokenizer = Spelling()
    every = project(tokenizer, words)  # type: ignore[arg-type]
    assert (every.words, every.tokens, every.coverage) == (words, [1, 6, 6, 132], 0.25)
    assert every.split == (1, 2, 3)  # "rate" and "rank" share the token that begins them
    assert every.pieces() == [(1,), (6, 50, 51), (6, 50, 51), (132, 220)]
    token = project(tokenizer, words, "token")  # type: ignore[arg-type]
    assert (token.words, token.forms, token.coverage) == (["bank"], [(1,)], 0.25)
    spelled = project(tokenizer, words, "spellings")  # type: ignore[arg-type]
    assert spelled.words == ["bank", "rate", "x"]
    assert spelled.forms == [(1, 3, 4, 2), (5,), (220, 188)]
    first = project(tokenizer, words, "first")  # type: ignore[arg-type]
    assert (first.words, first.coverage) == (words, 1.0)
    assert first.tokens == [1, 6, 6, 132]  # rank begins like rate
    assert not first.split
    chain = project(tokenizer, [*words, "bank"], "chain")  # type: ignore[arg-type]
    assert chain.words == ["bank", "rate", "x"]  # this tokenizer spells rank like rate
    assert chain.chains == ((1,), (6, 50, 51), (132, 220))
    assert chain.tokens == [1, 6, 132]
    with pytest.raises(UsageError, match="spellings"):
        project(tokenizer, words, "whole")  # type: ignore[arg-type]


def test_words_of_scripts_without_spaces_follow_without_one() -> None:
    tokenizer = Spelling()
    tokenizer.known = (*Spelling.known, "山", " 水手", "ภู")
    projection = project(tokenizer, ["山", "bank", "水手", "ภู"], "token")  # type: ignore[arg-type]
    assert (projection.words, projection.tokens) == (["山", "bank", "ภู"], [7, 1, 9])
