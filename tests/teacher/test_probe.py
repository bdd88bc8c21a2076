"""What opens, opens right: every family is read as its own forward pass reads, or refused in a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_teachers
import tiny_tokenizers
import torch
from shell import dsltm

from dsltm.errors import DsltmError
from dsltm.teacher.files import verdicts
from dsltm.teacher.files.load import load_teacher
from dsltm.teacher.reading.forward import Reader
from dsltm.teacher.reading.projection import project
from dsltm.teacher.reading.prompts import DEFAULT, PAPER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dsltm.teacher.reading.teacher import Teacher

TEXTS = ["We saw rain and a storm.", "", "the bank and the loan " * 12, "goal", "naïve 山 🙂"]
TOKENS = [5, 17, 100, 260, 301, 350]
WORDS = [word for theme in tiny_teachers.THEMES.values() for word in theme]
SIZE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
}
EXPERTS: dict[str, Any] = {"num_local_experts": 4, "num_experts_per_tok": 2}
LATENT: dict[str, Any] = {
    "q_lora_rank": None,
    "kv_lora_rank": 8,
    "qk_nope_head_dim": 4,
    "qk_rope_head_dim": 4,
    "v_head_dim": 8,
    "n_routed_experts": 4,
    "n_group": 1,
    "topk_group": 1,
    "num_experts_per_tok": 2,
    "first_k_dense_replace": 1,
    "moe_intermediate_size": 16,
    "num_key_value_heads": 4,
}
FAMILIES: dict[str, dict[str, Any]] = {
    # scales, soft caps and transforms between the decoder and the logits, and within attention
    "granite": {"logits_scaling": 8.0, "attention_multiplier": 0.02, "residual_multiplier": 0.3},
    "granitemoe": {"logits_scaling": 8.0, **EXPERTS},
    "cohere": {"logit_scale": 0.0625},
    "gemma2": {
        "head_dim": 8,
        "query_pre_attn_scalar": 8,
        "sliding_window": 16,
        "attn_logit_softcapping": 2.0,
    },
    "modernbert-decoder": {"num_key_value_heads": 4},
    # layers that do not attend through transformers' interface, or in a way of their own
    "stablelm": {},
    "nemotron": {},
    "falcon": {},
    "mpt": {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 512},
    "deepseek_v3": LATENT,
    "openai-gpt": {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 512},
    "gpt2": {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 512},
    "llama4_text": {"head_dim": 8, "intermediate_size_mlp": 64, **EXPERTS},
    "recurrent_gemma": {"lru_width": 32, "attention_window_size": 16, "num_hidden_layers": 3},
    "mistral": {"sliding_window": 16, "head_dim": 8},
}


def save(directory: Path, family: str, **options: Any) -> Path:
    """A random model of the family with the tiny tokenizer."""
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = tiny_teachers.tiny_tokenizer(bos=True, chat=False)
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    settings = {**SIZE, "vocab_size": len(tokenizer) + 5, **ids, **FAMILIES.get(family, {}), **options}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(
            AutoConfig.for_model(family, **settings), dtype=torch.float32
        )
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def read(teacher: Teacher, texts: list[str] = TEXTS) -> tuple[np.ndarray, np.ndarray]:
    """[n, V] logits and [n, H] hidden states under the paper's prompt."""
    reader = Reader(teacher, [PAPER], TOKENS, max_tokens=400)
    logits, hidden = np.empty((len(texts), len(TOKENS))), np.empty((len(texts), teacher.hidden_size))
    for rows, reading in reader.read(reader.encoder.encode(texts)):
        logits[rows], hidden[rows] = reading.logits, reading.hidden
    return logits, hidden


