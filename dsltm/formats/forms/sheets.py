"""Excel workbooks: the first sheet that has the text's column; the first row is the heading."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, BinaryIO

from dsltm.errors import DsltmError
from dsltm.formats.fields import listed, scalar
from dsltm.formats.forms.tables import column_names, row_maker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsltm.formats.fields import Fields, Row
    from dsltm.formats.source import Source

# An unpacked workbook of more bytes is refused, because it is read into memory; chosen, not measured.
_MOST_BYTES = 1 << 30
# What damaged archives make zipfile say; a version that it does not know is "not implemented".
_UNREADABLE = (zipfile.BadZipFile, NotImplementedError, OSError, ValueError)


def rows(source: Source, fields: Fields) -> Iterator[Row]:
    """The rows as strings, as a CSV file would have them; rows without any value are passed over.

    Raises:
        DsltmError: no workbook, one of more than a gigabyte, or no sheet with the text's column.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise DsltmError(
            f"{source.name}: Excel files are read by python-calamine", hint="pip install 'dsltm[excel]'"
        ) from None
    with source.anywhere() as stream:
        try:
            _check_size(stream, source.name)
            book = CalamineWorkbook.from_filelike(stream)
            headings: list[list[str]] = []
            for name in book.sheet_names:
                sheet = iter(book.get_sheet_by_name(name).to_python(skip_empty_area=False))
                columns = column_names([_cell(cell) for cell in next(sheet, [])], fields)
                headings.append([column for column in columns if column])
                if fields.text is None or fields.text in columns:
                    yield from _numbered(sheet, columns, fields, source.name)
                    return
        except (CalamineError, *_UNREADABLE) as error:
            raise DsltmError(f"{source.name}: not an Excel file that can be read: {error}") from error
    names = listed(max(headings, key=len, default=[]))
    raise DsltmError(f"{source.name}: no column {fields.text!r} among {names}", hint="--text-field NAME")


def _check_size(stream: BinaryIO, name: str) -> None:
    with zipfile.ZipFile(stream) as archive:
        size = sum(member.file_size for member in archive.infolist())
    stream.seek(0)
    if size > _MOST_BYTES:
        raise DsltmError(
            f"{name}: holds {size >> 20:,} MiB, which is read into memory", hint="saving it as .csv"
        )


def _numbered(
    sheet: Iterator[Sequence[object]], columns: list[str], fields: Fields, name: str
) -> Iterator[Row]:
    as_row = row_maker(columns, fields, name)
    for number, cells in enumerate(sheet, 2):
        texts = [_cell(cell) for cell in cells]
        if any(texts):
            yield number, as_row(texts, f"{name}:{number}")


def _cell(value: object) -> str:
    """A cell as text; Excel keeps whole numbers as floating-point ones."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return scalar(value) or ""
