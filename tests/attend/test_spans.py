"""What documents attend to behind a cached prefix is what they attend to in the plain model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from dsltm.errors import DsltmError
from dsltm.formats.topics import WrittenTopic
from dsltm.teacher.files.load import load_teacher
from dsltm.teacher.reading import watch
from dsltm.teacher.reading.spans import Watcher, span_tokens
from dsltm.written.attend.layout import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOPICS = [
    WrittenTopic(label)
    for label in (
        "kitchen", "rain and storm", "football team", "python code", "music", "bank", "guitar", "oven",
        "league", "piano", "market", "frost",
    )
]  # fmt: skip
TEXTS = [
    "We saw the striker kick for the goal.",
    "",
    "butter",
    "The bank and the market, with a budget of interest " * 3,
    "guitar",
    "  piano  concert\n\nsinger ",
]


@pytest.mark.parametrize("family", ["llama", "gemma3", "phi3", "qwen3_5"])
def test_attention_is_that_of_the_eager_model(tiny_teacher: Callable[[str], Path], family: str) -> None:
    from transformers import AutoModelForCausalLM

    directory = str(tiny_teacher(family))
    teacher = load_teacher(directory, dtype="float32", device="cpu")
    plan = layout(TOPICS, [3, 1, 0, 2, 11, 10, 9, 8, 7, 6, 5, 4], teacher.tokenizer)
    watcher = Watcher(teacher, plan.prompts, plan.spans, plan.tokens, max_tokens=500, batch_tokens=200)
    assert watcher.shares_prefix == (family != "qwen3_5")
    tokens = watcher.encoder.encode(TEXTS)
    seen = dict(watcher.read(tokens))
    assert sorted(seen) == list(range(len(TEXTS)))
    eager = AutoModelForCausalLM.from_pretrained(directory, attn_implementation="eager", dtype=torch.float32)
    for row, glance in seen.items():
        prefix = watcher.encoder.prefix if tokens[row].prefixed else []
        for tail, ids in enumerate(tokens[row].tails):
            whole = [*prefix, *tokens[row].stem, *ids]
            with torch.inference_mode():
                out = eager(input_ids=torch.tensor([whole]), output_attentions=True)
            np.testing.assert_allclose(glance.logits[tail], out.logits[0, -1, plan.tokens], atol=1e-4)
            if tail:
                continue
            layers = [layer[0, :, len(prefix) :].numpy() for layer in out.attentions if layer is not None]
            attention = np.concatenate(layers)  # of each head and token
            assert glance.length == attention.shape[1]
            text = plan.prompts[0].template.split("{document}")[0]
            members = span_tokens(teacher.tokenizer, text, watcher.encoder.prefix, plan.spans, special=True)
            for span, places in enumerate(members):
                on_span = np.maximum(attention[..., places], 1e-9)
                expected = np.log(on_span.mean(1)).mean(-1)
                np.testing.assert_allclose(glance.spans[..., span], expected, atol=1e-3)


@pytest.mark.parametrize("family", ["llama", "gemma3", "phi3", "qwen3_5"])
def test_some_heads_alone_are_seen_as_among_all(tiny_teacher: Callable[[str], Path], family: str) -> None:
    teacher = load_teacher(str(tiny_teacher(family)), dtype="float32", device="cpu")
    plan = layout(TOPICS, range(12), teacher.tokenizer)
    run: list[int] = []
    for number, layer in enumerate(teacher.model.base_model.layers):  # the watched copies have the hooks, too
        layer.register_forward_hook(lambda *_, number=number: run.append(number))
    watcher = Watcher(teacher, plan.prompts, plan.spans, plan.tokens, max_tokens=500, batch_tokens=200)
    tokens = watcher.encoder.encode(TEXTS)
    whole = dict(watcher.read(tokens))
    layer = watcher.heads[0][0]
    few = [(layer, 1), (layer, 2)]
    for answers in (False, True):
        run.clear()
        seen = dict(watcher.read(tokens, few, answers=answers))
        assert max(run) == (len(teacher.model.base_model.layers) - 1 if answers else layer)
        for row, glance in seen.items():
            np.testing.assert_allclose(glance.spans, whole[row].spans[1:3], atol=1e-4)
            assert len(glance.logits) == (len(plan.prompts) if answers else 0)


def test_spans_are_the_topics_own_tokens(tiny_teacher: Callable[[str], Path]) -> None:
    teacher = load_teacher(str(tiny_teacher("llama")), dtype="float32", device="cpu")
    plan = layout(TOPICS, range(12), teacher.tokenizer)
    text = plan.prompts[0].template.split("{document}")[0]
    ids = teacher.tokenizer(text).input_ids
    for topic, places in zip(
        TOPICS, span_tokens(teacher.tokenizer, text, ids, plan.spans, special=True), strict=True
    ):
        assert teacher.tokenizer.decode([ids[place] for place in places]).strip() == topic.label
    with pytest.raises(DsltmError, match="cannot be told apart"):
        span_tokens(teacher.tokenizer, text, ids[:5], plan.spans, special=True)


def test_many_documents_are_seen_as_few(
    tiny_teacher: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = load_teacher(str(tiny_teacher("llama")), dtype="float32", device="cpu")
    plan = layout(TOPICS, range(12), teacher.tokenizer)
    watcher = Watcher(teacher, plan.prompts, plan.spans, plan.tokens, max_tokens=500)
    tokens = watcher.encoder.encode([f"butter {word}" for word in ("oven", "music", "bank", "rain")])
    at_once = dict(watcher.read(tokens))
    monkeypatch.setattr(watch, "_ROOM", 1)
    one_by_one = dict(watcher.read(tokens))
    for row, glance in at_once.items():
        np.testing.assert_allclose(glance.spans, one_by_one[row].spans, atol=1e-5)


def test_the_numbers_are_a_distribution_and_follow_the_chain_rule(
    tiny_teacher: Callable[[str], Path],
) -> None:
    teacher = load_teacher(str(tiny_teacher("llama")), dtype="float32", device="cpu")
    order = [5, 3, 1, 0, 2, 4, 11, 10, 9, 8, 7, 6]
    plan = layout(TOPICS, order, teacher.tokenizer)
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4, len(plan.prompts), len(plan.tokens))).astype(np.float32)
    said = plan.numbers(logits)
    np.testing.assert_allclose(np.exp(said).sum(-1), 1, atol=1e-5)
    # 10, 11 and 12 begin as 1 does, so that together they are what the first digit is
    one = {teacher.tokenizer.decode([token]): i for i, token in enumerate(plan.tokens)}["1"]
    digits = [i for i, token in enumerate(plan.tokens) if teacher.tokenizer.decode([token]).isdigit()]
    digits = [i for i in digits if teacher.tokenizer.decode([plan.tokens[i]]) != "0"]
    root = logits[:, 1]
    first = np.exp(root[:, one]) / np.exp(root[:, digits]).sum(-1)
    begun = [order[number - 1] for number in (1, 10, 11, 12)]
    np.testing.assert_allclose(np.exp(said[:, begun]).sum(-1), first, rtol=1e-4)
