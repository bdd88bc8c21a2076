"""`--vectors`: a user's own vectors beside a teacher's logits, or beside word counts alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import dsltm

from dsltm.errors import DsltmError
from dsltm.formats.labels import read_labels
from dsltm.formats.model import read_model
from dsltm.formats.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THEMES = 6


@pytest.fixture(scope="module")
def teacher(tiny_teacher: Callable[[str], Path]) -> Path:
    return tiny_teacher("llama")


def classes(corpus: Path) -> list[str]:
    return [json.loads(line)["label"] for line in corpus.read_text().splitlines()]


@pytest.fixture(scope="module")
def vectors(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors [120, 8] in which the classes lie far apart."""
    names = classes(tiny_corpus)
    codes = [sorted(set(names)).index(name) for name in names]
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("vectors") / "emb.npy"
    np.save(path, (np.eye(8)[codes] * 5 + rng.normal(0, 0.3, (len(codes), 8))).astype(np.float32))
    return path


@pytest.fixture(scope="module")
def made(teacher: Path, tiny_corpus: Path, vectors: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with labels of the teacher alone, of both, and of the vectors alone."""
    folder = tmp_path_factory.mktemp("made")
    for name, args in (
        ("plain", ("--teacher", teacher)),
        ("both", ("--teacher", teacher, "--vectors", vectors)),
        ("alone", ("--teacher", "none", "--vectors", vectors)),
    ):
        done = dsltm("distill", tiny_corpus, *args, "-o", folder / f"{name}.npz")
        assert done.returncode == 0, done.stderr
    return folder


def test_vectors_take_the_place_of_hidden_states_and_of_nothing_else(made: Path, vectors: Path) -> None:
    plain, both = read_labels(str(made / "plain.npz")), read_labels(str(made / "both.npz"))
    np.testing.assert_array_equal(both.hidden, np.load(vectors).astype(np.float16))
    for name in ("logits", "bow_indptr", "bow_indices", "bow_data", "gold_codes", "flags", "word_embeddings"):
        np.testing.assert_array_equal(getattr(both, name), getattr(plain, name))
    assert list(both.ids) == list(plain.ids)
    assert both.header == plain.header | {"vectors": 8}


def test_without_a_teacher_there_are_counts_and_vectors(made: Path, vectors: Path) -> None:
    plain, alone = read_labels(str(made / "plain.npz")), read_labels(str(made / "alone.npz"))
    np.testing.assert_array_equal(alone.hidden, np.load(vectors).astype(np.float16))
    assert alone.logits.shape == (120, 0)
    assert alone.header["teacher"] is None
    assert alone.read is None
    assert alone.words == plain.words
    assert alone.vocabulary == plain.vocabulary
    assert alone.gold() == plain.gold()
    np.testing.assert_array_equal(alone.counts.toarray(), plain.counts.toarray())
    np.testing.assert_array_equal(alone.vocabulary_counts.toarray(), plain.vocabulary_counts.toarray())
    np.testing.assert_array_equal(alone.flags, plain.flags)


def purity(rows: list[dict[str, Any]], truth: list[str]) -> float:
    topics = [row["topic"] for row in rows]
    right = 0
    for topic in set(topics):
        own = [name for name, other in zip(truth, topics, strict=True) if other == topic]
        right += max(own.count(name) for name in own)
    return right / len(topics)


@pytest.mark.parametrize("options", [(), ("--target", "bow"), ("--baseline", "zeroshottm")])
@pytest.mark.parametrize("labels", ["both", "alone"])
def test_a_model_goes_by_the_vectors(
    made: Path, tiny_corpus: Path, vectors: Path, tmp_path: Path, labels: str, options: tuple[str, ...]
) -> None:
    file, model = made / f"{labels}.npz", tmp_path / "model.npz"
    done = dsltm("train", file, "-k", str(THEMES), "--epochs", "60", *options, "-o", model)
    if labels == "alone" and not options:
        assert done.returncode == 2
        assert b"no teacher read these documents, so only their word counts can be learned" in done.stderr
        assert not model.exists()
        return
    assert done.returncode == 0, done.stderr
    assert read_model(str(model)).header["vectors"] == 8
    of_labels = dsltm("assign", model, file)
    assert of_labels.returncode == 0, of_labels.stderr
    rows = [json.loads(line) for line in of_labels.stdout.splitlines()]
    assert purity(rows, classes(tiny_corpus)) > 0.8
    of_corpus = dsltm("assign", model, tiny_corpus, "--vectors", vectors)
    assert of_corpus.returncode == 0, of_corpus.stderr
    assert of_corpus.stdout == of_labels.stdout
    if labels == "alone":
        for command in ("topics", "eval"):
            done = dsltm(command, model, file)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("baseline", ["fastopic", "etm"])
def test_baselines_need_no_teacher(made: Path, tmp_path: Path, baseline: str) -> None:
    model = tmp_path / "model.npz"
    base = ("train", made / "alone.npz", "-k", "4", "--epochs", "2", "--baseline", baseline, "-o", model)
    done = dsltm(*base)
    assert done.returncode == 0, done.stderr
    assert np.isfinite(read_model(str(model)).beta).all()
    if baseline == "etm":
        done = dsltm(*base, "--embeddings", "teacher")
        assert done.returncode == 2
        assert b"no embeddings to begin with" in done.stderr


def test_what_does_not_fit_is_refused(
    made: Path, teacher: Path, tiny_corpus: Path, vectors: Path, tmp_path: Path
) -> None:
    models = {name: tmp_path / f"{name}.npz" for name in ("plain", "both")}
    for name, model in models.items():
        done = dsltm("train", made / f"{name}.npz", "-k", "4", "--epochs", "1", "-o", model)
        assert done.returncode == 0, done.stderr
    shorter, wider = tmp_path / "shorter.npy", tmp_path / "wider.npy"
    np.save(shorter, np.load(vectors)[:-1])
    np.save(wider, np.ones((120, 9)))
    (tmp_path / "topics.jsonl").write_text('{"label": "music"}\n{"label": "food"}\n')
    distill = ("distill", tiny_corpus, "--teacher", teacher, "-o", tmp_path / "labels.npz")
    none = ("distill", tiny_corpus, "--teacher", "none", "-o", tmp_path / "labels.npz")
    for command, message in (
        ((*distill, "--vectors", shorter), b"has 119 rows, and the corpus 120 documents"),
        ((*distill, "--vectors", tmp_path / "no.npy"), b"no.npy: no such file"),
        ((*distill, "--vectors", vectors, "--ray", "local"), b"--vectors does not go with --ray"),
        (none, b"--teacher none needs vectors from elsewhere"),
        ((*none, "--vectors", vectors, "--sample", "5"), b"--sample is about a teacher"),
        ((*none, "--vectors", vectors, "--prompt", "tags"), b"--prompt is about a teacher"),
        (("assign", models["both"], tiny_corpus), b"goes by vectors from elsewhere, of length 8"),
        (("assign", models["both"], tiny_corpus, "--vectors", wider), b"of length 8, these have 9"),
        (("assign", models["plain"], tiny_corpus, "--vectors", vectors), b"not by vectors from elsewhere"),
        (("assign", models["both"], made / "plain.npz"), b"come from different document vectors"),
        (("assign", models["plain"], made / "both.npz"), b"come from different document vectors"),
        (
            ("assign", models["both"], made / "both.npz", "--vectors", vectors),
            b"a labels file has its vectors",
        ),
        (("ground", tmp_path / "topics.jsonl", made / "alone.npz"), b"are not a teacher's"),
    ):
        done = dsltm(*command)
        assert done.returncode in (1, 2), command
        assert message in done.stderr
        assert done.stdout == b""
    assert not (tmp_path / "labels.npz").exists()


def test_shards_and_samples_have_the_vectors_of_their_documents(
    teacher: Path, tiny_corpus: Path, vectors: Path, tmp_path: Path
) -> None:
    base = ("distill", tiny_corpus, "--teacher", teacher, "--vectors", vectors, "--sample", "30")
    expected = np.load(vectors).astype(np.float16)
    for number in (1, 2):
        done = dsltm(*base, "--shard", f"{number}/2", "-o", tmp_path / f"{number}.npz")
        assert done.returncode == 0, done.stderr
    done = dsltm("merge", tmp_path / "1.npz", tmp_path / "2.npz", "-o", tmp_path / "joined.npz")
    assert done.returncode == 0, done.stderr
    joined = read_labels(str(tmp_path / "joined.npz"))
    assert joined.read is not None
    np.testing.assert_array_equal(joined.hidden, expected[joined.read])


def save(path: Path, array: np.ndarray) -> str:
    np.save(path, array, allow_pickle=array.dtype.hasobject)
    return str(path)


@pytest.mark.parametrize(
    "array",
    [
        np.ones(3),
        np.ones((3, 0)),
        np.ones((3, 2, 2)),
        np.ones((3, 2), int),
        np.array([["a"], ["b"], ["c"]]),
        np.array([[{}], [1], [2]], object),
        np.ones((3, 2), complex),
    ],
    ids=str,
)
def test_other_arrays_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(DsltmError, match=r"is an array of .* is needed|is no NPY file of numbers"):
        Vectors.open(save(tmp_path / "a.npy", array), 3)


def test_other_files_are_refused(tmp_path: Path) -> None:
    whole = (tmp_path / "whole.npy", np.arange(12.0).reshape(3, 4))
    save(*whole)
    data = whole[0].read_bytes()
    np.savez(tmp_path / "archive.npz", a=np.ones((3, 4)))
    cases = [b"", b"\x93NUMPY", data[:40], data[:-1], b"1 2 3\n", (tmp_path / "archive.npz").read_bytes()]
    for number, case in enumerate(cases):
        path = tmp_path / f"{number}.npy"
        path.write_bytes(case)
        with pytest.raises(DsltmError, match="is no NPY file of numbers"):
            Vectors.open(str(path), 3)


@given(
    st.lists(
        st.lists(st.floats(-1e5, 1e5) | st.sampled_from([np.nan, np.inf]), min_size=3, max_size=3), min_size=1
    )
)
def test_numbers_that_float16_has_not_are_refused(rows: list[list[float]]) -> None:
    vectors = Vectors("emb.npy", np.array(rows))
    bad = [number for number, row in enumerate(rows) if not all(abs(value) <= 65504 for value in row)]
    numbers = np.arange(len(rows))
    if bad:
        with pytest.raises(DsltmError, match=f"emb.npy: row {bad[0] + 1} holds values that are no numbers"):
            vectors.half(numbers)
    else:
        half = vectors.half(numbers)
        assert half.dtype == np.float16
        np.testing.assert_allclose(half, rows, rtol=2**-10, atol=2**-24)
