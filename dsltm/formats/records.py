"""JSON lines: one object a line, in UTF-8."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import orjson

from dsltm.errors import DsltmError
from dsltm.formats.output import open_output
from dsltm.formats.source import MAX_LINE, Source

_KINDS = {str: "a string", bool: "true or false", int: "a number", float: "a number", list: "a list"}
# Python's own limit, sys.int_info.default_max_str_digits.
_MOST_DIGITS = 4300
_SEVERAL = "--format json, for objects that are not one a line"
# What to do with a file that has not one object a line, by what it begins with.
_ONE_A_LINE = {
    b"[": "jq -c '.[]' to put one object on each line",
    b"{": "jq -c . to put one object on each line",
}


def kind(value: object) -> str:
    """What a JSON value is, as a part of a sentence: "a number", "null"."""
    return "null" if value is None else _KINDS.get(type(value), "an object")


def whole(value: object) -> object:
    """A whole number as one, also where it is written 3.0, as pandas does in a column with gaps."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
        try:
            line = orjson.dumps(row, option=options)
        except orjson.JSONEncodeError:
            # Some text has no UTF-8 form, such as a file's name in another encoding.
            line = without_surrogates(json.dumps(row, ensure_ascii=False, default=_plain)).encode() + b"\n"
        target.write(line)


def _plain(value: Any) -> object:
    """A number or array of numpy as Python's own, for the encoder that does not know them."""
    return value.tolist()


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

    Whole numbers beyond 64 bits are read exactly, and NaN and Infinity, which Python's json writes though
    JSON has no such numbers, as null.

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
        value = _beyond_json(line, exc.msg)
        if value is None:
            decode(line, where)
            hint = _SEVERAL if exc.pos < len(line.rstrip()) and "after" in exc.msg else None
            hint = _ONE_A_LINE.get(line.strip(), hint)
            raise DsltmError(f"{where}: not JSON: {exc.msg} at column {exc.colno}", hint=hint) from exc
    if not isinstance(value, dict):
        hint = _ONE_A_LINE[b"["] if isinstance(value, list) else None
        raise DsltmError(f"{where}: {kind(value)}, not a JSON object", hint=hint)
    row: dict[str, Any] = value
    if any(map(_is_rounded, row.values())):
        row = PYTHON_JSON.decode(line.decode(errors="replace"))
    return row


def _is_rounded(value: object) -> bool:
    """Whether this may be a whole number that orjson, which has 64 bits for one, made a float."""
    if type(value) is float:
        return abs(value) >= 2**63
    return isinstance(value, list) and any(type(each) is float and abs(each) >= 2**63 for each in value)


def _integer(digits: str) -> int | str:
    """A whole number; one of more digits than Python converts stays text, which serves as an id too."""
    return int(digits) if len(digits) < _MOST_DIGITS else digits


PYTHON_JSON = json.JSONDecoder(parse_constant=lambda _: None, parse_int=_integer)
"""Python's slower decoder, for what orjson refuses or rounds."""


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
        hint = "--encoding latin-1, or iconv -t UTF-8"
        raise DsltmError(f"{where}: not UTF-8 (byte {exc.start + 1} of the line)", hint=hint) from exc


def without_surrogates(text: str) -> str:
    """The text, with a question mark for what has no UTF-8 form: bytes of a file's name, half an emoji."""
    return text.encode("utf-8", "replace").decode()


def _beyond_json(line: bytes, problem: str) -> object:
    r"""What a line holds that is JSON but for NaN, a number beyond all floats or half an emoji; else None.

    Half an emoji, "\ud83d", is what cut tweets end with: not UTF-8, but no reason to lose the row.
    """
    signs = (rb"\ud", rb"\uD", b"NaN", b"Infinity")
    if "infinity" not in problem and not any(sign in line for sign in signs):
        return None
    try:
        value = PYTHON_JSON.decode(line.decode())
        text = json.dumps(value, ensure_ascii=False)
        return PYTHON_JSON.decode(without_surrogates(text))
    except (ValueError, RecursionError):
        return None
