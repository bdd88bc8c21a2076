"""The paper's table, measured here: every model on every corpus, as one Markdown page.

    python tests/bench/reproduce.py --data ../shared/data --out reproduce

Resumable: every file that is there is kept, so a run that was stopped goes on, and deleting a file repeats
it. The page is written again after each result. Hours on 2 cores; `--only`, `--seeds` and `--epochs` make it
smaller. The models of `dsltm` run through its commands, as a user would run them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CORPORA = {"20NewsGroup": "20newsgroups", "TweetTopic": "tweet_topic", "StackOverflow": "stackoverflow"}
METRICS = {"purity": "purity", "NMI": "nmi", "I-RBO": "i_rbo", "diversity": "topic_diversity"}
ALL_K = (50, 25, 75, 100)
# Purity, mean over the four K, of the paper (Qwen3.5-0.8B where there is a teacher).
PUBLISHED = {
    "LDA": (0.301, 0.441, 0.174),
    "ProdLDA": (0.356, 0.533, 0.265),
    "CombinedTM": (0.391, 0.588, 0.306),
    "ProdLDA + DSL": (0.542, 0.781, 0.788),
    "ECRTM + DSL": (0.561, 0.781, 0.805),
}


@dataclass(frozen=True)
class Row:
    """One model of the table.

    Attributes:
        name: as it is called in the table.
        options: of `dsltm train`; empty where `run` is another tool.
        labels: which labels file it reads: "paper" (the paper's prompt) or "best" (the default).
        topics: values of K; all seeds at 50, one at the others unless `every_seed`.
        run: makes topics and assignments without dsltm.
    """

    name: str
    options: tuple[str, ...] = ()
    labels: str = "paper"
    topics: tuple[int, ...] = (50,)
    every_seed: bool = False
    run: Callable[[Path, int, int, Path, Path], None] | None = None


ROWS = [
    Row("LDA (scikit-learn)", run=partial(outside.factorise, "lda")),
    Row("NMF (scikit-learn)", run=partial(outside.factorise, "nmf")),
    Row("k-means on all-MiniLM-L6-v2", run=outside.cluster_sentences),
    Row("ProdLDA", ("--baseline", "prodlda")),
    Row("ZeroshotTM", ("--baseline", "zeroshottm")),
    Row("CombinedTM", ("--baseline", "combinedtm")),
    Row("ECRTM", ("--baseline", "ecrtm")),
    Row("FASTopic", ("--baseline", "fastopic")),
    Row("ProdLDA + DSL, paper's setting", ("--preset", "paper"), topics=ALL_K),
    Row("ECRTM + DSL, paper's setting", ("--preset", "paper", "--model", "ecrtm"), topics=ALL_K),
    Row("FASTopic + DSL, paper's setting", ("--preset", "paper", "--model", "fastopic")),
    Row("ETM + DSL, paper's setting", ("--preset", "paper", "--model", "etm")),
    Row("ProdLDA + DSL, default", labels="best", topics=ALL_K, every_seed=True),
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the corpora, *.jsonl.gz")
    parser.add_argument("--out", type=Path, default=Path("reproduce"))
    parser.add_argument("--only", help="corpora and rows whose name contains this")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", help="for a rehearsal")
    options = parser.parse_args()
    extra = ("--epochs", options.epochs) if options.epochs else ()
    for corpus, row, topics, seed in plan(options.seeds, options.only):
        result = options.out / corpus / f"{slug(row.name)}-k{topics}-s{seed}.json"
        if not result.exists():
            result.parent.mkdir(parents=True, exist_ok=True)
            source = options.data / f"{CORPORA[corpus]}.jsonl.gz"
            print(f"{corpus}: {row.name}, K = {topics}, seed {seed}", file=sys.stderr)
            whole(result, json.dumps(measure(source, row, topics, seed, result, extra)))
            whole(options.out / "table.md", table(options.out))


def plan(seeds: int, only: str | None) -> Iterator[tuple[str, Row, int, int]]:
    """Every run: K = 50 first, so that the table soon has all its rows."""
    for seed in range(seeds):
        for corpus in CORPORA:
            for row in ROWS:
                for topics in row.topics:
                    wanted = topics == 50 or seed == 0 or row.every_seed
                    if wanted and (only is None or only in f"{corpus} {row.name}"):
                        yield corpus, row, topics, seed


def measure(
    source: Path, row: Row, topics: int, seed: int, result: Path, extra: tuple[str, ...]
) -> dict[str, float]:
    """Train, score, and time the training alone."""
    if row.run is not None:
        words, chosen = result.with_suffix(".topics.jsonl"), result.with_suffix(".assignments.jsonl")
        start = time.perf_counter()
        row.run(source, topics, seed, words, chosen)
        seconds = time.perf_counter() - start
        scores = dsltm("eval", "--topics", words, "--assignments", chosen, "--gold", source)
    else:
        labels = result.parent / f"labels-{row.labels}.npz"
        if not labels.exists():
            dsltm("distill", source, "--preset", row.labels, "-o", labels)
        model = result.with_suffix(".npz")
        start = time.perf_counter()
        dsltm("train", labels, "-k", topics, "--seed", seed, "-o", model, *row.options, *extra)
        seconds = time.perf_counter() - start
        scores = dsltm("eval", model, labels)
    return {**json.loads(scores.splitlines()[0]), "seconds": seconds}


def dsltm(*arguments: object) -> str:
    command = [sys.executable, "-m", "dsltm", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def whole(path: Path, text: str) -> None:
    """Write a file that is whole or not there."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower())


def table(out: Path) -> str:
    """The page: K = 50 in full, purity over K, and the paper's own figures."""
    columns = [*METRICS, "seconds"]
    lines = ["## K = 50, mean ± standard deviation over seeds", ""]
    for corpus in CORPORA:
        lines += [f"### {corpus}", "", line("", *columns), line("---", *["---:"] * len(columns))]
        for row in ROWS:
            runs = results(out, corpus, row, 50)
            if runs:
                cells = [spread([run[METRICS[name]] for run in runs], 3) for name in METRICS]
                lines.append(line(row.name, *cells, spread([run["seconds"] for run in runs], 0)))
        lines.append("")
    lines += ["## Purity", "", line("", "K", *CORPORA), line("---", "---:", *["---:"] * len(CORPORA))]
    for row in ROWS:
        for topics in sorted(row.topics):
            found = [results(out, corpus, row, topics) for corpus in CORPORA]
            if len(row.topics) == 1 or not any(found):
                continue
            cells = [spread([run["purity"] for run in runs], 3) if runs else "" for runs in found]
            lines.append(line(row.name, str(topics), *cells))
    for name, values in PUBLISHED.items():
        lines.append(line(f"{name}, as published", "mean", *(f"{value:.3f}" for value in values)))
    return "\n".join(lines) + "\n"


def results(out: Path, corpus: str, row: Row, topics: int) -> list[dict[str, float]]:
    return [
        json.loads(path.read_text())
        for path in sorted((out / corpus).glob(f"{slug(row.name)}-k{topics}-s*.json"))
    ]


def spread(values: list[float], digits: int) -> str:
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
