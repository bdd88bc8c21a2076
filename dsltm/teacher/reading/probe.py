"""Whether a teacher is read right: every way of reading is compared with the model's own `forward`.

The fast ways assume that a family's layers attend through transformers' interface, and that each logit is
one row of the head. This is true of most families, but nothing says of which. So a dozen texts are read in
float32 as the model itself reads them, and a way whose hidden states or logits differ by more than rounding
is refused. The verdict depends on the model alone, and is kept.
"""

from __future__ import annotations

import contextlib
import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from dsltm.errors import DsltmError
from dsltm.teacher.quiet import first_line
from dsltm.teacher.reading.network import FAILURES, Network
from dsltm.teacher.reading.prompts import DEFAULT
from dsltm.teacher.reading.tokens import Encoder
from dsltm.teacher.reading.ways import WAYS, Own, Whole, candidates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerFast

TEXTS = (
    "",
    "one",
    "How do I read a file?",
    "The weather in the mountains changes within the hour, they say.",
    "a  b\n\n\tc   d",
    "Preise, Löhne und Zölle; naïve café",
    "Погода в горах меняется за час.",
    "山の天気は変わりやすい。",
    "الطقس في الجبال يتغير",
    "def f(x): return x ** 2  # 3.14159",
    "<s> </s> <|im_start|> <|endoftext|> <think> [CLS]",
    "🙂 ﬁ ½ № ٣",
    "The bank raised its rate again, and the market fell. " * 6,
)
"""Short, long and empty texts, with odd spaces, other scripts, code, names of control tokens, and symbols."""
# These numbers were chosen, not measured. The first two bound the effect of rounding: a difference in
# float32, relative to the numbers' standard deviation where that is above 1, and a cosine in 16 bits, where
# errors grow from layer to layer.
_TOLERANCE = 1e-3
_LEAST_COSINE = 0.99
_WINDOW = 8  # tokens of a sliding window, fewer than the texts have, so that ignoring the window shows
_LONGEST = 512  # tokens of a text and its prompt
_FLOATS = (torch.float32, torch.bfloat16, torch.float16)
_COMPARED = 1000  # tokens of the vocabulary whose logits are compared


@dataclass(frozen=True)
class Verdict:
    """How a teacher is to be read.

    Attributes:
        way: the fastest way that reads it right, one of `WAYS`.
        hidden: the largest difference of a hidden state from the model's own, in float32.
        logits: the same of a logit.
        refused: why each faster way was not taken.
    """

    way: str
    hidden: float
    logits: float
    refused: dict[str, str]


class Probe:
    """A dozen texts, and the hidden states and logits that the model itself gives them.

    Args:
        network: a copy, whose weights a way of reading may change.
        encoder: makes tokens of the texts under two prompts.
        tokens: the tokens whose logits are compared.
    """

    def __init__(self, network: Network, encoder: Encoder, tokens: Sequence[int]) -> None:
        self._network, self._encoder, self._tokens = network, encoder, tokens
        self._documents = encoder.encode(TEXTS)
        self._exact = network.dtype == torch.float32
        whole, own = Whole(network, encoder.prefix), Own(network, encoder.prefix)
        self._hidden = torch.cat([whole([document]) for document in self._documents]).float()
        self._logits = torch.cat([own.logits([document]) for document in self._documents])[
            ..., tokens
        ].float()

    def difference(self, way: str) -> tuple[float, float]:
        """The largest differences of a way's hidden states and logits from the model's own.

        Raises:
            ValueError: one of them is larger than rounding explains.
        """
        read = WAYS[way](self._network, self._encoder.prefix)
        batches = [self._documents] if read.packs else [[document] for document in self._documents]
        states = torch.cat([read(batch) for batch in batches]).float()
        logits = self._network.head(self._tokens)(states)
        return self._compare(states, self._hidden, "hidden states"), self._compare(
            logits, self._logits, "logits"
        )

    def _compare(self, given: torch.Tensor, expected: torch.Tensor, what: str) -> float:
        difference = (given - expected).abs().max().item()
        if self._exact:
            alike = difference <= _TOLERANCE * max(1.0, expected.std().item())
        else:
            alike = torch.cosine_similarity(given, expected, dim=-1).min().item() >= _LEAST_COSINE
        if not alike:
            raise ValueError(f"{what} differ by {difference:.2g}")
        return difference

    def says_the_same(self) -> bool:
        """Whether no text has a hidden state of its own."""
        return not bool((self._hidden != self._hidden[:1]).any())

    @torch.inference_mode()
    def is_causal(self) -> bool:
        """Whether no token sees those that come after it."""
        ids = self._encoder.prefix + self._documents[3].ids()
        other = [*ids[:-1], ids[0]]
        first, second = (
            self._network.states(torch.tensor([row], device=self._network.device))[0, :-1].float()
            for row in (ids, other)
        )
        return (first - second).abs().max().item() <= _TOLERANCE * max(1.0, first.std().item())


