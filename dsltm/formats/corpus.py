"""The documents of a corpus, whatever its form and its files, read as a stream, as often as a stage needs."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.formats.encoding import check_encoding
from dsltm.formats.fields import Fields as Fields
from dsltm.formats.fields import is_compound, kept, listed, needed, text_of
from dsltm.formats.forms import FORMS, FormName, check_form, form_of
from dsltm.formats.forms import Format as Format
from dsltm.formats.places import Place, places_of
from dsltm.formats.records import kind
from dsltm.formats.source import Source

OnError = Literal["fail", "skip"]


@dataclass(frozen=True, slots=True)
class Document:
    """One text of a corpus.

    Args:
        id: its name; where the corpus gives none, the 0-based number of its line, or of its row.
        text: its text, possibly empty.
        label: its class, where the corpus has one.
        line: the line of the file that it begins on, or its row, counted from 1.
        fields: further fields that were asked for, by name, without those that this document lacks.
    """

    id: str
    text: str
    label: str | None = None
    line: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a corpus is read.

    Attributes:
        format: the form of its files, or "auto": as their content and names tell.
        encoding: of text, by Python's name; None for UTF-8, or what a byte order mark tells.
        on_error: what to do with a row that is not a document: stop, or count it and go on.
    """

    format: Format = "auto"
    encoding: str | None = None
    on_error: OnError = "fail"


_FIELDS, _READING = Fields(), Reading()


class Corpus:
    """A stream of documents that can be read again.

    Args:
        path: a file, packed or not, "-" for standard input, a folder, a pattern such as "posts/*.csv", an
            address that fsspec knows; or several of them, one after another.
        fields: what documents are made of.
        reading: how its files are read.

    Attributes:
        name: the file's or folder's, for messages.
        skipped: how many rows the last reading passed over.

    Raises:
        DsltmError: a file cannot be opened, or a folder holds none that is read.
    """

    def __init__(
        self, path: str | Sequence[str], fields: Fields = _FIELDS, reading: Reading = _READING
    ) -> None:
        if reading.encoding is not None:
            check_encoding(reading.encoding)
        paths = [path] if isinstance(path, str) else list(path)
        self._places = places_of(paths)
        self._fields, self._reading = fields, reading
        alone = len(self._places) == 1
        # A single file stays open, because it may be a pipe, which cannot be opened again.
        self._only = self._places[0].open(reading.encoding) if alone else None
        self.name = self._only.name if self._only else ", ".join(paths[:3]) + ", ..." * (len(paths) > 3)
        self.skipped = 0
        self._digests: dict[int, str] = {}
        self._warned = False

    def digest(self) -> str:
        """SHA-256 of the file's bytes as they are stored; of several files, of their digests in order."""
        if self._only is not None:
            return self._only.digest()
        for number, place in enumerate(self._places):
            if number not in self._digests:
                with self._opened(number, place) as source:
                    self._digests[number] = source.digest()
        return hashlib.sha256(
            "".join(self._digests[n] for n in range(len(self._places))).encode()
        ).hexdigest()

    def __iter__(self) -> Iterator[Document]:
        """The documents in the order of the files.

        Raises:
            DsltmError: a row that is not a document, with its line, or no document at all.
        """
        self.skipped, count, classless = 0, 0, Classless()
        for row in self.rows(classless):
            if isinstance(row, Document):
                count += 1
                yield row
            elif self._reading.on_error == "fail":
                raise row
            else:
                self.skipped += 1
                if not self._warned:
                    console.note(f"skipped {row}")
        if not self._warned:
            if self.skipped:
                console.warn(f"{self.name}: skipped {self.skipped:,} rows that are not documents")
            classless.warn(self.name)
            self._warned = bool(self.skipped or classless.count)
        if not count:
            skipped = f": all {self.skipped:,} rows were skipped" if self.skipped else ""
            raise DsltmError(f"{self.name}: no documents{skipped}")

    def rows(self, classless: "Classless | None" = None) -> Iterator[Document | DsltmError]:
        """The documents, and for each row that is not one the error in its place.

        Args:
            classless: counts the documents whose class is no string or number.
        """
        before = 0
        for number, place in enumerate(self._places):
            with self._opened(number, place) as source:
                source.before = before
                form = form_to_read(source, self._fields, self._reading, alone=self._only is not None)
                for last, row in numbered_rows(source, form, self._fields, classless or Classless()):
                    before = source.before + last
                    yield row

    @contextlib.contextmanager
    def _opened(self, number: int, place: Place) -> Iterator[Source]:
        """A file of the corpus; of several only one is open at a time."""
        if self._only is not None:
            yield self._only
            return
        source = place.open(self._reading.encoding)
        try:
            yield source
            self._digests[number] = source.digest()
        finally:
            source.close()


