"""Documents under every order of the topics: attention on each topic, and on the documents' own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.teacher.reading.prompts import SLOT
from dsltm.words.text import word_places
from dsltm.written.attend.layout import QUESTION, Layout, layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.topics import WrittenTopic
    from dsltm.teacher.reading.spans import Watcher
    from dsltm.teacher.reading.teacher import Teacher

_LEAST = 1e-9  # attention, so that the logarithm stays finite for heads that give a topic none


@dataclass(frozen=True)
class Seen:
    """What the attention heads, and the answer's probabilities, show of n documents.

    Attributes:
        topics: [orders, n, heads, K] float32, logarithm of the attention per token of each topic.
        numbers: [orders, n, K] float32, log P of each topic's number as the answer; 0 where not wanted.
        lengths: [n] tokens behind the list of topics.
        words: for each document, its words and the attention on each [heads or 1, words], mean over orders.
    """

    topics: NDArray[np.float32]
    numbers: NDArray[np.float32]
    lengths: NDArray[np.int64]
    words: list[tuple[list[str], NDArray[np.float32]]]


class TopicReader:
    """A teacher that reads documents under a list of topics, in several orders of the list.

    Args:
        teacher: an open teacher.
        topics: K of them.
        orders: [orders, K] permutations.
        max_tokens: the longest prompt, topics and document included.

    Attributes:
        layers, heads: of the teacher's attention.
    """

    def __init__(
        self,
        teacher: Teacher,
        topics: Sequence[WrittenTopic],
        orders: NDArray[np.int64],
        *,
        max_tokens: int,
    ) -> None:
        self._tokenizer = teacher.tokenizer.backend_tokenizer
        self._layouts: list[Layout] = []
        self._watchers: list[Watcher] = []
        for order in orders:
            plan = layout(topics, order.tolist(), teacher.tokenizer)
            watcher = teacher.watcher(plan.prompts, plan.spans, plan.tokens, max_tokens=max_tokens)
            watcher.leave_out_sinks(watcher.encoder.encode([""]))
            self._layouts.append(plan)
            self._watchers.append(watcher)
        probe = dict(self._watchers[0].read(self._watchers[0].encoder.encode([""])))[0]
        self.layers, self.heads = probe.spans.shape[:2]

    def read(
        self,
        texts: Sequence[str],
        heads: NDArray[np.int64] | None = None,
        advance: Callable[[int], None] = lambda _: None,
        *,
        numbers: bool = True,
    ) -> Seen:
        """Read documents.

        Args:
            heads: which heads are wanted, numbered through all layers; None for all.
            advance: called with how many more documents have been read under one order.
            numbers: whether the numbers' probabilities are wanted, which takes longer.
        """
        wanted = np.arange(self.layers * self.heads) if heads is None else heads
        layers = np.unique(wanted // self.heads)
        among = np.searchsorted(layers, wanted // self.heads) * self.heads + wanted % self.heads
        shape = (len(self._watchers), len(texts))
        topics = np.empty((*shape, len(wanted), len(self._layouts[0].spans)), np.float32)
        numbers_of = np.zeros((*shape, topics.shape[-1]), np.float32)
        lengths = np.zeros(len(texts), np.int64)
        places = [list(word_places(text.strip())) for text in texts]
        masses = [np.zeros((1 if heads is None else len(wanted), len(row)), np.float32) for row in places]
        for order, (plan, watcher) in enumerate(zip(self._layouts, self._watchers, strict=True)):
            tokens = watcher.encoder.encode(texts)
            for row, glance in watcher.read(tokens, layers.tolist(), answers=numbers):
                spans = glance.spans.reshape(-1, topics.shape[-1])[among]
                topics[order, row] = np.log(np.maximum(spans, _LEAST))
                if numbers:
                    numbers_of[order, row] = plan.numbers(glance.logits)
                lengths[row] = glance.own.shape[-1]
                own = glance.own.reshape(-1, glance.own.shape[-1])
                own = own.mean(0, keepdims=True) if heads is None else own[among]
                begin = 0 if tokens[row].prefixed else len(watcher.encoder.prefix)
                text, stem = texts[row].strip(), tokens[row].stem[begin:]
                masses[row] += self._on_words(own[:, begin:], text, stem, places[row])
                advance(1)
        words = [
            ([word for word, _, _ in row], (mass / len(self._watchers)).astype(np.float32))
            for row, mass in zip(places, masses, strict=True)
        ]
        return Seen(topics, numbers_of, lengths, words)

    def _on_words(
        self,
        own: NDArray[np.float32],
        text: str,
        stem: Sequence[int],
        places: Sequence[tuple[str, int, int]],
    ) -> NDArray[np.float32]:
        """[heads, words] attention on the words of a document: the sum over the tokens of each.

        The document is tokenized once more to learn where its tokens lie. The result may differ from the
        tokens that were read, where the document was cut or holds the name of a special token; words from
        there on get no attention.
        """
        before = QUESTION.split(SLOT)[0]
        encoding = self._tokenizer.encode(before + text, add_special_tokens=False)
        offsets = [
            (a - len(before), b - len(before), token)
            for token, (a, b) in zip(encoding.ids, encoding.offsets, strict=True)
            if b > len(before)
        ]
        usable = 0
        shift = _align([token for _, _, token in offsets], stem)
        for (_, _, token), read in zip(offsets, stem[shift:], strict=False):
            if token != read:
                break
            usable += 1
        out = np.zeros((len(own), len(places)), np.float32)
        first = 0
        for number, (_, start, end) in enumerate(places):
            while first < usable and offsets[first][1] <= start:
                first += 1
            last = first
            while last < usable and offsets[last][0] < end:
                out[:, number] += own[:, shift + last]
                last += 1
        return out


def _align(ids: Sequence[int], stem: Sequence[int]) -> int:
    """Where the document's tokens begin in the stem: at 0, or one or two later."""
    head = list(ids[:3])
    return next((i for i in range(min(3, len(stem))) if head == list(stem[i : i + len(head)])), 0)
