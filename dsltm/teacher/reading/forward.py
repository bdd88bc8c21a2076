"""Reading documents: one forward pass each, without the parts that nobody needs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from dsltm.teacher.reading.tokens import Shape, Tokens
from dsltm.teacher.reading.ways import Own, open_way

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dsltm.teacher.reading.opened import Opened
    from dsltm.teacher.reading.prompts import Prompt


@dataclass(frozen=True)
class Reading:
    """The teacher's logits and hidden states of n documents under m prompts.

    Attributes:
        logits: [n, V] float32, of the vocabulary at the last position, mean over the prompts.
        hidden: [n, m * H] float32, post-norm hidden states at the last position, prompts side by side.
    """

    logits: NDArray[np.float32]
    hidden: NDArray[np.float32]

    def repeated(self, counts: Sequence[int]) -> Reading:
        """The same with each document repeated as often as `counts` [n] says."""
        if max(counts) == 1:
            return self
        return Reading(self.logits.repeat(counts, 0), self.hidden.repeat(counts, 0))


class Reader:
    """A teacher under fixed prompts, over a fixed vocabulary.

    On a processor every core reads batches of its own. Then no operation waits for the slowest core, and
    other work on the machine slows the reading only in proportion.

    Args:
        teacher: an open teacher.
        prompts: one or more.
        tokens: [V] token ids of the vocabulary, or [V] lists of ids whose probabilities a word sums; none for
            hidden states alone.
        max_tokens: the longest prompt, document included; no more than the teacher was made to read.
        batch_tokens: about how many tokens go through the teacher at once; by default what suits the device.

    Attributes:
        encoder: makes the `Tokens` that `read` takes.
        way: how documents are read.
    """

    def __init__(
        self,
        teacher: Opened,
        prompts: Sequence[Prompt],
        tokens: Sequence[int] | Sequence[Sequence[int]] = (),
        *,
        max_tokens: int,
        batch_tokens: int | None = None,
    ) -> None:
        self.batch_tokens = batch_tokens or teacher.network.batch_tokens
        self._workers = torch.get_num_threads() if teacher.device.type == "cpu" else 1
        forms = [[form] if isinstance(form, int) else list(form) for form in tokens]
        self._forms = _places(list(map(len, forms))).to(teacher.device)
        self._rows = [token for form in forms for token in form]
        encoder = self.encoder = teacher.encoder(prompts, max_tokens)
        self.way = open_way(teacher.verdict.way, teacher.network, encoder.prefix, encoder.max_tokens)
        if not isinstance(self.way, Own):
            self._head = teacher.network.head(self._rows)

    def read(self, documents: Sequence[Tokens]) -> Iterator[tuple[list[int], Reading]]:
        """Read documents in the order that suits the machine; those that are the same are read once.

        Yields:
            The positions of some documents, and the reading of these.
        """
        copies = _same(documents)
        distinct = [documents[rows[0]] for rows in copies]
        for batch, reading in self._read_all(distinct):
            counts = [len(copies[number]) for number in batch]
            yield [row for number in batch for row in copies[number]], reading.repeated(counts)

    def _read_all(self, documents: Sequence[Tokens]) -> Iterator[tuple[list[int], Reading]]:
        batches = self.batches(documents)
        read = partial(self._read_batch, documents)
        if self._workers == 1:
            yield from map(read, batches)
            return
        threads = torch.get_num_threads()
        try:
            with ThreadPoolExecutor(self._workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                yield from pool.map(read, batches)
        finally:
            torch.set_num_threads(threads)

    def batches(self, documents: Sequence[Tokens]) -> Iterator[list[int]]:
        """Positions of the documents in batches of about `batch_tokens` tokens, similar shapes together."""
        order = sorted(range(len(documents)), key=lambda row: (documents[row].shape, row))
        batch: list[int] = []
        size, shape = 0, Shape(True, 0, ())
        for row in order:
            other = documents[row].shape
            if batch and (size + len(other) > self.batch_tokens or (not self.way.packs and other != shape)):
                yield batch
                batch, size = [], 0
            batch.append(row)
            size, shape = size + len(other), other
        if batch:
            yield batch

    def _read_batch(self, documents: Sequence[Tokens], batch: list[int]) -> tuple[list[int], Reading]:
        try:
            return batch, self._read_together([documents[row] for row in batch])
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
        torch.cuda.empty_cache()
        middle = len(batch) // 2
        halves = [self._read_batch(documents, half)[1] for half in (batch[:middle], batch[middle:])]
        return batch, Reading(
            np.concatenate([half.logits for half in halves]), np.concatenate([half.hidden for half in halves])
        )

    @torch.inference_mode()
    def _read_together(self, documents: Sequence[Tokens]) -> Reading:
        states = self.way(documents).float()
        if isinstance(self.way, Own):
            return self._reading(states, self.way.logits(documents)[..., self._rows].float())
        return self._reading(states, self._head(states))

    def _reading(self, states: torch.Tensor, logits: torch.Tensor) -> Reading:
        """The reading of hidden states [n, m, H] and logits [n, m, forms] of all forms of all words."""
        if self._forms.shape[1] > 1:  # a word's logit is that of the summed probabilities of its forms
            logits = torch.nn.functional.pad(logits, (0, 1), value=float("-inf"))
            logits = logits[..., self._forms].logsumexp(-1)
        return Reading(logits.mean(1).cpu().numpy(), states.flatten(1).cpu().numpy())


def _same(documents: Sequence[Tokens]) -> list[list[int]]:
    """Positions of the documents, those of the same tokens together."""
    places: dict[tuple[object, ...], list[int]] = {}
    for row, document in enumerate(documents):
        key = (document.prefixed, tuple(document.stem), *map(tuple, document.tails))
        places.setdefault(key, []).append(row)
    return list(places.values())


def _places(counts: Sequence[int]) -> torch.Tensor:
    """[V, F] places of each word's forms among all forms in a row; -1 where it has fewer than F."""
    width, rows, start = max(counts, default=1), [], 0
    for count in counts:
        rows.append([*range(start, start + count), *[-1] * (width - count)])
        start += count
    return torch.tensor(rows, dtype=torch.long).view(-1, width)
