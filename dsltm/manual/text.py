"""The manual's own texts, kept as Markdown beside this file.

Of Markdown they use headings of two levels, paragraphs, lists of "- term: meaning", tables, and code that is
fenced (tests/test_readme.py types it) or indented (it is only shown).
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from dsltm.manual.page import Block, Definition, Example, Heading, Paragraph, Table

# Code may have blank lines and lines that begin with #, so it is split off before anything else.
_CODE = re.compile(r"(^```\w*\n[\s\S]*?^```\n|(?:^    .*\n(?:\n(?=    ))?)+)", re.MULTILINE)


@cache
def sections(name: str) -> dict[str, list[Block]]:
    """The sections of a text by their headings; what stands before the first heading is under "".

    Args:
        name: of the file, without its ending: "formats", "common" or a guide's.
    """
    content: dict[str, list[Block]] = {"": []}
    heading = ""
    for part in _parts((Path(__file__).parent / f"{name}.md").read_text(encoding="utf-8")):
        if part.startswith("# "):
            heading = part[2:]
        content.setdefault(heading, [])
        if not part.startswith("# "):
            content[heading] += _blocks(part)
    return content


def _parts(text: str) -> Iterator[str]:
    """A text's pieces of code, and its paragraphs, headings, lists and tables, in order."""
    for number, piece in enumerate(_CODE.split(text)):
        if number % 2 == 1:
            yield piece
        else:
            yield from filter(None, re.split(r"\n\s*\n", piece.strip()))


def _blocks(part: str) -> list[Block]:
    if part.startswith("```"):
        return [Example(tuple(part.rstrip().split("\n")[1:-1]))]
    if part.startswith("    "):
        return [Example(tuple(line[4:] for line in part.rstrip().split("\n")))]
    if part.startswith("## "):
        return [Heading(part[3:])]
    if part.startswith("- "):
        return [_definition(item) for item in re.split(r"^- ", part, flags=re.MULTILINE)[1:]]
    if part.startswith("|"):
        names, _, *rows = part.split("\n")
        return [Table(tuple(_cells(row) for row in (names, *rows)))]
    return [Paragraph(" ".join(part.split()))]


def _cells(row: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in row.strip().strip("|").split("|"))


def _definition(item: str) -> Definition:
    term, _, meaning = " ".join(item.split()).partition(": ")
    return Definition(term, meaning)
