"""Tiny tokenizers of the kinds that the paper's five families have, trained on the tiny teachers' words.

- tiktoken (Llama 3, Qwen): bytes, split by a regular expression that takes one sign before a word along;
- byte-level (GPT-2, SmolLM): bytes, split as GPT-2 splits;
- sentencepiece (Gemma, ERNIE): letters with bytes for what is unknown, spaces written as ▁, nothing split;
- sentencepiece-prepend (Phi-3, Llama 2): the same with a ▁ put before every text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tiny_teachers import GLUE, THEMES

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

KINDS = ("tiktoken", "byte-level", "sentencepiece", "sentencepiece-prepend")
OF_FAMILY = {
    "llama": "tiktoken",
    "gemma3": "sentencepiece",
    "ernie4_5": "sentencepiece",
    "phi3": "sentencepiece-prepend",
    "qwen3_5": "tiktoken",
}
_TIKTOKEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_TEXT = (
    "Generate a label that capture the overall theme of the document below.\n\nDocument: \n\nTopic: "
    "Text: Keywords: Tags:"
)


def tokenizer_of_kind(kind: str, *, bos: bool) -> PreTrainedTokenizerFast:
    """A tokenizer of the kind; with `bos`, every text starts with `<s>`."""
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    raw = _sentencepiece(kind) if kind.startswith("sentencepiece") else _byte_level(kind)
    if bos:
        raw.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", raw.token_to_id("<s>"))]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token="<s>", eos_token="</s>", unk_token="<unk>", model_max_length=4096
    )


def _texts() -> list[str]:
    words = [*(word for theme in THEMES.values() for word in theme), *GLUE]
    return [*(" " + " ".join([word] * 5) for word in words), _TEXT, _TEXT]


def _trained(raw: Tokenizer, alphabet: list[str]) -> Tokenizer:
    from tokenizers import trainers

    trainer = trainers.BpeTrainer(
        vocab_size=900,
        min_frequency=2,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    raw.train_from_iterator(_texts(), trainer)
    return raw


def _byte_level(kind: str) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if kind == "tiktoken":
        raw.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_TIKTOKEN), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    raw.decoder = decoders.ByteLevel()
    return _trained(raw, sorted(pre_tokenizers.ByteLevel.alphabet()))


def _sentencepiece(kind: str) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    state: dict[str, Any] = json.loads(_trained(trained, [chr(code) for code in range(33, 127)]).to_str())
    pieces = sorted(state["model"]["vocab"], key=state["model"]["vocab"].get)
    pieces[3:3] = [f"<0x{byte:02X}>" for byte in range(256)]
    raw = Tokenizer(
        models.BPE(
            vocab={piece: number for number, piece in enumerate(pieces)},
            merges=[tuple(pair) for pair in state["model"]["merges"]],
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    raw.add_special_tokens(["<unk>", "<s>", "</s>"])
    steps: list[Any] = [normalizers.Replace(" ", "▁")]
    if kind == "sentencepiece-prepend":
        steps.insert(0, normalizers.Prepend("▁"))
    raw.normalizer = normalizers.Sequence(steps)
    raw.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return raw
