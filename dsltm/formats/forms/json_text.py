"""JSON: an object on each line; or an array of objects, or objects that take several lines."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING

from dsltm.errors import DsltmError
from dsltm.formats.records import PYTHON_JSON, kind, parse_object, without_surrogates
from dsltm.formats.source import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsltm.formats.fields import Fields, Row
    from dsltm.formats.source import Source

# Bytes that are read at a time; chosen, not measured.
_CHUNK = 1 << 20
_SPACE = " \t\r\n"
# What an escaped half of an emoji begins with.
_HALVES = ("\\ud", "\\uD")


def lines(source: Source, _fields: Fields) -> Iterator[Row]:
    """An object a line; blank lines are passed over."""
    for number, line in enumerate(source.lines(), source.first):
        if line.strip():
            try:
                where = f"{source.name}:{number}"
                if not line.lstrip().startswith((b"{", b"[")):
                    raise DsltmError(f"{where}: not JSON", hint="--format lines or --format csv")
                yield number, parse_object(line, where)
            except DsltmError as exc:
                yield number, exc


def values(source: Source, _fields: Fields) -> Iterator[Row]:
    """The objects of an array, or one after another, however they are broken into lines.

    Raises:
        DsltmError: text that is not JSON, after which nobody can tell where the next object begins.
    """
    text = _Text(source)
    closing = "]" if text.next() == "[" else ""
    if closing:
        text.skip()
    number = 0
    while (sign := text.next()) != closing:
        if sign == "":
            raise DsltmError(f"{source.name}: the JSON array is cut off after {number:,} objects")
        if sign == ",":
            text.skip()
            continue
        number += 1
        value = text.value(number)
        if isinstance(value, dict):
            yield number, value
        else:
            yield number, DsltmError(f"{source.name}: row {number}: {kind(value)}, not a JSON object")
    text.skip()
    if text.next():
        raise DsltmError(f"{source.name}: there is more behind the end of the JSON array")


class _Text:
    """Text that is decoded value by value, so that only one value has to be in memory."""

    def __init__(self, source: Source) -> None:
        self._name, self._stream = source.name, source.text()
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._buffer, self._at, self._ended = "", 0, False

    def next(self) -> str:
        """The next character that is no white space; nothing at the end of the text."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._ended:
                return ""
            self._more(_CHUNK)

    def skip(self) -> None:
        """Pass over one character."""
        self._at += 1

    def value(self, number: int) -> object:
        """The value that begins here.

        Args:
            number: of the value, for messages.
        """
        while True:
            start = self._at
            try:
                value, self._at = PYTHON_JSON.raw_decode(self._buffer, start)
            except json.JSONDecodeError as exc:
                if self._ended or len(self._buffer) - self._at > MAX_LINE:
                    why = "cut off or not JSON" if self._ended else f"not JSON within {MAX_LINE >> 20} MiB"
                    raise DsltmError(f"{self._name}: row {number}: {why}: {exc.msg.lower()}") from exc
                self._more(max(_CHUNK, len(self._buffer) - self._at))
            except RecursionError:
                raise DsltmError(f"{self._name}: row {number}: not JSON: nested too deeply") from None
            else:
                escaped = any(self._buffer.find(half, start, self._at) >= 0 for half in _HALVES)
                return _in_utf8(value) if escaped else value

    def _more(self, size: int) -> None:
        chunk = self._stream.read(size)
        self._ended = not chunk
        try:
            text = self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as exc:
            raise DsltmError(f"{self._name}: not UTF-8 text", hint="--encoding latin-1") from exc
        self._buffer, self._at = self._buffer[self._at :] + text, 0


def _in_utf8(value: object) -> object:
    """The value without halves of an emoji, which have no UTF-8 form."""
    return PYTHON_JSON.decode(without_surrogates(json.dumps(value, ensure_ascii=False)))
