"""The paper's table, measured here: every model on every corpus, as one Markdown page.

    python tests/bench/reproduce.py --data ../shared/data --out reproduce

Resumable: a result that is there and was made with the same options from the same labels is kept, so a run
that was stopped goes on. The page is written again after each result. Hours on 2 cores; `--only`, `--seeds`,
`--minutes` and `--labels`, ready files of `dsltm distill`, make it shorter; two runs of different rows
(`--only`) can go on side by side. Each training has one thread.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import outside
import torch
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler, normalize

from dsltm.assigning.documents import theta_of
from dsltm.formats.labels import Labels, read_labels
from dsltm.metrics.clustering import nmi, purity
from dsltm.metrics.diversity import i_rbo, topic_diversity
from dsltm.training import BASELINES, TrainConfig
from dsltm.training.loop import train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CORPORA = {"StackOverflow": "stackoverflow", "TweetTopic": "tweet_topic", "20NewsGroup": "20newsgroups"}
METRICS = {"purity": 3, "NMI": 3, "I-RBO": 3, "diversity": 3, "seconds": 0}  # and their digits
ALL_K = (25, 50, 75, 100)
# Purity, mean over the four K, of the paper (Qwen3.5-0.8B where there is a teacher).
PUBLISHED = {
    "LDA": (0.174, 0.441, 0.301),
    "ProdLDA": (0.265, 0.533, 0.356),
    "CombinedTM": (0.306, 0.588, 0.391),
    "ProdLDA + DSL": (0.788, 0.781, 0.542),
    "ECRTM + DSL": (0.805, 0.781, 0.561),
}


@dataclass(frozen=True)
class Place:
    """Where a corpus's files are."""

    source: Path
    labels: Path
    embeddings: Path


@dataclass(frozen=True)
class Row:
    """One model of the table.

    Attributes:
        name: as it is called in the table.
        options: of `TrainConfig`, where `run` is None.
        topics: values of K.
        run: finds topics without dsltm's training.
        first: its runs come before those of other rows.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    topics: tuple[int, ...] = (50,)
    run: Callable[[Place, int, int], outside.Found] | None = None
    first: bool = False

    def key(self, labels: Path) -> str:
        """What the row's results depend on, but for K and the seed."""
        if self.run is not None:
            return self.name
        config = TrainConfig(**self.options).resolved(len(opened(labels))).as_header()
        header = {**opened(labels).header, "vocabulary": len(opened(labels).vocabulary)}
        parts = [
            {**config, "topics": None},
            [header.get(key) for key in ("teacher", "prompts", "vocabulary")],
        ]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def opened(labels: Path) -> Labels:
    return read_labels(str(labels))


def factorise(kind: str, place: Place, topics: int, seed: int) -> outside.Found:
    return outside.factorise(kind, place.source, topics, seed)


def cluster_sentences(place: Place, topics: int, seed: int) -> outside.Found:
    vectors = outside.sentences(place.source, place.embeddings)
    return outside.cluster(vectors, place.source, topics, seed)


def cluster_hidden(place: Place, topics: int, seed: int) -> outside.Found:
    return outside.cluster(hidden_space(place.labels), place.source, topics, seed)


@cache
def hidden_space(labels: Path) -> np.ndarray:
    """The teacher's states of all documents: standardised, of length one, on 100 principal axes."""
    states = normalize(StandardScaler().fit_transform(opened(labels).hidden.astype(np.float32)))
    return PCA(100, random_state=0).fit_transform(states)


ROWS = [
    Row("LDA (scikit-learn, 50 passes)", run=partial(factorise, "lda")),
    Row("NMF (scikit-learn)", run=partial(factorise, "nmf")),
    Row("ProdLDA", {**BASELINES["prodlda"]}),
    Row("ZeroshotTM", {**BASELINES["zeroshottm"]}),
    Row("CombinedTM", {**BASELINES["combinedtm"]}),
    Row("ECRTM", {**BASELINES["ecrtm"]}),
    Row("ECRTM, λ = 10, no dropout", {**BASELINES["ecrtm"], "weight": 10.0, "dropout": 0.0}),
    Row("FASTopic", {**BASELINES["fastopic"]}),
    Row("k-means on all-MiniLM-L6-v2", topics=ALL_K, run=cluster_sentences, first=True),
    Row("k-means on the hidden states", topics=ALL_K, run=cluster_hidden, first=True),
    Row("ProdLDA + DSL", topics=ALL_K, first=True),
    Row("ECRTM + DSL", {"model": "ecrtm"}, topics=ALL_K),
    Row("FASTopic + DSL", {"model": "fastopic"}),
    Row("ETM + DSL", {"model": "etm"}),
    Row("ProdLDA + DSL, trained as in the paper", {"preset": "paper"}),
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the corpora, *.jsonl.gz")
    parser.add_argument("--out", type=Path, default=Path("reproduce"))
    parser.add_argument("--labels", type=Path, help="folder of ready labels files; without it, distill them")
    parser.add_argument("--only", help="corpora and rows that this expression finds, as in 'Tweet|LDA$'")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="for a rehearsal")
    parser.add_argument("--minutes", type=float, help="begin nothing new after so many")
    options = parser.parse_args()
    torch.set_num_threads(1)
    end = time.monotonic() + 60 * (options.minutes or 1e9)
    for corpus, row, topics, seed in plan(options.seeds, options.only or ""):
        place = places(corpus, options.data, options.labels, options.out)
        if not place.labels.exists() or result(options.out, corpus, row, topics, seed, row.key(place.labels)):
            continue
        if time.monotonic() > end:
            return
        print(f"{corpus}: {row.name}, K = {topics}, seed {seed}", file=sys.stderr, flush=True)
        found = measure(place, row, topics, seed, {"epochs": options.epochs} if options.epochs else {})
        path = path_of(options.out, corpus, row, topics, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        whole(path, json.dumps({"key": row.key(place.labels), **found}))
        whole(options.out / "table.md", table(options.out, options.data, options.labels))


def plan(seeds: int, only: str) -> Iterator[tuple[str, Row, int, int]]:
    """Every run: rows that come first, then one seed at K = 50 of all rows, then the others."""
    runs = [
        (not row.first, seed, topics != 50 and not row.first, corpus, row, topics)
        for seed in range(seeds)
        for row in ROWS
        for topics in row.topics
        for corpus in CORPORA
        if re.search(only, f"{corpus} {row.name}")
    ]
    for _, seed, _, corpus, row, topics in sorted(runs, key=lambda run: run[:3]):
        yield corpus, row, topics, seed


def places(corpus: str, data: Path, labels: Path | None, out: Path) -> Place:
    """The files of a corpus; its labels are made where no folder of ready ones is named."""
    source = data / f"{CORPORA[corpus]}.jsonl.gz"
    place = Place(source, (labels or out) / f"{CORPORA[corpus]}.npz", out / "minilm")
    if labels is None and not place.labels.exists():
        import subprocess

        out.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "dsltm", "distill", source, "-o", place.labels], check=True)
    return place


