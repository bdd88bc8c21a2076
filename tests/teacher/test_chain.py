"""Words of several tokens: scored as running every whole prompt with every beginning would score them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from dsltm.teacher.files.load import load_teacher
from dsltm.teacher.reading.chain import ChainReader
from dsltm.teacher.reading.forward import Reader
from dsltm.teacher.reading.prompts import NAMED
from dsltm.teacher.reading.tokens import Encoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dsltm.teacher.reading.teacher import Teacher

CHAINS = [(5,), (17, 33), (17, 33, 40), (17, 8), (100, 33, 40, 2)]
TEXTS = ["the bank cut the rate", "the doctor saw the patient " * 30, ""]
PROMPTS = [NAMED["keywords"], NAMED["word"]]


@pytest.mark.parametrize("family", ["llama", "gemma3", "qwen3_5"])
def test_a_word_has_the_probability_of_its_tokens_one_after_another(
    tiny_teacher: Callable[[str], Path], family: str
) -> None:
    teacher = load_teacher(str(tiny_teacher(family)), dtype="float32")
    reader = ChainReader(teacher, PROMPTS, CHAINS, max_tokens=60)
    read = {
        row: (r, i) for rows, r in reader.read(reader.encoder.encode(TEXTS)) for i, row in enumerate(rows)
    }
    for number, text in enumerate(TEXTS):
        shares = []
        for prompt in PROMPTS:
            ids = whole(Encoder(teacher.tokenizer, PROMPTS, 60), text, PROMPTS.index(prompt))
            shares.append([share(teacher, ids, chain) for chain in CHAINS])
        reading, place = read[number]
        expected = np.log(shares).mean(0)
        shown = reading.logits[place].astype(np.float64)
        np.testing.assert_allclose(shown - shown.mean(), expected - expected.mean(), atol=1e-3)


def test_words_of_one_token_are_read_as_ever(tiny_teacher: Callable[[str], Path]) -> None:
    teacher = load_teacher(str(tiny_teacher("llama")), dtype="float32")
    usual = Reader(teacher, PROMPTS, [5, 17], max_tokens=60)
    chained = ChainReader(teacher, PROMPTS, [(5,), (17,)], max_tokens=60)
    (rows, first), (others, second) = (
        next(iter(reader.read(reader.encoder.encode(TEXTS)))) for reader in (usual, chained)
    )
    assert rows == others
    np.testing.assert_allclose(first.logits, second.logits, atol=1e-3)
    np.testing.assert_allclose(first.hidden, second.hidden, atol=1e-3)


def whole(encoder: Encoder, text: str, prompt: int) -> list[int]:
    tokens = encoder.encode([text])[0]
    return [*(encoder.prefix if tokens.prefixed else ()), *tokens.stem, *tokens.tails[prompt]]


@torch.inference_mode()
def share(teacher: Teacher, ids: list[int], chain: tuple[int, ...]) -> float:
    total = 1.0
    for token in chain:
        logits = teacher.model(input_ids=torch.tensor([ids])).logits[0, -1]
        total *= float(torch.softmax(logits.double(), 0)[token])
        ids = [*ids, token]
    return total
