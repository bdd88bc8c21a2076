"""One corpus in every form that is read: rows in = rows out, whatever the file, its packing and encoding."""

from __future__ import annotations

import bz2
import csv
import datetime as dt
import gzip
import io
import json
import lzma
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dsltm.errors import DsltmError, UsageError
from dsltm.formats.corpus import Corpus, Document, Fields, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Rows = list[dict[str, str]]
ROWS: Rows = [
    {"id": "a1", "text": "Storm, cloud and rain", "label": "weather"},
    {"id": "b2", "text": 'a "quoted" word; naïve 東京', "label": "words"},
    {"id": "c3", "text": "two\nlines", "label": "words"},
    {"id": "d4", "text": "", "label": "none"},
]
ALL = Fields(label="label")


def table(delimiter: str) -> Callable[[Rows], bytes]:
    def written(rows: Rows) -> bytes:
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
        return file.getvalue().encode()

    return written


def tsv(rows: Rows) -> bytes:
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    return "\n".join(line.replace("\ntwo", "two") for line in lines).encode()


def json_lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def json_array(rows: Rows) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=2).encode()


def json_objects(rows: Rows) -> bytes:
    return "\n".join(json.dumps(row, indent=1) for row in rows).encode()


def parquet(rows: Rows) -> bytes:
    import pyarrow
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), file, row_group_size=3)
    return file.getvalue()


def arrow(rows: Rows) -> bytes:
    import pyarrow

    file = io.BytesIO()
    built = pyarrow.Table.from_pylist(rows)
    with pyarrow.ipc.new_file(file, built.schema) as writer:
        writer.write_table(built, max_chunksize=3)
    return file.getvalue()


def arrow_stream(rows: Rows) -> bytes:
    import pyarrow

    file = io.BytesIO()
    built = pyarrow.Table.from_pylist(rows)
    with pyarrow.ipc.new_stream(file, built.schema) as writer:
        writer.write_table(built)
    return file.getvalue()


def workbook(rows: Sequence[dict[str, Any]]) -> bytes:
    """A workbook with inline strings, numbers and dates, as small as Excel opens it."""
    import zipfile
    from xml.sax.saxutils import escape

    def cell(value: Any) -> str:
        if isinstance(value, dt.date):
            return f'<c s="1"><v>{(value - dt.date(1899, 12, 30)).days}</v></c>'
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'

    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    sheet = "".join(f"<row>{''.join(map(cell, line))}</row>" for line in lines)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="one" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), '<?xml version="1.0" encoding="UTF-8"?>' + content)
    return file.getvalue()


def zstd(data: bytes) -> bytes:
    return pytest.importorskip("backports.zstd").compress(data)


