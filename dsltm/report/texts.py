"""The texts that the page holds, made harmless, and packed for the browser to unpack."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.console import plain
from dsltm.topics.documents import read_along

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsltm.formats.corpus import Corpus
    from dsltm.formats.labels import Labels

CHARACTERS = 40_000_000
"""Of all texts together: 20,000 pages of print, and a file of some 20 MB that a browser opens in seconds."""

# The record separator of ASCII. It is a control character, which no text contains that was made harmless.
_SEPARATOR = "\x1e"
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of the page's documents.

    Attributes:
        by_row: texts by the documents' rows in the labels.
        limit: longer texts were cut to this many characters; None where all are whole.
    """

    by_row: dict[int, str]
    limit: int | None


def read(rows: Iterable[int], corpus: Corpus, labels: Labels, budget: int = CHARACTERS) -> Texts:
    """Read these rows' texts in one pass over the corpus, in memory for about as many characters as `budget`.

    Raises:
        DsltmError: the corpus is not that of the labels.
    """
    wanted = set(rows)
    texts: dict[int, str] = {}
    limit, held = None, 0
    for row, document in enumerate(read_along(corpus, labels)):
        if row not in wanted:
            continue
        texts[row] = _cut(harmless(document.text), limit)
        held += len(texts[row])
        # All texts are cut again only when they are a quarter above the budget, so that this is rare.
        if held > 1.25 * budget:
            limit = fair_limit([len(text) for text in texts.values()], budget)
            texts = {row: _cut(text, limit) for row, text in texts.items()}
            held = sum(map(len, texts.values()))
    if held > budget:
        limit = fair_limit([len(text) for text in texts.values()], budget)
        texts = {row: _cut(text, limit) for row, text in texts.items()}
    return Texts(texts, limit)


def harmless(text: str) -> str:
    """The text without control characters; lines stay lines, other white space becomes single spaces."""
    lines = (plain(" ".join(line.split())) for line in text.splitlines())
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def fair_limit(lengths: Sequence[int], budget: int) -> int:
    """The greatest length to cut texts to so that together they are no longer than the budget; at least 1."""
    ordered = np.sort(np.asarray(lengths, np.int64))
    # If the texts before the i-th stay whole, the rest of the budget is shared equally by the others. The
    # first text that is longer than its share is cut, and that share is the limit.
    shorter = np.concatenate([[0], np.cumsum(ordered)[:-1]])
    limits = (budget - shorter) // np.arange(len(ordered), 0, -1)
    fitting = limits < ordered
    return max(int(limits[fitting.argmax()]) if fitting.any() else int(ordered[-1]), 1)


def packed(texts: Iterable[str]) -> str:
    """Texts joined by a separator, in UTF-8, compressed as zlib does (RFC 1950), in base64."""
    joined = _SEPARATOR.join(texts).encode()
    return base64.b64encode(zlib.compress(joined, 6)).decode()


def _cut(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else text[: limit - 1].rstrip() + "…"
