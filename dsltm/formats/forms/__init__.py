"""The forms that a corpus may have, a reader for each, and how a file's form is recognised.

A reader takes a source and the names of the fields that are wanted, and gives numbered rows one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from dsltm.errors import DsltmError
from dsltm.formats.encoding import UTF8_MARK
from dsltm.formats.foreign import ZIP
from dsltm.formats.forms import columns, json_text, plain, sheets, tables
from dsltm.formats.packing import without_suffix
from dsltm.formats.records import PYTHON_JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dsltm.formats.fields import Fields, Row
    from dsltm.formats.source import Source

FormName = Literal["jsonl", "json", "lines", "text", "csv", "tsv", "parquet", "arrow", "xlsx"]
Format = Literal["auto", FormName]


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a corpus.

    Attributes:
        suffixes: what names of such files end with, before the ending of a packed file.
        rows: its reader.
        magic: what every such file begins with, where it is not text.
        lines: whether its rows are numbered by the lines of the file.
    """

    suffixes: tuple[str, ...]
    rows: Callable[[Source, Fields], Iterator[Row]]
    magic: bytes = b""
    lines: bool = True


FORMS: dict[FormName, Form] = {
    "jsonl": Form((".jsonl", ".ndjson"), json_text.lines),
    "json": Form((".json",), json_text.values, lines=False),
    "csv": Form((".csv",), tables.csv_rows),
    "tsv": Form((".tsv", ".tab"), tables.tsv_rows),
    "lines": Form((".txt",), plain.lines),
    "text": Form((".md",), plain.document),
    "parquet": Form((".parquet", ".pq"), columns.parquet_rows, columns.PARQUET, lines=False),
    "arrow": Form((".arrow", ".feather"), columns.arrow_rows, columns.ARROW, lines=False),
    "xlsx": Form((".xlsx", ".xlsm"), sheets.rows, ZIP, lines=False),
}


def form_by_name(name: str) -> FormName | None:
    """The form that a file's name tells; None where it tells none."""
    bare = without_suffix(name)
    return next((form for form, about in FORMS.items() if bare.endswith(about.suffixes)), None)


def form_of(source: Source, fields: Fields) -> FormName:
    """The form that a file's content tells, else its name, else JSON lines.

    Content decides where it leaves no doubt: in files that are not text, and between JSON lines and other
    JSON. Names decide the rest, and where they tell nothing a heading with the wanted columns is CSV's.

    Raises:
        DsltmError: the file cannot be read.
    """
    head, named = source.head(), form_by_name(source.name)
    for form, about in FORMS.items():
        if about.magic and head.startswith(about.magic) and (form != "xlsx" or _is_workbook(head)):
            return form
    if named not in (None, "json", "jsonl"):
        return named
    with source.text() as stream:
        head = stream.read(_LOOK)
    start = head.removeprefix(UTF8_MARK).lstrip()
    first = start.partition(b"\n")[0].strip()
    if start.startswith(b"[") or (start.startswith(b"{") and _over_lines(start, first)):
        return "json"
    if named is None and first and not first.startswith(b"{"):
        lines = start.decode(errors="replace").split("\n")
        return _guessed([line.rstrip("\r") for line in lines], fields)
    return "jsonl"


# So many bytes are looked at to recognise a heading or the beginning of a JSON text.
_LOOK = 1 << 16


def _is_workbook(head: bytes) -> bool:
    return b"[Content_Types].xml" in head or b"xl/" in head


def _over_lines(start: bytes, first: bytes) -> bool:
    """Whether the first object takes more than the first line."""
    text = start.decode(errors="replace")
    try:
        return PYTHON_JSON.raw_decode(text)[1] > len(first.decode(errors="replace"))
    except (ValueError, RecursionError):
        # The object is longer than what was read. One written over lines mostly begins with "{" alone.
        return first == b"{"


def _guessed(lines: list[str], fields: Fields) -> FormName:
    """A table where the first line has the name of the text's column between its delimiters."""
    for delimiter in tables.DELIMITERS:
        cells = [cell.strip().strip('"') for cell in lines[0].split(delimiter)]
        if len(cells) > 1 and fields.names() and fields.names()[0] in cells:
            return "tsv" if delimiter == "\t" and _has_plain_marks(lines[:-1]) else "csv"
    return "jsonl"


def _has_plain_marks(lines: list[str]) -> bool:
    """Whether quotation marks are characters, as in TSV.

    So it is where each line has as many cells as the heading, and a mark that begins a cell does not end it,
    too. As CSV, all lines to the next mark would be one field.

    Args:
        lines: divided by tabs; whole ones.
    """
    rows = [line.split("\t") for line in lines if line]
    odd = any(cell.startswith('"') and not cell.endswith('"') for row in rows for cell in row)
    return odd and all(len(row) == len(rows[0]) for row in rows)


def check_form(name: str, encoding: str | None) -> None:
    """Refuse an encoding of what is no text.

    Raises:
        DsltmError: the form has an encoding of its own.
    """
    if encoding is not None and name in ("parquet", "arrow", "xlsx"):
        raise DsltmError(f"--encoding is of text, and {name} files are none", hint="without --encoding")


assert set(FORMS) == set(get_args(FormName))
