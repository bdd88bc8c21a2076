"""How fast coherence and retrieval are, beside gensim and a loop over rows.

    python tests/bench/bench_metrics.py [--articles 24914] [--documents 20000] [--repeat 3]

C_V of 50 topics x 15 words over the Wikipedia sample: gensim counts the tokens that were made for it
beforehand, in one process; here the same tokens are counted, and in a second row the file is read and
tokenised as well. Retrieval by KL over random topic proportions: the loop computes a row of divergences and
sorts it, as published code does. Prints a Markdown table; the values must agree, or it stops.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from dsltm.formats.corpus import Corpus
from dsltm.metrics.coherence import COHERENCE, coherence
from dsltm.metrics.cooccurrence import count_windows
from dsltm.metrics.reference import by_corpus
from dsltm.metrics.retrieval import DEPTHS, precision_by_topics
from dsltm.words.stopwords import StopWords
from dsltm.words.text import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "wikipedia-sample.jsonl.gz"
TOPICS, TOP_WORDS, CLASSES = 50, 15, 20
Result = TypeVar("Result")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reference", type=Path, default=REFERENCE)
    parser.add_argument("--articles", type=int, help="only the first so many")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; gensim and the loop run once")
    options = parser.parse_args()
    print("| what | seconds | slower one, seconds | times as fast |\n|---|---|---|---|")
    if options.reference.exists():
        bench_coherence(options.reference, options.articles, options.repeat)
    else:
        print(f"no {options.reference}: coherence is not measured", file=sys.stderr)
    bench_retrieval(options.documents, options.repeat)


def timed(function: Callable[[], Result], repeat: int) -> tuple[float, Result]:
    """The median of the seconds that `repeat` runs take, and the last result."""
    seconds = []
    for _ in range(repeat):
        started = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - started)
    return median(seconds), result


def row(what: str, ours: float, theirs: float) -> None:
    print(f"| {what} | {ours:.2f} | {theirs:.1f} | {theirs / ours:.0f} |", flush=True)


def bench_coherence(reference: Path, articles: int | None, repeat: int) -> None:
    from gensim.corpora import Dictionary
    from gensim.models.coherencemodel import CoherenceModel

    def documents() -> Iterator[list[str]]:
        return (words(document.text) for document in islice(Corpus(str(reference)), articles))

    tokens = list(documents())
    topics = draw_topics(tokens)
    measure = {"c_v": COHERENCE["c_v"]}

    def ours() -> list[float]:
        return coherence(topics, count_windows(tokens, topics, [110]), measure).per_topic["c_v"]

    fast, values = timed(ours, repeat)
    dictionary = Dictionary(tokens)

    def gensim() -> Any:
        model = CoherenceModel(
            topics=topics, texts=tokens, dictionary=dictionary, coherence="c_v", processes=1
        )
        return model.get_coherence_per_topic()

    slow, expected = timed(gensim, 1)
    difference = float(np.abs(np.array(values) - expected).max())
    size = f"{len(tokens):,} articles, {sum(map(len, tokens)):,} tokens"
    row(f"C_V, {size}, against gensim", fast, slow)
    whole, (all_measures,) = timed(lambda: by_corpus([topics], documents()), repeat)
    row("all five measures, reading and tokenising included, against gensim's C_V alone", whole, slow)
    exact = by_corpus([topics], documents(), counting="exact")[0].means()["c_v"]
    counted = all_measures.means()["c_v"]
    print(
        f"greatest difference to gensim {difference:.1e}; C_V {counted:.4f}, exact {exact:.4f}",
        file=sys.stderr,
    )
    if difference > 1e-6:
        raise SystemExit("the values are not gensim's")


def draw_topics(tokens: list[list[str]]) -> list[list[str]]:
    """Words of the 2,000 in the most documents, as a vocabulary has them, dealt at random."""
    stop = StopWords.parse("en").listed
    counts = Counter(word for document in tokens for word in set(document))
    common = [word for word, _ in counts.most_common(2000 + len(stop)) if word not in stop][:2000]
    drawn = random.Random(0).sample(common, TOPICS * TOP_WORDS)
    return [drawn[k : k + TOP_WORDS] for k in range(0, len(drawn), TOP_WORDS)]


def bench_retrieval(documents: int, repeat: int) -> None:
    chance = np.random.default_rng(0)
    classes = chance.integers(0, CLASSES, documents)
    strength = np.full((documents, TOPICS), 0.05)
    strength[np.arange(documents), 2 * classes] = 0.5
    theta = chance.gamma(strength).astype(np.float32) + 1e-6
    theta /= theta.sum(axis=1, keepdims=True)
    fast, values = timed(lambda: precision_by_topics(theta, classes), repeat)
    slow, expected = timed(lambda: row_by_row(theta, classes), 1)
    row(f"precision@{{1,5,10}} by KL, {documents:,} documents, {TOPICS} topics, against a loop", fast, slow)
    difference = max(abs(values[depth] - expected[depth]) for depth in DEPTHS)
    print(f"greatest difference to the loop {difference:.1e}", file=sys.stderr)
    if difference > 1e-4:  # the loop computes in float32
        raise SystemExit("the values are not the loop's")


def row_by_row(theta: np.ndarray, classes: np.ndarray) -> dict[int, float]:
    logs = np.log(theta + 1e-12)
    hits = dict.fromkeys(DEPTHS, 0.0)
    for i in range(len(theta)):
        divergence = (theta[i] * (logs[i] - logs)).sum(axis=1)
        ranked = np.argsort(divergence)
        ranked = ranked[ranked != i][: max(DEPTHS)]
        for depth in DEPTHS:
            hits[depth] += float((classes[ranked[:depth]] == classes[i]).mean())
    return {depth: total / len(theta) for depth, total in hits.items()}


if __name__ == "__main__":
    main()
