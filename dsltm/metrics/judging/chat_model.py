"""A chat model as a judge. An answer is one number; where it is not, the question is asked once more."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dsltm import console
from dsltm.endpoint import EndpointError
from dsltm.metrics.config import JUDGEMENTS
from dsltm.metrics.judging.judge import RATING_TASK, Failures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsltm.endpoint import ChatEndpoint
    from dsltm.metrics.judging.judge import FitTest, Floats, Texts

Item = TypeVar("Item")

_RATE = f"{RATING_TASK} Answer with the number only: 1, 2 or 3."
# The system prompt of Stammbach, Zouhar, Hoyle, Sachan and Ash, "Revisiting automated topic model
# evaluation with large language models", EMNLP 2023, section 3, without their description of the corpus. It
# is quoted, because figures can be compared only where the question is the same; the paper's licence,
# CC BY 4.0, asks that the authors be named and the change be told, as is done here.
_PUBLISHED = (
    "You are a helpful assistant evaluating the top words of a topic model output for a given topic. Please "
    "rate how related the following words are to each other on a scale from 1 to 3 "
    '("1" = not very related, "2" = moderately related, "3" = very related). '
    "Reply with a single number, indicating the overall appropriateness of the topic."
)
_INTRUDER = (
    "All of these numbered words but one are from the same topic of a collection of documents. Find the one "
    "that belongs least to the others. Answer with its number only."
)
_MIXED = (
    "These words are either all from one topic of a collection of documents, or half of them from one topic "
    "and half from another. Answer with a number only: 1 if they are from one topic, 2 if they are from two."
)
_LABEL = (
    "These documents were put together because they are about the same. Say what that is, as specifically as "
    "all of them allow. Answer with a label of two to ten words and nothing else."
)
_FIT = (
    "You are given a category and a document. Rate how well the document fits the category: 1 if not at all, "
    "2 hardly, 3 in part, 4 well, 5 if it is a typical example. Answer with the number only, from 1 to 5."
)
_LONGEST = 1500  # characters of a document that are shown; chosen, not measured
_LONGEST_LABEL = 120  # characters


@dataclass
class ChatModel:
    """The chat model behind an endpoint; `name` begins its metrics' names."""

    endpoint: ChatEndpoint
    name: str = "llm"
    kinds: frozenset[str] = frozenset(JUDGEMENTS)
    failures: Failures = field(default_factory=Failures)

    def cost(self) -> str:
        return self.endpoint.spent()

    def rate(self, topics: Sequence[Texts]) -> Floats:
        return self._numbers("rating topics", [(_RATE, ", ".join(words)) for words in topics], 3)

    def rate_as_published(self, topics: Sequence[Texts]) -> Floats:
        return self._numbers("rating topics", [(_PUBLISHED, ", ".join(words)) for words in topics], 3)

    def intruders(self, tests: Sequence[Texts]) -> Floats:
        most = max(map(len, tests), default=1)
        questions = [(_INTRUDER, _numbered(words)) for words in tests]
        return self._numbers("looking for intruders", questions, most) - 1

    def mixed(self, sets: Sequence[Texts]) -> Floats:
        return self._numbers("telling topics apart", [(_MIXED, ", ".join(words)) for words in sets], 2)

    def fits(self, tests: Sequence[FitTest]) -> list[Floats]:
        labels = self._each("labelling topics", self._label, [test.typical for test in tests])
        known = [label for label in labels if not isinstance(label, EndpointError)]
        questions = [
            (_FIT, f"Category: {label}\n\nDocument: {_shown(document)}")
            for test, label in zip(tests, labels, strict=True)
            if not isinstance(label, EndpointError)
            for document in test.documents
        ]
        answers = iter(self._numbers("judging documents", questions, 5)) if known else iter(())
        return [
            np.array(
                [np.nan if isinstance(label, EndpointError) else next(answers) for _ in test.documents],
                np.float64,
            )
            for test, label in zip(tests, labels, strict=True)
        ]

    def _label(self, documents: Texts) -> str:
        shown = "\n".join(f"- {_shown(document)}" for document in documents)
        answer = self._ask([{"role": "system", "content": _LABEL}, {"role": "user", "content": shown}])
        lines = without_thoughts(answer).split("\n")
        label = next((line.strip(' *_"#.') for line in lines if line.strip()), "")[:_LONGEST_LABEL]
        if not label:
            raise EndpointError("its answer has no label")
        return label

    def _numbers(self, doing: str, questions: Sequence[tuple[str, str]], most: int) -> Floats:
        answers = self._each(doing, lambda question: self._number(*question, most), questions)
        return np.array([np.nan if isinstance(a, EndpointError) else a for a in answers], np.float64)

    def _each(
        self, doing: str, ask: Callable[[Item], str | int], items: Sequence[Item]
    ) -> list[str | int | EndpointError]:
        with console.progress(doing, len(items), "questions") as bar:
            answers = self.endpoint.map(ask, items, bar.advance)
        self.failures.reasons.update(str(a) for a in answers if isinstance(a, EndpointError))
        return answers

    def _number(self, task: str, shown: str, most: int) -> int:
        conversation = [{"role": "system", "content": task}, {"role": "user", "content": shown}]
        answer = self._ask(conversation)
        number = number_in(answer, most)
        if number is None:
            reminder = f"Answer with the number only, from 1 to {most}."
            again = [{"role": "assistant", "content": answer}, {"role": "user", "content": reminder}]
            answer = self._ask([*conversation, *again])
            number = number_in(answer, most)
        if number is None:
            short = " ".join(answer.split())[:80]
            raise EndpointError(f"its answer has no number from 1 to {most}: {short!r}")
        return number

    def _ask(self, conversation: list[dict[str, str]]) -> str:
        return self.endpoint.complete(conversation, temperature=0)


def number_in(answer: str, most: int) -> int | None:
    """The one number from 1 to `most` that an answer names, whatever stands around it.

    Another number in it ("3 of 7", "2.5"), or two different ones, make it no answer.
    """
    answer = without_thoughts(answer)
    answer = re.sub(rf"\b(?:of|out of|to) {most}\b|/ ?{most}\b", "", answer)  # this one names the scale
    numbers = set(re.findall(r"\d+(?:[.,]\d+)?", answer))
    named = numbers & {str(number) for number in range(1, most + 1)}
    return int(named.pop()) if len(numbers) == len(named) == 1 else None


def without_thoughts(answer: str) -> str:
    """An answer without what a model that reasons writes before it."""
    return re.sub(r"<think>.*?</think>", "", answer, flags=re.DOTALL)


def _numbered(words: Texts) -> str:
    return "\n".join(f"{number}. {word}" for number, word in enumerate(words, 1))


def _shown(document: str) -> str:
    line = " ".join(document.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"
