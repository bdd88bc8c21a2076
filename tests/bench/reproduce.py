"""The paper's table, measured here: every model on every corpus, as one Markdown page.

    python tests/bench/reproduce.py --data ../shared/data --out reproduce

The rows of the whole paper read the corpus as the paper does, too (`distill --preset paper`), and ECRTM among
them takes GloVe's vectors where `--glove` names their file. Beside the rows stand the paper's own figures.

Resumable: a result that is there and was made with the same options from the same labels is kept, so a run
that was stopped goes on. The page is written again after each result. Hours on 2 cores; `--only`, `--seeds`,
`--minutes`, `--limit` and `--labels`, ready files of `dsltm distill`, make it shorter; two runs of different
rows (`--only`) can go on side by side, each with a folder of its own. Each training has one thread.

BERTopic, FASTopic and KeyNMF run in an environment of their own (`peers.txt`), whose interpreter is
named with `--peers`; without it their rows are left out. All that work on sentence embeddings get the same.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import sys
import time
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import outside
import paper_tables
import torch
import word_scores
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler, normalize

from dsltm.assigning.documents import theta_of
from dsltm.formats.labels import Labels, read_labels
from dsltm.metrics.clustering import nmi, purity
from dsltm.metrics.diversity import i_rbo, topic_diversity
from dsltm.metrics.retrieval import precision_by_topics
from dsltm.training import BASELINES, TrainConfig
from dsltm.training.data import TrainingSet
from dsltm.training.loop import train
from dsltm.words.ranking import ranked, telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CORPORA = {"StackOverflow": "stackoverflow", "TweetTopic": "tweet_topic", "20NewsGroup": "20newsgroups"}
METRICS = {  # and their digits; from "names" to "NPMI" of the first ten words of each topic
    "purity": 3,
    "class NMI": 3,
    "P@1": 3,  # of the nearest documents by topics, how many are of the same class
    "P@5": 3,
    "P@10": 3,
    "P@1, no copies": 3,  # the same where each text counts once
    "P@5, no copies": 3,
    "P@10, no copies": 3,
    "I-RBO": 3,
    "diversity": 3,
    "seconds": 0,
    "names": 0,
    "precision": 3,
    "coverage": 3,
    "distinct": 3,
    "NPMI": 3,
    "C_V": 3,  # this and the next over fifteen words, in the reference
    "NPMI, Wikipedia": 3,
    "first word": 1,  # its probability over 1/V, median topic
}
ALL_K = (25, 50, 75, 100)
COLUMNS = 4  # results that have other columns are measured again


@dataclass(frozen=True)
class Place:
    """Where a corpus's files are.

    Attributes:
        source, labels: the documents, and what the teacher made of them.
        embeddings: a folder for sentence embeddings.
        reference: another corpus, for C_V.
        peers: the interpreter that runs other tools, if there is one.
        articles: only so many documents of the reference.
    """

    source: Path
    labels: Path
    embeddings: Path
    reference: Path
    peers: Path | None
    articles: int | None


@dataclass(frozen=True)
class Measured:
    """What a run gave.

    Attributes:
        chosen: [N] the topic of each document, -1 for none.
        words: of each topic, most important first.
        seconds: of the fit alone, from labels, embeddings or texts that are in memory.
        first_word: the first word's probability over 1/V, median topic; None where words have none.
        theta: [N, K] topic proportions; None where there are none.
    """

    chosen: np.ndarray
    words: list[list[str]]
    seconds: float
    first_word: float | None = None
    theta: np.ndarray | None = None


@dataclass(frozen=True)
class Row:
    """One model of the table.

    Attributes:
        name: as it is called in the table.
        options: of `TrainConfig`, where `run` is None.
        topics: values of K.
        run: finds topics without dsltm's training.
        first: its runs come before those of other rows.
        peer: it needs the interpreter of other tools.
        paper: the corpus is read as in the paper.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    topics: tuple[int, ...] = (50,)
    run: Callable[[Place, int, int], Measured] | None = None
    first: bool = False
    peer: bool = False
    paper: bool = False

    def key(self, labels: Path) -> str:
        """What the row's results depend on, but for K and the seed."""
        if self.run is not None:
            return f"{self.name} of {labels.name}, columns {COLUMNS}"
        config = TrainConfig(**self.options).resolved(len(opened(labels))).as_header()
        header = {**opened(labels).header, "vocabulary": len(opened(labels).vocabulary)}
        parts = [
            {**config, "topics": None},
            [header.get(key) for key in ("teacher", "prompts", "vocabulary")],
            COLUMNS,
        ]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def opened(labels: Path) -> Labels:
    return read_labels(str(labels))


