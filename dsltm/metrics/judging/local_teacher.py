"""A local teacher as a judge. It is asked how probable something is, and what changes that.

A small model cannot follow a question, but it can tell that a word is likelier beside words of its topic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.metrics.judging.judge import RATING_TASK, Failures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsltm.metrics.judging.judge import FitTest, Floats, Texts
    from dsltm.teacher.reading.teacher import Teacher

RATINGS = (1, 2, 3)
_EXAMPLES = (
    ("goal, match, striker, league, referee, penalty, coach", 3),
    ("spoon, gravity, lawyer, purple, weekend, tax, giraffe", 1),
    ("river, boat, music, fish, water, guitar, bank", 2),
)
_WORDS, _DOCUMENTS = "Words of one topic:", "Documents about one topic:"
_LONGEST = 400  # characters of a document that are read; chosen, not measured


@dataclass
class LocalTeacher:
    """A teacher whose likelihoods judge; `name` begins its metrics' names."""

    open: Callable[[], Teacher]
    name: str = "teacher"
    kinds: frozenset[str] = frozenset({"rating", "intrusion", "mixing", "documents"})
    failures: Failures = field(default_factory=Failures)

    @classmethod
    def named(cls, name: str) -> LocalTeacher:
        """The teacher of this name, which is opened when it is first asked."""

        def load() -> Teacher:
            from dsltm.teacher.files.load import load_teacher

            return load_teacher(name, notify=console.info)

        return cls(load)

    @cached_property
    def teacher(self) -> Teacher:
        """Open."""
        return self.open()

    def cost(self) -> str:
        return ""

    def rate(self, topics: Sequence[Texts]) -> Floats:
        """The rating that the teacher expects, Σ r · P(r) / Σ P(r) over r = 1, 2, 3, as the next token.

        One forward pass a topic after three worked examples; no topic depends on another.

        Raises:
            DsltmError: the teacher's tokenizer does not tell 1, 2 and 3 apart.
        """
        teacher, values = self.teacher, []
        with console.progress("rating", len(topics), "topics") as bar:
            for words in topics:
                start, ends = _split(_prompt(words), teacher.tokenizer)
                chances = teacher.next_logits(start, ends).double().softmax(0).tolist()
                values.append(sum(rating * chance for rating, chance in zip(RATINGS, chances, strict=True)))
                bar.advance()
        return np.array(values, np.float64)

    def rate_as_published(self, topics: Sequence[Texts]) -> Floats:  # noqa: ARG002
        raise DsltmError("the published rating is asked of a chat model", hint="--rater URL")

    def intruders(self, tests: Sequence[Texts]) -> Floats:
        """The word whose log-probability gains least from the other words, over that after no words."""
        texts = [
            f"{_WORDS} {', '.join(other for other in words if other != word)},"
            for words in tests
            for word in words
        ]
        every = [word for words in tests for word in words]
        alone = self._alone(_WORDS, every)
        known = iter(self._likelihoods("looking for intruders", texts, [[word] for word in every]))
        return np.array(
            [np.argmin([next(known)[0] - alone[word] for word in words]) for words in tests], np.float64
        )

    def mixed(self, sets: Sequence[Texts]) -> Floats:
        """By how many nats more words help each other within the best halves of a set than between these."""
        texts = [f"{_WORDS} {word}," for words in sets for word in words]
        alone = self._alone(_WORDS, [word for words in sets for word in words])
        known = iter(
            self._likelihoods("telling topics apart", texts, [words for words in sets for _ in words])
        )
        gains = [np.array([next(known) for _ in words]) - [alone[word] for word in words] for words in sets]
        return np.array([_best_split(gain) for gain in gains], np.float64)

    def fits(self, tests: Sequence[FitTest]) -> list[Floats]:
        """The share of a document's surprise, -log P, that the topic's documents before it take away."""
        documents = [[_shown(document) or "." for document in test.documents] for test in tests]
        texts = [
            "\n".join([_DOCUMENTS, *(f"- {_shown(text)}" for text in test.typical), "-"]) for test in tests
        ]
        alone = self._alone(f"{_DOCUMENTS}\n-", [text for some in documents for text in some])
        known = self._likelihoods("judging documents", texts, documents)
        return [
            np.array([1 - value / min(alone[text], -1e-9) for value, text in zip(values, some, strict=True)])
            for values, some in zip(known, documents, strict=True)
        ]

    def _alone(self, heading: str, phrases: Sequence[str]) -> dict[str, float]:
        """log P of each phrase after the heading alone, short ones together, which needs less padding."""
        different = sorted(set(phrases), key=lambda phrase: (len(phrase), phrase))
        if not different:
            return {}
        return dict(zip(different, self.teacher.likelihood.of(heading, different), strict=True))

    def _likelihoods(
        self, doing: str, texts: Sequence[str], phrases: Sequence[Sequence[str]]
    ) -> list[list[float]]:
        """log P of each text's phrases."""
        values = []
        with console.progress(doing, len(texts), "contexts") as bar:
            for value in self.teacher.likelihood.of_each(texts, phrases):
                values.append(value)
                bar.advance()
        return values


def _best_split(gain: Floats) -> float:
    """The largest difference of mean gains [n, n] within two halves and between them, over all halves."""
    both, count = gain + gain.T, len(gain)
    inside = ~np.eye(count, dtype=bool)
    best = -np.inf
    for half in combinations(range(1, count), count // 2 - 1):
        side = np.zeros(count, bool)
        side[[0, *half]] = True
        same = side[:, None] == side
        best = max(best, float(both[same & inside].mean() - both[~same].mean()) / 2)
    return best


def _shown(document: str) -> str:
    return " ".join(document.split())[:_LONGEST]


def _prompt(words: Texts) -> str:
    examples = [f"Words: {shown}\nRating: {rating}" for shown, rating in _EXAMPLES]
    return "\n\n".join([RATING_TASK, *examples, f"Words: {', '.join(words)}\nRating:"])


def _split(prompt: str, tokenizer: Any) -> tuple[list[int], list[int]]:
    """The tokens that come before the rating, and the token of each rating in their place."""
    written = [tokenizer(f"{prompt} {rating}").input_ids for rating in RATINGS]
    shared = 0
    while all(len(ids) > shared and ids[shared] == written[0][shared] for ids in written):
        shared += 1
    ends = [ids[shared] for ids in written if len(ids) > shared]
    if len(set(ends)) < len(RATINGS):
        raise DsltmError("the rater's tokenizer does not tell the numbers 1, 2 and 3 apart")
    return written[0][:shared], ends
