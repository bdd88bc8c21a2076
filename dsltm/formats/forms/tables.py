"""Tables as text: CSV, where quotation marks enclose a field, and TSV, where they are characters."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from dsltm.errors import DsltmError
from dsltm.formats.fields import check_once, listed
from dsltm.formats.records import decode
from dsltm.formats.source import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dsltm.formats.fields import Fields, Row
    from dsltm.formats.source import Source

DELIMITERS = ",\t;|"


def csv_rows(source: Source, fields: Fields) -> Iterator[Row]:
    """A heading line, then rows; the delimiter is the one of , tab ; | that splits off the columns."""
    lines = _Lines(source)
    heading = lines.heading()
    if heading is None:
        return
    csv.field_size_limit(MAX_LINE)
    splits = {
        sign: column_names(next(csv.reader([heading], delimiter=sign), []), fields) for sign in DELIMITERS
    }
    wanted = set(fields.names())
    delimiter = max(splits, key=lambda sign: (len(wanted & {*splits[sign]}), len(splits[sign])))
    as_row = row_maker(splits[delimiter], fields, source.name)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        number = rows.line_num + 2
        try:
            row = next(rows, None)
            if lines.bad:
                raise lines.bad[0]
            if row is None:
                return
            if row:
                yield number, as_row(row, f"{source.name}:{number}")
        except csv.Error as exc:
            why = lines.bad[0] if lines.bad else DsltmError(f"{source.name}:{number}: not CSV: {exc}")
            lines.bad.clear()
            yield number, why
        except DsltmError as exc:
            lines.bad.clear()
            yield number, exc


def tsv_rows(source: Source, fields: Fields) -> Iterator[Row]:
    """A heading line, then a row a line; neither a tab nor a line's end can be within a field."""
    lines = _Lines(source)
    heading = lines.heading()
    if heading is None:
        return
    columns = column_names(heading.rstrip("\n").split("\t"), fields)
    as_row = row_maker(columns, fields, source.name)
    for number, line in enumerate(lines, 2):
        try:
            if lines.bad:
                raise lines.bad.pop()
            if line != "\n":
                yield number, as_row(line.rstrip("\n").split("\t"), f"{source.name}:{number}")
        except DsltmError as exc:
            hint = "--format csv, where the file has fields in quotation marks" if '"' in line else exc.hint
            yield number, DsltmError(exc.args[0], hint=hint)


class _Lines:
    """The lines as text.

    A line that is not UTF-8 is given with its bad bytes replaced, so that a reader of quoted fields sees
    where they end, and the error is put into `bad`.
    """

    def __init__(self, source: Source) -> None:
        self.bad: list[DsltmError] = []
        self._name, self._lines = source.name, enumerate(source.lines(), 1)

    def heading(self) -> str | None:
        """The first line; None where there is none.

        Raises:
            DsltmError: it is not UTF-8, or nobody can tell where it ends.
        """
        line = next(self, None)
        if self.bad:
            raise self.bad[0]
        if line and "\r" in line:
            raise DsltmError(
                f"{self._name}:1: lines that end with a carriage return alone are not read",
                hint="tr '\\r' '\\n'",
            )
        return line

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, line = next(self._lines)
        try:
            return decode(line, f"{self._name}:{number}") + "\n"
        except DsltmError as exc:
            self.bad.append(exc)
            return "\n" if len(line) > MAX_LINE else line.decode(errors="replace") + "\n"


def column_names(heading: Sequence[str], fields: Fields) -> list[str]:
    """The columns of a heading, without the spaces beside them, unless a wanted name has these, too.

    An optional column whose name differs from the wanted one by a space would be missing without a word.
    """
    return [cell if cell in fields.names() else cell.strip() for cell in heading]


def row_maker(
    columns: Sequence[str], fields: Fields, name: str
) -> Callable[[Sequence[object], str], Mapping[str, object]]:
    """What makes a row of a table's cells.

    Args:
        columns: the heading.
        fields: the names of the wanted columns, of which the text's is required.
        name: the table's, for messages.

    Returns:
        A function of the cells and of what an error begins with.

    Raises:
        DsltmError: a required column is missing, or a wanted one comes twice; from the function, a row with
            fewer or more cells than columns, which would put text into the wrong column without a word.
    """
    if fields.text is not None and fields.text not in columns:
        raise DsltmError(
            f"{name}:1: no column {fields.text!r} among {listed(columns)}", hint="--text-field NAME"
        )
    check_once(columns, fields, f"{name}:1")

    def as_row(cells: Sequence[object], where: str) -> Mapping[str, object]:
        if len(cells) != len(columns):
            many = f"{len(cells):,} field{'s' * (len(cells) != 1)}, and the heading has {len(columns):,}"
            raise DsltmError(f"{where}: the row has {many}")
        return dict(zip(columns, cells, strict=True))

    return as_row
