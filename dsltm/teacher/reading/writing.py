"""What a teacher writes where JSON wants a string: whatever the model is like, the string is one and ends."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch

from dsltm.teacher.reading.prompts import as_chat

if TYPE_CHECKING:
    from dsltm.teacher.reading.opened import Opened

QUOTE = '"'
_FORBIDDEN = -torch.inf


class Writing:
    """Greedy decoding under the grammar of a JSON string without escapes.

    Before each step, the logits of all tokens that the grammar does not allow are taken away: those of
    control tokens, of pieces of characters, and of text with a backslash or a line break. A token with a
    quotation mark ends the string there. The last step allows those alone.
    """

    def __init__(self, teacher: Opened) -> None:
        self._teacher = teacher

    @torch.inference_mode()
    def string(self, question: str, before: str, opening: str, most: int) -> str:
        """The string that the teacher writes in an answer.

        Args:
            question: a turn of the user where the teacher knows turns, else what comes before.
            before: the answer up to the string's quotation mark.
            opening: how the string begins; it is part of what is returned.
            most: so many tokens at most.
        """
        teacher, text = self._teacher, self._teacher.plain(question)
        chat = bool(teacher.tokenizer.chat_template)
        whole = (as_chat(teacher.tokenizer, text) if chat else f"{text}\n") + before + opening
        ids = teacher.tokenizer(whole, add_special_tokens=not chat).input_ids
        ids = ids[-teacher.context_length + most :]
        plain, ending = self._masks
        written: list[int] = []
        out = teacher.model(self._batch(ids), use_cache=True, logits_to_keep=1)
        for step in range(most):
            allowed = ending if step == most - 1 else torch.maximum(plain, ending)
            token = int((out.logits[0, -1, : len(plain)].float().cpu() + allowed).argmax())
            written.append(token)
            if ending[token] == 0:
                break
            out = teacher.model(self._batch([token]), past_key_values=out.past_key_values, use_cache=True)
        return (opening + self._text(written)).split(QUOTE)[0].strip()

    def _text(self, ids: list[int]) -> str:
        text: str = self._teacher.tokenizer.backend_tokenizer.decode(ids, skip_special_tokens=False)
        return text

    def _batch(self, ids: list[int]) -> torch.Tensor:
        return torch.tensor([ids], device=self._teacher.device)

    @cached_property
    def _masks(self) -> tuple[torch.Tensor, torch.Tensor]:
        """[tokens] 0 for those that go on with a string, and for those that end it; else minus infinity."""
        tokenizer = self._teacher.tokenizer
        special = set(tokenizer.all_special_ids)
        plain = torch.full((self._teacher.vocab_size,), _FORBIDDEN)
        ending = plain.clone()
        for token in range(min(len(tokenizer), len(plain))):
            before, quote, _ = self._text([token]).partition(QUOTE)
            if token in special or "\\" in before or not before.isprintable() or "�" in before:
                continue
            (ending if quote else plain)[token] = 0
        return plain, ending
