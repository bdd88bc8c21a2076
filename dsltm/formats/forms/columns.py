"""Tables by columns: Parquet, and Arrow or Feather files, some thousand rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError
from dsltm.formats.fields import check_once, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dsltm.formats.fields import Fields, Row
    from dsltm.formats.source import Source

# So many rows are in memory at a time; chosen, not measured.
_BATCH = 4096


def parquet_rows(source: Source, fields: Fields) -> Iterator[Row]:
    """The rows of a Parquet file; only the columns that are looked at are read."""
    arrow = _arrow(source)
    from pyarrow import parquet

    with source.anywhere() as stream:
        try:
            file = parquet.ParquetFile(stream)
            columns = _wanted(file.schema_arrow.names, fields, source)
            yield from _numbered(file.iter_batches(batch_size=_BATCH, columns=columns, use_threads=False))
        except _failures(arrow) as error:
            raise _unreadable(source, "a Parquet file", error) from error


def arrow_rows(source: Source, fields: Fields) -> Iterator[Row]:
    """The rows of an Arrow file (Feather version 2), or of an Arrow stream."""
    arrow = _arrow(source)
    with source.anywhere() as stream:
        try:
            if stream.read(len(ARROW)) == ARROW:
                file = arrow.ipc.open_file(stream)
                batches = (file.get_batch(number) for number in range(file.num_record_batches))
            else:
                stream.seek(0)
                file = batches = arrow.ipc.open_stream(stream)
            columns = _wanted(file.schema.names, fields, source)
            small = (part for batch in batches for part in _slices(_sound(batch).select(columns)))
            yield from _numbered(small)
        except _failures(arrow) as error:
            raise _unreadable(source, "an Arrow file", error) from error


# What Arrow and Parquet files begin with.
ARROW, PARQUET = b"ARROW1", b"PAR1"


def _arrow(source: Source) -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError:
        raise DsltmError(
            f"{source.name}: Parquet and Arrow files are read by pyarrow", hint="pip install 'dsltm[arrow]'"
        ) from None
    return pyarrow


def _failures(arrow: Any) -> tuple[type[Exception], ...]:
    """What pyarrow raises at a file that is cut off, altered, or holds what Python has no value for."""
    return (
        *(arrow.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError),
        # A length that was altered may claim more memory than the machine has.
        MemoryError,
    )


def _unreadable(source: Source, what: str, error: Exception) -> DsltmError:
    why = str(error).partition("\n")[0].rstrip(".")[:200] or "it claims more memory than there is"
    return DsltmError(f"{source.name}: not {what} that can be read: {why}")


def _wanted(names: list[str], fields: Fields, source: Source) -> list[str]:
    """Those of the wanted columns that the file has."""
    if fields.text is not None and fields.text not in names:
        raise DsltmError(
            f"{source.name}: no column {fields.text!r} among {listed(names)}", hint="--text-field NAME"
        )
    check_once(names, fields, source.name)
    return [name for name in fields.names() if name in names]


def _sound(batch: Any) -> Any:
    """The batch, once its offsets and indices are sure to lie inside it: an altered file may lead outside."""
    batch.validate(full=True)
    return batch


def _slices(batch: Any) -> Iterator[Any]:
    """A batch in pieces: a file may hold all of its rows in one."""
    for start in range(0, batch.num_rows, _BATCH):
        yield batch.slice(start, _BATCH)


def _numbered(batches: Iterable[Any]) -> Iterator[Row]:
    number = 0
    for batch in batches:
        for row in _plain(_sound(batch)).to_pylist():
            number += 1
            yield number, row


def _plain(batch: Any) -> Any:
    """The batch with points in time to the microsecond and without zones.

    Python has no finer ones, and a machine without a database of time zones cannot make ones with a zone.
    """
    import pyarrow

    columns = []
    for column in batch.columns:
        if pyarrow.types.is_timestamp(column.type):
            column = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
            column = column.cast(pyarrow.timestamp("us"))
        columns.append(column)
    return pyarrow.RecordBatch.from_arrays(columns, names=batch.schema.names)