def factorise(kind: str, place: Place, topics: int, seed: int) -> Measured:
    outside.counts(place.source)  # read before the clock starts
    return timed(lambda: outside.factorise(kind, place.source, topics, seed))


def cluster_sentences(place: Place, topics: int, seed: int) -> Measured:
    outside.counts(place.source)
    vectors = outside.sentences(place.source, place.embeddings)
    return timed(lambda: outside.cluster(vectors, place.source, topics, seed))


def cluster_hidden(place: Place, topics: int, seed: int) -> Measured:
    outside.counts(place.source)
    points = hidden_space(place.labels)
    return timed(lambda: outside.cluster(points, place.source, topics, seed))


def guide(place: Place, topics: int, seed: int) -> Measured:
    """The k-means that the default begins from, as topics of their own."""
    outside.counts(place.source)
    labels = opened(place.labels)

    def clusters() -> outside.Found:
        config = TrainConfig(topics=topics, seed=seed, rounds=0).resolved(len(labels))
        data = TrainingSet(labels, config, torch.device("cpu"))
        chosen = np.full(len(labels), -1)
        if data.guide is not None:
            chosen[data.documents] = data.guide.numpy()[data.text]
        return chosen, outside.class_words(chosen, place.source, topics)

    return timed(clusters)


def class_words(place: Place, topics: int, seed: int) -> Measured:
    """The default's own topics of documents, told in class-based TF-IDF's words."""
    own = trained(place.labels, topics, seed, "{}")
    return replace(own, words=outside.class_words(own.chosen, place.source, topics), first_word=None)


def peer(name: str, place: Place, topics: int, seed: int) -> Measured:
    """Another tool, with its published defaults."""
    assert place.peers is not None
    (chosen, told), seconds = outside.peer(name, place.peers, place.source, place.embeddings, topics, seed)
    return Measured(chosen, told, seconds)


def timed(run: Callable[[], outside.Found]) -> Measured:
    start = time.perf_counter()
    chosen, told = run()
    return Measured(chosen, told, time.perf_counter() - start)


@lru_cache(maxsize=4)
def trained(labels_at: Path, topics: int, seed: int, options: str) -> Measured:
    """A model of ours; two rows that need the same model share it."""
    labels = opened(labels_at)
    start = time.perf_counter()
    model = train(labels, TrainConfig(topics=topics, seed=seed, **json.loads(options)))
    seconds = time.perf_counter() - start
    rows = ranked(
        telling(model.beta, model.usage, model.sizes), model.vocabulary, outside.TOP, usage=model.usage
    )
    first_word = float(np.median([beta[row[0]] for beta, row in zip(model.beta, rows, strict=True)]))
    told = [[model.vocabulary[word] for word in row] for row in rows]
    theta = theta_of(model, labels)
    return Measured(theta.argmax(1), told, seconds, first_word * len(model.vocabulary), theta)


