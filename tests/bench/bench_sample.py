"""A corpus of which a sample is read, from its file to the topics of all documents: time and peak memory.

    python tests/bench/bench_sample.py CORPUS.jsonl.gz [--documents 1000000] [--sample 10000] [--teacher NAME]
                                       [--embed 500] [--stages distill train assign] [--folder DIR]

The documents are those of CORPUS again and again, in each of which one word is another document's, so that
nearly all texts differ. Without --teacher a tiny random one reads them, and its time says nothing: what a
teacher needs for the sample is to be added. --embed reads so many documents of CORPUS with all-MiniLM-L6-v2
in the same run. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))


def write_corpus(target: Path, source: Path, documents: int) -> None:
    """So many documents, made of those of another corpus."""
    with gzip.open(source, "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"].split() for line in file]
    rng = random.Random(0)
    with target.open("w", encoding="utf-8") as file:
        for number in range(documents):
            words = list(texts[number % len(texts)])
            words[rng.randrange(len(words))] = rng.choice(rng.choice(texts))
            file.write(json.dumps({"id": str(number), "text": " ".join(words)}) + "\n")


def row(stage: str, documents: int, seconds: float, memory: float | None = None) -> None:
    shown = "" if memory is None else f"{memory:,.0f}"
    print(f"| {stage} | {documents:,} | {seconds:,.1f} | {documents / seconds:,.0f} | {shown} |", flush=True)


def main() -> None:
    import tiny_teachers
    from bench_distill import minilm
    from bench_memory import measured

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=10_000)
    parser.add_argument("--teacher")
    parser.add_argument("--embed", type=int, default=0)
    parser.add_argument("--stages", nargs="+", default=["distill", "train", "assign"])
    parser.add_argument("--folder", help="kept, and what is in it already is not made again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(options.folder or place)
        folder.mkdir(exist_ok=True)
        corpus, teacher = folder / f"{options.documents}.jsonl", folder / "teacher"
        labels, model, topics = folder / "labels.npz", folder / "model.npz", folder / "topics.jsonl"
        if not corpus.exists():
            write_corpus(corpus, options.corpus, options.documents)
        if not options.teacher and not teacher.exists():
            tiny_teachers.save_tiny_teacher(teacher, "llama")
        reads = ["--sample", options.sample, "--teacher", options.teacher or teacher, "-o", labels]
        commands = {
            "distill": ["distill", corpus, *reads],
            "train": ["train", labels, "-k", 50, "-o", model],
            "assign": ["assign", model, corpus, "--reader", "words", "--top", 1, "-o", topics],
        }
        print("| | documents | seconds | documents/s | peak MiB |\n|---|---|---|---|---|")
        for stage in options.stages:
            count = options.sample if stage == "train" else options.documents
            row(stage, count, *measured(["-q", *map(str, commands[stage])]))
        if options.embed:
            with gzip.open(options.corpus, "rt", encoding="utf-8") as file:
                texts = [json.loads(line)["text"] for line in islice(file, options.embed)]
            read = minilm()
            read(texts[:32])
            start = time.perf_counter()
            read(texts)
            row("all-MiniLM-L6-v2", options.embed, time.perf_counter() - start)


if __name__ == "__main__":
    main()
