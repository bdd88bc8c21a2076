"""`dsltm eval` as a shell runs it: pipes, terminals, several models, other tools, and what goes wrong."""

import io
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_endpoint import FakeEndpoint, Reply, fake_endpoint
from planted import Planted, plant
from shell import DSLTM, dsltm, environment, on_terminal

from dsltm import cli
from dsltm.assigning.documents import theta_of
from dsltm.formats.labels import write_labels
from dsltm.formats.model import Model, write_model
from dsltm.formats.word_vectors import WordVectors
from dsltm.metrics.calibration import expected_calibration_error, is_majority, reliability
from dsltm.metrics.clustering import ASSIGNMENT
from dsltm.metrics.embedding import embedding_coherence, word_intrusion
from dsltm.metrics.names import MEANINGS
from dsltm.training import TrainConfig
from dsltm.training.loop import train
from dsltm.words.ranking import ranked, telling


@dataclass(frozen=True)
class Files:
    """A labels file, four models of two configurations, and a corpus of the same documents."""

    labels: Path
    models: list[Path]
    corpus: Path
    planted: Planted
    first: Model


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    directory = tmp_path_factory.mktemp("eval")
    planted = plant(documents=240, topics=4, words=80, words_per_topic=12, empty=10)
    labels = planted.labels
    with (directory / "labels.npz").open("wb") as file:
        members = {name: getattr(labels, name) for name in ("logits", "hidden", "flags", "word_embeddings")}
        members |= {name: getattr(labels, name) for name in ("bow_indptr", "bow_indices", "bow_data")}
        members |= {"ids": labels.ids.data, "ids_indptr": labels.ids.indptr, "gold": labels.gold_codes}
        write_labels(file, labels.header, members)
    paths, trained = [], []
    for topics in (4, 6):
        for seed in (0, 1):
            config = TrainConfig(topics=topics, seed=seed, epochs=20, units=32, device="cpu").resolved()
            trained.append(train(labels, config))
            paths.append(directory / f"k{topics}-s{seed}.npz")
            with paths[-1].open("wb") as file:
                write_model(file, trained[-1])
    rows = [{"id": str(i), "text": text, "label": gold} for i, (text, gold) in enumerate(texts(planted))]
    corpus = directory / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Files(directory / "labels.npz", paths, corpus, planted, trained[0])


def texts(planted: Planted) -> Iterator[tuple[str, str | None]]:
    labels = planted.labels
    for row, gold in enumerate(labels.gold()):
        span = slice(labels.bow_indptr[row], labels.bow_indptr[row + 1])
        counted = zip(labels.bow_indices[span], labels.bow_data[span], strict=True)
        yield " ".join(f"{labels.vocabulary[i]} " * n for i, n in counted), gold


