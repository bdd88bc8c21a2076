"""A teacher's network: its decoder, also with another attention, and the head that gives logits.

The model itself is never changed. For layers that attend by a function of ours, a second tree of modules is
made, with the same weights and a configuration of its own. The logits of a few tokens are computed by the
model's own `forward`, from given hidden states and with a shorter output embedding, so that scales, soft caps
and transforms behind the decoder are right for every family of models.
"""

from __future__ import annotations

import copy
import inspect
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from transformers.modeling_outputs import MoEModelOutputWithPastAndCrossAttentions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FAILURES = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""The exceptions of a model's code that is called in a way it was not written for."""

CPU_BATCH_TOKENS = 1536  # a small teacher is as fast with more, and slower with fewer
GPU_BATCH_TOKENS = 32768  # chosen, not measured


class Network:
    """A causal language model in eval mode.

    Args:
        model: of transformers, with its weights on one device; it is not changed.

    Attributes:
        body: the decoder without the head.
        config: of the language model, also where the model has other parts.
        device: where the weights are.
        output: the output embedding.
        vocab_size: of the output, which some models round up beyond the tokenizer's.
        known_tokens: how many tokens have an embedding.
        batch_tokens: about how many tokens go through at once, as suits the device.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.body: Any = _decoder(model)
        self.config: Any = model.config.get_text_config()
        self.device: torch.device = model.device
        self.output: Any = self.model.get_output_embeddings()
        self.vocab_size = int(self.output.weight.shape[0])
        self.known_tokens = int(self.model.get_input_embeddings().weight.shape[0])
        self.batch_tokens = CPU_BATCH_TOKENS if self.device.type == "cpu" else GPU_BATCH_TOKENS
        self._twins: dict[tuple[str, int], Any] = {}

    @cached_property
    def hidden_size(self) -> int:
        """H, measured on one token, because some families' configurations mean another width by that name."""
        with torch.inference_mode():
            return int(self.states(torch.zeros(1, 1, dtype=torch.long, device=self.device)).shape[-1])

    @property
    def dtype(self) -> torch.dtype:
        """The number format that it computes in."""
        dtype: torch.dtype = self.model.dtype
        return dtype

    @property
    def depth(self) -> int:
        """The number of layers."""
        return int(self.config.num_hidden_layers)

    def attending(self, name: str, function: Callable[..., Any], depth: int | None = None) -> Any:
        """The decoder whose layers attend by `function` of transformers' attention interface.

        Args:
            name: of the function, unique in the program.
            depth: only so many layers are run; None for all.
        """
        from transformers import AttentionInterface, AttentionMaskInterface

        key = name, depth or self.depth
        if key not in self._twins:
            AttentionInterface.register(name, function)
            AttentionMaskInterface.register(name, _no_mask)
            weights = {id(tensor): tensor for tensor in chain(self.body.parameters(), self.body.buffers())}
            twin = copy.deepcopy(self.body, weights)
            config = twin.config.get_text_config()
            config._attn_implementation, config.num_hidden_layers = key
            self._twins[key] = twin
        return self._twins[key]

    def states(self, ids: torch.Tensor) -> torch.Tensor:
        """Post-norm hidden states [n, T, H] of whole sequences [n, T] of one length."""
        states: torch.Tensor = _call(self.body, input_ids=ids).last_hidden_state
        return states

    def logits(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits [n, V] of what follows whole sequences [n, T] of one length, by the model's own forward."""
        logits: torch.Tensor = _call(self.model, input_ids=ids).logits
        return logits[:, -1]

    def head(
        self, tokens: Sequence[int] | None = None, dtype: torch.dtype = torch.float32
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        """A function from post-norm hidden states [..., H] to logits [..., V].

        Args:
            tokens: V token ids; None for the whole vocabulary, in the model's own number format.
            dtype: the number format for the logits of `tokens`.
        """
        shell = _copied(self.model)
        decoder = copy.copy(self.body)
        decoder.forward = _given
        _put(shell, self._path(self.body), decoder)
        if tokens is not None:
            for name, module in self.model.named_children():
                if self.body not in module.modules() and module is not self.output:
                    shell._modules[name] = copy.deepcopy(module).to(dtype)
            _put(shell, self._path(self.output), _Rows(self.output, tokens, dtype))

        def logits(states: torch.Tensor) -> torch.Tensor:
            flat = states.reshape(1, -1, states.shape[-1])
            flat = flat.to(self.dtype if tokens is None else dtype)
            out: torch.Tensor = _call(shell, inputs_embeds=flat).logits
            return out.view(*states.shape[:-1], out.shape[-1])

        return logits

    def _path(self, module: Any) -> list[str]:
        name: str = next(name for name, other in self.model.named_modules() if other is module)
        return name.split(".")


class _Rows(torch.nn.Module):
    """An output embedding of a few tokens."""

    def __init__(self, output: Any, tokens: Sequence[int], dtype: torch.dtype) -> None:
        super().__init__()
        rows = torch.tensor(list(tokens), dtype=torch.long, device=output.weight.device)
        bias = getattr(output, "bias", None)
        self.weight = torch.nn.Parameter(output.weight[rows].to(dtype), requires_grad=False)
        self.bias = None if bias is None else torch.nn.Parameter(bias[rows].to(dtype), requires_grad=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(states, self.weight, self.bias)


def _decoder(model: Any) -> Any:
    """The part that the model's forward calls for hidden states.

    It is the base model, with two exceptions: models that do not have it under the name they state (Llama 4),
    and models whose base model only wraps the decoder that `forward` calls (OPT).
    """
    from transformers import PreTrainedModel

    base = model.base_model
    if base is model:
        base = next((child for child in model.children() if isinstance(child, PreTrainedModel)), model)
    inner = getattr(base, "decoder", None)
    return inner if isinstance(inner, PreTrainedModel) else base


def _call(module: Any, **inputs: torch.Tensor) -> Any:
    """Call a model without a cache; the few that never have one do not know the argument."""
    parameters = inspect.signature(module.forward).parameters
    if "use_cache" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return module(**inputs, use_cache=False)
    return module(**inputs)


def _copied(module: Any) -> Any:
    """A copy that shares the weights and submodules, and in which other submodules can be put."""
    copied = copy.copy(module)
    copied._modules = dict(module._modules)
    return copied


def _put(module: Any, path: Sequence[str], other: torch.nn.Module) -> None:
    """Replace the submodule at `path`, copying those that lead there."""
    for name in path[:-1]:
        module._modules[name] = module = _copied(module._modules[name])
    module._modules[path[-1]] = other


class _States(MoEModelOutputWithPastAndCrossAttentions):
    """What a decoder returns: its hidden states, and None for whatever else a family's forward hands on."""

    def __getattr__(self, name: str) -> None:
        return None


def _given(*_: Any, inputs_embeds: torch.Tensor, **__: Any) -> _States:
    """A stand-in for the decoder, which returns the hidden states that it is given."""
    return _States(last_hidden_state=inputs_embeds)


def _no_mask(*_: Any, **__: Any) -> None:
    """No mask of transformers, because our attention functions make their own."""
