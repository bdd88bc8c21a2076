"""Tiny random teachers, one of each family that the aliases name, saved as directories a user could pass.

The weights mean nothing, but their spread is wide (standard deviation 0.3, not 0.02), so that a wrong mask, a
wrong position or a wrong row changes the output by far more than rounding does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

THEMES: dict[str, tuple[str, ...]] = {
    "kitchen": ("butter", "garlic", "oven", "recipe", "flour", "sugar", "onion", "simmer", "pepper", "bake"),
    "weather": ("rain", "storm", "cloud", "thunder", "sunny", "forecast", "snow", "windy", "humid", "frost"),
    "football": (
        "goal",
        "referee",
        "penalty",
        "striker",
        "league",
        "coach",
        "keeper",
        "match",
        "team",
        "kick",
    ),
    "code": (
        "python",
        "compiler",
        "function",
        "variable",
        "thread",
        "database",
        "query",
        "loop",
        "array",
        "bug",
    ),
    "music": (
        "guitar",
        "melody",
        "chorus",
        "drum",
        "piano",
        "concert",
        "singer",
        "album",
        "rhythm",
        "violin",
    ),
    "money": ("bank", "loan", "interest", "market", "stock", "price", "invest", "profit", "trade", "budget"),
}
"""Words that the tiny tokenizers write as one token with a leading space, by theme."""

GLUE = ("the", "and", "with", "for", "a", "of", "in", "document", "topic", "label", "theme", "below")

CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def sentences(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """`count` pairs of (theme, sentence): the themes in turn, words drawn from that theme and the glue."""
    import random

    rng = random.Random(seed)
    names = sorted(THEMES)
    pairs = []
    for index in range(count):
        theme = names[index % len(names)]
        words = rng.sample(THEMES[theme], rng.randint(2, 6)) + rng.sample(GLUE, 3)
        rng.shuffle(words)
        pairs.append((theme, "We saw " + " ".join(words) + "."))
    return pairs


def tiny_tokenizer(*, bos: bool, chat: bool) -> PreTrainedTokenizerFast:
    """A byte-level BPE of some 500 entries; with `bos`, every text starts with `<s>`, as for Llama."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900,
        min_frequency=2,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    words = [word for theme in THEMES.values() for word in theme] + list(GLUE)
    text = [" " + " ".join([word] * 5) for word in words]
    prompt = "Generate a label that capture the overall theme of the document below.\n\nDocument: \n\nTopic:"
    raw.train_from_iterator([*text, prompt, prompt], trainer)
    if bos:
        raw.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", raw.token_to_id("<s>"))]
        )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", bos_token="<s>", eos_token="</s>", model_max_length=4096
    )
    if chat:
        tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _llama(size: dict[str, Any]) -> PreTrainedConfig:
    from transformers import LlamaConfig

    return LlamaConfig(**size, tie_word_embeddings=True, num_hidden_layers=3)


def _gemma3(size: dict[str, Any]) -> PreTrainedConfig:
    from transformers import Gemma3TextConfig

    return Gemma3TextConfig(
        **size,
        num_hidden_layers=4,
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=16,
        layer_types=["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
    )


def _ernie(size: dict[str, Any]) -> PreTrainedConfig:
    from transformers import Ernie4_5Config

    return Ernie4_5Config(**size, num_hidden_layers=2, head_dim=8)


def _phi3(size: dict[str, Any]) -> PreTrainedConfig:
    from transformers import Phi3Config

    return Phi3Config(**size, num_hidden_layers=2, original_max_position_embeddings=512)


def _qwen3_5(size: dict[str, Any]) -> PreTrainedConfig:
    from transformers import Qwen3_5TextConfig

    return Qwen3_5TextConfig(
        **size,
        num_hidden_layers=4,
        head_dim=16,
        linear_key_head_dim=8,
        linear_value_head_dim=8,
        linear_num_key_heads=2,
        linear_num_value_heads=4,
        layer_types=["linear_attention", "linear_attention", "linear_attention", "full_attention"],
        tie_word_embeddings=True,
    )


_CONFIGS: dict[str, Callable[[dict[str, Any]], PreTrainedConfig]] = {
    "llama": _llama,
    "gemma3": _gemma3,
    "ernie4_5": _ernie,
    "phi3": _phi3,
    "qwen3_5": _qwen3_5,
}
FAMILIES: tuple[str, ...] = tuple(_CONFIGS)
"""llama: full attention, BOS, chat template, tied embeddings; gemma3: alternating sliding windows of 16, BOS;
ernie4_5: no BOS; phi3: no BOS, untied, fused projections; qwen3_5: linear attention, each fourth layer full,
chat template."""


def tiny_model(family: str, *, seed: int = 0) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """A random float32 model of the family in eval mode and its tokenizer; the same for the same seed."""
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer = tiny_tokenizer(bos=family in ("llama", "gemma3"), chat=family in ("llama", "qwen3_5"))
    config = _CONFIGS[family](
        {
            "vocab_size": len(tokenizer) + 5,  # real models round their vocabulary up, too
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 512,
            "initializer_range": 0.3,
            "pad_token_id": tokenizer.pad_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
        }
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    return model.eval(), tokenizer


def save_tiny_teacher(directory: Path, family: str, *, seed: int = 0) -> Path:
    """Write the tiny teacher as a directory with safetensors, config and tokenizer; return the directory."""
    model, tokenizer = tiny_model(family, seed=seed)
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def write_jsonl(path: Path, pairs: list[tuple[str, str]]) -> Path:
    """Write (label, text) pairs as a corpus with ids d0, d1, ..."""
    with path.open("w", encoding="utf-8") as file:
        for index, (label, text) in enumerate(pairs):
            file.write(json.dumps({"id": f"d{index}", "text": text, "label": label}) + "\n")
    return path
