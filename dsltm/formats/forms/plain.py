"""Plain text: each line a document, or each file one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsltm.errors import DsltmError
from dsltm.formats.records import decode, without_surrogates
from dsltm.formats.source import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsltm.formats.fields import Fields, Row
    from dsltm.formats.source import Source


def lines(source: Source, fields: Fields) -> Iterator[Row]:
    """Each line is the text of a document; a blank line is one without text."""
    for number, line in enumerate(source.lines(), source.first):
        try:
            yield number, {str(fields.text): decode(line, f"{source.name}:{number}")}
        except DsltmError as exc:
            yield number, exc


def document(source: Source, fields: Fields) -> Iterator[Row]:
    """The whole file is one document, whose id is the file's path."""
    with source.text() as stream:
        content = stream.read(MAX_LINE + 1)
    try:
        if len(content) > MAX_LINE:
            raise DsltmError(f"{source.name}: the document is longer than {MAX_LINE >> 20} MiB")
        text = content.decode()
    except UnicodeDecodeError as exc:
        yield 1, DsltmError(f"{source.name}: not UTF-8 (byte {exc.start + 1})", hint="--encoding latin-1")
    except DsltmError as exc:
        yield 1, exc
    else:
        name = without_surrogates(source.inside or source.name)
        yield 1, {str(fields.id): name, str(fields.text): text}
