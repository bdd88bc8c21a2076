"""Copies are read once in the whole corpus, and `--sample` reads a part of it, through the command line."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shell import ROOT, dsltm, environment, warm

from dsltm.formats.info import facts
from dsltm.formats.labels import EMPTY, TRUNCATED, UNREAD, read_labels
from dsltm.formats.model import read_model
from dsltm.formats.npz import header_of
from dsltm.words.student import student_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dsltm.formats.labels import Labels

DOCUMENTS, DIFFERENT = 160, 61
# One document in a batch gives the same bytes whatever else is read.
ALONE = ("--max-tokens", "100", "--batch-tokens", "1")
OF_ALL = ("bow_indptr", "bow_indices", "bow_data", "gold_codes")


@pytest.fixture(scope="module")
def teacher(tiny_teacher: Callable[[str], Path]) -> Path:
    return tiny_teacher("llama")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty sentences, one of them too long, most of them several times, and texts without content."""
    import tiny_teachers

    draw, rows = random.Random(0), tiny_teachers.sentences(59)
    rows += [("game", "the game " * 400)]
    rows += [draw.choice(rows) for _ in range(90)] + [("none", "")] * 5 + [("none", " \n")] * 5
    draw.shuffle(rows)
    path = tmp_path_factory.mktemp("copies") / "corpus.jsonl"
    with path.open("w") as file:
        for number, (label, text) in enumerate(rows):
            file.write(json.dumps({"id": f"d{number}", "text": text, "label": label}) + "\n")
    assert (len(rows), len({text.strip() for _, text in rows})) == (DOCUMENTS, DIFFERENT)
    return path


