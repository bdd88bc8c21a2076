"""Reading corpora: every format, every way in, every way to be wrong."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsltm.errors import DsltmError
from dsltm.formats import source
from dsltm.formats.corpus import Corpus, Document, Fields, Reading
from dsltm.formats.records import read_jsonl, write_jsonl

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


ALL = Fields(label="label")


def read(path: Path, content: str | bytes, fields: Fields = ALL, **reading: Any) -> list[Document]:
    return list(Corpus(write(path, content), fields, Reading(**reading)))


def texts(documents: list[Document]) -> list[str]:
    return [document.text for document in documents]


def test_json_lines(tmp_path: Path) -> None:
    corpus = (
        '{"text": "one", "id": "a", "label": "x", "other": [1]}\n\n{"text": "", "id": 7}\n{"text": "three"}'
    )
    assert read(tmp_path / "c.jsonl", corpus) == [
        Document("a", "one", "x", 1),
        Document("7", "", None, 3),
        Document("3", "three", None, 4),
    ]


def test_other_field_names_and_kept_fields(tmp_path: Path) -> None:
    corpus = '{"body": "one", "key": 1.5, "class": true, "when": "2020", "n": 3, "no": null}\n'
    [document] = read(
        tmp_path / "c.jsonl",
        corpus,
        Fields("body", "key", "class", ["when", "n", "no", "none"]),
    )
    assert (document.id, document.label) == ("1.5", "true")
    assert document.fields == {"when": "2020", "n": "3"}


def test_lines_keep_empty_documents(tmp_path: Path) -> None:
    documents = read(tmp_path / "c.txt", "first\r\n\nthird \n")
    assert documents == [
        Document("0", "first", None, 1),
        Document("1", "", None, 2),
        Document("2", "third ", None, 3),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv(tmp_path: Path, delimiter: str) -> None:
    rows = ["id,text,label", '1,"two\nlines, one ""text""",x', "", "2,,"]
    content = "\n".join(rows).replace(",", delimiter).replace(f"lines{delimiter} one", "lines, one")
    documents = read(tmp_path / "c.csv", content)
    assert documents == [
        Document("1", 'two\nlines, one "text"', "x", 2),
        Document("2", "", None, 5),
    ]


def test_the_format_follows_the_name(tmp_path: Path) -> None:
    assert texts(read(tmp_path / "c.csv.gz", gzip.compress(b"text\none\n"))) == ["one"]
    assert texts(read(tmp_path / "c.txt", "{}\n")) == ["{}"]
    assert texts(read(tmp_path / "c.dat", "text\none\n", format="csv")) == ["one"]


def test_gzip_by_its_content_and_a_byte_order_mark(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"text": "one"}\n') + gzip.compress(b'{"text": "two"}\n')
    assert texts(read(tmp_path / "c.jsonl", packed)) == ["one", "two"]
    assert texts(read(tmp_path / "d.jsonl", b'\xef\xbb\xbf{"text": "one"}\n')) == ["one"]


def test_half_a_surrogate_pair_keeps_its_row(tmp_path: Path) -> None:
    assert texts(read(tmp_path / "c.jsonl", '{"text": "cut \\ud83d", "id": "\\ud83d\\ude00"}')) == ["cut ?"]


def test_reading_twice_and_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", "".join(f'{{"text": "t{i}"}}\n' for i in range(1000)))
    corpus = Corpus(path)
    first, second = iter(corpus), iter(corpus)
    pairs = [(next(first).text, next(second).text) for _ in range(1000)]
    assert all(a == b == f"t{i}" for i, (a, b) in enumerate(pairs))
    assert len(list(corpus)) == 1000


def test_a_pipe_is_read_twice_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "spool"))
    (tmp_path / "spool").mkdir()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    content = b'{"text": "one"}\n{"text": "two"}\n'
    writer = threading.Thread(target=fifo.write_bytes, args=(content,))
    writer.start()
    corpus = Corpus(str(fifo))
    writer.join()
    assert texts(list(corpus)) == texts(list(corpus)) == ["one", "two"]
    assert corpus.digest() == hashlib.sha256(content).hexdigest()
    assert list((tmp_path / "spool").iterdir()) == []


def test_the_digest_is_of_the_stored_bytes(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"text": "one"}\n', mtime=0)
    corpus = Corpus(write(tmp_path / "c.jsonl", packed))
    assert corpus.digest() == hashlib.sha256(packed).hexdigest()
    assert texts(list(corpus)) == ["one"]


