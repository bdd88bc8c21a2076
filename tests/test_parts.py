"""A folder of parts is taken wherever a labels file is, and gives the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_teachers
from hypothesis import given
from hypothesis import strategies as st
from parts import split
from shell import dsltm

from dsltm.errors import DsltmError
from dsltm.formats.labels import read_labels
from dsltm.formats.stacked import Stacked

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Made


@pytest.fixture(scope="module")
def folder(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return split(made.labels, tmp_path_factory.mktemp("parts") / "labels", [1, 50, 50, 97])


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=5),
    st.one_of(st.slices(12), st.integers(-12, 11), st.lists(st.integers(-12, 11))),
)
def test_stacked_arrays_are_the_array(lengths: list[int], key: Any) -> None:
    ends = np.cumsum([min(n, 12) for n in lengths]).clip(max=12)[:-1]
    whole = np.arange(24).reshape(12, 2)
    pile = Stacked(np.split(whole, ends))
    key = np.array(key, np.int64) if isinstance(key, list) else key
    np.testing.assert_array_equal(pile[key], whole[key])
    np.testing.assert_array_equal(np.asarray(pile), whole)
    assert (pile.shape, pile.dtype, pile.ndim, len(pile)) == (whole.shape, whole.dtype, 2, 12)
    with pytest.raises(IndexError):
        pile[np.array([3, 12])]


def test_parts_hold_what_the_file_holds(folder: Path, made: Made) -> None:
    one, many = read_labels(str(made.labels)), read_labels(str(folder))
    assert many.header == one.header
    assert list(many.ids) == many.ids[:] == list(one.ids)
    assert many.ids[-1] == one.ids[-1]
    assert many.gold() == one.gold()
    for name in ("logits", "hidden", "bow_indptr", "bow_indices", "bow_data", "flags", "word_embeddings"):
        np.testing.assert_array_equal(getattr(many, name), getattr(one, name), err_msg=name)


def test_counts_of_parts_are_those_of_the_file(folder: Path, made: Made) -> None:
    one, many = read_labels(str(made.labels)), read_labels(str(folder))
    assert isinstance(many.bow_data, Stacked)
    assert (many.counts != one.counts).nnz == 0
    assert many.counts.data.sum() == one.bow_data.sum() > 0
    assert (many.vocabulary_counts != one.vocabulary_counts).nnz == 0


@pytest.fixture(scope="module")
def files(made: Made, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the commands need beside labels, by the names that the tests give it."""
    place = tmp_path_factory.mktemp("files")
    rows = ({"label": name, "keywords": words[:3]} for name, words in tiny_teachers.THEMES.items())
    (place / "topics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    counting = place / "counting.npz"
    done = dsltm("train", made.labels, "-k", "4", "--epochs", "2", "--input", "both", "-o", counting)
    assert done.returncode == 0, done.stderr.decode()
    return {
        "MODEL": made.model,
        "COUNTING": counting,
        "CORPUS": made.corpus,
        "TOPICS": place / "topics.jsonl",
    }


@pytest.fixture(scope="module")
def of_a_file() -> dict[str, bytes]:
    """What commands made of the labels file, by their arguments: it does not depend on the parts."""
    return {}


@pytest.mark.parametrize("parts", [[60], [1, 50, 50, 97]], ids=["two parts", "five parts"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "LABELS", "-k", "4", "--epochs", "2", "--input", "both"],
        ["train", "LABELS", "-k", "4", "--epochs", "2", "--input", "bow", "--target", "bow"],
        ["assign", "MODEL", "LABELS"],
        ["assign", "COUNTING", "LABELS"],
        ["eval", "MODEL", "LABELS"],
        ["topics", "MODEL", "LABELS", "--coherence", "--examples", "2"],
        ["topics", "MODEL", "LABELS", "--html", "PAGE"],
        ["ground", "TOPICS", "LABELS"],
        ["ground", "TOPICS", "CORPUS", "--labels", "LABELS"],
        ["attend", "TOPICS", "CORPUS", "--labels", "LABELS", "--sample", "40"],
        ["merge", "LABELS"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]).lower(),
)
def test_every_command_that_reads_labels_takes_a_folder(
    arguments: list[str],
    parts: list[int],
    made: Made,
    files: dict[str, Path],
    of_a_file: dict[str, bytes],
    tmp_path: Path,
) -> None:
    def output(labels: Path) -> bytes:
        places = files | {"LABELS": labels, "PAGE": tmp_path / "page.html"}
        done = dsltm(*(places.get(word, word) for word in arguments))
        assert done.returncode == 0, done.stderr.decode()
        return places["PAGE"].read_bytes() if "PAGE" in arguments else done.stdout

    name = " ".join(arguments)
    if name not in of_a_file:
        of_a_file[name] = output(made.labels)
    assert output(split(made.labels, tmp_path / "labels", parts)) == of_a_file[name]
    assert len(of_a_file[name]) > 1000


def spoil(folder: Path, what: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    part = folder / "part-00001.npz"
    if what == "missing":
        part.unlink()
    elif what == "cut":
        part.write_bytes(part.read_bytes()[:-100])
    elif what == "altered":
        data = bytearray(part.read_bytes())
        data[len(data) // 2] ^= 1
        part.write_bytes(data)
    elif what == "swapped":
        part.write_bytes((folder / "part-00000.npz").read_bytes())
    elif what == "unfinished":
        del manifest["parts"][1]
    elif what == "outside":
        manifest["parts"][1]["file"] = "../part-00001.npz"
    elif what == "newer":
        manifest["version"] = 2
    elif what == "bare":
        (folder / "manifest.json").unlink()
        return
    (folder / "manifest.json").write_text("{" if what == "garbled" else json.dumps(manifest))


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("missing", "part-00001.npz: no such file"),
        ("cut", "part-00001.npz: is cut off"),
        ("altered", "part-00001.npz: is cut off or altered"),
        ("swapped", "part-00001.npz: has 1 documents, and 49 in the manifest"),
        ("unfinished", "only 4 of its 5 parts are finished, try"),
        ("outside", "manifest.json: lists parts that cannot be"),
        ("newer", "manifest.json: was written by a newer dsltm"),
        ("garbled", "manifest.json: is cut off or altered"),
        ("bare", "is a directory without a manifest.json"),
    ],
)
def test_a_damaged_folder_is_told_in_a_sentence(what: str, told: str, made: Made, tmp_path: Path) -> None:
    folder = split(made.labels, tmp_path / "labels", [1, 50, 50, 97])
    spoil(folder, what)
    with pytest.raises(DsltmError) as caught:
        read_labels(str(folder))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_parts_of_other_runs_are_refused(made: Made, tmp_path: Path) -> None:
    folder = split(made.labels, tmp_path / "labels", [60])
    done = dsltm(
        "distill", made.corpus, "--teacher", made.teacher, "--max-tokens", "64", "-o", tmp_path / "o.npz"
    )
    assert done.returncode == 0, done.stderr.decode()
    other = split(tmp_path / "o.npz", tmp_path / "other", [60])
    (other / "part-00001.npz").replace(folder / "part-00001.npz")
    with pytest.raises(DsltmError, match="part 1 is of another run"):
        read_labels(str(folder))
