"""A manual page as data, written out as roff for `man`, or as plain text where `man` is not installed."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `words in backquotes` are shown as they are typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and what it means."""

    term: str
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """Lines to be typed as they are."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equally many cells; the first row names the columns."""

    rows: tuple[tuple[str, ...], ...]

    def lines(self) -> Iterator[str]:
        """The rows as text, with their columns under each other and a rule below the first row."""
        rows = [[cell.replace("`", "") for cell in row] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        rows.insert(1, ["-" * width for width in widths])
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            yield "  ".join(cells).rstrip()


_WIDTH = 80  # characters of a page of text, as of a terminal
Block = Paragraph | Definition | Example | Heading | Table


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Args:
        name: such as "dsltm-train".
        section: 1 for commands, 5 for file formats, 7 for guides.
        summary: one line, without a full stop.
        synopsis: what may be typed, a line each.
        sections: heading and content, in order.
    """

    name: str
    section: int
    summary: str
    synopsis: tuple[str, ...] = ()
    sections: dict[str, list[Block]] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The name of its file, such as "dsltm-train.1"."""
        return f"{self.name}.{self.section}"


def roff(page: Page, version: str, released: str = "") -> str:
    """The page for `man`, in the macros of man(7), ASCII only.

    Args:
        released: the date in its foot.
    """
    kind = {1: "User Commands", 5: "File Formats", 7: "Guides"}[page.section]
    lines = [
        f'.TH {page.name.upper()} {page.section} "{released}" "dsltm {version}" "{kind}"',
        ".ad l",
        # No hyphenation: a hyphen at a line's end would look like a part of an option.
        ".nh",
        ".SH NAME",
        f"{_escape(page.name)} \\-",
        *_filled(page.summary),
    ]
    if page.synopsis:
        lines.append(".SH SYNOPSIS")
        for index, line in enumerate(page.synopsis):
            command, _, rest = line.partition(" [")
            lines += [".br"] * (index > 0) + [f"\\fB{_escape(command)}\\fR {_escape('[' + rest)}".strip()]
    for heading, blocks in page.sections.items():
        lines.append(f".SH {_escape(heading)}")
        # A paragraph that follows a heading needs no macro, and mandoc objects to one.
        fresh = True
        for block in blocks:
            lines += _roff_block(block, fresh)
            fresh = isinstance(block, Heading)
    return "\n".join(lines) + "\n"


def _roff_block(block: Block, fresh: bool) -> list[str]:
    start = [] if fresh else [".PP"]
    match block:
        case Paragraph(text):
            return [*start, *_filled(text)]
        case Definition(term, text):
            return [".TP", f"\\fB{_escape(term)}\\fR", *_filled(text)]
        case Example(lines):
            return [*start, ".in +4n", ".nf", *(_line(_escape(line)) for line in lines), ".fi", ".in"]
        case Table():
            return [*start, ".nf", *(_line(_escape(line)) for line in block.lines()), ".fi"]
        case Heading(text):
            return [f".SS {_escape(text)}"]


def _filled(text: str) -> list[str]:
    """Running text in short lines, a sentence never beginning within one, as roff wants it."""
    words = [_escape(word) for word in text.split()]
    lines, line = [], ""
    for word in words:
        longer = f"{line} {word}"
        # The second length is that of the line with each ` become \fB or \fR.
        too_long = len(longer) > 76 or len(longer) + 2 * longer.count("`") > 80
        if line and (too_long or re.search(r"[.!?:;][)\"]?$", line)):
            lines.append(line)
            line = word
        else:
            line = longer.strip()
    joined = "\n".join(_line(line) for line in [*lines, line])
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fR", joined).splitlines()


def _line(text: str) -> str:
    return "\\&" + text if text.startswith((".", "'")) else text


def _escape(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in text)


def plain(page: Page) -> str:
    """The page as text."""
    lines = ["NAME", f"    {page.name} - {page.summary}", ""]
    if page.synopsis:
        lines += ["SYNOPSIS", *(f"    {line}" for line in page.synopsis), ""]
    for heading, blocks in page.sections.items():
        lines += [heading, *(line for block in blocks for line in _plain_block(block)), ""]
    return "\n".join(lines[:-1]) + "\n"


def _plain_block(block: Block) -> Iterator[str]:
    def filled(text: str, indent: int) -> list[str]:
        margin = " " * indent
        return textwrap.wrap(
            text.replace("`", ""),
            _WIDTH,
            initial_indent=margin,
            subsequent_indent=margin,
            break_on_hyphens=False,
        )

    match block:
        case Paragraph(text):
            yield from filled(text, 4)
        case Definition(term, text):
            yield f"    {term}"
            yield from filled(text, 8)
        case Example(lines):
            yield from (f"        {line}" for line in lines)
        case Table():
            yield from (f"    {line}" for line in block.lines())
        case Heading(text):
            yield f"  {text}"
    if not isinstance(block, Heading):
        yield ""
