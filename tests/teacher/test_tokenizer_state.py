"""Tokenizers as they are found: with what training left in them, and in texts that spell control tokens."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import tiny_teachers
import tiny_tokenizers

from dsltm.errors import DsltmError
from dsltm.teacher.files.load import load_teacher
from dsltm.teacher.reading.projection import project, single_token
from dsltm.teacher.reading.prompts import NAMED, PAPER
from dsltm.teacher.reading.tokens import Encoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = "We saw rain and a storm in the forecast."


@pytest.fixture
def copied(tiny_teacher: Callable[[str], Path], tmp_path: Path) -> Path:
    """A tiny Llama's directory that a test may spoil."""
    return shutil.copytree(tiny_teacher("llama"), tmp_path / "teacher")


def change(directory: Path, **parts: Any) -> None:
    """Replace parts of a tokenizer.json."""
    path = directory / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | parts))


def configure(directory: Path, **settings: Any) -> None:
    """Add settings to a tokenizer_config.json."""
    path = directory / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def test_a_token_that_ends_the_text_is_left_off(copied: Path, tiny_teacher: Callable[[str], Path]) -> None:
    special = {"SpecialToken": {"id": "</s>", "type_id": 0}}
    state = json.loads((copied / "tokenizer.json").read_text())["post_processor"]
    state["single"].append(special)
    state["special_tokens"]["</s>"] = {"id": "</s>", "ids": [2], "tokens": ["</s>"]}
    change(copied, post_processor=state)
    usual = load_teacher(str(tiny_teacher("llama")), dtype="float32").tokenizer
    spoilt = load_teacher(str(copied), dtype="float32").tokenizer
    assert spoilt(TEXT).input_ids == usual(TEXT).input_ids
    assert Encoder(spoilt, [PAPER], 200).encode([TEXT]) == Encoder(usual, [PAPER], 200).encode([TEXT])


def test_truncation_and_padding_are_off(copied: Path, tiny_teacher: Callable[[str], Path]) -> None:
    change(
        copied,
        truncation={"direction": "Right", "max_length": 24, "strategy": "LongestFirst", "stride": 0},
        padding={
            "strategy": {"Fixed": 48},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "<pad>",
        },
    )
    usual = load_teacher(str(tiny_teacher("llama")), dtype="float32").tokenizer
    spoilt = load_teacher(str(copied), dtype="float32").tokenizer
    texts = ["rain", "We saw the bank and the loan " * 9]
    assert Encoder(spoilt, [PAPER], 400).encode(texts) == Encoder(usual, [PAPER], 400).encode(texts)


def test_merges_are_not_left_out_at_random(copied: Path, tiny_teacher: Callable[[str], Path]) -> None:
    model = json.loads((copied / "tokenizer.json").read_text())["model"]
    change(copied, model=model | {"dropout": 0.5})
    usual = load_teacher(str(tiny_teacher("llama")), dtype="float32").tokenizer
    spoilt = load_teacher(str(copied), dtype="float32").tokenizer
    for _ in range(3):
        assert spoilt(TEXT).input_ids == usual(TEXT).input_ids


def test_control_tokens_of_a_chat_are_whole_after_words_were_looked_up(
    copied: Path, tiny_teacher: Callable[[str], Path]
) -> None:
    configure(copied, split_special_tokens=True)
    usual = load_teacher(str(tiny_teacher("llama")), dtype="float32").tokenizer
    spoilt = load_teacher(str(copied), dtype="float32").tokenizer
    project(spoilt, ["rain"])  # which encodes by another door of the tokenizer
    chat = [NAMED["chat"]]
    assert Encoder(spoilt, chat, 200).encode([TEXT]) == Encoder(usual, chat, 200).encode([TEXT])


@pytest.mark.parametrize("named", ["GPT2Tokenizer", "Qwen2Tokenizer", "GemmaTokenizer", "BertTokenizer"])
def test_texts_are_split_as_the_tokenizers_file_says(named: str, copied: Path) -> None:
    """SmolLM2's configuration names the class of GPT-2, which joins the digits of a number."""
    state = json.loads((copied / "tokenizer.json").read_text())
    state["model"]["vocab"]["12"] = len(state["model"]["vocab"])
    state["model"]["merges"].append(["1", "2"])
    byte_level = state["pre_tokenizer"]
    digits = {"type": "Digits", "individual_digits": True}
    change(
        copied,
        model=state["model"],
        pre_tokenizer={"type": "Sequence", "pretokenizers": [digits, byte_level]},
    )
    configure(copied, tokenizer_class=named)
    tokenizer = load_teacher(str(copied), dtype="float32").tokenizer
    assert tokenizer.tokenize("in 1212") == ["in", "Ġ", "1", "2", "1", "2"]


@pytest.mark.parametrize("content", ["", "{}", '{"model": {"type": "BPE"}}'])
def test_a_damaged_tokenizer_is_refused(content: str, copied: Path) -> None:
    (copied / "tokenizer.json").write_text(content)
    with pytest.raises(DsltmError, match="no tokenizer that can be opened") as raised:
        load_teacher(str(copied), dtype="float32")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("kind", "text"), [("Lowercase", "<THINK>"), ("NFKC", "＜think＞")])
