"""Results as tables: what pandas reads is what was written."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dsltm.errors import UsageError
from dsltm.formats.tables import table_form, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from dsltm.formats.tables import TableForm

ROWS: list[dict[str, Any]] = [
    {
        "id": "a",
        "topic": None,
        "p": np.float32(0.25),
        "words": [],
        "theta": np.array([0.25, 0.75], np.float32),
    },
    {
        "id": 'b "x",\ty\nz',
        "topic": 1,
        "p": 1.0,
        "words": ["sun", "sea"],
        "theta": np.array([0, 1], np.float32),
    },
]


def test_csv_has_a_cell_for_words_and_a_column_for_each_number(tmp_path: Path) -> None:
    write_table(str(tmp_path / "a.csv"), iter(ROWS), "csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        heading, *rows = csv.reader(file)
    assert heading == ["id", "topic", "p", "words", "theta_0", "theta_1"]
    assert rows == [
        ["a", "", "0.25", "", "0.25", "0.75"],
        ['b "x",\ty\nz', "1", "1", "sun, sea", "0", "1"],
    ]


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_a_column_that_the_first_row_lacks_is_there(form: TableForm, tmp_path: Path) -> None:
    rows = [{"topic": 0, "size": 3}, {"topic": 1, "label": "sea", "size": 2}]
    write_table(str(tmp_path / "a"), iter(rows), form)
    sign = "," if form == "csv" else "\t"
    lines = [line.split(sign) for line in (tmp_path / "a").read_text().splitlines()]
    assert lines == [["topic", "size", "label"], ["0", "3", ""], ["1", "2", "sea"]]
    write_table(str(tmp_path / "none"), iter([]), form)
    assert (tmp_path / "none").read_bytes() == b""


def test_tsv_has_a_line_a_row(tmp_path: Path) -> None:
    write_table(str(tmp_path / "a.tsv"), iter(ROWS), "tsv")
    lines = (tmp_path / "a.tsv").read_text().splitlines()
    assert len(lines) == 3
    assert lines[2].split("\t") == ['b "x", y z', "1", "1", "sun, sea", "0", "1"]


def test_parquet_keeps_types_also_where_values_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("dsltm.formats.tables._BATCH", 1)
    write_table(str(tmp_path / "a.parquet"), iter(ROWS), "parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.column("topic").to_pylist() == [None, 1]
    assert table.column("theta").to_pylist() == [[0.25, 0.75], [0, 1]]
    assert table.column("id").to_pylist() == [row["id"] for row in ROWS]


def test_json_lines_are_as_ever(tmp_path: Path) -> None:
    write_table(str(tmp_path / "a.jsonl"), iter(ROWS), "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert rows[1] == {**ROWS[1], "theta": [0.0, 1.0]}


def test_the_name_tells_the_form() -> None:
    assert [table_form(name, None) for name in ("A.CSV", "a.tsv", "a.pq", "a.txt", None, "-")] == [
        *("csv", "tsv", "parquet", "jsonl", "jsonl", "jsonl")
    ]
    assert table_form("a.txt", "csv") == "csv"
    with pytest.raises(UsageError, match=r"a\.xlsx: tables are written as"):
        table_form("a.xlsx", None)
