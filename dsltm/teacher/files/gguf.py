"""GGUF files, converted once to safetensors, which open in a second instead of in twenty."""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import re
import struct
from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError
from dsltm.teacher.files.cache import cache_dir, check_room, locked, scratch, writing
from dsltm.teacher.files.gguf_described import Described
from dsltm.teacher.quiet import first_line, quiet_transformers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import torch
    from transformers import PreTrainedModel

_MAGIC = b"GGUF"
_RECIPE = 4  # version of the conversion; files of another version are converted again
_PRE = b"tokenizer.ggml.pre"
_PARTS = b"split.count"
_STRING, _UINT16 = 8, 2  # GGUF's numbers for these types
_LONGEST = 256  # bytes of a value that are read
_PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf$")
_ALONE = "model.gguf"
# Ways to split text that transformers 5.23 does not know: each digit stands alone, the rest is as in GPT-2.
_SINGLE_DIGITS = {"smollm", "starcoder", "refact", "command-r"}
_AS_GPT2 = {None, "default", "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "gigachat", "mellum"}
_SENTENCE = "The committee read the report on the price of bread, and then it rained."


def converted(path: Path, sha256: str, notify: Callable[[str], None]) -> Path:
    """The directory that holds a GGUF file's model as bfloat16 safetensors, made on first use.

    Args:
        path: the file.
        sha256: of the file, by which the directory is found again.
        notify: called with a sentence before the conversion, which takes about twenty seconds for a hundred
            megabytes.

    Raises:
        DsltmError: not a GGUF file, damaged, an architecture that transformers does not read from GGUF, or
            the cache cannot be written.
    """
    parent = cache_dir() / "converted"
    place = parent / f"{sha256[:32]}-{_RECIPE}"
    if place.is_dir():
        return place
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DsltmError(f"{path} is not a GGUF file")
    if (parts := _part_count(path)) > 1:
        raise DsltmError(
            f"{path} is one of {parts} parts of a model",
            hint="joining them with llama-gguf-split --merge",
        )
    with writing(parent), locked(parent, notify):
        if place.is_dir():  # another process has converted it in the meantime
            return place
        check_room(parent, 4 * path.stat().st_size)  # a weight of 4 bits becomes one of 16
        notify(f"converting {path.name}, once; the next start is faster")
        with scratch(parent) as directory:
            # It gets a folder of its own, because transformers would take a tokenizer that lies beside it.
            alone = directory / "alone"
            alone.mkdir()
            (alone / _ALONE).symlink_to(path.resolve())
            whole = directory / "model"
            _convert(path, alone, whole, notify)
            for file_name in whole.iterdir():
                _sync(file_name)
            whole.rename(place)
    return place


def _sync(path: Path) -> None:
    """Write the content to the disk, before the name that promises a whole file is given to it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _convert(path: Path, alone: Path, directory: Path, notify: Callable[[str], None]) -> None:
    """Write the model of `path`, which lies in the folder `alone`, to `directory`."""
    import torch
    import transformers
    from safetensors.torch import save_file

    tokenizer, model = _opened(path, alone)
    _split_as_said(tokenizer, path, notify)
    # save_pretrained refuses a model that came from GGUF, so its parts are saved one by one.
    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.architectures = [type(model).__name__]
    config.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    weights = directory / "model.safetensors"
    save_file(_once(model.state_dict()), weights, metadata={"format": "pt"})
    # save_file may let the owner alone read the file; whoever may read the configuration may read it, too.
    weights.chmod((directory / "config.json").stat().st_mode)
    ids = tokenizer(_SENTENCE, return_tensors="pt").input_ids
    expected = _logits(model, ids)
    del model
    with quiet_transformers():
        again = transformers.AutoModelForCausalLM.from_pretrained(
            directory, dtype=torch.bfloat16, use_safetensors=True, local_files_only=True
        )
    if not torch.allclose(_logits(again, ids), expected, rtol=0.0, atol=1e-2):
        raise DsltmError(f"{path} gives other results once converted; transformers cannot read it")


def _opened(path: Path, alone: Path) -> tuple[Any, Any]:
    """The tokenizer and the model, all of whose weights are the file's and have a place.

    Raises:
        DsltmError: it cannot be opened, or weights are absent, of another shape, or would be left out.
    """
    import torch
    import transformers

    from dsltm.teacher.reading.network import FAILURES

    # Without dequantizing, and with some packages installed, weights would stay in GGUF's blocks.
    packed = hasattr(transformers, "GgufConfig")
    options: dict[str, Any] = (
        {"quantization_config": transformers.GgufConfig(dequantize=True)} if packed else {}
    )
    try:
        # Standard error is redirected because of progress bars that no setting turns off.
        with quiet_transformers(), contextlib.redirect_stderr(io.StringIO()):
            tokenizer: Any = transformers.AutoTokenizer.from_pretrained(alone, gguf_file=_ALONE)
            config: Any = transformers.AutoConfig.from_pretrained(alone, gguf_file=_ALONE)
            described = Described(path)
            described.turn(config)
            opened: Any = transformers.AutoModelForCausalLM.from_pretrained(
                alone,
                gguf_file=_ALONE,
                config=config,
                dtype=torch.bfloat16,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # so that they are reported, and refused below by name
                **options,
            )
    except (OSError, ImportError, struct.error, *FAILURES) as exc:
        told = first_line(exc).replace(str(alone / _ALONE), "it")
        raise DsltmError(f"{path} cannot be read as a GGUF model: {told}") from exc
    model, report = opened
    if absent := sorted(report["missing_keys"]):  # transformers would go on with random weights
        raise DsltmError(f"{path} lacks {len(absent)} of its model's weights, such as {absent[0]}")
    if mismatched := sorted(report["mismatched_keys"], key=str):
        name = mismatched[0][0]
        raise DsltmError(f"{path} has weights of another shape than its metadata say, such as {name}")
    unique = {tensor.data_ptr(): tensor.numel() for tensor in model.state_dict().values()}
    if described.size(int(config.num_hidden_layers)) > sum(unique.values()):
        raise DsltmError(f"{path} has weights that transformers does not read from GGUF")
    return tokenizer, model


def _split_as_said(tokenizer: Any, path: Path, notify: Callable[[str], None]) -> None:
    """Have a tokenizer split texts in the way that the file names."""
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

    kind, backend = _pre_tokenizer(path), tokenizer.backend_tokenizer
    if kind in _SINGLE_DIGITS:
        backend.pre_tokenizer = Sequence([Digits(True), ByteLevel(add_prefix_space=False)])
    elif isinstance(backend.pre_tokenizer, ByteLevel) and kind not in _AS_GPT2:
        notify(
            f"{path.name} splits texts in a way that is not known here ({kind}); they are split as by GPT-2"
        )


def _pre_tokenizer(path: Path) -> str | None:
    """llama.cpp's name for the way in which the tokenizer splits text; None where the file has none."""
    value = _value(path, _PRE, _STRING)
    if value is None:
        return None
    (length,) = struct.unpack_from("<Q", value)
    return value[8 : 8 + length].decode("utf-8", "replace")


def _part_count(path: Path) -> int:
    """How many parts the model has, by the file's name and by its metadata; the larger number of the two."""
    value = _value(path, _PARTS, _UINT16)
    named = _PART.search(path.name)
    return max(int(named[1]) if named else 1, struct.unpack_from("<H", value)[0] if value else 1)


def _value(path: Path, key: bytes, kind: int) -> bytes | None:
    """The first bytes of a key's value, searched for without parsing the file; None where it is not there."""
    wanted = struct.pack("<Q", len(key)) + key + struct.pack("<I", kind)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(wanted) + len(wanted)
        return None if at < len(wanted) else content[at : at + _LONGEST]


def _once(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Each tensor under its first name alone, because tied ones share memory and safetensors refuses that."""
    first: dict[int, str] = {}
    for name, tensor in state.items():
        first.setdefault(tensor.data_ptr(), name)
    return {name: state[name].contiguous() for name in first.values()}


def _logits(model: PreTrainedModel, ids: torch.Tensor) -> torch.Tensor:
    """Logits [T, V] of one sequence [1, T]."""
    import torch

    with torch.inference_mode():
        logits: torch.Tensor = model(input_ids=ids, use_cache=False).logits[0].float()
    return logits
