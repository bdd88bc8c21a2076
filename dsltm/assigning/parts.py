"""The topics of the sentences or windows of documents, and a document's topics as those of its parts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.assigning.documents import Assigned, Block
from dsltm.words.sentences import sentences, windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from dsltm.assigning.config import Parts
    from dsltm.formats.corpus import Document
    from dsltm.formats.model import Model
    from dsltm.words.sentences import Span

# A teacher's token has more characters than these in most languages, and there is room for the instruction;
# chosen, not measured.
_CHARACTERS_PER_TOKEN = 2
# How many tokens a teacher reads of a document where the model does not tell: the default of distill.
_TOKENS = 512
# So many documents are put together at a time, to bound the memory; chosen, not measured.
_BLOCK = 1 << 12


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence or a window of a document.

    Attributes:
        start, end: where it stands in the text, in characters.
        theta: [K] its topic proportions.
    """

    start: int
    end: int
    theta: NDArray[np.float32]

    def row(self) -> dict[str, Any]:
        """The part as it stands in a line of assignments."""
        topic = int(self.theta.argmax())
        return {"start": self.start, "end": self.end, "topic": topic, "p": self.theta[topic]}


class Divided:
    """A corpus whose documents are read part by part.

    Iterating gives each part as a document; meanwhile the documents that the parts are of are kept until
    `joined` takes them.

    Args:
        corpus: a stream that can be read again.
        model: says the language, and how long a text its teacher reads.
        parts: what a document is divided into.
    """

    def __init__(self, corpus: Iterable[Document], model: Model, parts: Parts) -> None:
        self._corpus, self._language = corpus, model.language
        self._divide = sentences if parts == "sentences" else windows
        self._most = _CHARACTERS_PER_TOKEN * int(model.header.get("max_tokens") or _TOKENS)
        self._waiting: deque[tuple[Document, list[Span]]] = deque()

    def __iter__(self) -> Iterator[Document]:
        self._waiting.clear()
        for document in self._corpus:
            spans = self._divide(document.text, self._language, self._most)
            # A document without a sentence is read as it is, so that it gets a row.
            spans = spans or [(0, len(document.text))]
            self._waiting.append((document, spans))
            for start, end in spans:
                yield replace(document, text=document.text[start:end])

    def joined(self, parts: Assigned) -> Assigned:
        """The documents again, from the topics of their parts.

        A document's proportions are the mean of those of its parts, which count by their characters.

        Args:
            parts: the topics of what iterating gave.
        """
        return Assigned(None, parts.topics, self._joined(parts.blocks))

    def _joined(self, blocks: Iterator[Block]) -> Iterator[Block]:
        rows = ((theta, reader) for block in blocks for theta, reader in _rows(block))
        done: list[tuple[Document, list[Part], str]] = []
        for theta, reader in rows:
            document, spans = self._waiting[0]
            if not done or done[-1][0] is not document:
                if len(done) == _BLOCK:
                    yield _block(done)
                    done = []
                done.append((document, [], reader))
            parts = done[-1][1]
            parts.append(Part(*spans[len(parts)], theta))
            if len(parts) == len(spans):
                self._waiting.popleft()
        if done:
            yield _block(done)


def _rows(block: Block) -> Iterator[tuple[NDArray[np.float32], str]]:
    for number, theta in enumerate(block.theta):
        yield theta, block.readers[number] if block.readers else ""


def _block(done: list[tuple[Document, list[Part], str]]) -> Block:
    return Block(
        [document.id for document, _, _ in done],
        np.stack([_mixture(parts) for _, parts, _ in done]),
        np.array([not document.text.strip() for document, _, _ in done]),
        [document.fields for document, _, _ in done],
        [reader for _, _, reader in done if reader],
        [[part.row() for part in parts] if document.text.strip() else [] for document, parts, _ in done],
    )


def _mixture(parts: list[Part]) -> NDArray[np.float32]:
    weights = np.array([max(part.end - part.start, 1) for part in parts], np.float64)
    mean = weights @ np.stack([part.theta for part in parts]).astype(np.float64) / weights.sum()
    return np.asarray(mean, np.float32)
