"""The probability of phrases after a text; the text is read once, and the phrases side by side."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch

from dsltm.teacher.reading.network import FAILURES
from dsltm.teacher.reading.projection import continuation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsltm.teacher.reading.opened import Opened


_TOGETHER = 24  # phrases read side by side; chosen, not measured
_PHRASE = 32  # tokens of the context that are reserved for a phrase; chosen, not measured
_TRIAL = "The weather in the mountains", ("changes", "changes within the hour")
# Differences, in nats, that count as rounding: in float32, and in 16 bits. Chosen, not measured.
_SAME = {torch.float32: 1e-2}
_SAME_ROUGHLY = 0.5


class Likelihood:
    """A teacher that judges phrases.

    Args:
        teacher: any causal language model. One whose cache of a text cannot be shared by several phrases,
            such as a recurrent model, reads the text again for each phrase.
    """

    def __init__(self, teacher: Opened) -> None:
        self._teacher, self._model = teacher, teacher.model
        self._phrase = min(_PHRASE, teacher.context_length // 2)
        self._shares = self._can_share()

    def of_each(self, texts: Sequence[str], phrases: Sequence[Sequence[str]]) -> Iterator[list[float]]:
        """`of` for each text and its phrases, in order.

        On a processor every core reads a text of its own, because the steps are so small that cores which
        share one would mostly wait for each other, above all on a busy machine.
        """
        if self._teacher.device.type != "cpu":
            yield from map(self.of, texts, phrases)
            return
        cores = torch.get_num_threads()
        try:
            with ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                yield from pool.map(self.of, texts, phrases)
        finally:
            torch.set_num_threads(cores)

    def of(self, text: str, phrases: Sequence[str]) -> list[float]:
        """log P(phrase | text) of each phrase, in nats, with a space between text and phrase."""
        return self._shared(text, phrases) if self._shares else self._one_by_one(text, phrases)

    def _can_share(self) -> bool:
        """Whether phrases that share the reading of a text get the same probabilities as without sharing."""
        try:
            shared, alone = self._shared(*_TRIAL), self._one_by_one(*_TRIAL)
        except FAILURES:
            return False
        allowed = _SAME.get(self._teacher.dtype, _SAME_ROUGHLY)
        return all(abs(a - b) <= allowed for a, b in zip(shared, alone, strict=True))

    @torch.inference_mode()
    def _one_by_one(self, text: str, phrases: Sequence[str]) -> list[float]:
        before = self._text(text)
        values = []
        for phrase in self._phrases(phrases):
            ids = torch.tensor([[*before, *phrase]], device=self._teacher.device)
            logits = self._model(input_ids=ids).logits[0, len(before) - 1 : -1].float()
            following = ids[0, len(before) :, None]
            values.append(float(logits.log_softmax(-1).gather(1, following).sum()))
        return values

    @torch.inference_mode()
    def _shared(self, text: str, phrases: Sequence[str]) -> list[float]:
        ids = torch.tensor([self._text(text)], device=self._teacher.device)
        out = self._model(ids, use_cache=True, logits_to_keep=1)
        last = out.logits[0, -1].float().log_softmax(-1)
        values: list[float] = []
        for start in range(0, len(phrases), _TOGETHER):
            values += self._some(out.past_key_values, last, phrases[start : start + _TOGETHER])
        return values

    def _text(self, text: str) -> list[int]:
        ids: list[int] = self._teacher.tokenizer(self._teacher.plain(text)).input_ids
        return ids[-max(1, self._teacher.context_length - self._phrase) :]

    def _phrases(self, phrases: Sequence[str]) -> list[list[int]]:
        texts = (self._teacher.plain(f" {phrase}") for phrase in phrases)
        return [continuation(self._teacher.tokenizer, text)[: self._phrase] for text in texts]

    def _some(self, cache: Any, last: torch.Tensor, phrases: Sequence[str]) -> list[float]:
        """log P of phrases after the text of `cache`; `last` [V] is log P of its next token."""
        tokens = self._phrases(phrases)
        longest = max(map(len, tokens))
        # Padding stands behind the phrase, where none of its tokens can see it.
        ids = torch.tensor(
            [each + [0] * (longest - len(each)) for each in tokens], device=self._teacher.device
        )
        first = last[ids[:, 0]]
        if longest == 1:
            return [float(value) for value in first]
        own = copy.deepcopy(cache)
        own.batch_repeat_interleave(len(phrases))
        logits = self._model(ids[:, :-1], past_key_values=own, use_cache=True).logits.float()
        rest = logits.log_softmax(-1).gather(2, ids[:, 1:, None])[:, :, 0]
        lengths = torch.tensor([len(each) for each in tokens], device=ids.device)
        counted = torch.arange(1, longest, device=ids.device) < lengths[:, None]
        return [float(value) for value in first + (rest * counted).sum(1)]
