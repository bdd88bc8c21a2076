"""Opening a teacher: its network, ready to run, and its tokenizer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError, UsageError
from dsltm.teacher.files.resolve import Source, resolve
from dsltm.teacher.files.tokenizer import load_tokenizer, local
from dsltm.teacher.files.verdicts import verdict_on
from dsltm.teacher.quiet import first_line, quiet_transformers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from dsltm.teacher.reading.network import Network
    from dsltm.teacher.reading.teacher import Teacher

DTYPES = ("auto", "float32", "bfloat16", "float16")
_CONTEXT = 2048  # tokens that a model reads, where it does not say how many; chosen, not measured
# What a network ends in that was not trained to go on with a text.
_OTHER_TASK = re.compile(r"For(\w*Classification|QuestionAnswering|MultipleChoice|\w*RewardModel)$")
_LAYER = re.compile(r"(?:model|transformer)\.(?:layers|h)\.(\d+)\.")
_UNBOUNDED = 10**9  # above this a limit means none: tokenizers without one state 1e30


def load_teacher(
    spec: str,
    *,
    dtype: str = "auto",
    device: str = "auto",
    trust_remote_code: bool = False,
    weights_sha256: str | None = None,
    check: bool = False,
    notify: Callable[[str], None] = lambda _: None,
) -> Teacher:
    """Open a teacher, fetching it on first use.

    Args:
        spec: alias, `org/name[@revision]`, directory or `.gguf` file.
        dtype: one of `DTYPES`; auto is bfloat16 where the device multiplies it natively, else float32.
        device: as torch names them; auto is CUDA, else MPS, else the processor.
        trust_remote_code: let Python code that came with the model run.
        weights_sha256: of the weights that are wanted, where a labels or model file names them.
        check: compare the reading with the model's own forward pass even if that was done before.
        notify: called with a sentence before anything that takes long.

    Raises:
        UsageError: a dtype or device that does not exist here.
        DsltmError: the teacher cannot be found, fetched or opened.
    """
    from dsltm.teacher.reading.network import Network
    from dsltm.teacher.reading.teacher import Teacher

    where = choose_device(device)
    what = choose_dtype(dtype, where)
    source = resolve(spec, notify, trust_remote_code=trust_remote_code, weights_sha256=weights_sha256)
    tokenizer = load_tokenizer(source, trust_remote_code=trust_remote_code)
    model = _open_model(source, where, what, notify, trust_remote_code=trust_remote_code)
    network = Network(model)
    _check_embedding(tokenizer, network, source.name)
    _run_once(network, source.name)
    context = _context_length(network, tokenizer)
    return Teacher(
        name=source.name,
        revision=source.revision,
        weights_sha256=source.weights_sha256,
        network=network,
        tokenizer=tokenizer,
        context_length=context,
        verdict=verdict_on(source, network, tokenizer, context, notify, again=check),
    )


def _check_embedding(tokenizer: PreTrainedTokenizerFast, network: Network, name: str) -> None:
    """Refuse a tokenizer of another model, which has tokens that the network has no embedding of.

    Added tokens may lack an embedding, such as a token for padding from fine-tuning; they never enter a text.
    """
    backend: Any = tokenizer.backend_tokenizer
    needed = max(backend.get_vocab(with_added_tokens=False).values(), default=-1) + 1
    if needed > network.known_tokens:
        raise DsltmError(
            f"{name} has a tokenizer of {needed:,} tokens and a network that knows {network.known_tokens:,}: "
            "they do not belong together"
        )


def _run_once(network: Network, name: str) -> None:
    """Run the network on one token, so that errors come now, and warnings where they are suppressed."""
    import torch

    from dsltm.teacher.reading.network import FAILURES

    try:
        with quiet_transformers(), torch.inference_mode():
            network.states(torch.zeros(1, 1, dtype=torch.long, device=network.device))
    except torch.OutOfMemoryError as exc:
        raise DsltmError(f"{name} does not fit into the memory of {network.device}") from exc
    except FAILURES as exc:
        raise DsltmError(f"{name} cannot be run: {first_line(exc)}") from exc


def _context_length(network: Network, tokenizer: PreTrainedTokenizerFast) -> int:
    names = ("max_position_embeddings", "max_seq_len", "max_sequence_length")
    stated = (getattr(network.config, name, None) for name in names)
    # XLNet says -1 for no bound.
    context = next((length for length in stated if length and length > 0), tokenizer.model_max_length)
    return int(context) if context < _UNBOUNDED else _CONTEXT


def recorded_teacher(recorded: Mapping[str, Any], notify: Callable[[str], None] = lambda _: None) -> Teacher:
    """The teacher that the header of a labels or model file records.

    Raises:
        DsltmError: it cannot be found, fetched or opened.
    """
    return load_teacher(str(recorded["name"]), weights_sha256=recorded["weights_sha256"], notify=notify)


def choose_device(name: str) -> torch.device:
    """The device of that name, or the best there is for `auto`.

    Raises:
        UsageError: there is none of that name here.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as exc:
        raise UsageError(f"{name!r} is not a device", hint="cpu, cuda, cuda:1, mps or auto") from exc
    count = {
        "cpu": 1,
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }.get(device.type, 0)
    if (device.index or 0) >= count:
        raise UsageError(f"there is no device {name} here", hint="--device auto")
    return device


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The number format of that name, or for `auto` bfloat16 where it is fast and float32 elsewhere.

    The choice follows from the hardware alone, never from a timing, so that runs repeat.

    Raises:
        UsageError: not one of `DTYPES`.
    """
    import torch

    if name not in DTYPES:
        raise UsageError(f"{name!r} is not a dtype", hint=", ".join(DTYPES))
    if name != "auto":
        chosen: torch.dtype = getattr(torch, name)
        return chosen
    return torch.bfloat16 if _multiplies_bfloat16(device) else torch.float32


def _multiplies_bfloat16(device: torch.device) -> bool:
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "mps":
        return bool(torch.backends.mps.is_macos_or_newer(14, 0))
    # Other processors compute bfloat16, too, but slower than float32.
    abilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(abilities.get("amx_bf16") or abilities.get("avx512_bf16"))


def _open_model(
    source: Source,
    device: torch.device,
    dtype: torch.dtype,
    notify: Callable[[str], None],
    *,
    trust_remote_code: bool,
) -> PreTrainedModel:
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModelForCausalLM

    spec, directory = source.name, source.directory
    # The weights go straight to the device, so that the main memory need not hold them.
    placed: dict[str, Any] = {} if device.type == "cpu" else {"device_map": {"": device}}
    try:
        with quiet_transformers():
            config = AutoConfig.from_pretrained(directory, **local(trust_remote_code))
            if config.is_encoder_decoder:
                raise ValueError("it is made of an encoder and a decoder")
            if other := next(filter(_OTHER_TASK.search, config.architectures or ()), None):
                raise ValueError(f"it was trained for another task, {other}")
            opened: Any = AutoModelForCausalLM.from_pretrained(
                directory,
                dtype=dtype,
                use_safetensors=True,
                output_loading_info=True,
                **placed,
                ignore_mismatched_sizes=True,  # so that they are reported, and refused below by name
                **local(trust_remote_code),
            )
    except torch.OutOfMemoryError as exc:
        raise DsltmError(f"{spec} does not fit into the memory of {device}") from exc
    except SafetensorError as exc:
        # Where the directory is not the user's own it is a copy in a cache, which can be made again.
        hint = None if str(directory) == spec else f"again without {directory}"
        raise DsltmError(f"{spec} has damaged weights: {first_line(exc)}", hint=hint) from exc
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, StrictDataclassError) as exc:
        raise DsltmError(f"{spec} cannot be opened as a causal language model: {first_line(exc)}") from exc
    model, report = opened
    if absent := sorted(report["missing_keys"]):  # transformers would go on with random weights
        raise DsltmError(f"{spec} lacks {len(absent)} of its model's weights, such as {absent[0]}")
    if mismatched := sorted(report["mismatched_keys"], key=str):
        name, stored, configured = mismatched[0]
        raise DsltmError(
            f"{spec} has {len(mismatched)} weights of another shape than its configuration says: {name} is "
            f"{list(stored)}, not {list(configured)}"
        )
    if model.get_output_embeddings() is None:
        raise DsltmError(f"{spec} cannot be opened as a causal language model: it predicts no tokens")
    depth = model.config.get_text_config().num_hidden_layers
    if beyond := [key for key in sorted(report["unexpected_keys"]) if _layer(key) >= depth]:
        notify(f"{spec} has weights of more than the {depth} layers that its configuration has: {beyond[0]}")
    model.eval().requires_grad_(False)
    ready: PreTrainedModel = model
    return ready


def _layer(key: str) -> int:
    """Which layer of a decoder a weight belongs to; -1 for none."""
    match = _LAYER.match(key)
    return int(match[1]) if match else -1
