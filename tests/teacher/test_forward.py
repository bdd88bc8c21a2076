"""Reading documents packed end to end gives what reading each whole prompt alone gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.teacher.files.load import load_teacher
from dsltm.teacher.reading.attention import positions, visible
from dsltm.teacher.reading.forward import Reader
from dsltm.teacher.reading.prompts import PAPER, Prompt
from dsltm.teacher.reading.tokens import Encoder, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from dsltm.teacher.reading.teacher import Teacher

SECOND = Prompt("second", PAPER.template.removesuffix("Topic:") + "In one word, this is about")
TEXTS = [
    "the team won the game",
    "",
    "a new phone with a better camera and a long battery life",
    "the bank cut the rate",
    "x",
    "the doctor saw the patient " * 30,
    "the bank cut the rate",
    "  odd   space\n\n\nand lines  ",
]
TOKENS = [5, 17, 100, 260, 301]


def plain(teacher: Teacher, prompt: Prompt, text: str, max_tokens: int) -> tuple[np.ndarray, np.ndarray]:
    """The published way: one prompt at a time, all logits, the last position."""
    tokens = Encoder(teacher.tokenizer, [prompt], max_tokens).encode([text])[0]
    prefix = Encoder(teacher.tokenizer, [prompt], max_tokens).prefix if tokens.prefixed else []
    ids = torch.tensor([[*prefix, *tokens.ids()]])
    with torch.inference_mode():
        out = teacher.model(input_ids=ids, output_hidden_states=True)
    return out.logits[0, -1, TOKENS].float().numpy(), out.hidden_states[-1][0, -1].float().numpy()


@pytest.mark.parametrize("family", ["llama", "gemma3", "ernie4_5", "phi3", "qwen3_5"])
@pytest.mark.parametrize("prompts", [[PAPER], [PAPER, SECOND]], ids=["one", "two"])
def test_packed_equals_whole_prompts(
    tiny_teacher: Callable[[str], Path], family: str, prompts: list[Prompt]
) -> None:
    directory = str(tiny_teacher(family))
    reference = load_teacher(directory, dtype="float32")
    expected = [[plain(reference, prompt, text, 90) for prompt in prompts] for text in TEXTS]
    reader = Reader(
        load_teacher(directory, dtype="float32"), prompts, TOKENS, max_tokens=90, batch_tokens=150
    )
    assert reader.way.packs == (family != "qwen3_5")
    tokens = reader.encoder.encode(TEXTS)
    assert [document.truncated for document in tokens] == [False] * 5 + [True] + [False] * 2
    rows = []
    for batch, reading in reader.read(tokens):
        rows.extend(batch)
        for row, logits, hidden in zip(batch, reading.logits, reading.hidden, strict=True):
            if tokens[row].truncated and len(prompts) > 1:
                continue  # cut to fit under the longer of the two prompts
            np.testing.assert_allclose(logits, np.mean([x for x, _ in expected[row]], 0), atol=2e-4)
            np.testing.assert_allclose(hidden, np.concatenate([h for _, h in expected[row]]), atol=2e-4)
    assert sorted(rows) == list(range(len(TEXTS)))


def test_batch_mates_and_order_do_not_matter(tiny_teacher: Callable[[str], Path]) -> None:
    teacher = load_teacher(str(tiny_teacher("llama")), dtype="float32")
    results = {}
    for budget, order in ((1, 1), (10_000, -1)):
        reader = Reader(teacher, [PAPER], TOKENS, max_tokens=60, batch_tokens=budget)
        texts = TEXTS[::order]
        for batch, reading in reader.read(reader.encoder.encode(texts)):
            for row, hidden in zip(batch, reading.hidden, strict=True):
                results.setdefault(texts[row], []).append(hidden)
    for rows in results.values():
        for row in rows[1:]:
            np.testing.assert_allclose(row, rows[0], atol=1e-5)


@given(
    st.lists(
        st.text(max_size=40) | st.sampled_from([" \n\n", "🙂" * 5, "é\u0301", "<s>", "a\u00a0"]), max_size=8
    )
)
@settings(max_examples=150, deadline=None)
def test_split_gives_the_ids_of_the_whole_prompt(
    tiny_teacher: Callable[[str], Path], texts: list[str]
) -> None:
    import tiny_teachers

    _, tokenizer = tiny_teachers.tiny_model("llama")
    encoder = Encoder(tokenizer, [PAPER, SECOND], 4096)
    special = set(tokenizer.all_special_tokens)
    for text, tokens in zip(texts, encoder.encode(texts), strict=True):
        if any(name in text for name in special):
            continue
        for prompt, tail in zip([PAPER, SECOND], tokens.tails, strict=True):
            whole = tokenizer(prompt.template.replace("{document}", text.strip())).input_ids
            assert [*(encoder.prefix if tokens.prefixed else []), *tokens.stem, *tail] == whole


def test_document_text_never_becomes_a_special_token(tiny_teacher: Callable[[str], Path]) -> None:
    import tiny_teachers

    _, tokenizer = tiny_teachers.tiny_model("llama")
    encoder = Encoder(tokenizer, [PAPER], 512)
    specials = set(tokenizer.all_special_ids)
    text = " ".join(map(str, tokenizer.all_special_tokens))
    assert not specials & set(encoder.encode([text])[0].ids())


def test_cut_keeps_the_instruction(tiny_teacher: Callable[[str], Path]) -> None:
    import tiny_teachers

    _, tokenizer = tiny_teachers.tiny_model("llama")
    encoder = Encoder(tokenizer, [PAPER, SECOND], 60)
    tokens = encoder.encode(["the game was won " * 5000])[0]
    longest = max(len(encoder.prefix) + len(tokens.stem) + len(tail) for tail in tokens.tails)
    assert tokens.truncated
    assert 55 <= longest <= 60
    ending = tokenizer("\n\nTopic:", add_special_tokens=False).input_ids
    assert tokens.tails[0][-2:] == ending[-2:]


@given(st.integers(0, 5), st.integers(0, 6), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_visible_is_causal_attention_of_each_prompt(before: int, stem: int, tails: list[int]) -> None:
    shape = Shape(True, stem, tuple(tails))
    seen, place = visible(shape, before), positions(shape, before)
    start = stem
    for tail in tails:
        own = [*range(stem), *range(start, start + tail)]
        block = seen[own][:, [*range(before), *(before + i for i in own)]]
        assert torch.equal(block, torch.ones(len(own), before + len(own)).tril(before).bool())
        assert place[own].tolist() == list(range(before, before + stem + tail))
        start += tail
    if len(tails) > 1:
        assert not seen[stem + tails[0] :, before + stem : before + stem + tails[0]].any()


def test_what_is_cut_off_is_not_tokenized(tiny_teacher: Callable[[str], Path]) -> None:
    """A document of megabytes costs no more than the part that can be read."""
    import tiny_teachers

    _, tokenizer = tiny_teachers.tiny_model("llama")
    encoder = Encoder(tokenizer, [PAPER], 60)
    seen: list[int] = []
    whole = encoder._whole

    def watched(texts: Sequence[str]) -> list[list[list[int]]]:
        seen.extend(map(len, texts))
        return whole(texts)

    encoder._whole = watched  # type: ignore[method-assign]
    tokens = encoder.encode(["the game was won " * 100_000])[0]
    assert tokens.truncated
    assert max(seen) < 60 * 20