class Output(io.StringIO):
    """Standard output of a command that runs in this process, which saves importing torch each time."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = io.BytesIO()


@dataclass(frozen=True)
class Done:
    status: int
    rows: list[dict[str, Any]]
    errors: list[str]


def run(*args: str | Path) -> Done:
    output, errors = Output(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        status = cli.run(["eval", *map(str, args)])
    lines = output.buffer.getvalue().splitlines()
    return Done(status, [json.loads(line) for line in lines], errors.getvalue().splitlines())


def rows(*args: str | Path) -> list[dict[str, Any]]:
    done = run(*args)
    assert done.status == 0, done.errors
    return done.rows


def tops(files: Files, count: int) -> list[list[str]]:
    """The first words of each topic of the first model."""
    model, vocabulary = files.first, files.planted.labels.vocabulary
    order = ranked(telling(model.beta, model.usage, model.sizes), vocabulary, count, usage=model.usage)
    return [[vocabulary[word] for word in row.tolist()] for row in order]


def test_one_model_is_one_object_of_every_metric(files: Files) -> None:
    (row,) = rows(files.models[0], files.labels, "--vectors")
    assert (row["topics"], row["documents"], row["empty_documents"], row["classes"]) == (4, 240, 10, 4)
    found = theta_of(files.first, files.planted.labels).argmax(1)
    for name, metric in ASSIGNMENT.items():
        assert row[name] == pytest.approx(metric(found, files.planted.truth))
    assert row["purity"] > 0.6
    assert row["precision_at_1"] > 0.6
    assert row["vector_precision_at_10"] > 0.6
    for name in ("topic_diversity", "i_rbo", "jaccard", "c_v", "npmi_doc", "umass"):
        assert np.isfinite(row[name])
    assert row["distinct_documents"] == 231  # the ten without text are one text
    assert row["precision_at_5_distinct"] > 0.6
    theta = theta_of(files.first, files.planted.labels)
    bins = reliability(theta.max(1), is_majority(found, files.planted.truth))
    assert row["ece_topic"] == pytest.approx(expected_calibration_error(bins))
    assert 0.2 < row["word_precision"] <= 1
    assert row["word_coverage"] > 0.8
    assert row["first_word_share"] > 1
    assert row["npmi_own"] == pytest.approx(row["npmi_doc"])
    vectors = WordVectors.of_labels(files.planted.labels)
    assert vectors is not None
    assert row["embedding_coherence"] == pytest.approx(embedding_coherence(tops(files, 15), vectors).mean())
    assert row["word_intrusion"] == pytest.approx(word_intrusion(tops(files, 10), vectors).mean())
    assert row["unembedded_words"] == 0
    assert row.keys() - {"model", "seed"} <= MEANINGS.keys()  # everything is explained
    assert "npmi" not in row  # without a reference nothing is known of the order of words


def test_labels_may_come_through_a_pipe_and_the_output_into_a_file(files: Files, tmp_path: Path) -> None:
    (expected,) = rows(files.models[0], files.labels)
    piped = dsltm("eval", files.models[0], "-", stdin=files.labels.read_bytes())
    assert (piped.returncode, json.loads(piped.stdout)) == (0, expected)
    (alone,) = rows(files.models[0])
    model = dsltm("eval", stdin=files.models[0].read_bytes())
    assert json.loads(model.stdout) == {**alone, "model": "standard input"}
    assert rows(files.models[0], files.labels, "-o", tmp_path / "out.jsonl") == []
    assert json.loads((tmp_path / "out.jsonl").read_text()) == expected


def test_a_model_alone_has_topics_to_judge(files: Files) -> None:
    (row,) = rows(files.models[0])
    assert "topic_diversity" in row
    assert "purity" not in row
    assert "c_v" not in row
    assert "word_precision" not in row
    assert "embedding_coherence" not in row


def test_the_reliability_behind_the_calibration_error(files: Files) -> None:
    (plain,) = rows(files.models[0], files.labels)
    (row,) = rows(files.models[0], files.labels, "--reliability")
    bins = row.pop("reliability")
    assert row == plain
    assert sum(each["documents"] for each in bins) == 240
    error = sum(each["documents"] * abs(each["right"] - each["p"]) for each in bins) / 240
    assert row["ece_topic"] == pytest.approx(error)
    status, shown = on_terminal("eval", files.models[0], files.labels, "--reliability")
    assert status == 0
    assert "first topic's p" in shown
    assert "0.9 to 1.0" in shown


def test_the_curve_of_what_the_teacher_reads(files: Files) -> None:
    (plain,) = rows(files.models[0], files.labels)
    (row,) = rows(files.models[0], files.labels, "--reading")
    curve = row.pop("reading")
    assert row == plain
    assert [point["read"] for point in curve] == [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0]
    agree = [point["agree"] for point in curve]
    assert agree == sorted(agree)
    assert 0.5 < agree[0] < agree[-1] == 1
    assert curve[-1]["purity"] == row["purity"]
    # Half of the words of these documents say nothing, so that words alone must be worse.
    assert curve[0]["purity"] < row["purity"]
    status, shown = on_terminal("eval", files.models[0], files.labels, "--reading")
    assert status == 0
    assert "read by the teacher" in shown


def test_other_word_vectors_take_the_place_of_the_teachers(files: Files, tmp_path: Path) -> None:
    words = files.planted.labels.vocabulary
    teachers = files.planted.labels.word_embeddings.astype(np.float32)
    np.savez(tmp_path / "same.npz", words=np.array(words), vectors=teachers - teachers.mean(0))
    noise = np.random.default_rng(0).normal(size=(40, 8))
    np.savez(tmp_path / "noise.npz", words=np.array(words[40:]), vectors=noise)
    (own,) = rows(files.models[0], files.labels)
    (same,) = rows(files.models[0], files.labels, "--word-vectors", tmp_path / "same.npz")
    for name in ("embedding_coherence", "word_intrusion"):
        assert same[name] == pytest.approx(own[name], abs=1e-5)
    (alone,) = rows(files.models[0], "--word-vectors", tmp_path / "noise.npz")
    assert alone["unembedded_words"] == len({word for top in tops(files, 15) for word in top} & {*words[:40]})
    vectors = WordVectors.of(words[40:], noise)
    expected = np.nanmean(embedding_coherence(tops(files, 15), vectors))
    assert alone["embedding_coherence"] == pytest.approx(expected)


def test_a_reference_gives_all_measures_and_its_cache_the_same(files: Files, tmp_path: Path) -> None:
    reference = ["--reference", files.corpus, "--coherence-cache", tmp_path / "cache", "-q"]
    first = rows(files.models[0], files.labels, *reference)
    assert {"c_v", "npmi", "npmi_doc", "umass", "c_uci", "unseen_words"} <= first[0].keys()
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert rows(files.models[0], files.labels, *reference) == first
    exact = rows(files.models[0], files.labels, *reference, "--windows", "exact")
    assert exact[0]["npmi"] != first[0]["npmi"]
    # The corpus and the counts in the labels file hold the same documents.
    own = rows(files.models[0], files.labels, "-q")
    assert own[0]["umass"] == pytest.approx(first[0]["umass"], abs=1e-9)
    assert own[0]["npmi_doc"] == pytest.approx(first[0]["npmi_doc"], abs=1e-9)


def test_coherence_on_the_training_documents_warns(files: Files) -> None:
    (warning,) = run(files.models[0], files.labels).errors
    assert "measured on the documents themselves" in warning
    assert run(files.models[0], files.labels, "-q").errors == []


def test_per_topic_values_average_to_the_whole(files: Files) -> None:
    (row,) = rows(files.models[0], files.labels, "--per-topic", "--top-words", "7")
    topics = row["per_topic"]
    assert [topic["topic"] for topic in topics] == [0, 1, 2, 3]
    assert all(len(topic["words"]) == 7 for topic in topics)
    assert sum(topic["size"] for topic in topics) == 240
    assert np.mean([topic["umass"] for topic in topics]) == pytest.approx(row["umass"])


def test_several_models_side_by_side(files: Files) -> None:
    found = rows(*files.models, "--labels", files.labels)
    assert found == rows(*files.models, files.labels)
    models, groups, tests = found[:4], found[4:6], found[6:]
    assert [row["seed"] for row in models] == [0, 1, 0, 1]
    assert [group["group"] for group in groups] == ["prodlda topics=4", "prodlda topics=6"]
    assert groups[0]["models"] == [str(path) for path in files.models[:2]]
    assert groups[0]["mean"]["purity"] == pytest.approx((models[0]["purity"] + models[1]["purity"]) / 2)
    assert 0 < groups[0]["stability"] <= 1
    assert "documents" not in groups[0]["mean"]
    (test,) = tests
    assert test["welch"] == ["prodlda topics=4", "prodlda topics=6"]
    assert 0 <= test["p"]["purity"] <= 1


def test_other_tools_are_scored_beside(files: Files, tmp_path: Path) -> None:
    found = theta_of(files.first, files.planted.labels)
    assignments, topics = tmp_path / "a.jsonl", tmp_path / "t.jsonl"
    lines = [{"id": str(i), "topic": int(row.argmax()), "theta": row.tolist()} for i, row in enumerate(found)]
    assignments.write_text("".join(json.dumps(line) + "\n" for line in reversed(lines)))
    topics.write_text("".join(json.dumps({"words": each}) + "\n" for each in tops(files, 15)))
    (ours,) = rows(files.models[0], files.labels)
    (theirs,) = rows("--topics", topics, "--assignments", assignments, "--gold", files.corpus)
    for name in ("purity", "nmi", "i_rbo", "topic_diversity"):
        assert theirs[name] == pytest.approx(ours[name])
    for name in ("word_precision", "word_coverage", "npmi_own"):
        assert name not in theirs  # without a labels file nothing is known of the documents' words
    # The empty documents are equally near to all, and stand in another order.
    assert theirs["precision_at_10"] == pytest.approx(ours["precision_at_10"], abs=0.01)
    both = rows(files.models[0], files.labels, "--topics", topics, "--assignments", assignments, "--vectors")
    assert "vector_precision_at_1" in both[0]
    assert "vector_precision_at_1" not in both[1]  # its documents are in another order
    assert "empty_documents" not in both[1]
    assert [row["model"] for row in both[:2]] == [str(files.models[0]), str(topics)]
    assert both[1]["purity"] == pytest.approx(both[0]["purity"])
    for name in ("umass", "word_precision", "word_coverage", "npmi_own", "embedding_coherence"):
        assert both[1][name] == pytest.approx(both[0][name])
    assert "first_word_share" not in both[1]


def test_a_terminal_gets_tables(files: Files) -> None:
    status, shown = on_terminal("eval", files.models[0], "--reference", files.corpus, "--per-topic")
    assert status == 0
    assert "topic_diversity" in shown
    assert "different words among all top words" in shown
    assert "first_word_share" in shown
    assert files.planted.labels.vocabulary[int(files.first.beta[0].argmax())] in shown
    status, shown = on_terminal("eval", *files.models)
    assert status == 0
    assert "±" in shown
    assert "stability" in shown
    assert not shown.lstrip().startswith("{")


@pytest.fixture
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as running:
        yield running


def test_an_endpoint_rates_and_a_second_run_asks_nothing(
    files: Files, server: FakeEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.always = lambda _: Reply("2")
    args = [files.models[0], "--rater", server.url, "--rater-model", "judge", "--per-topic"]
    monkeypatch.setenv("DSLTM_CACHE", str(tmp_path))
    monkeypatch.setenv("DSLTM_API_KEY", "own-key")
    (row,) = rows(*args)
    assert row["llm_rating"] == 2.0
    assert [topic["llm_rating"] for topic in row["per_topic"]] == [2, 2, 2, 2]
    assert server.asked[0].headers["Authorization"] == "Bearer own-key"
    assert rows(*args, "--max-requests", "0") == [row]
    assert len(server.asked) == 4


def test_a_rater_that_fails_says_so_in_one_sentence(
    files: Files, server: FakeEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSLTM_CACHE", str(tmp_path))
    server.always = lambda _: Reply.error(401, "no such key")
    args = [files.models[0], "--rater", server.url, "--rater-model", "judge"]
    done = run(*args)
    assert (done.status, done.rows) == (1, [])
    assert "HTTP 401" in done.errors[-1]
    server.always = lambda _: Reply.error(400, "not these words")
    done = run(*args)
    assert (done.status, done.rows[0]["failed_ratings"]) == (0, 4)
    assert "warning: a topic was not judged" in done.errors[-1]


def broken(files: Files, directory: Path, **changed: Any) -> Path:
    path = directory / "broken.npz"
    arrays = {**files.first.arrays, **changed}
    with path.open("wb") as file:
        write_model(file, Model(files.first.header, files.first.beta, arrays))
    return path


def test_what_is_wrong_is_said_in_one_sentence(files: Files, tmp_path: Path) -> None:
    model, labels = files.models[0], files.labels
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    unlabelled = tmp_path / "plain.jsonl"
    unlabelled.write_text('{"text": "a"}\n')
    arrays = files.first.arrays.items()
    nan = {name: np.full_like(array, np.nan) for name, array in arrays if array.dtype.kind == "f"}
    for args, status, message in [
        (["--topics", tmp_path / "none"], 1, "no such file"),
        ([labels], 1, "holds a dsltm labels file where a model file is needed"),
        ([model, text], 1, "is not an NPZ file"),
        ([model, "-", "--labels", "-"], 2, "only one of the files can be standard input"),
        ([model, labels, "--coherence-cache", tmp_path], 2, "none is given"),
        ([model, labels, "--windows", "exact"], 2, "none is given"),
        ([model, "--gold", files.corpus], 2, "--gold is for documents"),
        (["-", "--reference", "-"], 2, "only one of the files can be standard input"),
        ([model, "--vectors"], 2, "needs a labels file"),
        ([model, "--reading"], 2, "needs a labels file"),
        ([model, "--reliability"], 2, "needs gold classes"),
        ([model, "--word-vectors", tmp_path / "none.vec"], 1, "no such file"),
        ([model, "--word-vectors", text], 1, "text.npz"),
        ([model, "--rater", "http://localhost:1/v1"], 2, "go together"),
        ([model, "--rater", "nonsense", "--rater-model", "m"], 2, "not an http or https address"),
        ([model, "--max-requests", "3"], 2, "none is given"),
        ([model, "--judge-budget", "3"], 2, "none is given"),
        ([model, "--judge", "mixing"], 2, "needs somebody to ask"),
        ([model, "--judge", "taste", "--rater-teacher", "x"], 2, "is not one of"),
        ([model, "--judge", "published", "--rater-teacher", "x"], 2, "is asked of a chat model"),
        ([model, "--judge", "documents", "--rater-teacher", "x"], 2, "go together"),
        ([model, labels, "--gold", unlabelled], 1, "no document has a label"),
        ([model, labels, "--windows", "round"], 2, "gensim"),
        ([model, labels, "--top-words", "1"], 2, "top-words"),
        ([broken(files, tmp_path, **nan), labels], 1, "holds values that are not numbers"),
    ]:
        done = run(*args)
        assert (done.status, done.rows) == (status, []), (args, done.errors)
        assert message in done.errors[-1]
        assert done.errors[-1].startswith("dsltm eval: ")


def test_full_disks_and_closed_pipes(files: Files) -> None:
    done = run(files.models[0], "-o", "/dev/full")
    assert done.status == 1
    assert "no space left" in done.errors[-1]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        process = subprocess.run(
            [*DSLTM, "eval", str(files.models[0])],
            stdout=closed,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
        )
    assert process.returncode == 0
    assert b"Traceback" not in process.stderr