@pytest.fixture(scope="module")
def labels(corpus: Path, teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> Labels:
    path = tmp_path_factory.mktemp("whole") / "labels.npz"
    done = dsltm("distill", corpus, "--teacher", teacher, *ALONE, "-o", path)
    assert done.returncode == 0, done.stderr
    return read_labels(str(path))


@pytest.fixture(scope="module")
def sampled(corpus: Path, teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "labels.npz"
    done = dsltm("distill", corpus, "--teacher", teacher, *ALONE, "--sample", "20", "-o", path)
    assert done.returncode == 0, done.stderr
    read = header_of(str(path))["read"]  # type: ignore[index]
    told = f"reading 20 of 60 different texts, which {read} of 160 documents have"
    assert told in done.stderr.decode()
    return path


@pytest.fixture(scope="module")
def small_windows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which windows hold eight texts, a batch takes a while, and texts that are read are
    written to $DSLTM_TALLY."""
    folder = tmp_path_factory.mktemp("windows")
    (folder / "sitecustomize.py").write_text(
        "import os, time\n"
        "import dsltm.distilling.reading as reading\n"
        "from dsltm.progress import Progress\n"
        "reading.WINDOW_DOCUMENTS = 8\n"
        "batches, advance = reading._batches, Progress.advance\n"
        "def tallied(reader, documents, *rest):\n"
        "    for batch in batches(reader, documents, *rest):\n"
        "        with open(os.environ['DSLTM_TALLY'], 'a') as file:\n"
        "            file.writelines(documents[row].id + '\\n' for row in batch.rows.tolist())\n"
        "        yield batch\n"
        "def slow(self, n=1, **more):\n"
        "    time.sleep(0.02 if self.description == 'distilling' else 0)\n"
        "    advance(self, n, **more)\n"
        "reading._batches, Progress.advance = tallied, slow\n"
    )
    return environment(PYTHONPATH=os.pathsep.join([str(folder), str(ROOT)]))


@pytest.mark.parametrize("projection", ["every", "chain"])
def test_copies_are_read_once_whatever_the_window(
    corpus: Path, teacher: Path, tmp_path: Path, small_windows: dict[str, str], projection: str
) -> None:
    command = [*warm(), "distill", str(corpus), "--teacher", str(teacher), *ALONE]
    command += ["--projection", projection, "--size", "40", "-o"]
    env = small_windows | {"DSLTM_TALLY": str(tmp_path / "tally")}
    done = subprocess.run([*command, str(tmp_path / "small.npz")], env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    texts = {row["id"]: row["text"].strip() for row in map(json.loads, corpus.read_text().splitlines())}
    read = Counter(texts[name] for name in (tmp_path / "tally").read_text().split())
    assert read == dict.fromkeys(texts.values(), 1)
    one_window = dsltm(*command[len(warm()) :], tmp_path / "large.npz")
    assert one_window.returncode == 0, one_window.stderr
    assert (tmp_path / "small.npz").read_bytes() == (tmp_path / "large.npz").read_bytes()


def test_copies_have_the_numbers_of_their_text(corpus: Path, labels: Labels) -> None:
    texts = [json.loads(line)["text"].strip() for line in corpus.read_text().splitlines()]
    first = [texts.index(text) for text in texts]
    assert first != sorted(first)
    np.testing.assert_array_equal(labels.logits, labels.logits[first])
    np.testing.assert_array_equal(labels.hidden, labels.hidden[first])
    assert len(np.unique(labels.hidden, axis=0)) == DIFFERENT
    assert [bool(flag & EMPTY) for flag in labels.flags] == [not text for text in texts]
    assert [bool(flag & TRUNCATED) for flag in labels.flags] == [len(text) > 1000 for text in texts]
    assert labels.header["documents"] == DOCUMENTS
    assert "read" not in labels.header
    assert labels.header["version"] == 2
    assert labels.read is None
    assert labels.only_read() is labels
    assert not labels.unread.any()


@pytest.mark.parametrize("sample", [(), ("--sample", "40")], ids=["all", "sample"])
def test_killed_runs_go_on_with_the_same_bytes(
    corpus: Path, teacher: Path, tmp_path: Path, small_windows: dict[str, str], sample: tuple[str, ...]
) -> None:
    output, tally = tmp_path / "labels.npz", tmp_path / "tally"
    command = [*warm(), "distill", str(corpus), "--teacher", str(teacher), *ALONE, *sample, "-o"]
    env = small_windows | {"DSLTM_TALLY": str(tally)}

    def read() -> int:
        return len(tally.read_text().split()) if tally.exists() else 0

    for wanted in (5, 30):
        process = subprocess.Popen([*command, str(output)], env=env, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None and read() < wanted:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not output.exists()
    done = subprocess.run([*command, str(output)], env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert b"continuing after" in done.stderr
    undisturbed = dsltm(*command[len(warm()) :], tmp_path / "undisturbed.npz")
    assert undisturbed.returncode == 0, undisturbed.stderr
    assert output.read_bytes() == (tmp_path / "undisturbed.npz").read_bytes()
    assert not (tmp_path / "labels.npz.journal").exists()


def test_a_sample_keeps_every_row(corpus: Path, labels: Labels, sampled: Path) -> None:
    sample = read_labels(str(sampled))
    texts = [json.loads(line)["text"].strip() for line in corpus.read_text().splitlines()]
    assert sample.read is not None
    read, rows = {texts[row] for row in sample.read}, sample.read.tolist()
    assert len(read) == 20
    assert "" not in read
    assert rows == [row for row, text in enumerate(texts) if text in read]
    assert sample.unread.tolist() == [text not in read for text in texts]
    assert len(sample) == DOCUMENTS
    assert sample.read_count == len(rows) == len(sample.logits) == len(sample.hidden)
    assert list(sample.ids) == list(labels.ids)
    assert sample.words == labels.words
    for name in OF_ALL:
        np.testing.assert_array_equal(getattr(sample, name), getattr(labels, name))
    np.testing.assert_array_equal(sample.logits, labels.logits[rows])
    np.testing.assert_array_equal(sample.hidden, labels.hidden[rows])
    for flag, whole, text in zip(sample.flags, labels.flags, texts, strict=True):
        assert flag == (whole if text in read else UNREAD | (whole & EMPTY))
    new = {"sample": {"texts": 20, "of": 60, "seed": 0}, "read": len(rows), "version": 3}
    assert {key: sample.header[key] for key in new} == new
    assert facts(str(sampled))["of them read"] == len(rows)


def test_only_read_is_labels_of_its_own(corpus: Path, labels: Labels, sampled: Path) -> None:
    part = read_labels(str(sampled)).only_read()
    assert part.rows is not None
    rows = part.rows.tolist()
    assert part.read is None
    assert len(part) == part.read_count == len(rows)
    assert list(part.ids) == [labels.ids[row] for row in rows]
    assert part.gold() == [labels.gold()[row] for row in rows]
    np.testing.assert_array_equal(part.counts.toarray(), labels.counts.toarray()[rows])
    np.testing.assert_array_equal(part.flags, labels.flags[rows])
    assert list(part.among(range(DOCUMENTS))) == rows
    assert list(labels.among("abc")) == ["a", "b", "c"]


def test_commands_go_by_what_was_read(corpus: Path, sampled: Path, tmp_path: Path) -> None:
    read = read_labels(str(sampled)).only_read()
    model, told = tmp_path / "model.npz", f"{len(read)} of 160 documents: the others were not read"
    done = dsltm("train", sampled, "-k", "4", "--epochs", "2", "-o", model)
    assert done.returncode == 0, done.stderr
    assert f"learning from {told}" in done.stderr.decode()
    assert header_of(str(model))["training"]["documents"] == len(read)  # type: ignore[index]
    done = dsltm("assign", model, sampled)
    assigned = [json.loads(line) for line in done.stdout.splitlines()]
    every = read_labels(str(sampled))
    assert [row["id"] for row in assigned] == list(every.ids)
    assert [row["id"] for row in assigned if row["reader"] == "teacher"] == list(read.ids)
    assert {row["reader"] for row in assigned} == {"teacher", "words"}
    done = dsltm("assign", model, sampled, "--keep", "label", "--corpus", corpus)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["id"], row["corpus_label"]) for row in rows] == list(
        zip(every.ids, every.gold(), strict=True)
    )
    done = dsltm("topics", model, sampled, "--corpus", corpus, "--by", "label")
    assert done.returncode == 0, done.stderr
    assert f"showing {told}" in done.stderr.decode()
    done = dsltm("topics", model, sampled, "--corpus", corpus, "--examples", "1")
    topics = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(topic["size"] for topic in topics) == len(read)
    texts = {row["id"]: row["text"] for row in map(json.loads, corpus.read_text().splitlines())}
    shown = [example for topic in topics for example in topic["examples"]]
    assert shown
    assert all(texts[example["id"]].startswith(example["text"][:20]) for example in shown)
    done = dsltm("eval", model, sampled)
    assert f"scoring {told}" in done.stderr.decode()
    assert json.loads(done.stdout)["documents"] == len(read)
    shorter = tmp_path / "shorter.jsonl"
    shorter.write_text("".join(corpus.read_text().splitlines(keepends=True)[:-1]))
    done = dsltm("topics", model, sampled, "--corpus", shorter, "--examples", "1")
    assert done.returncode == 1
    assert b"it has fewer documents than the labels, 160" in done.stderr


def test_shards_of_a_sample_make_the_whole(
    corpus: Path, teacher: Path, sampled: Path, tmp_path: Path
) -> None:
    names = [tmp_path / f"{number}.npz" for number in (1, 2, 3)]
    for number, name in enumerate(names, 1):
        args = ("--sample", "20", "--shard", f"{number}/3", "-o", name)
        assert dsltm("distill", corpus, "--teacher", teacher, *ALONE, *args).returncode == 0
    done = dsltm("merge", *names, "-o", tmp_path / "joined.npz")
    assert done.returncode == 0, done.stderr
    joined, one = read_labels(str(tmp_path / "joined.npz")), read_labels(str(sampled))
    assert joined.header == one.header
    assert list(joined.ids) == list(one.ids)
    for name in (*OF_ALL, "flags", "logits", "hidden", "read"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(one, name))


def test_another_sample_is_another_run(corpus: Path, teacher: Path, tmp_path: Path) -> None:
    base = ("distill", corpus, "--teacher", teacher, *ALONE, "-o", tmp_path / "labels.npz")
    seeds = []
    for seed in ("1", "2"):
        output = tmp_path / f"{seed}.npz"
        done = dsltm(*base[:-1], output, "--sample", "10%", "--sample-seed", seed)
        assert done.returncode == 0, done.stderr
        seeds.append(read_labels(str(output)).read)
        assert header_of(str(output))["sample"] == {"texts": 6, "of": 60, "seed": int(seed)}  # type: ignore[index]
    assert not np.array_equal(*seeds)
    (tmp_path / "labels.npz.journal").mkdir()
    (tmp_path / "1.npz").unlink()
    from dsltm.distilling.journal import Journal

    with Journal(tmp_path / "labels.npz.journal", {"sample": {"texts": 6}}, (2, 2)):
        pass
    done = dsltm(*base)
    assert done.returncode == 1
    assert b"an unfinished run with another" in done.stderr


def test_usage(corpus: Path, teacher: Path, tmp_path: Path) -> None:
    base = ("distill", corpus, "--teacher", teacher, "-o", tmp_path / "labels.npz")
    for wrong, message in (
        (("--sample", "0"), b"--sample 0: is not a sample"),
        (("--sample", "many"), b"--sample many: is not a sample"),
        (("--sample-seed", "1"), b"--sample-seed is of --sample, which is not given"),
        (("--sample", "5", "--ray", "local"), b"--sample does not go with --ray"),
    ):
        done = dsltm(*base, *wrong)
        assert done.returncode == 2
        assert message in done.stderr
    assert not (tmp_path / "labels.npz").exists()


def test_a_second_sample_is_of_what_words_are_unsure_of(
    corpus: Path, teacher: Path, labels: Labels, sampled: Path, tmp_path: Path
) -> None:
    model, more, both = (tmp_path / name for name in ("model.npz", "more.npz", "both.npz"))
    for command in (
        ["train", sampled, "-k", "3", "--epochs", "2", "--units", "8", "-o", model],
        ["distill", corpus, "--teacher", teacher, *ALONE, "--sample", "15", "--unsure-of", model, "-o", more],
        ["merge", sampled, more, "-o", both],
    ):
        done = dsltm(*command)
        assert done.returncode == 0, done.stderr.decode()
    texts = [json.loads(line)["text"].strip() for line in corpus.read_text().splitlines()]
    student = student_of(read_model(str(model)))
    assert student is not None
    p = dict(zip(texts, student.of_texts(texts).max(axis=1).tolist(), strict=True))
    second, merged = read_labels(str(more)), read_labels(str(both))
    assert second.read is not None
    assert merged.read is not None
    read = {texts[row] for row in second.read}
    assert len(read) == 15
    assert max(p[text] for text in read) <= min(p[text] for text in {*texts} - read - {""})
    first = read_labels(str(sampled)).read
    assert first is not None
    assert merged.read.tolist() == sorted({*first.tolist(), *second.read.tolist()})
    np.testing.assert_array_equal(merged.logits[:], np.asarray(labels.logits)[merged.read])
    np.testing.assert_array_equal(merged.hidden[:], np.asarray(labels.hidden)[merged.read])
    assert merged.header["read"] == len(merged.read)
    assert [one["texts"] for one in merged.header["sample"]] == [20, 15]
    for name in OF_ALL:
        np.testing.assert_array_equal(getattr(merged, name)[:], getattr(labels, name)[:])


def test_samples_of_different_corpora_are_not_merged(sampled: Path, corpus: Path, teacher: Path) -> None:
    other, second = sampled.parent / "other.jsonl", sampled.parent / "other.npz"
    other.write_text("".join(corpus.read_text().splitlines(keepends=True)[:-20]))
    assert dsltm("distill", other, "--teacher", teacher, "--sample", "9", "-o", second).returncode == 0
    done = dsltm("merge", sampled, second)
    assert done.returncode == 1
    assert b"do not belong together" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--unsure-of", "m.npz"], b"--unsure-of is of --sample"),
        (["--sample", "5", "--sample-seed", "1", "--unsure-of", "m.npz"], b"do not go together"),
    ],
)
def test_unsure_of_what(corpus: Path, teacher: Path, options: list[str], message: bytes) -> None:
    done = dsltm("distill", corpus, "--teacher", teacher, *options)
    assert done.returncode == 2
    assert message in done.stderr