WRONG = {
    "not JSON": ('{"text": "a"}\n{"text": "b"\n', r"c\.jsonl:2: not JSON"),
    "plain text": ("hello\n", r"c\.jsonl:1: not JSON, try --format lines"),
    "a list a line": ('{"text": "a"}\n["a"]', r"c\.jsonl:2: a list, not a JSON object"),
    "no text": ('{"id": 1, "body": "x"}', r"c\.jsonl:1: no field \'text\' among id, body, try --text-field"),
    "null": ('{"text": null}', r"c\.jsonl:1: the field 'text' is null, not a string"),
    "a number": ('{"text": 5}', r"c\.jsonl:1: the field 'text' is a number"),
    "an id that is a list": ('{"text": "a", "id": []}', r"c\.jsonl:1: the field 'id' is a list"),
    "not UTF-8": (
        b'{"text": "caf\xe9"}',
        r"c\.jsonl:1: not UTF-8 \(byte 14 of the line\), try --encoding latin-1",
    ),
    "an array that is cut off": ('[{"text": "a"},', r"c\.jsonl: the JSON array is cut off after 1 objects"),
    "an object that is cut off": ('[{"text": "a"}, {"te', r"c\.jsonl: row 2: cut off or not JSON"),
    "an array of strings": ('["a"]', r"c\.jsonl: row 1: a string, not a JSON object"),
    "rows within a field": (
        '{"data": [{"text": "a"}]}',
        r"no field 'text' among data, try jq -c '\.data\[\]'",
    ),
    "empty": ("", r"c\.jsonl: no documents$"),
    "blank": ("\n\n", r"c\.jsonl: no documents$"),
    "cut off gzip": (gzip.compress(b'{"text": "a"}\n' * 100)[:-9], r"c\.jsonl: the gzip file is cut off"),
    "damaged gzip": (b"\x1f\x8bnothing of the kind", r"c\.jsonl: the gzip file is damaged"),
    "NPZ": (b"PK\x03\x04....", r"c\.jsonl: not UTF-8 text but a zip or NPZ file"),
    "UTF-16": ('{"text": "a"}'.encode("utf-16-le"), r"c\.jsonl: not UTF-8 .*, try --encoding utf-16-le"),
    "PDF": (b"%PDF-1.4", r"c\.jsonl: not UTF-8 text but a PDF document, try pdftotext"),
    "binary": (b"abc\0def", r"c\.jsonl: not UTF-8 text but binary data"),
    "deep": (b'{"text": "a", "x": ' + b"[" * 100_000, r"c\.jsonl:1: not JSON"),
}


@pytest.mark.parametrize("name", WRONG)
def test_bad_input_is_one_sentence_with_its_place(tmp_path: Path, name: str) -> None:
    content, message = WRONG[name]
    with pytest.raises(DsltmError, match=message):
        read(tmp_path / "c.jsonl", content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", r"c\.csv:1: no column 'text' among a, b, try --text-field"),
        ("a,text\n1\n", r"c\.csv:2: the row has 1 field, and the heading has 2"),
        ("id,text\n1,storm, cloud\n", r"c\.csv:2: the row has 3 fields, and the heading has 2"),
        ("text,text\n1,2\n", r"c\.csv:1: two columns are called 'text'"),
        ('id,text\n1,"caf\xe9\nau lait"\n'.encode("latin-1"), r"c\.csv:2: not UTF-8 \(byte 7 of the line\)"),
        ('id,text\n1,"au lait\ncaf\xe9"\n'.encode("latin-1"), r"c\.csv:3: not UTF-8 \(byte 4 of the line\)"),
        ("id,text,caf\xe9\n".encode("latin-1"), r"c\.csv:1: not UTF-8 .*, try --encoding latin-1"),
        ('a,text\n1,"x\ny"\n2,"open\n', r"c\.csv:4: not CSV: unexpected end of data"),
        (b"text\nok\n\xff\n", r"c\.csv:3: not UTF-8 \(byte 1 of the line\)"),
        ("", r"c\.csv: no documents"),
        ("text\n", r"c\.csv: no documents"),
    ],
)
def test_bad_csv(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DsltmError, match=message):
        read(tmp_path / "c.csv", content)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(DsltmError, match=r"nowhere: no such file or directory"):
        Corpus(str(tmp_path / "nowhere"))
    with pytest.raises(DsltmError, match=r"no files that are read"):
        Corpus(str(tmp_path))


def test_skipping_counts_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "c.jsonl", '{"text": "a"}\nnot\n{"text": 1}\n{"text": "d"}\n')
    corpus = Corpus(path, reading=Reading(on_error="skip"))
    for _ in range(2):
        assert [(d.id, d.text) for d in corpus] == [("0", "a"), ("3", "d")]
        assert corpus.skipped == 2
    assert capsys.readouterr().err.count("skipped 2 rows") == 1


def test_skipping_in_csv_goes_on_behind_bytes_that_are_not_text(tmp_path: Path) -> None:
    content = b'text\none\nt\xffo\n"three"3\nfour\n'
    assert texts(read(tmp_path / "c.csv", content, on_error="skip")) == ["one", "four"]


def test_skipping_everything_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DsltmError, match=r"no documents: all 2 rows were skipped"):
        read(tmp_path / "c.jsonl", "a\nb\n", on_error="skip")


@pytest.mark.parametrize("name", ["c.jsonl", "c.txt", "c.csv"])
def test_an_endless_line_takes_no_endless_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in ("source", "records", "forms.tables", "forms.plain"):
        monkeypatch.setattr(f"dsltm.formats.{module}.MAX_LINE", 1 << 20)
    head, row = {
        "c.jsonl": (b"", lambda text: json.dumps({"text": text}).encode()),
        "c.txt": (b"", str.encode),
        "c.csv": (b"text\n", str.encode),
    }[name]
    content = head + row("a") + b"\n" + row("x" * (3 << 20)) + b"\n" + row("c") + b"\n"
    with pytest.raises(DsltmError, match=r"longer than 1 MiB"):
        read(tmp_path / name, content)
    assert texts(read(tmp_path / name, content, on_error="skip")) == ["a", "c"]
    assert max(map(len, source.Source(str(tmp_path / name)).lines())) <= (1 << 20) + 1


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, contents: list[str]) -> None:
    path = str(tmp_path_factory.mktemp("c") / "c.jsonl")
    write_jsonl(path, ({"text": text, "id": str(i)} for i, text in enumerate(contents)))
    assert texts(list(Corpus(path))) == contents
    assert [row["text"] for _, row in read_jsonl(path)] == contents


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_a_reader_fail_in_another_way(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = write(tmp_path_factory.mktemp("c") / "c", data)
    for form in ("jsonl", "lines", "csv"):
        for on_error in ("fail", "skip"):
            with contextlib.suppress(DsltmError):
                list(Corpus(path, ALL, Reading(form, None, on_error)))  # type: ignore[arg-type]
