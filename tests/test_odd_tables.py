"""Tables and rows as people and programs leave them: read as they are meant, or refused in a sentence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from test_forms import ALL, needs, read, workbook

from dsltm.errors import DsltmError
from dsltm.formats.fields import Fields

if TYPE_CHECKING:
    from pathlib import Path

Rows = list[tuple[str, str, str | None]]


def rows(path: Path, **reading: str) -> Rows:
    return [(document.id, document.text, document.label) for document in read(path, **reading)]


READ: dict[str, tuple[str, bytes, Rows]] = {
    "a mark before a quoted heading": ("c.csv", b'\xef\xbb\xbf"id","text"\na,x\n', [("a", "x", None)]),
    "spaces beside names of columns": ("c.csv", b"text, id ,label\nx,a,y\n", [("a", "x", "y")]),
    "the same of a table by tabs": ("c.tsv", b"text\t id\nx\ta\n", [("a", "x", None)]),
    "the index of a data frame": ("c.csv", b",text,label\n0,x,y\n", [("1", "x", "y")]),
    "an empty name at the end": ("c.csv", b"id,text,\na,x,\n", [("a", "x", None)]),
    "cells without a value": ("c.csv", b"id,text,label\n,x,\n , ,y\n", [("1", "x", None), ("2", " ", "y")]),
    "blank lines between rows": ("c.csv", b"id,text\r\n\r\na,x\r\n\r\n", [("a", "x", None)]),
    "names that are numbers": ("c.csv", b"id,text\n007,x\n1e5,y\n", [("007", "x", None), ("1e5", "y", None)]),
    "another separator of lines": (
        "c.csv",
        "id,text\na,x\u2028y\x85z\n".encode(),
        [("a", "x\u2028y\x85z", None)],
    ),
    "a column of the same name that nobody wants": ("c.csv", b"id,z,text,z\na,1,x,2\n", [("a", "x", None)]),
    "an array on several lines": (
        "c.jsonl",
        b'[\r\n{"text": "x"},\r\n{"text": "y"}\r\n]',
        [("0", "x", None), ("1", "y", None)],
    ),
    "names below what 64 bits hold": (
        "c.jsonl",
        b'{"text": "x", "id": -9223372036854775809}\n{"text": "y", "id": -9223372036854775810}\n',
        [("-9223372036854775809", "x", None), ("-9223372036854775810", "y", None)],
    ),
    "true and false": ("c.jsonl", b'{"text": "x", "id": true, "label": false}', [("true", "x", "false")]),
}


@pytest.mark.parametrize("what", READ)
def test_it_is_read_as_it_is_meant(what: str, tmp_path: Path) -> None:
    name, data, expected = READ[what]
    (tmp_path / name).write_bytes(data)
    assert rows(tmp_path / name) == expected


REFUSED = {
    "lines end as on old Macs": (
        "c.csv",
        b"id,text\ra,x\r",
        "c.csv:1: lines that end with a carriage return",
    ),
    "the same of a table by tabs": (
        "c.tsv",
        b"id\ttext\ra\tx\r",
        "c.tsv:1: lines that end with a carriage return",
    ),
    "a heading that is one name short": (
        "c.csv",
        b'"text","label"\n"1","x","y"\n',
        "c.csv:2: the row has 3 fields",
    ),
    "a column twice": ("c.csv", b"text,id, id\nx,1,2\n", "c.csv:1: two columns are called 'id'"),
    "objects that share a line": (
        "c.jsonl",
        b'{"text": "x"}{"text": "y"}\n',
        "try --format json, for objects",
    ),
    "a comma behind each object": (
        "c.jsonl",
        b'{"text": "x"},\n{"text": "y"}\n',
        "try --format json, for objects",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_a_sentence(what: str, tmp_path: Path) -> None:
    name, data, message = REFUSED[what]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DsltmError, match=message):
        read(tmp_path / name)


def test_quotation_marks_of_a_table_by_tabs_without_a_name(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text('id\ttext\na\t"storm\nb\tpython\nc\train"\nd\tgoal\n')
    assert [text for _, text, _ in rows(path)] == ['"storm', "python", 'rain"', "goal"]
    path.write_text('id\ttext\na\t"two\nlines"\nb\t"storm"\n')
    assert [text for _, text, _ in rows(path)] == ["two\nlines", "storm"]


def test_the_form_that_a_refusal_names_reads_the_objects(tmp_path: Path) -> None:
    for data in (b'{"text": "x"}{"text": "y"}\n', b'{"text": "x"},\n{"text": "y"},\n'):
        (tmp_path / "c.jsonl").write_bytes(data)
        assert rows(tmp_path / "c.jsonl", format="json") == [("0", "x", None), ("1", "y", None)]


def test_binary_names_stay_different_and_binary_text_is_refused(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "c.parquet"
    names = pyarrow.array([b"\xff\x00", b"\xfe\x00", b"plain"])
    parquet.write_table(pyarrow.table({"text": ["x", "y", "z"], "id": names}), path)
    assert [document.id for document in read(path)] == ["ff00", "fe00", "plain"]
    parquet.write_table(pyarrow.table({"text": pyarrow.array([b"\xff"])}), path)
    with pytest.raises(DsltmError, match=r"row 1: the field 'text' is binary data"):
        read(path)


def test_a_parquet_file_with_a_column_twice_is_refused(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "c.parquet"
    parquet.write_table(pyarrow.Table.from_arrays([["x"], ["y"]], names=["text", "text"]), path)
    with pytest.raises(DsltmError, match="two columns are called 'text'"):
        read(path)


def test_headings_of_a_workbook_may_have_spaces(tmp_path: Path) -> None:
    needs("c.xlsx")
    (tmp_path / "c.xlsx").write_bytes(workbook([{" text ": "x", "id ": "a"}]))
    assert rows(tmp_path / "c.xlsx") == [("a", "x", None)]
    assert read(tmp_path / "c.xlsx", Fields("text", "id ", None))[0].id == "a"


def test_a_pipe_that_lies_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n')
    os.mkfifo(tmp_path / "b.jsonl")
    assert rows(tmp_path) == [("0", "x", None)]
    (tmp_path / "broken.jsonl").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DsltmError, match=r"broken\.jsonl: no such file"):
        read(tmp_path)


def test_an_address_may_have_signs_of_a_pattern(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    path = tmp_path / "[a].jsonl"
    path.write_text('{"text": "x"}\n')
    assert [document.text for document in read(f"file://{path}", ALL)] == ["x"]
    with pytest.raises(DsltmError, match="no such file"):
        read(f"file://{tmp_path}/*.nothing", ALL)


def test_a_server_that_does_not_answer_is_told_from_a_missing_file() -> None:
    pytest.importorskip("aiohttp")
    with pytest.raises(DsltmError, match=r"127\.0\.0\.1:1/a\.jsonl: cannot be reached: "):
        read("http://127.0.0.1:1/a.jsonl")
