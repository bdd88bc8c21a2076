"""GGUF files, written here as llama.cpp writes them, give the model that they were written from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_teachers
import tiny_tokenizers
import torch

from dsltm.errors import DsltmError
from dsltm.teacher.files import gguf as ours
from dsltm.teacher.files.load import load_teacher

if TYPE_CHECKING:
    from pathlib import Path

gguf = pytest.importorskip("gguf")

TEXT = "We saw rain and a storm in the forecast."
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
TOP = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}


def interleave(weight: np.ndarray, heads: int) -> np.ndarray:
    """The order of llama.cpp, whose rotary embedding turns neighbours: halves of a head are interleaved."""
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def write_gguf(
    path: Path, *, without: str = "", parts: int = 0, rope: dict[str, Any] | None = None, extra: str = ""
) -> torch.nn.Module:
    """Write the tiny Llama as GGUF; return it with the weights that the file can hold after conversion.

    Args:
        without: a tensor that is left out.
        parts: say that the file is the first of so many.
        rope: how the rotary embedding is stretched, by transformers' names.
        extra: a tensor that the model has no place for.
    """
    model, tokenizer = tiny_teachers.tiny_model("llama")
    config = model.config
    if rope:
        config.rope_parameters |= rope
        state = model.state_dict()
        model = type(model)(config).eval()
        model.load_state_dict(state)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    if parts:
        writer.add_uint16("split.count", parts)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    if rope and rope["rope_type"] == "llama3":  # as llama.cpp has it: plain frequencies and their factors
        base = config.rope_parameters["rope_theta"]
        plain = base ** -(torch.arange(0, config.head_dim, 2) / config.head_dim)
        writer.add_tensor("rope_freqs.weight", (plain / model.model.rotary_emb.inv_freq).numpy())
    elif rope:
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope.get("original_max_position_embeddings", 512))
    if extra:
        writer.add_tensor(extra, np.ones(config.hidden_size, np.float32))
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    tokens += [f"<unused{number}>" for number in range(config.vocab_size - len(tokens))]
    writer.add_vocab_size(len(tokens))
    merges = [" ".join(pair) for pair in _merges(tokenizer)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    special = set(tokenizer.all_special_tokens)
    kinds = [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":  # tied
            continue
        weight = tensor.numpy()
        if name in TOP:
            if TOP[name] != without:
                writer.add_tensor(TOP[name], weight)
            continue
        _, _, layer, rest = name.split(".", 3)
        part = rest.removesuffix(".weight")
        if part == "self_attn.q_proj":
            weight = interleave(weight, config.num_attention_heads)
        elif part == "self_attn.k_proj":
            weight = interleave(weight, config.num_key_value_heads)
        if (tensor_name := f"blk.{layer}.{NAMES[part]}.weight") != without:
            writer.add_tensor(tensor_name, np.ascontiguousarray(weight))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with torch.no_grad():
        for parameter in model.parameters():  # not the rotary frequencies, which no file holds
            parameter.copy_(parameter.bfloat16())
    return model


def _merges(tokenizer: object) -> list[list[str]]:
    import json

    return json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSLTM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_pre_tokenizer_is_found(tmp_path: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    assert ours._pre_tokenizer(tmp_path / "tiny.gguf") == "gpt-2"
    (tmp_path / "none.gguf").write_bytes(b"GGUF tokenizer.ggml.pre")
    assert ours._pre_tokenizer(tmp_path / "none.gguf") is None


def test_same_model_and_tokens_and_the_second_time_no_conversion(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tiny.gguf"
    expected_model = write_gguf(path)
    _, tokenizer = tiny_teachers.tiny_model("llama")
    capfd.readouterr()
    said: list[str] = []
    teacher = load_teacher(str(path), dtype="float32", device="cpu", notify=said.append)
    assert len(said) == 1
    assert capfd.readouterr() == ("", "")  # no bars and no warnings of others
    plain = tokenizer(TEXT, add_special_tokens=False).input_ids
    assert teacher.tokenizer(TEXT, add_special_tokens=False).input_ids == plain
    ids = torch.tensor([plain])
    with torch.inference_mode():
        torch.testing.assert_close(
            teacher.model(input_ids=ids).logits, expected_model(input_ids=ids).logits, rtol=1e-4, atol=1e-4
        )
    assert teacher.context_length == 512
    monkeypatch.setattr(ours, "_convert", None)
    again = load_teacher(str(path), dtype="float32", device="cpu", notify=said.append)
    assert len(said) == 1
    assert again.weights_sha256 == teacher.weights_sha256
    moved = path.rename(tmp_path / "moved.gguf")
    assert load_teacher(str(moved), device="cpu").weights_sha256 == teacher.weights_sha256


@pytest.mark.parametrize("damage", ["magic", "cut", "header", "version", "width", "architecture"])
def test_damaged_files_are_refused_and_leave_nothing(damage: str, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    write_gguf(path)
    content = path.read_bytes()
    if damage == "magic":
        content = b"JUNK" + content[4:]
    elif damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "header":
        content = content[:24]
    elif damage == "version":
        content = content[:4] + b"\x63" + content[5:]
    elif damage == "width":
        at = content.index(b"feed_forward_length") + len("feed_forward_length") + 4
        content = content[:at] + b"\x20\0\0\0" + content[at + 4 :]
    else:
        content = content.replace(b"llama", b"lhama")
    path.write_bytes(content)
    with pytest.raises(DsltmError, match=r"tiny\.gguf") as raised:
        load_teacher(str(path))
    assert "\n" not in str(raised.value)
    assert str(home) not in str(raised.value)  # nobody knows that copy
    assert "above" not in str(raised.value)
    kept = [file.name for file in home.rglob("*") if file.is_file() and file.name != ".lock"]
    assert kept == []


@pytest.mark.parametrize("without", ["output_norm.weight", "blk.1.ffn_up.weight", "token_embd.weight"])
def test_an_absent_tensor_is_not_made_up(without: str, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    write_gguf(path, without=without)
    with pytest.raises(DsltmError, match=r"tiny\.gguf") as raised:
        load_teacher(str(path))
    assert "\n" not in str(raised.value)
    assert not list(home.glob("converted/*/*"))


def test_a_part_of_a_model_is_refused(home: Path, tmp_path: Path) -> None:
    write_gguf(tmp_path / "renamed.gguf", parts=2)
    write_gguf(tmp_path / "tiny-00001-of-00003.gguf")
    for name, parts in (("renamed.gguf", 2), ("tiny-00001-of-00003.gguf", 3)):
        with pytest.raises(DsltmError, match=f"one of {parts} parts"):
            load_teacher(str(tmp_path / name))
    write_gguf(tmp_path / "whole.gguf", parts=1)
    load_teacher(str(tmp_path / "whole.gguf"))


def test_the_tokenizer_of_a_neighbour_is_not_taken(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    write_gguf(path)
    tiny_tokenizers.tokenizer_of_kind("sentencepiece-prepend", bos=True).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    _, tokenizer = tiny_teachers.tiny_model("llama")
    teacher = load_teacher(str(path), dtype="float32")
    assert teacher.tokenizer.tokenize(TEXT) == tokenizer.tokenize(TEXT)
    assert teacher.model.config.model_type == "llama"


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "linear", "factor": 4.0},
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128},
        {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
    ],
    ids=lambda rope: rope["rope_type"],
)
def test_a_stretched_rotary_embedding_is_read(rope: dict[str, Any], home: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    expected = write_gguf(path, rope=rope)
    plain = write_gguf(tmp_path / "plain.gguf")
    teacher = load_teacher(str(path), dtype="float32", device="cpu")
    ids = torch.arange(5, 95)[None]
    with torch.inference_mode():
        logits = expected(input_ids=ids).logits
        assert (plain(input_ids=ids).logits - logits).abs().max() > 0.1
        torch.testing.assert_close(teacher.model(input_ids=ids).logits, logits, rtol=1e-4, atol=1e-4)


def test_a_tensor_that_is_not_read_is_not_left_out_in_silence(home: Path, tmp_path: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf", extra="blk.0.attn_q.bias")
    with pytest.raises(DsltmError, match="weights that transformers does not read"):
        load_teacher(str(tmp_path / "tiny.gguf"))


def test_a_way_of_splitting_that_is_not_known_is_told(home: Path, tmp_path: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    content = (tmp_path / "tiny.gguf").read_bytes()
    (tmp_path / "tiny.gguf").write_bytes(content.replace(b"gpt-2", b"new-2"))
    said: list[str] = []
    load_teacher(str(tmp_path / "tiny.gguf"), notify=said.append)
    assert [sentence for sentence in said if "not known here (new-2)" in sentence]
