"""Verdicts on how teachers are to be read, found once for each teacher and kept in the cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from dsltm.teacher.files.cache import cache_dir
from dsltm.teacher.quiet import quiet_transformers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast

    from dsltm.teacher.files.resolve import Source
    from dsltm.teacher.reading.network import Network
    from dsltm.teacher.reading.probe import Verdict

_RECIPE = 2  # version of the probe; verdicts of another version are not used
_LARGE = 30_000_000  # parameters, from which on a probe is announced; chosen, not measured
_DESCRIBING = ("*.json", "*.jinja", "*.py")


def verdict_on(
    source: Source,
    network: Network,
    tokenizer: PreTrainedTokenizerFast,
    context_length: int,
    notify: Callable[[str], None],
    *,
    again: bool = False,
) -> Verdict:
    """How a teacher is to be read: the kept verdict, or that of a probe.

    It is kept for these weights, configuration and tokenizer, the number format, the kind of device, and the
    versions of torch and transformers.

    Args:
        context_length: the most tokens that it was made to read.
        notify: called with a sentence before a probe that takes long.
        again: probe even if there is a verdict.

    Raises:
        DsltmError: it is no causal language model, or cannot be run at all.
    """
    from dsltm.teacher.reading.probe import Verdict, probe

    record = cache_dir() / "verdicts" / f"{_key(source, network)}.json"
    if not again:
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Verdict(**json.loads(record.read_bytes()))
    if sum(tensor.numel() for tensor in network.model.parameters()) >= _LARGE:
        notify(f"comparing how {source.name} is read with its own forward pass, once")
    with quiet_transformers():
        verdict = probe(network, tokenizer, context_length, source.name)
    with contextlib.suppress(OSError):  # without a cache to write to, each run probes again
        record.parent.mkdir(parents=True, exist_ok=True)
        part = record.with_name(f".{record.name}.{os.getpid()}")
        part.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
        part.replace(record)
    return verdict


def _key(source: Source, network: Network) -> str:
    import torch
    import transformers

    digest = hashlib.sha256()
    versions = (_RECIPE, torch.__version__, transformers.__version__)
    for part in (*versions, source.weights_sha256, network.dtype, network.device.type):
        digest.update(f"{part}\n".encode())
    for file in _describing(source.directory):
        digest.update(f"{file.name}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _describing(directory: Path) -> list[Path]:
    """The files that describe the model: configuration, tokenizer, chat template and code."""
    return sorted(file for pattern in _DESCRIBING for file in directory.glob(pattern))