FORMS: dict[str, Callable[[Rows], bytes]] = {
    "c.jsonl": json_lines,
    "c.json": json_array,
    "d.json": json_objects,
    "c.csv": table(","),
    "d.csv": table(";"),
    "e.csv": table("\t"),
    "c.parquet": parquet,
    "c.arrow": arrow,
    "c.feather": arrow_stream,
    "c.xlsx": workbook,
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


def needs(name: str) -> None:
    """Skip where an extra's package is not installed."""
    if name.endswith((".parquet", ".arrow", ".feather")):
        pytest.importorskip("pyarrow")
    if name.endswith(".xlsx"):
        pytest.importorskip("python_calamine")


def read(path: Path | str | Sequence[str], fields: Fields = ALL, **reading: Any) -> list[Document]:
    path = str(path) if isinstance(path, Path) else path
    return list(Corpus(path, fields, Reading(**reading)))


def plain(documents: list[Document]) -> Rows:
    return [{"id": d.id, "text": d.text, "label": str(d.label)} for d in documents]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_has_the_same_documents(tmp_path: Path, name: str) -> None:
    needs(name)
    (tmp_path / name).write_bytes(FORMS[name](ROWS))
    corpus = Corpus(str(tmp_path / name), ALL)
    assert plain(list(corpus)) == plain(list(corpus)) == ROWS


@pytest.mark.parametrize("name", FORMS)
def test_content_tells_the_form_where_the_name_does_not(tmp_path: Path, name: str) -> None:
    needs(name)
    if name == "c.feather":
        pytest.skip("an Arrow stream has nothing of its own to begin with")
    (tmp_path / "data").write_bytes(FORMS[name](ROWS))
    assert plain(read(tmp_path / "data")) == ROWS


@pytest.mark.parametrize("name", ["c.jsonl", "c.json", "c.csv", "c.parquet", "c.xlsx"])
@pytest.mark.parametrize("suffix", PACKED)
def test_packed_files(tmp_path: Path, name: str, suffix: str) -> None:
    needs(name)
    data = PACKED[suffix](FORMS[name](ROWS))
    (tmp_path / (name + suffix)).write_bytes(data)
    (tmp_path / name).write_bytes(data)  # the content tells, whatever the name
    assert plain(read(tmp_path / (name + suffix))) == plain(read(tmp_path / name)) == ROWS


@pytest.mark.parametrize("suffix", PACKED)
def test_a_packed_file_that_is_cut_off_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"c.jsonl{suffix}"
    path.write_bytes(PACKED[suffix](json_lines(ROWS * 300))[:-12])
    with pytest.raises(DsltmError, match=r"the \w+ file is (cut off|damaged)"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize("name", ["c.jsonl", "c.json", "c.csv"])
def test_encodings(tmp_path: Path, name: str, encoding: str) -> None:
    (tmp_path / name).write_bytes(FORMS[name](ROWS).decode().encode(encoding))
    assert plain(read(tmp_path / name, encoding=encoding)) == ROWS
    if not encoding.endswith("-le"):  # the others begin with a mark that tells them
        assert plain(read(tmp_path / name)) == ROWS


def test_latin_1_by_its_name_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes('id,text\n1,"caf\xe9\nau lait"\n'.encode("latin-1"))
    with pytest.raises(DsltmError, match=r"c\.csv:2: not UTF-8 .*, try --encoding latin-1"):
        read(path)
    assert [d.text for d in read(path, encoding="latin-1")] == ["café\nau lait"]
    with pytest.raises(UsageError, match=r"there is no encoding 'latin-11'"):
        read(path, encoding="latin-11")
    path.write_bytes(b"abc")
    with pytest.raises(DsltmError, match=r"c\.csv: not utf-16 text, try another --encoding"):
        read(path, encoding="utf-16")


def test_a_quotation_mark_in_tsv_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / "c.tsv"
    path.write_text('id\ttext\n1\t"Hello storm\n2\tpython\n3\tbutter goodbye"\n4\tgoal\n')
    assert [d.text for d in read(path)] == ['"Hello storm', "python", 'butter goodbye"', "goal"]
    path.write_text('id\ttext\n1\t"two\nlines"\n')
    with pytest.raises(
        DsltmError, match=r"c\.tsv:3: the row has 1 field, and the heading has 2, try --format"
    ):
        read(path)
    assert [d.text for d in read(path, format="csv")] == ["two\nlines"]


def test_ids_beyond_64_bits_stay_different(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    ids = [str(340282366920938463463374607431768211455 - i) for i in range(3)] + ["9" * 5000]
    path.write_text("".join(f'{{"text": "x", "id": {i}}}\n' for i in ids))
    assert [d.id for d in read(path)] == ids
    path.write_text("[" + ",".join(f'{{"text": "x", "id": {i}}}' for i in ids) + "]")
    assert [d.id for d in read(path)] == ids


def test_what_is_missing_is_no_value(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(
        '{"text": "x", "id": NaN, "label": NaN, "other": -Infinity}\n{"text": "y", "label": " "}\n'
    )
    assert [(d.id, d.label) for d in read(path)] == [("0", None), ("1", None)]


def test_fields_that_are_not_needed_are_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"text": "x", "id": [1], "label": ["a", "b"]}\n')
    assert read(path, Fields(id=None)) == [Document("0", "x", None, 1)]
    path.write_text('{"id": 7, "label": "a"}\n')
    assert read(path, Fields(text=None, label="label")) == [Document("7", "", "a", 1)]
    path.write_text("id,label\n7,a\n")
    assert read(tmp_path / "c.jsonl", Fields(text=None, label="label"), format="csv")[0].label == "a"


def test_several_classes_are_none_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"text": "x", "label": "a"}\n{"text": "y", "label": ["a", "b"]}\n')
    assert [d.label for d in read(path)] == ["a", None]
    assert "1 documents have no class here" in (err := capsys.readouterr().err)
    assert "c.jsonl:2" in err
    with pytest.raises(DsltmError, match=r"c\.jsonl:2: the field 'label' is a list"):
        read(path, Fields(label="label", needs_label=True))


def test_kept_fields_of_every_kind(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow
    from pyarrow import parquet

    path = tmp_path / "c.parquet"
    when = dt.datetime(2024, 3, 31, 12, tzinfo=dt.UTC)
    columns = {
        "text": pyarrow.array(["x"], pyarrow.large_binary()),
        "day": pyarrow.array([dt.date(2024, 3, 31)]),
        "ns": pyarrow.array([when], pyarrow.timestamp("ns", "Europe/Paris")),
        "tags": pyarrow.array([["a", "b"]]),
        "kind": pyarrow.array(["k"]).dictionary_encode(),
        "big": pyarrow.array([2**63], pyarrow.uint64()),
        "no": pyarrow.array([None], pyarrow.float64()),
    }
    parquet.write_table(pyarrow.table(columns), path)
    [document] = read(path, Fields(keep=("day", "ns", "tags", "kind", "big", "no")))
    assert document.fields == {
        "day": "2024-03-31",
        "ns": "2024-03-31T12:00:00",
        "tags": '["a", "b"]',
        "kind": "k",
        "big": "9223372036854775808",
    }


def test_workbooks_keep_whole_numbers_whole_and_dates_dates(tmp_path: Path) -> None:
    needs("c.xlsx")
    path = tmp_path / "c.xlsx"
    path.write_bytes(workbook([{"id": 7.0, "text": "x", "day": dt.date(2024, 3, 31), "n": 1.5}]))
    [document] = read(path, Fields(keep=("day", "n")))
    assert (document.id, document.fields) == ("7", {"day": "2024-03-31", "n": "1.5"})


def test_a_folder_is_its_files_one_after_another(tmp_path: Path) -> None:
    folder = tmp_path / "posts"
    (folder / "2024").mkdir(parents=True)
    (folder / "a.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    (folder / "2024" / "b.csv.gz").write_bytes(gzip.compress(b"text\nthree\n"))
    (folder / "README.md").write_text("notes")
    (folder / ".hidden.jsonl").write_text("nonsense")
    corpus = Corpus(str(folder))
    assert [(d.id, d.text) for d in corpus] == [("1", "three"), ("2", "one"), ("3", "two")]
    assert corpus.digest() == Corpus(str(folder)).digest() != Corpus(str(folder / "a.jsonl")).digest()
    pattern = Corpus(str(folder / "*.jsonl"))
    assert [d.text for d in pattern] == ["one", "two"]
    both = [str(folder / "a.jsonl"), str(folder / "2024" / "b.csv.gz")]
    assert [d.text for d in read(both)] == ["one", "two", "three"]


def test_texts_of_a_folder_are_a_document_each(tmp_path: Path) -> None:
    for name, text in {"b.txt": "two\nlines\n", "a.md": "# one", "in/c.txt": ""}.items():
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(text)
    documents = read(tmp_path / "docs")
    assert [(d.id, d.text) for d in documents] == [
        ("a.md", "# one"),
        ("b.txt", "two\nlines\n"),
        ("in/c.txt", ""),
    ]
    assert len(read(tmp_path / "docs", format="lines")) == 3
    assert [d.text for d in read(tmp_path / "docs" / "b.txt")] == ["two", "lines"]


def test_ten_thousand_files_need_no_ten_thousand_descriptors(tmp_path: Path) -> None:
    import resource

    for number in range(300):
        (tmp_path / f"{number:03}.txt").write_text(f"text {number}")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, before[1]))
    try:
        assert len(read(tmp_path)) == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_an_address_is_read_by_fsspec(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in ("a.jsonl", "in/b.csv"):
        data = b'{"text": "one"}\n' if name == "a.jsonl" else b"text\ntwo\n"
        memory.pipe(f"/dsltm-test/{name}", data)
    assert [d.text for d in read("memory://dsltm-test/a.jsonl")] == ["one"]
    assert [d.text for d in read("memory://dsltm-test")] == ["one", "two"]
    with pytest.raises(DsltmError, match=r"memory://dsltm-test/nowhere\.jsonl: no such file"):
        read("memory://dsltm-test/nowhere.jsonl")
    with pytest.raises(DsltmError, match=r"nonsense://x: cannot be reached"):
        read("nonsense://x")


def test_a_long_array_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsltm.formats.forms.json_text._CHUNK", 64)
    rows = [{"id": str(i), "text": "x" * (i % 200), "label": "é"} for i in range(500)]
    (tmp_path / "c.json").write_bytes(json_array(rows))
    assert plain(read(tmp_path / "c.json")) == rows


def test_a_workbook_of_an_unknown_version_of_zip_is_one_sentence(tmp_path: Path) -> None:
    needs("c.xlsx")
    data = bytearray(workbook(ROWS))
    data[data.index(b"PK\x01\x02") + 6] = 159  # the version that is needed to unpack the first member
    (tmp_path / "c.xlsx").write_bytes(data)
    with pytest.raises(DsltmError, match=r"not an Excel file that can be read: zip file version 15\.9"):
        read(tmp_path / "c.xlsx")


def test_what_is_no_such_file_is_one_sentence(tmp_path: Path) -> None:
    for name in ("c.parquet", "c.arrow", "c.xlsx"):
        needs(name)
        data = FORMS[name](ROWS)
        for damaged in (data[: len(data) // 2], data[:-200] + b"\xff" * 200):
            (tmp_path / name).write_bytes(damaged)
            with pytest.raises(DsltmError, match=rf"{name}: (not an? |no column)"):
                read(tmp_path / name)
        (tmp_path / name).write_bytes(FORMS[name]([{"body": "x"}]))
        with pytest.raises(DsltmError, match=r"no column 'text' among body, try --text-field"):
            read(tmp_path / name)
    with pytest.raises(DsltmError, match=r"--encoding is of text"):
        read(tmp_path / "c.parquet", encoding="latin-1")