def test_text_that_spells_a_control_token_once_normalized_is_text(kind: str, text: str, copied: Path) -> None:
    state = json.loads((copied / "tokenizer.json").read_text())
    number = len(state["model"]["vocab"])
    token = {"id": number, "content": "<think>", "special": False, "normalized": True}
    added = [*state["added_tokens"], token | dict.fromkeys(("single_word", "lstrip", "rstrip"), False)]
    change(copied, normalizer={"type": kind}, added_tokens=added)
    tokenizer = load_teacher(str(copied), dtype="float32").tokenizer
    assert number in tokenizer(f"rain {text} storm").input_ids
    document = Encoder(tokenizer, [PAPER], 200).encode([f"rain {text} storm"])[0]
    assert number not in document.ids()
    assert tokenizer.convert_tokens_to_ids("Ġstorm") in document.ids()


def test_text_that_spells_a_control_token_is_text(copied: Path) -> None:
    tokenizer = load_teacher(str(copied), dtype="float32").tokenizer
    tokenizer.add_tokens(["<|im_start|>"], special_tokens=True)
    tokenizer.add_tokens(["<think>", "[TOOL]", "   ", "covid"])
    encoder = Encoder(tokenizer, [PAPER], 200)
    names = ["<|im_start|>", "<think>", "[TOOL]", "<s>", "</s>", "<pad>"]
    for name in names:
        document = encoder.encode([f"rain {name} storm"])[0]
        assert tokenizer.convert_tokens_to_ids(name) not in document.ids(), name
    for kept in ("   ", "covid"):  # what stands for text remains
        document = encoder.encode([f"rain{kept}storm"])[0]
        assert tokenizer.convert_tokens_to_ids(kept) in document.ids(), kept


def test_a_control_token_that_the_network_does_not_know_is_text(copied: Path) -> None:
    tokenizer = load_teacher(str(copied), dtype="float32").tokenizer
    tokenizer.add_tokens(["covid"])
    number = tokenizer.convert_tokens_to_ids("covid")
    document = Encoder(tokenizer, [PAPER], 200, known=number).encode(["rain covid storm"])[0]
    assert max(document.ids()) < number


def test_a_tokenizer_of_another_model_is_refused(copied: Path) -> None:
    state = json.loads((copied / "tokenizer.json").read_text())
    vocab = state["model"]["vocab"]
    for number in range(20):
        vocab[f"beyond{number}"] = len(vocab)
    change(copied, model=state["model"])
    with pytest.raises(DsltmError, match="do not belong together"):
        load_teacher(str(copied), dtype="float32")


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
        ("{{ messages[0].content }}{{ messages[0].content }}", "2 times"),
        ("{% for m in messages %}{{ m.content | upper }}", "chat template"),
        ("{{ messages[0].content | upper }}", "0 times"),
        ("{{ messages[0].content + 1 }}", "chat template"),
    ],
)
def test_chat_templates_that_cannot_be_used(template: str, sentence: str) -> None:
    tokenizer = tiny_teachers.tiny_tokenizer(bos=True, chat=True)
    tokenizer.chat_template = template
    with pytest.raises(DsltmError, match=sentence) as raised:
        NAMED["chat"].around(tokenizer)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("opening", "read"),
    [
        ("{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}", "<think>\n\n</think>\n\n"),
        ("{{ '<think>\\n' }}", "<think>\n\n</think>\n\n"),
        ("", ""),
    ],
    ids=["asked not to", "begun for it", "does not think"],
)
def test_a_teacher_that_thinks_is_read_behind_its_thought(opening: str, read: str) -> None:
    tokenizer = tiny_teachers.tiny_tokenizer(bos=True, chat=True)
    tokenizer.chat_template = "{{ messages[0].content }}<|assistant|>" + opening
    assert NAMED["chat"].around(tokenizer)[1] == "<|assistant|>" + read


@pytest.mark.parametrize("kind", tiny_tokenizers.KINDS)
def test_words_are_tested_where_they_will_stand(kind: str) -> None:
    tokenizer = tiny_tokenizers.tokenizer_of_kind(kind, bos=False)
    for word in ("butter", "storm", "python"):
        written = tokenizer.encode(f"Text: it\nKeywords: {word}", add_special_tokens=False)
        assert single_token(tokenizer, word) == written[-1]
    words = [word for theme in tiny_teachers.THEMES.values() for word in theme]
    first = project(tokenizer, words, "first")
    assert len({*first.tokens}) > 0.9 * len(words)  # not one beginning for all
    chains = project(tokenizer, [*words, "unheard"], "chain")
    assert len(chains.words) == len(words) + 1
    spelled = project(tokenizer, ["butter"], "spellings")
    assert single_token(tokenizer, "butter") in spelled.forms[0]


def test_logits_of_a_llama_2_like_teacher(tmp_path: Path) -> None:
    """Its tokenizer puts a space before every text, where the document begins and where a word is tested."""
    tokenizer = tiny_tokenizers.tokenizer_of_kind("sentencepiece-prepend", bos=True)
    encoder = Encoder(tokenizer, [PAPER, NAMED["word"]], 300)
    for text in (TEXT, "", "naïve 山 🙂"):
        document = encoder.encode([text])[0]
        for prompt, tail in zip((PAPER, NAMED["word"]), document.tails, strict=True):
            whole = tokenizer(prompt.template.replace("{document}", text)).input_ids
            assert [*encoder.prefix, *document.stem, *tail] == whole