def form_to_read(source: Source, fields: Fields, reading: Reading, *, alone: bool) -> FormName:
    """What a file is read as.

    Args:
        source: the file.
        fields: what documents are made of.
        reading: how the corpus is read.
        alone: whether the corpus has no other file. Where it has several texts, each of them is a document.

    Raises:
        DsltmError: the file cannot be read, or has no encoding.
    """
    form = reading.format
    if form == "auto":
        form = form_of(source, fields)
        form = "text" if form == "lines" and not alone else form
    if reading.encoding is not None:
        check_form(form, reading.encoding)
    return form


@dataclass
class Classless:
    """Counts documents whose class is a list or an object, which is not used as a class.

    Attributes:
        count: how many.
        first: where the first of them is.
    """

    count: int = 0
    first: str = ""

    def add(self, where: str) -> None:
        """Count a document."""
        self.count += 1
        self.first = self.first or where

    def warn(self, name: str) -> None:
        """Warn of them, if there are any."""
        if self.count:
            console.warn(
                f"{name}: {self.count:,} documents have no class here, because their label is a list or an "
                f"object; the first is {self.first}"
            )


def numbered_rows(
    source: Source, form: FormName, fields: Fields, classless: Classless
) -> Iterator[tuple[int, Document | DsltmError]]:
    """The documents of one file by the numbers of their rows; other rows have an error in their place.

    Args:
        source: the file.
        form: what is in it.
        fields: what documents are made of.
        classless: counts the documents whose class is no string or number.
    """
    about = FORMS[form]
    for number, row in about.rows(source, fields):
        where = f"{source.name}:{number}" if about.lines else f"{source.name}: row {number}"
        try:
            if isinstance(row, DsltmError):
                raise row
            default = str(source.before + number - 1)
            yield number, document_of(row, fields, where, default, number, classless)
        except DsltmError as exc:
            yield number, exc


def document_of(
    row: Mapping[str, Any], fields: Fields, where: str, default: str, number: int, classless: Classless
) -> Document:
    """The document in a row.

    Args:
        row: its fields by name.
        fields: what a document is made of.
        where: what an error begins with, such as "corpus.jsonl:17".
        default: its id where the row has none.
        number: of the row, counted from 1.
        classless: counts the documents whose class is no string or number.

    Raises:
        DsltmError: a field is missing or of another kind.
    """
    name = None if fields.id is None else needed(row, fields.id, where)
    return Document(
        default if name is None else name,
        "" if fields.text is None else _text(row, fields.text, where),
        _label(row, fields, where, classless),
        number,
        {key: value for key in fields.keep if (value := kept(row.get(key))) is not None},
    )


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    text = row.get(name)
    if isinstance(text, str):
        return text
    if isinstance(text, bytes):
        if (decoded := text_of(text)) is None:
            raise DsltmError(f"{where}: the field {name!r} is binary data, not text")
        return decoded
    if name in row:
        raise DsltmError(f"{where}: the field {name!r} is {kind(text)}, not a string")
    inner = next((key for key, value in row.items() if isinstance(value, list) and value), None)
    hint = "--text-field NAME"
    if inner is not None and len(row) < 4 and isinstance(row[inner][0], dict):
        hint = f"jq -c '.{inner}[]' to put each of its rows on a line"
    raise DsltmError(f"{where}: no field {name!r} among {listed(row)}", hint=hint)


def _label(row: Mapping[str, Any], fields: Fields, where: str, classless: Classless) -> str | None:
    if fields.label is None:
        return None
    if not fields.needs_label and is_compound(row.get(fields.label)):
        classless.add(where)
        return None
    return needed(row, fields.label, where)
