"""Written topics find their documents, and the model works with the other commands unchanged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny_teachers
from shell import dsltm

from dsltm.formats.labels import read_labels
from dsltm.formats.model import read_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = sorted(tiny_teachers.THEMES)


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, tiny_teacher: Callable[[str], Path], tiny_corpus: Path
) -> Path:
    """A folder with topics of two keywords each, labels, and the model that comes of them."""
    folder = tmp_path_factory.mktemp("ground")
    with (folder / "topics.jsonl").open("w") as file:
        for name in NAMES:
            file.write(json.dumps({"label": name, "keywords": tiny_teachers.THEMES[name][:2]}) + "\n")
    teacher = str(tiny_teacher("llama"))
    done = dsltm("distill", tiny_corpus, "--teacher", teacher, "-o", folder / "labels.npz")
    assert done.returncode == 0, done.stderr
    done = dsltm(
        "ground", folder / "topics.jsonl", tiny_corpus, "--labels", folder / "labels.npz",
        "--balance", "0.3", "-o", folder / "model.npz",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def accuracy(folder: Path, theta: np.ndarray) -> float:
    gold = read_labels(str(folder / "labels.npz")).gold()
    return float(np.mean([NAMES[k] == name for k, name in zip(theta.argmax(1), gold, strict=True)]))


def test_documents_find_their_topics_beyond_the_keywords(made: Path) -> None:
    from dsltm.assigning.documents import theta_of

    labels = read_labels(str(made / "labels.npz"))
    theta = theta_of(read_model(str(made / "model.npz")), labels)
    np.testing.assert_allclose(theta.sum(1), 1, rtol=1e-5)
    vocabulary = labels.vocabulary
    told = {vocabulary.index(word) for name in NAMES for word in tiny_teachers.THEMES[name][:2]}
    rows = np.split(labels.bow_indices, labels.bow_indptr[1:-1])
    hit = np.mean([bool(told & set(row.tolist())) for row in rows])
    assert hit < 0.75
    assert accuracy(made, theta) > hit + 0.1


def test_topics_words_are_those_of_their_theme(made: Path) -> None:
    model = read_model(str(made / "model.npz"))
    assert model.header["backbone"] == "ground"
    assert model.names == NAMES
    np.testing.assert_allclose(model.beta.sum(1), 1, rtol=1e-5)
    for name, row in zip(NAMES, model.beta, strict=True):
        best = {model.vocabulary[i] for i in np.argsort(-row)[:6]}
        assert len(best & set(tiny_teachers.THEMES[name])) >= 5


def test_assign_topics_and_eval_take_the_model(made: Path) -> None:
    model, labels = made / "model.npz", made / "labels.npz"
    shown = [json.loads(line) for line in dsltm("topics", model, labels).stdout.splitlines()]
    assert [row["label"] for row in shown] == NAMES
    assert sum(row["size"] for row in shown) == 120
    scores = json.loads(dsltm("eval", model, labels).stdout)
    assert scores["purity"] > 0.7
    done = dsltm("assign", model, labels)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 120
    assert all(abs(sum(row["theta"]) - 1) < 1e-4 for row in rows)


def test_the_same_command_gives_the_same_bytes_and_labels_alone_will_do(
    made: Path, tiny_corpus: Path
) -> None:
    again = dsltm(
        "ground", made / "topics.jsonl", tiny_corpus, "--labels", made / "labels.npz", "--balance", "0.3",
        env={"PYTHONHASHSEED": "1"},
    )  # fmt: skip
    assert again.stdout == (made / "model.npz").read_bytes()
    alone = dsltm("ground", made / "topics.jsonl", stdin=(made / "labels.npz").read_bytes())
    assert alone.returncode == 0, alone.stderr


def test_a_document_with_an_unknown_id_and_unseen_words_are_warned_of(made: Path, tmp_path: Path) -> None:
    topics = tmp_path / "topics.jsonl"
    topics.write_text('{"label": "zebra", "documents": ["d0", "nowhere"]}\n{"label": "quagga"}\n')
    done = dsltm("ground", topics, made / "labels.npz", "-o", tmp_path / "model.npz")
    assert done.returncode == 0
    said = done.stderr.decode()
    assert "1 documents that the topics name are not among these" in said
    assert "no document has the words of 1 of 2 topics (quagga)" in said


def test_a_name_that_documents_have_in_another_form_is_found(made: Path, tmp_path: Path) -> None:
    words = [word for name in NAMES for word in tiny_teachers.THEMES[name]]
    plain = next(word for word in words if not word.endswith("s") and f"{word}s" not in words)
    for label in (plain, f"{plain}s"):
        (tmp_path / "topics.jsonl").write_text(json.dumps({"label": label}) + '\n{"label": "quagga"}\n')
        model = tmp_path / f"{label}.npz"
        done = dsltm("ground", tmp_path / "topics.jsonl", made / "labels.npz", "-o", model)
        said = done.stderr.decode()
        assert "the words of 1 of 2 topics (quagga)" in said
        assert "with --labels and the corpus" in said
    thetas = [read_model(str(tmp_path / f"{label}.npz")).beta for label in (plain, f"{plain}s")]
    assert thetas[0][0].argmax() == thetas[1][0].argmax()


def test_what_does_not_belong_together_is_refused(
    made: Path, tiny_teacher: Callable[[str], Path], tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"text": "rain"}\n{"text": "oven"}\n')
    topics, labels = made / "topics.jsonl", made / "labels.npz"
    for args, complaint in (
        ([topics, other, "--labels", labels], "was made of another corpus"),
        ([topics, labels, "--labels", labels], "the documents are a labels file already"),
        ([topics, labels, "--teacher", tiny_teacher("gemma3")], "the documents were read by"),
        ([labels, labels], "not UTF-8 text but a zip or NPZ file"),
    ):
        done = dsltm("ground", *args, "-o", tmp_path / "model.npz")
        assert done.returncode in (1, 2)
        assert complaint in done.stderr.decode()
        assert b"Traceback" not in done.stderr
    assert not (tmp_path / "model.npz").exists()


def test_topics_may_be_rare_or_frequent() -> None:
    from dsltm.written.ground.matching import shares

    rng = np.random.default_rng(0)
    truth = rng.choice(3, 6000, p=[0.8, 0.17, 0.03])
    likelihood = rng.normal(0, 1, (6000, 3))
    likelihood[np.arange(6000), truth] += 2  # a difference of 2 in means of deviation 1 is a factor of e²
    theta = np.exp(2 * likelihood)
    theta = (theta / theta.sum(1, keepdims=True)).astype(np.float32)
    np.testing.assert_allclose(shares(theta), [0.8, 0.17, 0.03], atol=0.02)
    right = (theta * shares(theta)).argmax(1) == truth
    assert right.mean() > (theta.argmax(1) == truth).mean() + 0.02
