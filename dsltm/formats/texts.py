"""Texts that a program has at hand, read as the rows of a file are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Classless, Corpus, Document, Reading, document_of
from dsltm.formats.records import without_surrogates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dsltm.formats.fields import Fields


class Texts(Corpus):
    """A corpus in memory.

    Args:
        texts: strings, or mappings that have the text and, where known, an id and a class, under the names in
            `fields`. A text without an id is called by its 0-based position.
        fields: these names.
    """

    def __init__(self, texts: Iterable[str | Mapping[str, Any]], fields: Fields) -> None:
        self.name, self.skipped = "the texts", 0
        self._fields, self._reading = fields, Reading()
        self._warned = False
        self._texts = list(texts)

    def digest(self) -> str:
        """SHA-256 of the documents' ids, texts and classes."""
        whole = hashlib.sha256()
        for row in self.rows():
            if isinstance(row, Document):
                for part in (row.id, row.text, row.label or ""):
                    # The length keeps "ab" beside "c" apart from "a" beside "bc".
                    whole.update(b"%d:" % len(part) + part.encode())
        return whole.hexdigest()

    def rows(self, classless: Classless | None = None) -> Iterator[Document | DsltmError]:
        """The documents, and for each text that is none the error in its place."""
        for position, text in enumerate(self._texts):
            row = text if isinstance(text, Mapping) else {self._fields.text or "text": text}
            try:
                yield document_of(
                    {
                        key: without_surrogates(value) if isinstance(value, str) else value
                        for key, value in row.items()
                    },
                    self._fields,
                    f"texts[{position}]",
                    str(position),
                    position + 1,
                    classless or Classless(),
                )
            except DsltmError as error:
                yield error