def own(directory: Path, texts: list[str] = TEXTS) -> np.ndarray:
    """[n, V] logits, without a line of this package."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    rows = []
    for text in texts:
        ids = tokenizer(PAPER.template.replace("{document}", text.strip()), return_tensors="pt").input_ids
        with torch.inference_mode():
            rows.append(model(input_ids=ids).logits[0, -1, TOKENS].float().numpy())
    return np.array(rows)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, or verdicts of earlier code would be believed."""
    monkeypatch.setenv("DSLTM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_the_models_own_forward(family: str, tmp_path: Path) -> None:
    directory = save(tmp_path / family, family)
    expected = own(directory)
    assert expected.std() > 0.05  # or equality would say little
    teacher = load_teacher(str(directory), dtype="float32", device="cpu")
    np.testing.assert_allclose(read(teacher)[0], expected, atol=1e-3)


@pytest.mark.parametrize("family", tiny_teachers.FAMILIES)
def test_the_papers_families_with_tokenizers_of_their_own_kind(family: str, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    model, _ = tiny_teachers.tiny_model(family)
    kind = tiny_tokenizers.OF_FAMILY[family]
    tokenizer = tiny_tokenizers.tokenizer_of_kind(kind, bos=family in ("llama", "gemma3"))
    model.config.vocab_size = len(tokenizer) + 5
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        AutoModelForCausalLM.from_config(model.config, dtype=torch.float32).save_pretrained(tmp_path / "t")
    tokenizer.save_pretrained(tmp_path / "t")
    teacher = load_teacher(str(tmp_path / "t"), dtype="float32", device="cpu")
    np.testing.assert_allclose(read(teacher)[0], own(tmp_path / "t"), atol=1e-3)
    projection = project(teacher.tokenizer, WORDS, "token")
    assert projection.coverage >= 0.9
    # the token of each word is the one that stands there when the word is written behind a prompt
    prompt = DEFAULT[0].template.replace("{document}", "We saw it")
    for word, token in zip(projection.words, projection.tokens, strict=True):
        assert teacher.tokenizer(f"{prompt} {word}").input_ids[-1] == token


def test_a_way_that_differs_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_teacher: Callable[[str], Path]
) -> None:
    from dsltm.teacher.reading import ways

    monkeypatch.setattr(ways.Fast, "_forward", lambda self, ids, places, packing, ends: 1 / 0)
    usual = ways.Packed._forward

    def a_little_off(self: Any, *given: Any) -> torch.Tensor:
        return usual(self, *given) * 1.01

    monkeypatch.setattr(ways.Packed, "_forward", a_little_off)
    teacher = load_teacher(str(tiny_teacher("llama")), dtype="float32", device="cpu")
    assert teacher.verdict.way == "whole"
    assert list(teacher.verdict.refused) == ["fast", "packed"]
    assert "division" in teacher.verdict.refused["fast"]
    assert "hidden states differ" in teacher.verdict.refused["packed"]
    np.testing.assert_allclose(read(teacher)[0], own(tiny_teacher("llama")), atol=1e-3)


def test_a_difference_that_sixteen_bits_hide_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tiny_teacher: Callable[[str], Path]
) -> None:
    """A teacher in bfloat16 is compared in float32, too."""
    from dsltm.teacher.reading import ways

    directory = str(tiny_teacher("gemma3"))
    sound = load_teacher(directory, dtype="bfloat16", device="cpu")
    assert (sound.verdict.way, sound.network.dtype) == ("packed", torch.bfloat16)
    assert sound.verdict.logits < 1e-3
    usual = ways.Packed._forward

    def a_little_off(self: Any, *given: Any) -> torch.Tensor:
        return usual(self, *given) * 1.002  # less than a step of bfloat16

    monkeypatch.setattr(ways.Packed, "_forward", a_little_off)
    teacher = load_teacher(directory, dtype="bfloat16", device="cpu", check=True)
    assert teacher.verdict.way == "whole"
    assert "differ" in teacher.verdict.refused["packed"]


def test_where_the_head_cannot_be_taken_off_forward_itself_is_used(
    monkeypatch: pytest.MonkeyPatch, tiny_teacher: Callable[[str], Path]
) -> None:
    from dsltm.teacher.reading.network import Network

    def no_head(*_: object) -> Callable[[torch.Tensor], torch.Tensor]:
        raise ValueError("no head")

    monkeypatch.setattr(Network, "head", no_head)
    teacher = load_teacher(str(tiny_teacher("gemma3")), dtype="float32", device="cpu")
    assert teacher.verdict.way == "own"
    np.testing.assert_allclose(read(teacher)[0], own(tiny_teacher("gemma3")), atol=1e-5)
    ids = teacher.tokenizer("We saw rain").input_ids
    with torch.inference_mode():
        expected = teacher.model(input_ids=torch.tensor([ids])).logits[0, -1, TOKENS]
    torch.testing.assert_close(teacher.next_logits(ids, TOKENS), expected)
    with pytest.raises(DsltmError, match="cannot be watched"):
        teacher.watcher([PAPER], [], TOKENS, max_tokens=100)


def test_a_window_that_a_family_keeps_only_in_its_mask_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tiny_teacher: Callable[[str], Path]
) -> None:
    """The probes are shorter than most windows: in the probe's copy the windows are short."""
    from dsltm.teacher.reading import attention, ways

    usual = attention.attend

    def without_window(*given: Any, sliding_window: int | None = None, **named: Any) -> Any:
        return usual(*given, **named)

    monkeypatch.setattr(ways.attention, "attend", without_window)
    teacher = load_teacher(str(tiny_teacher("gemma3")), dtype="float32", device="cpu")
    assert teacher.verdict.way == "whole"


