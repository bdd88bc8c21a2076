"""Peak memory and time of every stage as the corpus grows, with a tiny random teacher.

    python tests/bench/bench_memory.py [--documents 1000000] [--folder DIR]

Prints a Markdown table; the documents are made up, short and repeatable.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def prepare(folder: Path, documents: int) -> None:
    """Make the teacher and the corpus; in a process of its own, whose memory no stage inherits."""
    import tiny_teachers

    tiny_teachers.save_tiny_teacher(folder / "teacher", "llama")
    rng = random.Random(0)
    themes = sorted(tiny_teachers.THEMES)
    with (folder / "corpus.jsonl").open("w") as file:
        for number in range(documents):
            theme = themes[number % len(themes)]
            words = " ".join(
                rng.choices(tiny_teachers.THEMES[theme], k=5) + rng.choices(tiny_teachers.GLUE, k=3)
            )
            file.write(f'{{"id": "{number}", "text": "{words}", "label": "{theme}"}}\n')


def measured(command: list[str], output: Path | None = None) -> tuple[float, float]:
    """Seconds, and peak resident memory in MiB, of a command."""
    start = time.perf_counter()
    with (output or Path(os.devnull)).open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "dsltm", *command], stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        folder = Path(place)
        names = ("teacher", "corpus.jsonl", "labels.npz", "model.npz")
        teacher, corpus, labels, model = (folder / name for name in names)
        maker = multiprocessing.get_context("spawn").Process(target=prepare, args=(folder, options.documents))
        maker.start()
        maker.join()
        stages = {
            "vocab": ["vocab", str(corpus)],
            "distill": [
                "distill",
                str(corpus),
                "--teacher",
                str(teacher),
                "--prompt",
                "paper",
                "-o",
                str(labels),
            ],
            "train, one epoch": ["train", str(labels), "-k", "20", "--epochs", "1", "-o", str(model)],
            "assign": ["assign", str(model), str(labels)],
            "eval": ["eval", str(model), str(labels)],
            "topics": ["topics", str(model), str(labels)],
        }
        print(
            f"{options.documents:,} documents\n\n| stage | seconds | peak memory, MiB |\n| --- | --- | --- |"
        )
        for stage, command in stages.items():
            seconds, peak = measured(command)
            print(f"| {stage} | {seconds:,.0f} | {peak:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
