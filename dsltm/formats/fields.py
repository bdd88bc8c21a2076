"""The names of the fields that a document is made of, and the values of fields as strings."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from dsltm.errors import DsltmError
from dsltm.formats.records import kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Row: TypeAlias = "tuple[int, Mapping[str, Any] | DsltmError]"
"""A row of a corpus by its number, counted from 1: its fields, or why it has none."""

_SCALARS = (str, int, float, decimal.Decimal, dt.date, dt.time, dt.timedelta, uuid.UUID)


@dataclass(frozen=True, slots=True)
class Fields:
    """The names of fields, or of columns. A field that is None is not looked at, whatever it holds.

    Attributes:
        text: what a document says.
        id: its name.
        label: its class.
        keep: further fields that are kept as strings.
        needs_label: a class that is no string or number is an error; else the document has no class.
    """

    text: str | None = "text"
    id: str | None = "id"
    label: str | None = None
    keep: Collection[str] = ()
    needs_label: bool = False

    def names(self) -> list[str]:
        """All that are looked at, each once, the text's first."""
        named = (self.text, self.id, self.label, *self.keep)
        return list(dict.fromkeys(name for name in named if name is not None))


def scalar(value: object) -> str | None:
    """A field as a string; None where it holds nothing, or several things.

    Nothing is null, a number that is none (NaN, as pandas writes a missing one), and blank text, which is
    how a table has a cell without a value.
    """
    if isinstance(value, bytes):
        value = text_of(value) or value.hex()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return (str(value) if str(value).strip() else None) if isinstance(value, _SCALARS) else None


def text_of(value: bytes) -> str | None:
    """The text in bytes, as which Parquet files of older programs keep strings; None where they are none."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def is_compound(value: object) -> bool:
    """Whether a field holds several things: a list or an object."""
    return isinstance(value, list | tuple | dict)


def kept(value: object) -> str | None:
    """A field that is kept, as a string: text as it is, also blank, and a list or an object as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str) if is_compound(value) else scalar(value)


def needed(row: Mapping[str, Any], name: str, where: str) -> str | None:
    """A field that must be a string or a number, as a string; None where the row does not have it.

    Raises:
        DsltmError: it is something else.
    """
    value = row.get(name)
    if is_compound(value):
        raise DsltmError(f"{where}: the field {name!r} is {kind(value)}, not a string or a number")
    return scalar(value)


def check_once(columns: Sequence[str], fields: Fields, where: str) -> None:
    """Refuse a table that has a wanted column twice.

    Raises:
        DsltmError: it has.
    """
    for column in fields.names():
        if columns.count(column) > 1:
            raise DsltmError(f"{where}: two columns are called {column!r}")


def listed(names: Collection[str]) -> str:
    """Some names for a message: at most ten, each cut where it is long."""
    shown = ", ".join(str(name)[:40] for name in list(names)[:10])
    return (shown + (", ..." if len(names) > 10 else "")) or "none"
