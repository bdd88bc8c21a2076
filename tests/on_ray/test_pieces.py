"""A corpus in pieces has the documents that it has in one, by the same ids, in every form and however cut."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from test_forms import FORMS, ROWS, needs, tsv

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Corpus, Document, Fields, Reading

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("pyarrow", reason="the extra dsltm[ray] is not installed")

from dsltm.on_ray.pieces import Cut, input_files, of_row, pieces
from dsltm.on_ray.pieces import as_row as row_of

FIELDS = Fields(label="label")


def in_pieces(place: Path | str, cut: Cut) -> list[Document]:
    """The documents as workers get them: each piece packed, sent and read."""
    documents, lines = [], 0
    for file in input_files(str(place), "auto"):
        placed = replace(file, before=lines)
        for piece in pieces(placed, cut):
            (about,), (data,) = row_of(piece, placed).values()
            documents += of_row(json.loads(about), data).documents(cut)
            lines = placed.before + piece.first + piece.data.count(b"\n")
    return documents


def whole(place: Path | str, **reading: str) -> list[Document]:
    return list(Corpus(str(place), FIELDS, Reading(**reading)))  # type: ignore[arg-type]


@pytest.mark.parametrize("lines", [1, 3, 100])
@pytest.mark.parametrize("name", [*FORMS, "c.tsv", "c.jsonl.gz", "c.csv.gz", "c.txt", "data"])
def test_every_form(name: str, lines: int, tmp_path: Path) -> None:
    needs(name)
    flat = [{key: value.replace("\n", " ") for key, value in row.items()} for row in ROWS]
    made = {
        **FORMS,
        "c.tsv": lambda _: tsv(flat * 2),
        "c.jsonl.gz": FORMS["c.jsonl"],
        "c.csv.gz": FORMS["c.csv"],
    }
    made |= {"c.txt": lambda rows: b"one\n\nthree\n", "data": FORMS["c.csv"]}
    data = made[name](ROWS * 2)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    cut = Cut(FIELDS, "fail", lines)
    assert in_pieces(tmp_path / name, cut) == whole(tmp_path / name)
    assert in_pieces(f"file://{tmp_path / name}", cut) == whole(tmp_path / name)


def test_rows_without_ids_are_called_the_same_in_folders(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text\n"two\nlines"\n\nx\n')
    (tmp_path / "b.jsonl").write_text('\n{"text": "y"}\n')
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "c.csv").write_text("text\nz\n")
    (tmp_path / "notes.md").write_text("passed over, beside tables")
    documents = in_pieces(tmp_path, Cut(FIELDS, "fail", 2))
    assert [(each.id, each.text) for each in documents] == [(each.id, each.text) for each in whole(tmp_path)]
    assert len(documents) == 4


def test_texts_of_a_folder_are_a_document_each(tmp_path: Path) -> None:
    for name in ("a.txt", "b.md"):
        (tmp_path / name).write_text(f"two lines\nof {name}")
    assert in_pieces(tmp_path, Cut(FIELDS, "fail", 10)) == whole(tmp_path)


def test_encodings_and_rows_that_are_no_documents(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes("id,text\na,é\nb\nc,ü\n".encode("latin-1"))
    skipping = Cut(FIELDS, "skip", 2, "latin-1")
    documents = in_pieces(path, skipping)
    assert documents == whole(path, encoding="latin-1", on_error="skip")
    (file,) = input_files(str(path), "auto")
    assert sum(piece.read(skipping)[1] for piece in pieces(file, skipping)) == 1
    with pytest.raises(DsltmError, match=r"c\.csv:3: the row has 1 field"):
        in_pieces(path, Cut(FIELDS, "fail", 2, "latin-1"))
    with pytest.raises(DsltmError, match="not UTF-8"):
        in_pieces(path, Cut(FIELDS, "fail", 2))
