"""Where the sentences of a text begin and end, and windows of sentences that are not too long to be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Span = tuple[int, int]
"""Where a part of a text begins and ends, in characters."""

# The end of a line within a paragraph is no end of a sentence: mails and books are wrapped.
_WRAPPED = re.compile(r"(?<!\n)\r?\n(?![ \t\r]*\n)")


def sentences(text: str, language: str, most: int) -> list[Span]:
    """The sentences of a text, as Unicode and the language's abbreviations have them (UAX 29, by ICU).

    A blank line ends a sentence, too. Spaces around a sentence do not belong to it, and what has neither
    letter nor digit is none.

    Args:
        text: of any length.
        language: its two letters (ISO 639-1).
        most: so many characters have room in a sentence; longer ones are cut, at a space where there is one.
    """
    return [span for start, end in _broken(text, language) for span in _cut(text, start, end, most)]


def windows(text: str, language: str, most: int) -> list[Span]:
    """Neighbouring sentences taken together as long as there is room for `most` characters.

    The windows are about equally long, so that the last one is no mere rest.
    """
    spans = sentences(text, language, most)
    if not spans:
        return []
    whole = spans[-1][1] - spans[0][0]
    wanted = whole / -(-whole // most)
    together = [spans[0]]
    for start, end in spans[1:]:
        first, last = together[-1]
        if end - first <= most and last - first < wanted:
            together[-1] = first, end
        else:
            together.append((start, end))
    return together


def _broken(text: str, language: str) -> Iterator[Span]:
    """The sentences, with the spaces after them."""
    from icu4py.breakers import SentenceBreaker

    start = 0
    flowing = _WRAPPED.sub(lambda end: " " * len(end[0]), text)
    for piece in SentenceBreaker(flowing, f"{language}@ss=standard"):
        yield start, start + len(piece)
        start += len(piece)


def _cut(text: str, start: int, end: int, most: int) -> Iterable[Span]:
    """The parts of a sentence that are not too long, without the spaces around them."""
    while start < end:
        while start < end and text[start].isspace():
            start += 1
        stop = end
        if end - start > most:
            space = text.rfind(" ", start + 1, start + most + 1)
            stop = start + most if space < 0 else space
        part = text[start:stop]
        if any(character.isalnum() for character in part):
            yield start, start + len(part.rstrip())
        start = stop
