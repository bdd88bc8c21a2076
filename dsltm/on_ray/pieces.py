"""A corpus in pieces: neighbouring lines that one worker reads, and that become one part file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import orjson

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Classless, Document, Fields, OnError, numbered_rows
from dsltm.formats.output import reason
from dsltm.formats.source import Source
from dsltm.on_ray.storage import StoredText, filesystem, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dsltm.formats.forms import Format, FormName

Kind = Literal["jsonl", "lines", "parquet"]
_SUFFIXES: dict[str, Kind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".txt": "lines",
    ".parquet": "parquet",
    ".pq": "parquet",
}
# A piece of long documents ends at so many bytes, before it has all its lines; chosen, not measured.
_PIECE_BYTES = 1 << 26


@dataclass(frozen=True)
class Cut:
    """How a corpus is read on a cluster.

    Attributes:
        fields: what documents are made of.
        on_error: what to do with a row that is not a document.
        lines: at most so many lines are one piece.
    """

    fields: Fields
    on_error: OnError
    lines: int


@dataclass(frozen=True)
class InputFile:
    """A file of a corpus.

    Attributes:
        place: path or URI.
        kind: what is in it.
        number: its place among the corpus's files.
        before: how many lines the files before it have.
        wanted: the numbers of the pieces to read, with the numbers of their parts; None: all pieces.
    """

    place: str
    kind: Kind
    number: int = 0
    before: int = 0
    wanted: dict[int, int] | None = None


@dataclass(frozen=True)
class Piece:
    """Neighbouring lines of a file.

    Attributes:
        file: the file, with `wanted` None.
        number: the piece's place in the file, from 0.
        first: the number of its first line, from 1.
        data: its lines.
    """

    file: InputFile
    number: int
    first: int
    data: bytes = field(repr=False)

    def rows(self, cut: Cut) -> Iterator[Document | DsltmError]:
        """As `Corpus.rows`."""
        form: FormName = "lines" if self.file.kind == "lines" else "jsonl"
        return (row for _, row in numbered_rows(_Lines(self), form, cut.fields, Classless()))

    def documents(self, cut: Cut) -> list[Document]:
        """The documents; see `read`."""
        return self.read(cut)[0]

    def read(self, cut: Cut) -> tuple[list[Document], int]:
        """The documents, and how many rows are none.

        Raises:
            DsltmError: a row that is not a document, unless such rows are skipped.
        """
        rows = list(self.rows(cut))
        bad = [row for row in rows if isinstance(row, DsltmError)]
        if bad and cut.on_error == "fail":
            raise bad[0]
        return [row for row in rows if isinstance(row, Document)], len(bad)


class _Lines(Source):
    """The lines of a piece as a source of their own."""

    def __init__(self, piece: Piece) -> None:
        self.name, self.first, self.before = piece.file.place, piece.first, piece.file.before
        self._data = piece.data

    def lines(self) -> Iterator[bytes]:
        return iter(self._data.split(b"\n"))


def input_files(place: str, format: Format) -> list[InputFile]:  # noqa: A002
    """The files of a corpus: one file, or those of a folder that are JSON lines, text or Parquet.

    Raises:
        DsltmError: no file is of a kind that is read on a cluster.
    """
    if format == "csv":
        raise DsltmError("CSV is not read on Ray", hint="JSON lines or Parquet")
    names = listed(place)
    alone = names == [place]
    files: list[InputFile] = []
    for name in names:
        kind = _kind(name, format, "jsonl" if alone else None)
        if kind is not None:
            files.append(InputFile(name, kind, len(files)))
    if not files:
        raise DsltmError(f"{place}: no files that end in {', '.join(_SUFFIXES)}", hint="--format jsonl")
    return files


def _kind(name: str, format: Format, otherwise: Kind | None) -> Kind | None:  # noqa: A002
    ending = name.lower().removesuffix(".gz")
    known = next((kind for suffix, kind in _SUFFIXES.items() if ending.endswith(suffix)), otherwise)
    if format == "auto" or known == "parquet":
        if ending.endswith((".csv", ".tsv")):
            raise DsltmError(f"{name}: CSV is not read on Ray", hint="JSON lines or Parquet")
        return known
    return "lines" if format == "lines" else "jsonl"


def pieces(file: InputFile, cut: Cut) -> Iterator[Piece]:
    """The pieces of a file, or those of them that are wanted, in their order.

    Raises:
        DsltmError: the file cannot be read.
    """
    lines = _parquet_lines(file.place, cut.fields) if file.kind == "parquet" else _text(file.place).lines()
    bare = InputFile(file.place, file.kind, file.number, file.before)
    number, first, held, size = 0, 1, list[bytes](), 0
    last = max(file.wanted, default=-1) if file.wanted is not None else None
    for line in lines:
        held.append(line)
        size += len(line)
        if len(held) == cut.lines or size >= _PIECE_BYTES:
            if file.wanted is None or number in file.wanted:
                yield Piece(bare, number, first, b"\n".join(held))
            if number == last:
                return
            number, first, held, size = number + 1, first + len(held), [], 0
    if held and (file.wanted is None or number in file.wanted):
        yield Piece(bare, number, first, b"\n".join(held))


def digest(file: InputFile) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    return _text(file.place).digest()


def _text(place: str) -> Source:
    return StoredText(place) if "://" in place else Source(place)


def _parquet_lines(place: str, fields: Fields) -> Iterator[bytes]:
    """The rows of a Parquet file as JSON lines."""
    import pyarrow
    from pyarrow import parquet

    system, path = filesystem(place)
    try:
        with system.open_input_file(path) as raw:
            file = parquet.ParquetFile(raw)
            columns_of_file = file.schema_arrow.names
            columns = [name for name in fields.names() if name in columns_of_file]
            if fields.text not in columns:
                listing = ", ".join(columns_of_file[:10])
                raise DsltmError(
                    f"{place}: no column {fields.text!r} among {listing}", hint="--text-field NAME"
                )
            for batch in file.iter_batches(batch_size=4096, columns=columns):
                for row in batch.to_pylist():
                    yield orjson.dumps(row, default=str)
    except pyarrow.ArrowException as error:
        first = str(error).partition("\n")[0].rstrip(".")
        raise DsltmError(f"{place}: is not a Parquet file that can be read: {first}") from error
    except OSError as error:
        raise DsltmError(f"{place}: {reason(error)}") from error


def as_row(item: Piece | DsltmError, file: InputFile) -> dict[str, Any]:
    """A piece, or the error in its place, as a row of a Ray dataset."""
    if isinstance(item, DsltmError):
        about: dict[str, Any] = {"error": problem(item)}
        data = b""
    else:
        part = -1 if file.wanted is None else file.wanted[item.number]
        about, data = {"part": part, "number": item.number, "first": item.first}, item.data
    about |= {"place": file.place, "kind": file.kind, "file": file.number, "before": file.before}
    return {"about": np.array([orjson.dumps(about)], object), "data": np.array([data], object)}


def of_row(about: dict[str, Any], data: bytes) -> Piece:
    """The piece that a row of a Ray dataset holds."""
    file = InputFile(about["place"], about["kind"], about["file"], about["before"])
    return Piece(file, about["number"], about["first"], data)


def problem(error: DsltmError) -> list[str | None]:
    """An error as JSON; `raised` makes one of it again."""
    return [error.args[0], error.hint]


def raised(message_and_hint: list[str | None]) -> DsltmError:
    """The error that another process failed with."""
    message, hint = message_and_hint
    return DsltmError(str(message), hint=hint)


def texts_of(files: Collection[InputFile], cut: Cut) -> Iterator[Document]:
    """The documents of a corpus, one file after another; rows that are no documents are passed over."""
    for file in files:
        for piece in pieces(file, cut):
            yield from (row for row in piece.rows(cut) if isinstance(row, Document))
