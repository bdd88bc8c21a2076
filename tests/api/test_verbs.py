"""What else the commands do, asked for in Python: the same records as the commands write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shell import bash

import dsltm as package
from dsltm.errors import DsltmError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_words_shares_trees_and_written_topics(here: Path) -> None:
    rows = lines(here / "corpus.jsonl")
    dated = [{**row, "date": f"2024-0{1 + number % 3}-10"} for number, row in enumerate(rows)]
    (here / "dated.jsonl").write_text("".join(json.dumps(row) + "\n" for row in dated))
    (here / "written.txt").write_text("kitchen\nweather\n")
    shell = bash(
        "dsltm vocab corpus.jsonl --min-df 3 --stopwords none > vocab.jsonl && "
        "dsltm topics model.npz labels.npz --by label > classes.jsonl && "
        "dsltm topics model.npz labels.npz --corpus dated.jsonl --by date --every month > months.jsonl && "
        "dsltm topics model.npz --tree > tree.jsonl && "
        "dsltm ground written.txt labels.npz --teacher teacher -o ground.npz",
        here,
    )
    assert shell.returncode == 0, shell.stderr
    assert package.vocab(rows, min_df=3, stopwords="none") == lines(here / "vocab.jsonl")
    model = package.load("model.npz")
    assert model.topics("labels.npz", by="label") == lines(here / "classes.jsonl")
    months = model.topics("labels.npz", by="date", every="month", texts=dated)
    assert months == lines(here / "months.jsonl")
    assert months == model.topics("labels.npz", by="date", every="month", texts="dated.jsonl")
    assert model.topics(tree=True) == lines(here / "tree.jsonl")
    package.ground(["kitchen", "weather"], "labels.npz", teacher="teacher").save("python.npz")
    assert (here / "python.npz").read_bytes() == (here / "ground.npz").read_bytes()
    with pytest.raises(UsageError, match="--by counts documents"):
        model.topics(by="label")
    with pytest.raises(DsltmError, match="topics:2: the label 'Kitchen' is on line 1 already"):
        package.ground(["kitchen", "Kitchen"], "labels.npz", teacher="teacher")


def test_vectors_of_ones_own_need_no_teacher(here: Path) -> None:
    rows = lines(here / "corpus.jsonl")
    np.save("v.npy", np.random.default_rng(0).normal(size=(len(rows), 8)).astype(np.float32))
    config = package.DistillConfig(vectors="v.npy")
    labels = package.distill(rows, teacher="none", stopwords="none", config=config, output="own.npz")
    assert (labels.hidden.shape, labels.header["teacher"]) == ((len(rows), 8), None)
    model = package.train(labels, topics=4, config=package.TrainConfig(target="bow", epochs=2))
    assert len(model.topics(labels)) == 4
    with pytest.raises(UsageError, match="needs vectors"):
        package.distill(rows, teacher="none")


def test_labels_are_not_written_over_their_corpus(here: Path) -> None:
    corpus = here / "own.jsonl"
    corpus.write_bytes(before := (here / "corpus.jsonl").read_bytes())
    with pytest.raises(UsageError, match="would write over it"):
        package.distill("own.jsonl", teacher="teacher", output=corpus)
    assert corpus.read_bytes() == before
    assert not (here / "own.jsonl.journal").exists()
    package.distill("own.jsonl", teacher="teacher", output="own.npz")
    corpus.write_text("another file now")  # what one call read, the program may write to afterwards