def measure(place: Place, row: Row, topics: int, seed: int, extra: dict[str, Any]) -> dict[str, float]:
    """Train and score; the seconds are those of training alone, from labels or texts that are in memory."""
    gold = outside.documents(place.source)[1]
    if row.run is not None:
        outside.counts(place.source)  # read before the clock starts
        start = time.perf_counter()
        chosen, words = row.run(place, topics, seed)
        seconds = time.perf_counter() - start
    else:
        labels = opened(place.labels)
        start = time.perf_counter()
        model = train(labels, TrainConfig(topics=topics, seed=seed, **row.options, **extra))
        seconds = time.perf_counter() - start
        chosen = theta_of(model, labels).argmax(1)
        words = outside.top_words(model.beta, np.asarray(model.vocabulary))
    return {
        "purity": purity(chosen, gold),
        "NMI": nmi(chosen, gold),
        "I-RBO": i_rbo(words),
        "diversity": topic_diversity(words),
        "seconds": seconds,
    }


def path_of(out: Path, corpus: str, row: Row, topics: int, seed: int) -> Path:
    slug = "".join(c if c.isalnum() else "-" for c in row.name.lower())
    return out / corpus / f"{slug}-k{topics}-s{seed}.json"


def result(out: Path, corpus: str, row: Row, topics: int, seed: int, key: str) -> dict[str, float] | None:
    """What was measured, None where that was with other options or from other labels."""
    path = path_of(out, corpus, row, topics, seed)
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found if found.get("key") == key else None


def whole(path: Path, text: str) -> None:
    """Write a file that is whole or not there."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def table(out: Path, data: Path, labels: Path | None) -> str:
    """The page: K = 50 in full, purity over K, and the paper's own figures."""

    def runs(corpus: str, row: Row, topics: int) -> list[dict[str, float]]:
        place = places(corpus, data, labels, out)
        if not place.labels.exists():
            return []
        key = row.key(place.labels)
        found = (result(out, corpus, row, topics, seed, key) for seed in range(100))
        return [run for run in found if run]

    lines = ["## K = 50, mean ± standard deviation over seeds", ""]
    for corpus in CORPORA:
        lines += [f"### {corpus}", "", line("", *METRICS), line("---", *["---:"] * len(METRICS))]
        for row in ROWS:
            if measured := runs(corpus, row, 50):
                spreads = [spread([run[name] for run in measured], METRICS[name]) for name in METRICS]
                lines.append(line(row.name, *spreads))
        lines.append("")
    lines += ["## Purity over K", "", line("", "K", *CORPORA), line("---", "---:", *["---:"] * len(CORPORA))]
    for row in (row for row in ROWS if len(row.topics) > 1):
        means: dict[str, list[float]] = {corpus: [] for corpus in CORPORA}
        for topics in row.topics:
            cells = []
            for corpus, values in means.items():
                found = [run["purity"] for run in runs(corpus, row, topics)]
                values += [statistics.mean(found)] if found else []
                cells.append(spread(found, 3))
            lines.append(line(row.name, str(topics), *cells))
        complete = [values if len(values) == len(row.topics) else [] for values in means.values()]
        lines.append(line(row.name, "mean", *(f"{statistics.mean(v):.3f}" if v else "" for v in complete)))
    for name, published in PUBLISHED.items():
        lines.append(line(f"{name}, as published", "mean", *(f"{value:.3f}" for value in published)))
    return "\n".join(lines) + "\n"


def spread(values: list[float], digits: int) -> str:
    if not values:
        return ""
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
