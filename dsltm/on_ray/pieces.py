"""A corpus in pieces: neighbouring lines that one worker reads, and that become one part file.

Lines of JSON and of text are passed on as they are, and the workers make documents of them. Rows of all other
forms become JSON lines where their file is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Classless, Document, Fields, OnError, Reading, form_to_read, numbered_rows
from dsltm.formats.places import chosen_files
from dsltm.formats.source import Source
from dsltm.on_ray.storage import StoredFile, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dsltm.formats.forms import Format

# A piece of long documents ends at so many bytes, before it has all its lines; chosen, not measured.
_PIECE_BYTES = 1 << 26
# What the line of a row says that is no document, where such rows are skipped.
_BAD = b"null"


@dataclass(frozen=True)
class Cut:
    """How a corpus is read on a cluster.

    Attributes:
        fields: what documents are made of.
        on_error: what to do with a row that is not a document.
        lines: at most so many lines are one piece.
        encoding: of text, by Python's name; None for UTF-8, or what a byte order mark tells.
    """

    fields: Fields
    on_error: OnError
    lines: int
    encoding: str | None = None


@dataclass(frozen=True)
class InputFile:
    """A file of a corpus.

    Attributes:
        place: path or URI.
        form: what is in it; "auto": as its content and name tell.
        inside: its path within the corpus's folder; empty for a file that was given itself.
        alone: whether the corpus has no other file.
        number: its place among the corpus's files.
        before: how many lines the files before it have.
        wanted: the numbers of the pieces to read, with the numbers of their parts; None: all pieces.
    """

    place: str
    form: Format = "auto"
    inside: str = ""
    alone: bool = True
    number: int = 0
    before: int = 0
    wanted: dict[int, int] | None = None


@dataclass(frozen=True)
class Piece:
    """Neighbouring lines of a file.

    Attributes:
        file: the file, with `wanted` None; its form is that of the lines, "lines" or "jsonl".
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
        form = self.file.form
        assert form != "auto"
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
    """The files of a corpus: one file, or those of a folder that would be read without a cluster, too.

    Raises:
        DsltmError: the place does not exist, or a folder has no such file.
    """
    names = listed(place)
    if names == [place]:
        return [InputFile(place, format)]
    base = place.rstrip("/") + "/"
    inside = chosen_files([name.removeprefix(base) for name in names], place)
    alone = len(inside) == 1
    return [InputFile(base + name, format, name, alone, number) for number, name in enumerate(inside)]


def pieces(file: InputFile, cut: Cut) -> Iterator[Piece]:
    """The pieces of a file, or those of them that are wanted, in their order.

    Raises:
        DsltmError: the file cannot be read, or a row is not a document, unless such rows are skipped.
    """
    source = _source(file, cut.encoding)
    form = form_to_read(source, cut.fields, Reading(file.form, cut.encoding), alone=file.alone)
    plain = form in ("jsonl", "lines")
    lines = (
        source.lines() if plain else _json_lines(numbered_rows(source, form, cut.fields, Classless()), cut)
    )
    bare = replace(file, form=form if plain else "jsonl", wanted=None)
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


def _json_lines(rows: Iterator[tuple[int, Document | DsltmError]], cut: Cut) -> Iterator[bytes]:
    """A line of JSON for each row, on the line of the row's own number, so that rows are called the same."""
    line = 1
    for number, row in rows:
        yield from repeat(b"", number - line)
        line = number + 1
        if isinstance(row, Document):
            values = {cut.fields.id: row.id, cut.fields.text: row.text, cut.fields.label: row.label}
            yield orjson.dumps({name: value for name, value in values.items() if name is not None})
        elif cut.on_error == "fail":
            raise row
        else:
            yield _BAD


def digest(file: InputFile) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    return _source(file).digest()


def _source(file: InputFile, encoding: str | None = None) -> Source:
    stored = "://" in file.place
    source = StoredFile(file.place, encoding) if stored else Source(file.place, encoding)
    source.inside, source.before = file.inside, file.before
    return source


def as_row(item: Piece | DsltmError, file: InputFile) -> dict[str, Any]:
    """A piece, or the error in its place, as a row of a Ray dataset."""
    if isinstance(item, DsltmError):
        about: dict[str, Any] = {"error": problem(item)}
        data = b""
    else:
        part = -1 if file.wanted is None else file.wanted[item.number]
        about, data = {"part": part, "number": item.number, "first": item.first}, item.data
    about |= {
        "place": file.place,
        "form": item.file.form if isinstance(item, Piece) else file.form,
        "file": file.number,
        "before": file.before,
    }
    return {"about": np.array([orjson.dumps(about)], object), "data": np.array([data], object)}


def of_row(about: dict[str, Any], data: bytes) -> Piece:
    """The piece that a row of a Ray dataset holds."""
    file = InputFile(about["place"], about["form"], number=about["file"], before=about["before"])
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
