"""What a GGUF file holds that transformers leaves unread.

llama.cpp writes the stretched rotary embeddings of Llama 3.1 and Phi-3 as tensors of factors, and others as
metadata. A model that is built without them, or without any other tensor, gives other logits for every text,
and nothing tells of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_FACTORS, _SHORT, _LONG = "rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight"
_TIED = {"falcon", "bloom"}  # files that hold the output embedding once more
_BLOCK = re.compile(r"blk\.(\d+)\.")


class Described:
    """A GGUF file, as its own names describe the model.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        self._reader = GGUFReader(path)
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        self._architecture = self._value("general.architecture")

    def turn(self, config: Any) -> None:
        """Put the file's rotary embedding into the configuration that transformers made of the file."""
        stretched = self._stretched(getattr(config, "max_position_embeddings", 0))
        if stretched and self._architecture != "gpt-oss":  # which transformers reads itself
            whole = config.rope_parameters
            # Gemma stretches the embedding of the layers that see everything.
            whole.get("full_attention", whole).update(stretched)

    def size(self, layers: int) -> int:
        """How many numbers there are for a model to read.

        Args:
            layers: of the model; the layers behind them are left out where the file says that they are there
                to predict further tokens.
        """
        unread = {_FACTORS, _SHORT, _LONG, *(["output.weight"] if self._architecture in _TIED else [])}
        further = bool(self._value(f"{self._architecture}.nextn_predict_layers"))
        return sum(
            int(tensor.n_elements)
            for name, tensor in self._tensors.items()
            if name not in unread and not (further and _block(name) >= layers)
        )

    def _stretched(self, context: int) -> dict[str, Any]:
        """The rotary embedding's parameters by transformers' names, empty for the plain one."""

        def said(key: str, otherwise: Any) -> Any:
            value = self._value(f"{self._architecture}.rope.scaling.{key}")
            return otherwise if value is None else value

        original = int(said("original_context_length", context))
        short = self._tensors.get(_SHORT, self._tensors.get(_FACTORS))
        if short is not None:
            return {
                "rope_type": "longrope",
                "short_factor": short.data.tolist(),
                "long_factor": self._tensors.get(_LONG, short).data.tolist(),
                "attention_factor": float(said("attn_factor", 1.0)),
                "original_max_position_embeddings": original,
            }
        kind = said("type", "none")
        if kind == "none":
            return {}
        of_yarn = {"original_max_position_embeddings": original} if kind == "yarn" else {}
        return {"rope_type": kind, "factor": float(said("factor", 1.0)), **of_yarn}

    def _value(self, key: str) -> Any:
        field = self._reader.get_field(key)
        return None if field is None else field.contents()


def _block(name: str) -> int:
    match = _BLOCK.match(name)
    return int(match[1]) if match else -1
