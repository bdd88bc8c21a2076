"""`distill` through the real command line, on tiny teachers."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shell import DSLTM, ROOT, dsltm, environment, warm

from dsltm.formats.labels import EMPTY, TRUNCATED, read_labels
from dsltm.words.stopwords import StopWords
from dsltm.words.text import words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ODD = ["", "  \n ", "🙂 emoji \u202e and <|im_end|> [bold]markup[/]", "the game " * 400, "ünïcödé wörds"]


@pytest.fixture(scope="module")
def teacher(tiny_teacher: Callable[[str], Path]) -> Path:
    return tiny_teacher("llama")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import tiny_teachers

    path = tmp_path_factory.mktemp("distill") / "corpus.jsonl"
    with path.open("w") as file:
        for number, (label, text) in enumerate(tiny_teachers.sentences(200)):
            file.write(json.dumps({"id": f"d{number}", "text": text, "label": label}) + "\n")
        for number, text in enumerate(ODD):
            file.write(json.dumps({"id": f"odd{number}", "text": text}) + "\n")
    return path


@pytest.fixture(scope="module")
def whole(corpus: Path, teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "labels.npz"
    done = dsltm("distill", corpus, "--teacher", teacher, "-o", path, "--max-tokens", "100")
    assert done.returncode == 0, done.stderr
    return path


def test_rows_in_are_rows_out(whole: Path, corpus: Path) -> None:
    labels = read_labels(str(whole))
    rows = [json.loads(line) for line in corpus.read_text().splitlines()]
    assert list(labels.ids) == [row["id"] for row in rows]
    assert labels.gold() == [row.get("label") for row in rows]
    assert len(labels) == len(rows) == labels.header["documents"]
    assert [bool(flag & EMPTY) for flag in labels.flags[-5:]] == [True, True, False, False, False]
    assert [bool(flag & TRUNCATED) for flag in labels.flags[-5:]] == [False, False, False, True, False]
    assert labels.header["truncated"] == 1
    assert labels.header["empty"] == 2
    assert np.isfinite(labels.logits).all()
    of_nothing = labels.logits[-5].astype(np.float32)  # the first of the odd texts is empty
    scale = np.abs(of_nothing).max()
    np.testing.assert_allclose(labels.header["empty_logits"], of_nothing, atol=0.03 * scale)


def test_all_words_but_stop_words_are_counted(corpus: Path, teacher: Path, tmp_path: Path) -> None:
    done = dsltm(
        "distill", corpus, "--teacher", teacher, "--size", "12", "--max-tokens", "100",
        "-o", tmp_path / "few.npz",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    labels = read_labels(str(tmp_path / "few.npz"))
    texts = [words(json.loads(line)["text"]) for line in corpus.read_text().splitlines()]
    frequency = Counter(word for text in texts for word in set(text))
    stop = StopWords.parse("en").listed
    wanted = {*frequency} - stop
    assert 2 <= len(labels.vocabulary) <= 12
    assert labels.logits.shape[1] == len(labels.word_embeddings) == len(labels.vocabulary)
    assert labels.words[: len(labels.vocabulary)] == labels.vocabulary
    assert set(labels.words) == wanted | set(labels.vocabulary)
    others = labels.words[len(labels.vocabulary) :]
    assert len(others) > 20
    assert others == sorted(others, key=lambda word: (-frequency[word], word))
    for text, row in zip(texts, labels.counts.toarray(), strict=True):
        assert row.tolist() == [text.count(word) for word in labels.words]
    narrow = labels.counts.toarray()[:, : len(labels.vocabulary)]
    np.testing.assert_array_equal(labels.vocabulary_counts.toarray(), narrow)
    # a model that reads counts reads those of the vocabulary, of labels and of new text
    model = tmp_path / "model.npz"
    done = dsltm("train", tmp_path / "few.npz", "-k", "4", "--epochs", "2", "--input", "both", "-o", model)
    assert done.returncode == 0, done.stderr
    by_labels, by_text = (dsltm("assign", model, documents) for documents in (tmp_path / "few.npz", corpus))
    assert by_labels.returncode == 0, by_labels.stderr
    assert by_text.stdout == by_labels.stdout


def test_a_pipe_gives_the_same_bytes_as_a_file(
    whole: Path, corpus: Path, teacher: Path, tmp_path: Path
) -> None:
    packed = gzip.compress(corpus.read_bytes())
    done = dsltm("distill", "-", "--teacher", teacher, "--max-tokens", "100", stdin=packed)
    assert done.returncode == 0, done.stderr
    plain = dsltm("distill", "--teacher", teacher, "--max-tokens", "100", stdin=corpus.read_bytes())
    assert plain.stdout == whole.read_bytes()
    (tmp_path / "packed.npz").write_bytes(done.stdout)
    assert np.array_equal(read_labels(str(tmp_path / "packed.npz")).logits, read_labels(str(whole)).logits)


def test_shards_make_the_whole(whole: Path, corpus: Path, teacher: Path, tmp_path: Path) -> None:
    names = []
    for number in (1, 2, 3):
        names.append(tmp_path / f"{number}.npz")
        args = ("--shard", f"{number}/3", "--max-tokens", "100", "-o", names[-1])
        assert dsltm("distill", corpus, "--teacher", teacher, *args).returncode == 0
    done = dsltm("merge", names[2], names[0], names[1], "-o", tmp_path / "joined.npz")
    assert done.returncode == 0, done.stderr
    joined, one = read_labels(str(tmp_path / "joined.npz")), read_labels(str(whole))
    assert joined.header == one.header
    assert list(joined.ids) == list(one.ids)
    assert joined.gold() == one.gold()
    for key in ("bow_indptr", "bow_indices", "bow_data", "flags", "word_embeddings", "gold_codes"):
        np.testing.assert_array_equal(getattr(joined, key), getattr(one, key))
    # other neighbours in a batch: the same up to the rounding of bfloat16
    scale = np.abs(one.logits.astype(np.float32)).max()
    assert np.abs(joined.logits.astype(np.float32) - one.logits.astype(np.float32)).max() < 0.03 * scale
    for wrong, message in (
        (names[:2], b"3/3 is missing"),
        ([*names, names[0]], b"twice"),
        ([names[0], whole], b"belong"),
    ):
        done = dsltm("merge", *wrong, "-o", tmp_path / "wrong.npz")
        assert done.returncode == 1
        assert message in done.stderr
        assert not (tmp_path / "wrong.npz").exists()


SMALL_BATCHES = ("--max-tokens", "100", "--batch-tokens", "256", "-o")


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a run in small batches writes that nobody stops."""
    path = tmp_path_factory.mktemp("undisturbed") / "labels.npz"
    done = dsltm("distill", corpus, "--teacher", teacher, *SMALL_BATCHES, path)
    assert done.returncode == 0, done.stderr
    return path.read_bytes()


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda sign: sign.name)
def test_what_was_read_of_a_window_is_kept(
    corpus: Path, teacher: Path, undisturbed: bytes, tmp_path: Path, sign: signal.Signals
) -> None:
    """All 205 documents are one window, read in small batches with a pause after each."""
    tally = tmp_path / "tally"
    first = tmp_path / "first"
    first.mkdir()
    (first / "sitecustomize.py").write_text(
        "import time\n"
        "from dsltm.progress import Progress\n"
        "advance = Progress.advance\n"
        "def slow(self, n=1, **more):\n"
        "    if self.description == 'distilling':\n"
        f"        with open({str(tally)!r}, 'a') as file:\n"
        "            file.write(f'{n}\\n')\n"
        "        time.sleep(0.05)\n"
        "    advance(self, n, **more)\n"
        "Progress.advance = slow\n"
    )
    env, output = environment(PYTHONPATH=os.pathsep.join([str(first), str(ROOT)])), tmp_path / "labels.npz"
    arguments = ["distill", str(corpus), "--teacher", str(teacher), *SMALL_BATCHES, str(output)]

    def read() -> int:
        return sum(map(int, tally.read_text().split())) if tally.exists() else 0

    process = subprocess.Popen([*warm(), *arguments], env=env, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and read() < 60:
        time.sleep(0.01)
    process.send_signal(sign)
    _, told = process.communicate()
    before = read()
    assert process.returncode != 0
    assert 60 <= before < 205
    if sign != signal.SIGKILL:
        assert re.search(rb"\d+ texts are kept in .*labels.npz.journal: the same command goes on", told)
    done = dsltm(*arguments)
    assert done.returncode == 0, done.stderr
    kept = re.search(rb"continuing after (\d+) of \d+ texts", done.stderr)
    assert kept is not None
    assert int(kept[1]) >= 0.9 * before
    assert output.read_bytes() == undisturbed


@pytest.fixture(scope="module")
def slowly(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which windows hold sixteen documents, with a pause after each in which to die."""
    folder = tmp_path_factory.mktemp("slowly")
    (folder / "sitecustomize.py").write_text(
        "import time\n"
        "import dsltm.distilling.reading as reading\n"
        "import dsltm.distilling.journal as journal\n"
        "reading.WINDOW_DOCUMENTS = 16\n"
        "append = journal.Journal.append\n"
        "def slow(*args):\n    append(*args)\n    time.sleep(0.1)\n"
        "journal.Journal.append = slow\n"
    )
    return environment(PYTHONPATH=os.pathsep.join([str(folder), str(ROOT)]))


def test_killed_runs_go_on_and_end_with_the_same_bytes(
    corpus: Path, teacher: Path, tmp_path: Path, slowly: dict[str, str]
) -> None:
    output, reference = tmp_path / "labels.npz", tmp_path / "undisturbed.npz"
    command = ["distill", str(corpus), "--teacher", str(teacher), "--max-tokens", "100", "-o"]
    assert subprocess.run([*warm(), *command, str(reference)], env=slowly).returncode == 0
    state = tmp_path / "labels.npz.journal" / "state.json"
    ends = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
    for attempt, (sign, status) in enumerate(ends.items()):
        start = DSLTM if sign == signal.SIGKILL else warm()  # a fresh interpreter, then forks
        process = subprocess.Popen([*start, *command, str(output)], env=slowly, stderr=subprocess.PIPE)
        wanted = 16 * (2 + 3 * attempt)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if state.exists() and json.loads(state.read_bytes())["rows"] >= wanted:
                break
            time.sleep(0.01)
        process.send_signal(sign)
        process.communicate()
        assert process.returncode == status
        assert not output.exists()
        assert not list(tmp_path.glob("*.part"))
    last = subprocess.run([*warm(), *command, str(output)], env=slowly, capture_output=True)
    assert last.returncode == 0, last.stderr
    assert b"continuing after" in last.stderr
    assert output.read_bytes() == reference.read_bytes()
    assert not (tmp_path / "labels.npz.journal").exists()


def test_a_journal_of_another_run_is_refused(corpus: Path, teacher: Path, tmp_path: Path) -> None:
    output, scratch = tmp_path / "labels.npz", tmp_path / "scratch"
    base = ("distill", corpus, "--teacher", teacher, "-o", output, "--scratch", scratch)
    from dsltm.distilling.journal import Journal

    with Journal(scratch, {"corpus": "another"}, (2, 2)) as journal:
        journal.append(np.zeros((1, 2), np.float16), np.zeros((1, 2), np.float16), np.zeros(1, np.uint8))
    done = dsltm(*base)
    assert done.returncode == 1
    assert b"another corpus" in done.stderr
    assert b"--fresh" in done.stderr
    assert not output.exists()
    assert dsltm(*base, "--fresh").returncode == 0
    assert read_labels(str(output)).header["documents"] == 205


def test_usage(corpus: Path, teacher: Path, tmp_path: Path) -> None:
    for wrong in ("0/3", "4/3", "x", "1/0"):
        assert dsltm("distill", corpus, "--shard", wrong).returncode == 2
    (tmp_path / "p.txt").write_text("no slot here")
    done = dsltm("distill", corpus, "--teacher", teacher, "--prompt-file", tmp_path / "p.txt")
    assert done.returncode == 1
    assert b"{document} exactly once" in done.stderr
    done = dsltm("distill", corpus, "--prompt-file", tmp_path / "nowhere.txt")
    assert done.stderr.decode() == f"dsltm distill: {tmp_path / 'nowhere.txt'}: no such file or directory\n"
    missing = dsltm("distill", corpus, "--teacher", teacher, "-o", tmp_path / "no" / "where.npz")
    assert missing.returncode == 1
    assert missing.stderr.endswith(b"the journal cannot be made: no such file or directory\n")
