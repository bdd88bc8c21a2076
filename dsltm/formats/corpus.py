"""The documents: JSON lines, plain lines or CSV, read as a stream, as often as a stage needs."""

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.formats.records import decode, kind, parse_object
from dsltm.formats.source import MAX_LINE, Source

Format = Literal["auto", "jsonl", "lines", "csv"]
OnError = Literal["fail", "skip"]
_BY_SUFFIX: dict[str, Format] = {".csv": "csv", ".tsv": "csv", ".txt": "lines"}
_DELIMITERS = ",\t;|"


@dataclass(frozen=True, slots=True)
class Document:
    """One text of a corpus.

    Args:
        id: its name; the 0-based line number where the corpus gives none.
        text: what it says, possibly nothing.
        label: its class, where the corpus has one.
        line: the line of the file that it begins on, counted from 1.
        fields: what else was asked for, by name; without those that this document lacks.
    """

    id: str
    text: str
    label: str | None = None
    line: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fields:
    """Under which names a corpus keeps what a document is made of."""

    text: str = "text"
    id: str = "id"
    label: str = "label"
    keep: Collection[str] = ()


class Corpus:
    """A stream of documents that can be read again; made by `Corpus.open`.

    Attributes:
        name: the file's, for messages.
        skipped: how many rows the last reading passed over.
    """

    def __init__(self, source: Source, fields: Fields, format: Format, on_error: OnError) -> None:  # noqa: A002
        self.name, self.skipped = source.name, 0
        self._source, self._fields, self._on_error = source, fields, on_error
        self._format = _format_of(source.name) if format == "auto" else format
        self._warned = False

    @classmethod
    def open(
        cls,
        path: str,
        *,
        text_field: str = "text",
        id_field: str = "id",
        label_field: str = "label",
        format: Format = "auto",  # noqa: A002 (as the option is called)
        on_error: OnError = "fail",
        keep_fields: Collection[str] = (),
    ) -> "Corpus":
        """Open a corpus.

        Args:
            path: a file, plain or gzip, or "-" for standard input.
            text_field: the field, or CSV column, of the text. The other fields may be missing.
            id_field: the field of the document's name.
            label_field: the field of its class.
            format: "jsonl", "lines" (each line a text), "csv" (with a heading line; the delimiter is one of
                , tab ; | that splits off the text column), or "auto": by the file's name, otherwise "jsonl".
            on_error: what to do with a row that is not a document: stop, or count it and go on.
            keep_fields: further fields to keep, as strings.

        Raises:
            DsltmError: the file cannot be opened.
        """
        return cls(Source(path), Fields(text_field, id_field, label_field, keep_fields), format, on_error)

    def digest(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal."""
        return self._source.digest()

    def __iter__(self) -> Iterator[Document]:
        """The documents in the file's order.

        Raises:
            DsltmError: a row that is not a document, with its line, or no document at all.
        """
        self.skipped, count = 0, 0
        for row in self.rows():
            if isinstance(row, Document):
                count += 1
                yield row
            elif self._on_error == "fail":
                raise row
            else:
                self.skipped += 1
                if not self._warned:
                    console.note(f"skipped {row}")
        if self.skipped and not self._warned:
            console.warn(f"{self.name}: skipped {self.skipped:,} rows that are not documents")
            self._warned = True
        if not count:
            skipped = f": all {self.skipped:,} rows were skipped" if self.skipped else ""
            raise DsltmError(f"{self.name}: no documents{skipped}")

    def rows(self) -> Iterator[Document | DsltmError]:
        """The documents in the file's order, and in the place of each row that is none, why."""
        rows = {"jsonl": self._json, "lines": self._plain, "csv": self._csv}[self._format]
        return rows()

    def _json(self) -> Iterator[Document | DsltmError]:
        for number, line in enumerate(self._source.lines(), self._source.first):
            if line.strip():
                where = f"{self.name}:{number}"
                try:
                    if not line.lstrip().startswith((b"{", b"[")):
                        raise DsltmError(f"{where}: not JSON", hint="--format lines or --format csv")
                    yield self._document(parse_object(line, where), number, where)
                except DsltmError as exc:
                    yield exc

    def _plain(self) -> Iterator[Document | DsltmError]:
        for number, line in enumerate(self._source.lines(), self._source.first):
            try:
                text = decode(line, f"{self.name}:{number}")
                yield Document(self._default_id(number), text, None, number)
            except DsltmError as exc:
                yield exc

    def _csv(self) -> Iterator[Document | DsltmError]:
        bad: list[DsltmError] = []  # lines that are not text: the CSV reader must not stop at them
        lines = self._text_lines(bad)
        heading = next(lines, None)
        if heading is None:
            return
        columns, delimiter = self._columns(heading)
        csv.field_size_limit(MAX_LINE)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            number = rows.line_num + 2
            where = f"{self.name}:{number}"
            try:
                row = next(rows, None)
                if bad:
                    raise bad.pop()
                if row is None:
                    return
                if row:
                    yield self._document(dict(zip(columns, row, strict=False)), number, where)
            except csv.Error as exc:
                yield DsltmError(f"{where}: not CSV: {exc}")
            except DsltmError as exc:
                bad.clear()
                yield exc

    def _text_lines(self, bad: list[DsltmError]) -> Iterator[str]:
        for number, line in enumerate(self._source.lines(), 1):
            try:
                yield decode(line, f"{self.name}:{number}") + "\n"
            except DsltmError as exc:
                bad.append(exc)
                yield "\n"

    def _columns(self, heading: str) -> tuple[list[str], str]:
        """The names of a CSV file's columns, and what stands between them."""
        found: list[str] = []
        for delimiter in _DELIMITERS:
            columns = next(csv.reader([heading], delimiter=delimiter), [])
            if self._fields.text in columns:
                return columns, delimiter
            found = max(found, columns, key=len)
        raise DsltmError(
            f"{self.name}:1: no column {self._fields.text!r} among {_listed(found)}", hint="--text-field NAME"
        )

    def _default_id(self, number: int) -> str:
        return str(self._source.before + number - 1)

    def _document(self, row: Mapping[str, Any], number: int, where: str) -> Document:
        names = self._fields
        text = row.get(names.text)
        if not isinstance(text, str):
            if names.text not in row:
                raise DsltmError(
                    f"{where}: no field {names.text!r} among {_listed(row)}", hint="--text-field NAME"
                )
            raise DsltmError(f"{where}: the field {names.text!r} is {kind(text)}, not a string")
        name = _string(row.get(names.id), names.id, where)
        return Document(
            self._default_id(number) if name is None else name,
            text,
            _string(row.get(names.label), names.label, where),
            number,
            {key: value for key in names.keep if (value := _string(row.get(key), key, where)) is not None},
        )


def _format_of(name: str) -> Format:
    name = name.lower().removesuffix(".gz")
    return next((f for suffix, f in _BY_SUFFIX.items() if name.endswith(suffix)), "jsonl")


def _string(value: object, name: str, where: str) -> str | None:
    """A field that is a string, a number or true or false, as a string; None where it is null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    raise DsltmError(f"{where}: the field {name!r} is {kind(value)}, not a string or a number")


def _listed(names: Collection[str]) -> str:
    shown = ", ".join(name[:40] for name in list(names)[:10])
    return (shown + (", ..." if len(names) > 10 else "")) or "none"
