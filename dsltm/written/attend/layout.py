"""The prompt: numbered topics, the document and the question; and the numbers that may be the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.teacher.reading.prompts import SLOT, Prompt
from dsltm.teacher.reading.tokens import PlainText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.formats.topics import WrittenTopic

_HEAD = "Topics:\n"
_DOCUMENT = f"\nDocument: {SLOT}"
_QUESTION = "\n\nTopic:"
_KEYWORDS = 5  # of a topic that its line in the prompt shows; chosen, not measured
_OPEN, _CLOSE = " (", ")"


@dataclass(frozen=True)
class Layout:
    """One order of the topics as prompts.

    Attributes:
        prompts: the first ends with the document; each other one also has the question, and the beginning of
            a number that more than one token may follow.
        spans: by topic, where its words are in the prompts' text, (start, end) in characters.
        tokens: the tokens that an answer can go on with.
        steps: by topic, its number token by token: (prompt, place in `tokens`, places of all that could
            follow).
    """

    prompts: list[Prompt]
    spans: list[tuple[int, int]]
    tokens: list[int]
    steps: list[list[tuple[int, int, list[int]]]]

    def numbers(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """log P [..., K] of each topic's number, among the numbers, from logits [..., prompts, tokens]."""
        out = np.zeros((*logits.shape[:-2], len(self.steps)), np.float32)
        for topic, steps in enumerate(self.steps):
            for prompt, token, rivals in steps:
                choice = logits[..., prompt, rivals]
                out[..., topic] += logits[..., prompt, token] - np.logaddexp.reduce(choice, axis=-1)
        return out


def layout(topics: Sequence[WrittenTopic], order: Sequence[int], tokenizer: Any) -> Layout:
    """The prompts that list `topics` in this order.

    Args:
        order: for each line of the list the number of its topic.
        tokenizer: the teacher's.
    """
    text, spans, plain = _HEAD, [(0, 0)] * len(topics), PlainText(tokenizer)
    for number, topic in enumerate(order, 1):
        text += f"({number}) "
        line = plain(_line(topics[topic]))
        spans[topic] = (len(text), len(text) + len(line))
        text += line + "\n"
    text += _DOCUMENT
    answers = _Answers(len(topics), tokenizer)
    prompts = [Prompt("document", text)]
    prompts += [Prompt("answer", text + _QUESTION + _OPEN + begun) for begun in answers.branches.values()]
    steps: list[list[tuple[int, int, list[int]]]] = [[] for _ in topics]
    for number, topic in enumerate(order, 1):
        steps[topic] = answers.steps(number)
    return Layout(prompts, spans, answers.tokens, steps)


def _line(topic: WrittenTopic) -> str:
    line = ": ".join(part for part in (topic.label, ", ".join(topic.keywords[:_KEYWORDS])) if part)
    return line.replace(SLOT, SLOT.strip("{}"))


class _Answers:
    """The numbers 1 to K as a tree of tokens.

    Attributes:
        tokens: all that occur, in ascending order.
        branches: the beginnings of answers that more than one token can follow, as text by their tokens.
    """

    def __init__(self, count: int, tokenizer: Any) -> None:
        self._paths = [_continuation(tokenizer, f"{number}{_CLOSE}") for number in range(1, count + 1)]
        self._after: dict[tuple[int, ...], set[int]] = {}
        texts: dict[tuple[int, ...], str] = {}
        for path in self._paths:
            for i, (token, _) in enumerate(path):
                begun = tuple(token for token, _ in path[:i])
                texts[begun] = "".join(text for _, text in path[:i])
                self._after.setdefault(begun, set()).add(token)
        self.branches = {begun: texts[begun] for begun, after in self._after.items() if len(after) > 1}
        self.tokens = sorted({token for path in self._paths for token, _ in path})

    def steps(self, number: int) -> list[tuple[int, int, list[int]]]:
        path = [token for token, _ in self._paths[number - 1]]
        places = {token: i for i, token in enumerate(self.tokens)}
        branches = list(self.branches)
        return [
            (
                1 + branches.index(tuple(path[:i])),
                places[token],
                sorted(places[rival] for rival in self._after[tuple(path[:i])]),
            )
            for i, token in enumerate(path)
            if tuple(path[:i]) in self.branches
        ]


def _continuation(tokenizer: Any, answer: str) -> list[tuple[int, str]]:
    """The tokens that write `answer` behind the opening bracket, each with its text."""
    backend = tokenizer.backend_tokenizer
    start = "Topic:" + _OPEN
    encoding = backend.encode(start + answer, add_special_tokens=False)
    return [
        (token, (start + answer)[max(a, len(start)) : b])
        for token, (a, b) in zip(encoding.ids, encoding.offsets, strict=True)
        if b > len(start)
    ]
