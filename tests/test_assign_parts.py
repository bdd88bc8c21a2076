"""`dsltm assign --parts`: the topics of sentences and windows, and a long document's mixture of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shell import dsltm, on_terminal

from dsltm.assigning.documents import Assigned, Block
from dsltm.assigning.parts import Divided
from dsltm.formats.corpus import Document
from dsltm.formats.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Made

FIRST = ["The oven bakes butter and flour.", "Garlic and onion simmer with pepper."]
SECOND = ["The striker kicks a penalty.", "A referee stops the match of the league."]


def rows(*args: str | Path) -> list[dict[str, Any]]:
    done = dsltm("assign", *args)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document of two halves, one without text, and one of a single sentence."""
    path = tmp_path_factory.mktemp("long") / "long.jsonl"
    texts = [" ".join(FIRST + SECOND), "  ", FIRST[0]]
    path.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts)))
    return path


@pytest.mark.parametrize("reader", ["words", "teacher"])
def test_parts_are_what_such_documents_are(made: Made, long: Path, tmp_path: Path, reader: str) -> None:
    more = ("--teacher", made.teacher) if reader == "teacher" else ()
    whole, nothing, single = rows(made.model, long, "--parts", "sentences", "--reader", reader, *more)
    (tmp_path / "sentences.txt").write_text("\n".join(FIRST + SECOND) + "\n")
    alone = rows(made.model, tmp_path / "sentences.txt", "--format", "lines", "--reader", reader, *more)
    text = json.loads(long.read_text().splitlines()[0])["text"]
    assert [text[part["start"] : part["end"]] for part in whole["parts"]] == FIRST + SECOND
    assert [part["topic"] for part in whole["parts"]] == [row["topic"] for row in alone]
    assert [part["p"] for part in whole["parts"]] == pytest.approx([row["p"] for row in alone], abs=1e-3)
    weights = [len(sentence) for sentence in FIRST + SECOND]
    mixture = np.average([row["theta"] for row in alone], axis=0, weights=weights)
    assert whole["theta"] == pytest.approx(mixture.tolist(), abs=1e-3)
    assert (nothing["empty"], nothing["parts"]) == (True, [])
    assert single["theta"] == pytest.approx(alone[0]["theta"], abs=1e-3)
    assert len(single["parts"]) == 1


class _Halves:
    """A model's answers, by what a text says: topic 0 where it says kitchen, else topic 1."""

    @staticmethod
    def assigned(parts: Divided) -> Assigned:
        def blocks() -> Iterator[Block]:
            some: list[Document] = []
            for number, part in enumerate(parts):
                some.append(part)
                if number % 3 == 2:  # blocks end within documents
                    yield _Halves.block(some)
                    some = []
            if some:
                yield _Halves.block(some)

        return Assigned(None, 2, blocks())

    @staticmethod
    def block(some: list[Document]) -> Block:
        first = np.array(["kitchen" in part.text for part in some])
        theta = np.where(first[:, None], [0.9, 0.1], [0.2, 0.8]).astype(np.float32)
        return Block([part.id for part in some], theta, np.zeros(len(some), bool))


def test_halves_of_a_long_document_are_told_apart() -> None:
    """Longer by far than what a teacher reads at once, and the second half is about something else."""
    kitchen = " ".join(["The kitchen has an oven."] * 40)
    football = " ".join(["The league has a match."] * 40)
    model = Model({"vocabulary": [], "max_tokens": 64}, np.empty((2, 0), np.float32), {})
    documents = [Document("a", kitchen + " " + football), Document("b", kitchen), Document("c", football)]
    for kind in ("sentences", "windows"):
        divided = Divided(documents, model, kind)  # type: ignore[arg-type]
        (block,) = divided.joined(_Halves.assigned(divided)).blocks
        assert list(block.ids) == ["a", "b", "c"]
        np.testing.assert_allclose(block.theta[1:], [[0.9, 0.1], [0.2, 0.8]], atol=1e-6)
        np.testing.assert_allclose(block.theta[0], [0.55, 0.45], atol=0.06)
        text, parts = documents[0].text, block.parts[0]
        assert len(parts) == (80 if kind == "sentences" else len(parts))
        assert len(parts) >= len(text) // 128
        assert all(part["end"] - part["start"] <= 128 for part in parts)
        assert parts[0]["topic"] == 0
        assert parts[-1]["topic"] == 1
        middle = len(kitchen)
        assert all((part["topic"] == 0) == (part["start"] < middle) for part in parts)


def test_a_long_document_is_read_whole(made: Made, tmp_path: Path) -> None:
    text = " ".join(FIRST * 200 + SECOND * 200)
    (tmp_path / "long.jsonl").write_text(json.dumps({"text": text}) + "\n")
    done = dsltm(
        *("assign", made.model, tmp_path / "long.jsonl", "--parts", "windows", "--teacher", made.teacher)
    )
    assert b"cut" not in done.stderr
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert row["parts"][0]["start"] == 0
    assert row["parts"][-1]["end"] == len(text)
    assert len(row["parts"]) > 5


@pytest.mark.parametrize("reader", ["teacher", "words"])
def test_progress_counts_parts_as_parts(made: Made, long: Path, tmp_path: Path, reader: str) -> None:
    who = ("--teacher", made.teacher) if reader == "teacher" else ()
    command = ("assign", made.model, long, "--reader", reader, *who, "-o", tmp_path / "a.jsonl")
    for parts, unit in ((("--parts", "sentences"), " parts"), ((), " documents")):
        status, shown = on_terminal(*command, *parts)
        assert status == 0, shown
        assert unit in shown


@pytest.mark.parametrize(
    "more",
    [
        ("-o", "x.csv"),
        ("--output-format", "parquet"),
        ("--npz",),
        ("--reader", "auto"),
        ("--ray", "local", "-o", "x"),
    ],
)
def test_what_does_not_go_together_is_said(made: Made, long: Path, more: tuple[str, ...]) -> None:
    done = dsltm("assign", made.model, long, "--parts", "sentences", *more)
    assert done.returncode == 2
    said = (
        b"--parts does not go with --reader auto" if "auto" in more else b"--parts is written as JSON lines"
    )
    assert said in done.stderr
    done = dsltm("assign", made.model, made.labels, "--parts", "sentences")
    assert b"--parts is for a corpus" in done.stderr
