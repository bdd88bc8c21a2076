"""Documents under every order of the topics: how much they attend to each, and which number would answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.written.attend.layout import Layout, layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.topics import WrittenTopic
    from dsltm.teacher.reading.spans import Watcher
    from dsltm.teacher.reading.teacher import Teacher


@dataclass(frozen=True)
class Seen:
    """What the attention heads, and the answer's probabilities, show of n documents.

    Attributes:
        topics: [orders, n, heads, K] float32, logarithm of the documents' attention on each topic.
        numbers: [orders, n, K] float32, log P of each topic's number as the answer; 0 where not wanted.
        lengths: [n] tokens of the documents.
    """

    topics: NDArray[np.float32]
    numbers: NDArray[np.float32]
    lengths: NDArray[np.int64]


class TopicReader:
    """A teacher that reads documents under a list of topics, in several orders of the list.

    Args:
        teacher: an open teacher.
        topics: K of them.
        orders: [orders, K] permutations.
        max_tokens: the longest prompt, topics and document included.

    Attributes:
        heads: layer and head of all of the teacher's attention heads.
    """

    def __init__(
        self,
        teacher: Teacher,
        topics: Sequence[WrittenTopic],
        orders: NDArray[np.int64],
        *,
        max_tokens: int,
    ) -> None:
        self._layouts: list[Layout] = []
        self._watchers: list[Watcher] = []
        for order in orders:
            plan = layout(topics, order.tolist(), teacher.tokenizer)
            self._layouts.append(plan)
            self._watchers.append(
                teacher.watcher(plan.prompts, plan.spans, plan.tokens, max_tokens=max_tokens)
            )
        self.heads = self._watchers[0].heads

    def read(
        self,
        texts: Sequence[str],
        heads: Sequence[tuple[int, int]] | None = None,
        advance: Callable[[int], None] = lambda _: None,
        *,
        numbers: bool = True,
    ) -> Seen:
        """Read documents.

        Args:
            heads: layer and head of those that are wanted, ascending; None for all.
            advance: called with how many more documents have been read under one order.
            numbers: whether the numbers' probabilities are wanted, which takes longer.
        """
        wanted = self.heads if heads is None else heads
        shape = (len(self._watchers), len(texts))
        topics = np.empty((*shape, len(wanted), len(self._layouts[0].spans)), np.float32)
        numbers_of = np.zeros((*shape, topics.shape[-1]), np.float32)
        lengths = np.zeros(len(texts), np.int64)
        for order, (plan, watcher) in enumerate(zip(self._layouts, self._watchers, strict=True)):
            for row, glance in watcher.read(watcher.encoder.encode(texts), wanted, answers=numbers):
                topics[order, row] = glance.spans
                if numbers:
                    numbers_of[order, row] = plan.numbers(glance.logits)
                lengths[row] = glance.length
                advance(1)
        return Seen(topics, numbers_of, lengths)
