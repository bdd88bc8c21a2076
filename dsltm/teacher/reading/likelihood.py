"""How probable a teacher finds phrases after a text: the text is read once, the phrases side by side."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsltm.teacher.reading.teacher import Teacher

_TOGETHER = 24
_PHRASE = 32  # tokens that are left for a phrase


@dataclass(frozen=True)
class Likelihood:
    """A teacher that judges phrases.

    Args:
        teacher: any causal language model.
    """

    teacher: Teacher

    def of_each(self, texts: Sequence[str], phrases: Sequence[Sequence[str]]) -> Iterator[list[float]]:
        """`of` for each text and its phrases, in order.

        On a processor every core reads a text of its own: these are small steps, and cores that share one
        wait for each other, very long on a machine that has other work.
        """
        if self.teacher.device.type != "cpu":
            yield from map(self.of, texts, phrases)
            return
        cores = torch.get_num_threads()
        try:
            with ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                yield from pool.map(self.of, texts, phrases)
        finally:
            torch.set_num_threads(cores)

    @torch.inference_mode()
    def of(self, text: str, phrases: Sequence[str]) -> list[float]:
        """log P(phrase | text) of each phrase, in nats, with a space between."""
        cache, last = self._prefix(text)
        found: list[float] = []
        for start in range(0, len(phrases), _TOGETHER):
            found += self._some(cache, last, phrases[start : start + _TOGETHER])
        return found

    def _prefix(self, text: str) -> tuple[Any, torch.Tensor]:
        """Keys and values of the text, and log-probabilities [V] of what follows it."""
        ids = self.teacher.tokenizer(text, return_tensors="pt").input_ids
        kept = ids[:, -(self.teacher.context_length - _PHRASE) :]
        out = self.teacher.model(kept.to(self.teacher.device), use_cache=True, logits_to_keep=1)
        return out.past_key_values, out.logits[0, -1].float().log_softmax(-1)

    def _some(self, cache: Any, last: torch.Tensor, phrases: Sequence[str]) -> list[float]:
        tokenizer = self.teacher.tokenizer
        tokens = [tokenizer(f" {each}", add_special_tokens=False).input_ids[:_PHRASE] for each in phrases]
        longest = max(map(len, tokens))
        # Padding stands behind the phrase, where nothing of the phrase can see it.
        ids = torch.tensor(
            [each + [0] * (longest - len(each)) for each in tokens], device=self.teacher.device
        )
        first = last[ids[:, 0]]
        if longest == 1:
            return [float(value) for value in first]
        own = copy.deepcopy(cache)
        own.batch_repeat_interleave(len(phrases))
        logits = self.teacher.model(ids[:, :-1], past_key_values=own, use_cache=True).logits.float()
        rest = logits.log_softmax(-1).gather(2, ids[:, 1:, None])[:, :, 0]
        lengths = torch.tensor([len(each) for each in tokens], device=ids.device)
        counted = torch.arange(1, longest, device=ids.device) < lengths[:, None]
        return [float(value) for value in first + (rest * counted).sum(1)]