@cache
def hidden_space(labels: Path) -> np.ndarray:
    """The teacher's states of all documents: standardised, of length one, on 100 principal axes."""
    states = normalize(StandardScaler().fit_transform(np.asarray(opened(labels).hidden[:], np.float32)))
    return PCA(min(100, *states.shape), random_state=0).fit_transform(states)


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
    Row("k-means of the guide, class-based TF-IDF", topics=ALL_K, run=guide, first=True),
    Row("ProdLDA + DSL", topics=ALL_K, first=True),
    Row("ProdLDA + DSL, class-based TF-IDF of its θ", run=class_words, first=True),
    Row("ECRTM + DSL", {"model": "ecrtm"}, topics=ALL_K),
    Row("FASTopic + DSL", {"model": "fastopic"}),
    Row("ETM + DSL", {"model": "etm"}),
    Row("ProdLDA + DSL, trained as in the paper", {"preset": "paper"}),
    *(
        Row(f"{name} + DSL, the whole paper", {"preset": "paper", "model": model}, topics, paper=True)
        for name, model, topics in (
            ("ProdLDA", "prodlda", ALL_K),
            ("ECRTM", "ecrtm", ALL_K),
            ("FASTopic", "fastopic", (50,)),
            ("ETM", "etm", (50,)),
        )
    ),
    Row("BERTopic", run=partial(peer, "bertopic"), peer=True),
    Row("FASTopic on all-MiniLM-L6-v2", run=partial(peer, "fastopic"), peer=True),
    Row("KeyNMF", run=partial(peer, "keynmf"), peer=True),
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
    parser.add_argument("--limit", type=int, help="for a rehearsal: so many documents, evenly spaced")
    parser.add_argument("--articles", type=int, help="for a rehearsal: so many of the reference")
    parser.add_argument("--topics", type=int, help="this K alone")
    parser.add_argument("--glove", type=Path, help="vectors of words for ECRTM as in the paper")
    parser.add_argument("--peers", type=Path, help="the interpreter of an environment with peers.txt")
    parser.add_argument("--minutes", type=float, help="begin nothing new after so many")
    options = parser.parse_args()
    torch.set_num_threads(1)
    end = time.monotonic() + 60 * (options.minutes or 1e9)
    runs = list(plan(options.seeds, options.only or "", options.topics))
    if not runs:
        names = "\n".join(f"{corpus} {row.name}" for corpus in CORPORA for row in ROWS)
        parser.error(f"--only {options.only!r} finds none of these:\n{names}")
    for corpus, row, topics, seed in runs:
        place = places(corpus, options, paper=row.paper)
        missing = "--peers" if row.peer and place.peers is None else None
        if not place.labels.exists():
            missing = str(place.labels)
        if missing:
            print(f"{corpus}: {row.name} is left out without {missing}", file=sys.stderr, flush=True)
            continue
        if result(options.out, corpus, row, topics, seed, row.key(place.labels)):
            continue
        if time.monotonic() > end:
            return
        print(f"{corpus}: {row.name}, K = {topics}, seed {seed}", file=sys.stderr, flush=True)
        extra: dict[str, Any] = {"epochs": options.epochs} if options.epochs else {}
        if row.paper and options.glove and row.options["model"] == "ecrtm":
            extra["embeddings"] = str(options.glove)
        found = measure(place, row, topics, seed, extra)
        path = path_of(options.out, corpus, row, topics, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        whole(path, json.dumps({"key": row.key(place.labels), **found}))
        whole(options.out / "table.md", table(options))


def plan(seeds: int, only: str, topics_alone: int | None) -> Iterator[tuple[str, Row, int, int]]:
    """Every run: rows that come first, then one seed at K = 50 of all rows, then the others."""
    runs = [
        (not row.first, seed, topics != 50 and not row.first, corpus, row, topics)
        for seed in range(seeds)
        for row in ROWS
        for topics in ((topics_alone,) if topics_alone else row.topics)
        for corpus in CORPORA
        if re.search(only, f"{corpus} {row.name}")
    ]
    for _, seed, _, corpus, row, topics in sorted(runs, key=lambda run: run[:3]):
        yield corpus, row, topics, seed


def places(corpus: str, options: argparse.Namespace, *, paper: bool, distil: bool = True) -> Place:
    """The files of a corpus; its labels are made, if wanted, where no folder of ready ones is named.

    Args:
        paper: its labels as in the paper, whose file's name ends in -paper.npz.
    """
    source, out = options.data / f"{CORPORA[corpus]}.jsonl.gz", options.out
    if options.limit:
        source = first(source, options.limit, out)
    labels = (options.labels or out) / source.name.replace(".jsonl.gz", "-paper.npz" if paper else ".npz")
    reference = options.data / "wikipedia-sample.jsonl.gz"
    if distil and options.labels is None and not labels.exists():
        import subprocess

        out.mkdir(parents=True, exist_ok=True)
        preset = ["--preset", "paper"] if paper else []
        subprocess.run([sys.executable, "-m", "dsltm", "distill", source, *preset, "-o", labels], check=True)
    return Place(source, labels, out / "minilm", reference, options.peers, options.articles)


def first(source: Path, limit: int, out: Path) -> Path:
    """A corpus of so many documents of another, evenly spaced through it."""
    place = out / source.name.replace(".jsonl.gz", f"-{limit}.jsonl.gz")
    if not place.exists():
        out.mkdir(parents=True, exist_ok=True)
        with gzip.open(source, "rt", encoding="utf-8") as file:
            lines = file.readlines()
        with gzip.open(place, "wt", encoding="utf-8") as file:
            file.writelines(lines[:: -(-len(lines) // limit)])
    return place


def measure(place: Place, row: Row, topics: int, seed: int, extra: dict[str, Any]) -> dict[str, Any]:
    """Find topics and score them; their words stand beside the scores, to be read and to be scored again."""
    if row.run is not None:
        run = row.run(place, topics, seed)
    else:
        run = trained(place.labels, topics, seed, json.dumps({**row.options, **extra}))
    texts, gold = outside.documents(place.source)
    scores: dict[str, Any] = {
        "purity": purity(run.chosen, gold),
        "class NMI": nmi(run.chosen, gold),
        "I-RBO": i_rbo(run.words),
        "diversity": topic_diversity(run.words),
        "seconds": run.seconds,
        **retrieved(run.theta, texts, np.asarray(gold)),
        **word_scores.score(run.words, run.chosen, place.source, place.reference, place.articles),
        "words": run.words,
    }
    return scores if run.first_word is None else {**scores, "first word": run.first_word}


def retrieved(theta: np.ndarray | None, texts: list[str], gold: np.ndarray) -> dict[str, float]:
    """Precision of the nearest documents, among all of them and among one of each text."""
    if theta is None:
        return {}
    once = np.unique(np.asarray(texts, object).astype(str), return_index=True)[1]
    found = {}
    for rows, how in ((np.arange(len(gold)), ""), (np.sort(once), ", no copies")):
        precision = precision_by_topics(theta[rows], gold[rows])
        found |= {f"P@{depth}{how}": value for depth, value in precision.items()}
    return found


def path_of(out: Path, corpus: str, row: Row, topics: int, seed: int) -> Path:
    slug = "".join(c if c.isalnum() else "-" for c in row.name.lower())
    return out / corpus / f"{slug}-k{topics}-s{seed}.json"


def result(out: Path, corpus: str, row: Row, topics: int, seed: int, key: str) -> dict[str, Any] | None:
    """What was measured, None where that was with other options or from other labels."""
    path = path_of(out, corpus, row, topics, seed)
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found if found.get("key") == key else None


def whole(path: Path, text: str) -> None:
    """Write a file that is whole or not there."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def table(options: argparse.Namespace) -> str:
    """The page: one K in full, purity over K, and the paper's own figures."""
    out, alone = options.out, options.topics or 50

    def runs(corpus: str, row: Row, topics: int) -> list[dict[str, Any]]:
        place = places(corpus, options, paper=row.paper, distil=False)
        if not place.labels.exists():
            return []
        key = row.key(place.labels)
        found = (result(out, corpus, row, topics, seed, key) for seed in range(100))
        return [run for run in found if run]

    lines = [f"## K = {alone}, mean ± standard deviation over seeds", ""]
    for corpus in CORPORA:
        lines += [f"### {corpus}", "", line("", *METRICS), line("---", *["---:"] * len(METRICS))]
        for row in ROWS:
            if measured := runs(corpus, row, alone):
                spreads = [
                    spread([run[name] for run in measured if name in run], digits)
                    for name, digits in METRICS.items()
                ]
                lines.append(line(row.name, *spreads))
        for name, values in paper_tables.published().items():
            own = values[corpus]
            cells = (
                f"{own[column]:.{digits}f}" if column in own else "" for column, digits in METRICS.items()
            )
            lines.append(line(f"as published, all K: {name}", *cells))
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
    for name, values in paper_tables.published().items():
        cells = [f"{values[corpus]['purity']:.3f}" for corpus in CORPORA]
        lines.append(line(f"as published: {name}", "mean", *cells))
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
