"""Documents through a teacher, window by window, in the order of the corpus."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.distilling.survey import estimate_tokens
from dsltm.errors import DsltmError
from dsltm.formats.labels import EMPTY, TRUNCATED
from dsltm.formats.window_log import ReadBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Document
    from dsltm.formats.window_log import WindowLog
    from dsltm.teacher.reading.forward import Reader
    from dsltm.teacher.reading.tokens import Tokens

# A window is finished at so many documents or tokens. Longer ones sort better by length, and cost more memory
# and, where a run dies, more of what it had read; chosen, not measured.
WINDOW_DOCUMENTS = 8192
WINDOW_TOKENS = 1 << 18
_LIMIT = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Window:
    """n neighbouring documents and what the teacher gave for them.

    Attributes:
        documents: as they came.
        logits: [n, V] float16.
        hidden: [n, H] float16.
        flags: [n] uint8, EMPTY and TRUNCATED.
    """

    documents: list[Document]
    logits: NDArray[np.float16]
    hidden: NDArray[np.float16]
    flags: NDArray[np.uint8]


def windows(documents: Iterable[Document], max_tokens: int) -> Iterator[list[Document]]:
    """Cut a stream into windows: the unit that is sorted, finished and journalled at once."""
    window: list[Document] = []
    tokens = 0
    for document in documents:
        window.append(document)
        tokens += estimate_tokens(document.text, max_tokens)
        if len(window) == WINDOW_DOCUMENTS or tokens >= WINDOW_TOKENS:
            yield window
            window, tokens = [], 0
    if window:
        yield window


def read_windows(
    reader: Reader,
    stream: Iterable[list[Document]],
    advance: Callable[[int, int, int], None],
    log: WindowLog | None = None,
) -> Iterator[Window]:
    """Read windows with the teacher; while it reads one, the next one is tokenized.

    Args:
        advance: called after each batch with its documents, tokens and estimated tokens.
        log: keeps the batches of the window that is being read, and has those that an earlier run read of the
            first window.

    Raises:
        DsltmError: the teacher's numbers overflow.
    """
    with ThreadPoolExecutor(1) as tokenizer:
        pending = None
        for documents in stream:
            coming = tokenizer.submit(reader.encoder.encode, [document.text for document in documents])
            if pending is not None:
                yield _read_window(reader, pending[0], pending[1].result(), advance, log)
            pending = (documents, coming)
        if pending is not None:
            yield _read_window(reader, pending[0], pending[1].result(), advance, log)


def tell_cut(cut: int, documents: int, max_tokens: int) -> None:
    """Say how many documents were longer than the longest prompt, so that their ends were not read."""
    if cut:
        console.warn(
            f"{cut:,} of {documents:,} documents are longer than --max-tokens {max_tokens:,} with the "
            "instruction: their ends were not read"
        )


def _read_window(
    reader: Reader,
    documents: list[Document],
    tokens: Sequence[Tokens],
    advance: Callable[[int, int, int], None],
    log: WindowLog | None,
) -> Window:
    logits = hidden = None
    for batch in _batches(reader, documents, tokens, advance, log):
        if logits is None or hidden is None:
            logits = np.empty((len(documents), batch.logits.shape[1]), np.float16)
            hidden = np.empty((len(documents), batch.hidden.shape[1]), np.float16)
        logits[batch.rows], hidden[batch.rows] = batch.logits, batch.hidden
    assert logits is not None
    assert hidden is not None
    flags = [
        (0 if document.text.strip() else EMPTY) | (TRUNCATED if token.truncated else 0)
        for document, token in zip(documents, tokens, strict=True)
    ]
    return Window(documents, logits, hidden, np.array(flags, np.uint8))


def _batches(
    reader: Reader,
    documents: list[Document],
    tokens: Sequence[Tokens],
    advance: Callable[[int, int, int], None],
    log: WindowLog | None,
) -> Iterator[ReadBatch]:
    """The batches of a window; those that are in the log come first.

    The reader makes its batches in a fixed order. So the documents that are left after some batches fall into
    the same batches as they would have in an unbroken run, and give the same bytes.
    """
    left = np.arange(len(documents), dtype=np.int32)
    for earlier in log.begin(len(documents)) if log is not None else ():
        left = np.setdiff1d(left, earlier.rows, assume_unique=True)
        yield earlier
    for places, reading in reader.read([tokens[row] for row in left.tolist()]):
        rows = left[places].tolist()
        if not (np.isfinite(reading.logits).all() and np.isfinite(reading.hidden).all()):
            bad = [
                documents[row].id
                for row, line in zip(rows, reading.hidden, strict=True)
                if np.isnan(line).any()
            ]
            where = f" on document {bad[0]!r}" if bad else ""
            raise DsltmError(f"the teacher's numbers overflow{where}", hint="--dtype float32 or bfloat16")
        batch = ReadBatch(left[places], _half(reading.logits), _half(reading.hidden))
        if log is not None:
            log.add(batch)
        advance(
            len(rows),
            sum(len(tokens[row].shape) for row in rows),
            sum(estimate_tokens(documents[row].text, reader.encoder.max_tokens) for row in rows),
        )
        yield batch


def _half(values: NDArray[np.float32]) -> NDArray[np.float16]:
    """As float16; numbers beyond its range become the nearest that it has."""
    return values.clip(-_LIMIT, _LIMIT).astype(np.float16)
