"""Results as tables: JSON lines, CSV, TSV or Parquet, by the name of the output or as it is asked for."""

from __future__ import annotations

import csv
import io
import json
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from dsltm.errors import DsltmError, UsageError
from dsltm.formats.blocks import batches
from dsltm.formats.output import is_stdout, open_output
from dsltm.formats.packing import without_suffix
from dsltm.formats.records import without_surrogates, write_jsonl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TableForm = Literal["jsonl", "csv", "tsv", "parquet"]
_BY_SUFFIX: dict[str, TableForm] = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".pq": "parquet"}
_NOT_WRITTEN = (".xlsx", ".xls", ".ods", ".arrow", ".feather", ".npz")
# So many rows are looked at for the columns, and are a row group of a Parquet file; chosen, not measured.
_BATCH = 8192


def table_form(output: str | None, chosen: TableForm | None) -> TableForm:
    """The form that was chosen, else the one of the output's name, else JSON lines.

    Raises:
        UsageError: the name is of a form that is not written.
    """
    if chosen is None and _unpacked(output).endswith(_NOT_WRITTEN):
        raise UsageError(
            f"{output}: tables are written as .jsonl, .csv, .tsv or .parquet", hint="one of these names"
        )
    return chosen or named_form(output) or "jsonl"


def named_form(output: str | None) -> TableForm | None:
    """The form of table that the output's name asks for, if any."""
    name = _unpacked(output)
    return next((form for suffix, form in _BY_SUFFIX.items() if name.endswith(suffix)), None)


def _unpacked(output: str | None) -> str:
    """The output's name without the suffix of a packed file; empty for standard output."""
    return "" if is_stdout(output) else without_suffix(str(output))


def write_table(target: str | BinaryIO | None, rows: Iterable[Mapping[str, Any]], form: TableForm) -> None:
    """Write rows, one at a time.

    In CSV and TSV a list of words is one cell, and a list of numbers a column for each of them. The columns
    of a table are those of its first rows, some of which may lack some.

    Args:
        target: a path, None or "-" for standard output, or a binary file that is already open.
        rows: what to write; keys in the order of the columns.
        form: how.

    Raises:
        DsltmError: as `open_output`, or a package that Parquet needs is not installed.
    """
    if form == "jsonl":
        write_jsonl(target, rows)
    elif target is None or isinstance(target, str):
        with open_output(target, binary=form == "parquet") as file:
            write_table(file, rows, form)
    elif form == "parquet":
        _write_parquet(target, rows)
    else:
        _write_text(target, rows, "," if form == "csv" else "\t")


def _write_text(target: BinaryIO, rows: Iterable[Mapping[str, Any]], delimiter: str) -> None:
    """CSV as RFC 4180 has it but for the lines' ends; TSV, where a tab or a line's end becomes a space."""
    text = io.TextIOWrapper(target, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    columns: list[str] = []
    try:
        for batch in batches((dict(_flat(row)) for row in rows), _BATCH):
            if not columns:
                columns = list(dict.fromkeys(column for cells in batch for column in cells))
                _write_cells(text, writer, columns, delimiter)
            for cells in batch:
                _write_cells(text, writer, [cells.get(column, "") for column in columns], delimiter)
    finally:
        # The file is left open for whoever opened it.
        text.detach()


def _write_cells(text: io.TextIOWrapper, writer: Any, cells: list[str], delimiter: str) -> None:
    if delimiter == "\t":
        text.write(
            "\t".join(" ".join(cell.split("\t")).replace("\r", " ").replace("\n", " ") for cell in cells)
        )
        text.write("\n")
    else:
        writer.writerow(cells)


def _flat(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    # Imported here, because the help of commands imports this module for the forms of a table.
    import numpy as np

    for key, value in row.items():
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
            yield key, without_surrogates(", ".join(value))
        elif isinstance(value, list) and value and all(isinstance(each, int | float) for each in value):
            yield from ((f"{key}_{number}", _cell(each)) for number, each in enumerate(value))
        else:
            yield key, _cell(value)


def _cell(value: Any) -> str:
    import numpy as np

    if value is None or (isinstance(value, list) and not value):
        return ""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=float)
    return f"{value:.7g}" if isinstance(value, float | np.floating) else str(value)


def _write_parquet(target: BinaryIO, rows: Iterable[Mapping[str, Any]]) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise DsltmError("Parquet files are written by pyarrow", hint="pip install 'dsltm[arrow]'") from None
    stream = batches(rows, _BATCH)
    first = next(stream, [])
    names = list(dict.fromkeys(key for row in first for key in row))
    schema = pyarrow.schema(
        [(name, _parquet_type(pyarrow, name, [row.get(name) for row in first])) for name in names]
    )
    with parquet.ParquetWriter(target, schema) as writer:
        for batch in chain([first], stream):
            arrays = [
                pyarrow.array([_plain(row.get(field.name)) for row in batch], field.type) for field in schema
            ]
            writer.write_batch(pyarrow.RecordBatch.from_arrays(arrays, schema=schema))


def _parquet_type(pyarrow: Any, name: str, values: list[Any]) -> Any:
    """The type of a column; where the first rows all lack a value, a topic is a number and all else text."""
    type_of_values = pyarrow.array([_plain(value) for value in values]).type
    if pyarrow.types.is_null(type_of_values):
        return pyarrow.int64() if name == "topic" else pyarrow.string()
    if pyarrow.types.is_list(type_of_values) and pyarrow.types.is_null(type_of_values.value_type):
        return pyarrow.list_(pyarrow.string())
    return type_of_values


def _plain(value: Any) -> Any:
    return without_surrogates(value) if isinstance(value, str) else value
