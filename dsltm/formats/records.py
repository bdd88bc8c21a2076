"""JSON lines: one object a line, in UTF-8."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import orjson

from dsltm.errors import DsltmError
from dsltm.formats.output import open_output
from dsltm.formats.source import MAX_LINE, Source

_KINDS = {str: "a string", bool: "true or false", int: "a number", float: "a number", list: "a list"}
_ONE_A_LINE = {  # by what such a file begins with
    b"[": "jq -c '.[]' to put one object on each line",
    b"{": "jq -c . to put one object on each line",
}


def kind(value: object) -> str:
    """What a JSON value is, as a part of a sentence: "a number", "null"."""
    return "null" if value is None else _KINDS.get(type(value), "an object")


def write_jsonl(target: str | BinaryIO | None, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one line a row, keys in the order given, numpy arrays as lists.

    Args:
        target: a path, None or "-" for standard output, or a binary file that is already open.
        rows: what to write; made one at a time, so a generator takes no memory.

    Raises:
        DsltmError: as `open_output`.
    """
    if target is None or isinstance(target, str):
        with open_output(target) as file:
            write_jsonl(file, rows)
        return
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    for row in rows:
        target.write(orjson.dumps(row, option=options))


def read_jsonl(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read a file of JSON lines; blank lines are passed over.

    Args:
        path: a file, plain or gzip, or "-" for standard input.

    Yields:
        The line's number, counted from 1, and its object.

    Raises:
        DsltmError: a line that is not a JSON object, with its number; or as `Source`.
    """
    source = Source(path)
    for number, line in enumerate(source.lines(), 1):
        if line.strip():
            yield number, parse_object(line, f"{source.name}:{number}")


def parse_object(line: bytes, where: str) -> dict[str, Any]:
    """The object on one line.

    Args:
        line: UTF-8 JSON.
        where: what an error begins with, such as "corpus.jsonl:17".

    Raises:
        DsltmError: not JSON, not an object, or longer than MAX_LINE.
    """
    if len(line) > MAX_LINE:
        raise DsltmError(f"{where}: the line is longer than {MAX_LINE >> 20} MiB")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        value = _with_lone_surrogates(line)
        if value is None:
            decode(line, where)
            hint = _ONE_A_LINE.get(line.strip())
            raise DsltmError(f"{where}: not JSON: {exc.msg} at column {exc.colno}", hint=hint) from exc
    if not isinstance(value, dict):
        hint = _ONE_A_LINE[b"["] if isinstance(value, list) else None
        raise DsltmError(f"{where}: {kind(value)}, not a JSON object", hint=hint)
    return value


def decode(line: bytes, where: str) -> str:
    """The text of one line.

    Raises:
        DsltmError: not UTF-8, with the first byte that is not, or longer than MAX_LINE.
    """
    if len(line) > MAX_LINE:
        raise DsltmError(f"{where}: the line is longer than {MAX_LINE >> 20} MiB")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as exc:
        hint = "iconv -t UTF-8"
        raise DsltmError(f"{where}: not UTF-8 (byte {exc.start + 1} of the line)", hint=hint) from exc


def _with_lone_surrogates(line: bytes) -> object:
    r"""Half an emoji, "\ud83d", is what cut tweets end with: not UTF-8, but no reason to lose the row."""
    if rb"\ud" not in line.lower():
        return None
    try:
        value = json.loads(line)
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
