"""Memory and time as a corpus grows to millions of documents: words counted on Ray, parts, an epoch, topics.

    python tests/bench/bench_scale.py [--documents 5000000] [--read 100000] [--shares 4 2 1] [--folder DIR]

Documents are made up, short and repeatable. `--read` of them go through a tiny random teacher on a Ray that
is started here; for the training, parts of all of them are made up directly. Prints a Markdown table. Memory
is what a process has for itself (RssAnon), mapped files not counted: they go when others need the room.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
PART = 65536
FILES = 8


def write_corpus(folder: Path, documents: int) -> None:
    """Eight files of made-up documents."""
    import tiny_teachers

    rng, themes = random.Random(0), sorted(tiny_teachers.THEMES)
    folder.mkdir()
    known = [
        " ".join(rng.choices(tiny_teachers.THEMES[theme], k=5) + rng.choices(tiny_teachers.GLUE, k=3))
        for theme in themes
        for _ in range(10_000)
    ]
    for number in range(FILES):
        with (folder / f"{number}.jsonl").open("w") as file:
            for row in range(documents * number // FILES, documents * (number + 1) // FILES):
                file.write(f'{{"id": "{row}", "text": "{rng.choice(known)}"}}\n')


def write_parts(folder: Path, like: Path, documents: int) -> None:
    """Parts of so many documents: rows of `like`, a folder of parts, drawn again and again, with noise."""
    from dsltm.formats.labels import FORMAT, read_labels, write_labels
    from dsltm.formats.parts import Manifest
    from dsltm.formats.strings import Strings

    labels, rng = read_labels(str(like)), np.random.default_rng(0)
    header = {key: value for key, value in labels.header.items() if key not in ("format", "version")}
    logits, hidden = labels.logits[:], labels.hidden[:]
    folder.mkdir()
    manifest = Manifest(FORMAT, {}, -(-documents // PART))
    for number in range(manifest.total):
        count = min(PART, documents - number * PART)
        rows = rng.integers(0, len(labels), count)
        ids = Strings.pack(str(number * PART + row) for row in range(count))
        noise = rng.standard_normal((count, hidden.shape[1]), np.float32) * 0.1
        members = {
            "ids": ids.data,
            "ids_indptr": ids.indptr,
            "logits": logits[rows],
            "hidden": (hidden[rows] + noise).astype(np.float16),
            "bow_indptr": np.zeros(count + 1, np.int64),
            "bow_indices": np.empty(0, np.int32),
            "bow_data": np.empty(0, np.int32),
            "gold": np.full(count, -1, np.int32),
            "flags": np.zeros(count, np.uint8),
            "word_embeddings": labels.word_embeddings,
        }
        place = folder / f"part-{number:05}.npz"
        with place.open("wb") as file:
            write_labels(file, header | {"documents": count, "gold_names": []}, members)
        manifest.parts[number] = {"file": place.name, "documents": count, "bytes": place.stat().st_size}
    (folder / "manifest.json").write_bytes(manifest.dump())


def anonymous(process: psutil.Process) -> float:
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0
    return next(
        (int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("RssAnon")), 0
    )


def measured(*command: object) -> tuple[float, float, float]:
    """Seconds of a command, and the peak memory in MiB of its process and of the largest below it."""
    start, peaks, done = time.perf_counter(), [0.0, 0.0], threading.Event()
    process = subprocess.Popen([sys.executable, *map(str, command)], stdout=subprocess.DEVNULL)

    def watch() -> None:
        own = psutil.Process(process.pid)
        while not done.wait(0.25):
            peaks[0] = max(peaks[0], anonymous(own))
            try:
                peaks[1] = max([peaks[1], *map(anonymous, own.children(recursive=True))])
            except psutil.NoSuchProcess:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    if status:
        sys.exit(f"{command[:3]} failed")
    return seconds, *peaks


COUNT = """
import sys
from dsltm.on_ray.pieces import Cut, Fields, input_files
from dsltm.on_ray.session import connected
from dsltm.on_ray.survey import survey
with connected("local"):
    plan = survey(input_files(sys.argv[1], "auto"), Cut(Fields(), "fail", 16384), max_tokens=512, count=True)
assert plan.documents == int(sys.argv[2]), plan.documents
"""


def row(name: str, documents: int, found: tuple[float, float, float]) -> None:
    print(f"| {name} | {documents:,} | {found[0]:,.0f} | {found[1]:,.0f} | {found[2]:,.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=5_000_000)
    parser.add_argument("--read", type=int, default=100_000)
    parser.add_argument(
        "--shares", type=int, nargs="+", default=[4, 2, 1], help="a quarter of the documents, half, all"
    )
    parser.add_argument("--folder")
    options = parser.parse_args()
    import tiny_teachers

    print("| stage | documents | seconds | memory, MiB | of its largest worker |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        folder = Path(place)
        tiny_teachers.save_tiny_teacher(folder / "teacher", "llama")
        for part in options.shares:
            count = options.documents // part
            corpus = folder / f"corpus-{part}"
            write_corpus(corpus, count)
            row("words counted on Ray", count, measured("-c", COUNT, corpus, count))
        for part in options.shares:
            count, corpus = options.read // part, folder / f"short-{part}"
            write_corpus(corpus, count)
            arguments = ["--teacher", folder / "teacher", "--prompt", "paper", "--ray", "local"]
            found = measured("-m", "dsltm", "distill", corpus, *arguments, "-o", folder / f"read-{part}")
            row("distill --ray local, tiny teacher", count, found)
        for part in options.shares:
            count, labels, model = options.documents // part, folder / f"parts-{part}", folder / "model.npz"
            write_parts(labels, folder / f"read-{options.shares[-1]}", count)
            arguments = ["-k", "20", "--epochs", "1", "--smooth", "0", "--batch", "256"]
            row("one epoch", count, measured("-m", "dsltm", "train", labels, *arguments, "-o", model))
            row(
                "assign",
                count,
                measured("-m", "dsltm", "assign", model, labels, "--npz", "-o", folder / "a.npz"),
            )


if __name__ == "__main__":
    main()
