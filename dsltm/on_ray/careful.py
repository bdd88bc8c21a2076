"""Reading in which a document that the teacher fails on does not fail the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.distilling.reading import Window, read_windows, windows
from dsltm.errors import DsltmError
from dsltm.formats.labels import EMPTY, FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsltm.formats.corpus import Document
    from dsltm.teacher.reading.forward import Reader

# When the teacher fails on more documents of one part, the fault is not the documents'; chosen, not measured.
MOST_FAILED = 64
_FAILURES = (DsltmError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


def read_carefully(
    reader: Reader, documents: list[Document], widths: tuple[int, int], failed: list[tuple[str, str]]
) -> Iterator[Window]:
    """Read the documents of a part.

    Args:
        widths: V and H, the lengths of a row of logits and of hidden states.
        failed: takes the id of each document that the teacher fails on, and why; its row is of zeros, and
            flagged as EMPTY and FAILED.

    Raises:
        DsltmError: the teacher fails on more than `MOST_FAILED` of them.
    """
    limit = reader.encoder.max_tokens
    done = 0
    try:
        for window in read_windows(reader, windows(documents, limit), _no_progress):
            yield window
            done += len(window.documents)
    except _FAILURES:
        for few in windows(documents[done:], limit):
            yield from _halved(reader, few, widths, failed)


def _halved(
    reader: Reader, documents: list[Document], widths: tuple[int, int], failed: list[tuple[str, str]]
) -> Iterator[Window]:
    """Read documents; where the teacher fails, read each half of them alone, down to single documents."""
    try:
        yield from list(read_windows(reader, [documents], _no_progress))
    except _FAILURES as error:
        if len(documents) > 1:
            middle = len(documents) // 2
            yield from _halved(reader, documents[:middle], widths, failed)
            yield from _halved(reader, documents[middle:], widths, failed)
            return
        first = str(error).partition("\n")[0]
        failed.append((documents[0].id, first))
        if len(failed) > MOST_FAILED:
            raise DsltmError(
                f"the teacher failed on more than {MOST_FAILED} documents of one part, such as "
                f"{documents[0].id!r}: {first}"
            ) from error
        logits, hidden = (np.zeros((1, width), np.float16) for width in widths)
        yield Window(documents, logits, hidden, np.array([EMPTY | FAILED], np.uint8))


def _no_progress(documents: int, tokens: int, work: int) -> None:
    """Progress is counted in parts, not in batches."""