def probe(network: Network, tokenizer: PreTrainedTokenizerFast, context_length: int, name: str) -> Verdict:
    """Compare the ways to read a teacher with its own `forward`, on copies of it.

    Raises:
        DsltmError: it is no causal language model, has damaged weights, or cannot be run at all.
    """
    _refuse_damaged(network.model, name)
    encoder = Encoder(tokenizer, DEFAULT[:2], min(_LONGEST, context_length), known=network.known_tokens)
    tokens = list(range(0, network.vocab_size, max(1, network.vocab_size // _COMPARED)))
    try:
        exact = Probe(_copy(network, torch.float32, window=_WINDOW), encoder, tokens)
        causal = exact.is_causal()
        rough = (
            exact if network.dtype == torch.float32 else Probe(_copy(network, network.dtype), encoder, tokens)
        )
    except FAILURES as exc:
        raise DsltmError(f"{name} cannot be run: {first_line(exc)}") from exc
    if not causal:
        raise DsltmError(f"{name} is no causal language model: its tokens see those that come after them")
    if exact.says_the_same():
        raise DsltmError(f"{name} has damaged weights: it says the same of every text")
    refused: dict[str, str] = {}
    for way in candidates(network.config):
        try:
            hidden, logits = exact.difference(way)
            if rough is not exact:
                rough.difference(way)
        except FAILURES as exc:
            refused[way] = first_line(exc)
        else:
            return Verdict(way, hidden, logits, refused)
    return Verdict("own", 0.0, 0.0, refused)


def _refuse_damaged(model: torch.nn.Module, name: str) -> None:
    """Refuse weights that are no numbers, and matrices of zeros, as a download leaves them that broke off.

    Raises:
        DsltmError: there are such weights.
    """
    for place, module in model.named_modules():
        for part, weights in module.named_parameters(recurse=False):
            if weights.dtype not in _FLOATS or not weights.numel():
                continue
            least, most = (float(bound) for bound in weights.detach().aminmax())
            where = f"such as {place}.{part}"
            if not (math.isfinite(least) and math.isfinite(most)):
                raise DsltmError(f"{name} has weights that are no numbers in {weights.dtype}, {where}")
            matrix = isinstance(module, (torch.nn.Linear, torch.nn.Embedding)) and part == "weight"
            if matrix and least == most == 0:
                raise DsltmError(f"{name} has damaged weights: matrices that are all zero, {where}")


def _copy(network: Network, dtype: torch.dtype, window: int | None = None) -> Network:
    """A copy with weights of its own; the network itself where memory does not suffice for a copy.

    Args:
        window: how far layers with a sliding window see in the copy.
    """
    size = sum(tensor.numel() for tensor in network.model.parameters()) * dtype.itemsize
    if size > _free(network.device):
        return network
    model = copy.deepcopy(network.model).to(dtype)
    for module in model.modules() if window else ():
        for holder in (module, getattr(module, "config", None)):
            if holder is not None and isinstance(getattr(holder, "sliding_window", None), int):
                holder.sliding_window = window
    return Network(model)


def _free(device: torch.device) -> float:
    """Bytes of memory that a copy may take."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return 1024 * float(next(line for line in lines if line.startswith("MemAvailable")).split()[1])
    return math.inf