def test_a_verdict_is_found_once_and_kept_for_that_teacher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tiny_teachers.save_tiny_teacher(tmp_path / "t", "ernie4_5")
    first = load_teacher(str(directory), dtype="float32", device="cpu").verdict
    assert (first.way, first.refused) == ("packed", {})
    assert 0 <= first.logits < 1e-3
    probed: list[str] = []
    from dsltm.teacher.reading import probe

    usual = probe.probe
    monkeypatch.setattr(probe, "probe", lambda *given: probed.append("again") or usual(*given))
    assert load_teacher(str(directory), dtype="float32", device="cpu").verdict == first
    assert probed == []
    load_teacher(str(directory), dtype="float32", device="cpu", check=True)
    assert probed == ["again"]
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 1e-4}))
    load_teacher(str(directory), dtype="float32", device="cpu")
    assert len(probed) == 2
    monkeypatch.setattr(verdicts, "_RECIPE", -1)
    load_teacher(str(directory), dtype="float32", device="cpu")
    assert len(probed) == 3


@pytest.mark.parametrize("family", ["bert", "roberta", "electra"])
def test_an_encoder_is_no_teacher(family: str, tmp_path: Path) -> None:
    directory = save(tmp_path / family, family)
    with pytest.raises(DsltmError, match="no causal language model") as raised:
        load_teacher(str(directory), dtype="float32", device="cpu")
    assert "\n" not in str(raised.value)


def test_a_model_of_an_encoder_and_a_decoder_is_no_teacher(tmp_path: Path) -> None:
    from transformers import BartConfig, BartForConditionalGeneration

    tokenizer = tiny_teachers.tiny_tokenizer(bos=True, chat=False)
    small = {f"{part}_{name}": 2 for part in ("encoder", "decoder") for name in ("layers", "attention_heads")}
    config = BartConfig(
        vocab_size=len(tokenizer), d_model=16, encoder_ffn_dim=16, decoder_ffn_dim=16, **small
    )
    BartForConditionalGeneration(config).save_pretrained(tmp_path / "bart")
    tokenizer.save_pretrained(tmp_path / "bart")
    with pytest.raises(DsltmError, match="an encoder and a decoder"):
        load_teacher(str(tmp_path / "bart"), dtype="float32", device="cpu")


def test_a_model_that_reads_both_ways_is_no_teacher(tmp_path: Path) -> None:
    """XLNet, whose configuration has -1 where others say how many tokens they read."""
    from transformers import XLNetConfig, XLNetLMHeadModel

    tokenizer = tiny_teachers.tiny_tokenizer(bos=True, chat=False)
    config = XLNetConfig(
        vocab_size=len(tokenizer), d_model=32, n_layer=2, n_head=4, d_inner=64, initializer_range=0.3
    )
    XLNetLMHeadModel(config).save_pretrained(tmp_path / "xlnet")
    tokenizer.save_pretrained(tmp_path / "xlnet")
    with pytest.raises(DsltmError, match="no causal language model"):
        load_teacher(str(tmp_path / "xlnet"), dtype="float32", device="cpu")


def test_documents_are_cut_at_what_the_teacher_has_positions_for(tmp_path: Path) -> None:
    directory = save(tmp_path / "short", "gpt2", n_positions=64, max_position_embeddings=64)
    teacher = load_teacher(str(directory), dtype="float32", device="cpu")
    reader = teacher.reader(DEFAULT, max_tokens=512)
    tokens = reader.encoder.encode(["the bank and the loan " * 50, "rain"])
    assert [document.truncated for document in tokens] == [True, False]
    read_rows = [row for rows, _ in reader.read(tokens) for row in rows]
    assert sorted(read_rows) == [0, 1]
    assert all(value <= 0 for value in teacher.likelihood.of("the bank " * 200, ["rain", "the loan"]))


def test_phrases_are_judged_alike_with_and_without_a_shared_reading(tmp_path: Path) -> None:
    for family in ("falcon", "recurrent_gemma", "granite"):
        teacher = load_teacher(str(save(tmp_path / family, family)), dtype="float32", device="cpu")
        phrases = ["rain", "the storm and the loan"]
        one_by_one = teacher.likelihood._one_by_one("We saw rain and", phrases)
        assert teacher.likelihood.of("We saw rain and", phrases) == pytest.approx(one_by_one, abs=1e-2)


def test_check_says_what_was_found(tmp_path: Path) -> None:
    directory = save(tmp_path / "stablelm", "stablelm")
    done = dsltm("teachers", "--check", directory)
    assert done.returncode == 0, done.stderr.decode()
    row = json.loads(done.stdout)
    assert (row["teacher"], row["way"]) == (str(directory), "whole")
    assert list(row["refused"]) == ["packed"]
    assert row["logits"] <= 1e-3
    assert b"read right" in done.stderr
    done = dsltm("teachers", "--check", save(tmp_path / "bert", "bert"))
    assert done.returncode == 1
    assert b"no causal language model" in done.stderr
    assert b"Traceback" not in done.stderr
