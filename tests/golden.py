"""Whether two checkouts write the same bytes: every command, on a tiny corpus with a tiny random teacher.

    python tests/golden.py --before ../old --after .    # prints which outputs differ; status 1 if any does
    python tests/golden.py --write FOLDER --after .     # only writes them, for a later --before FOLDER

Bytes differ from processor to processor, so what is compared are two runs on one machine, and no digest is
kept in the repository. What a command writes to standard output counts as an output, and so does its status.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from itertools import takewhile
from pathlib import Path

import numpy as np
import shell
from tiny_teachers import save_tiny_teacher, sentences, write_jsonl

# One process each, in this order. Standard output goes to NAME.out; other files are named by the commands.
COMMANDS = """
vocab: vocab corpus.jsonl -o vocab.jsonl
vocab-teacher: vocab corpus.jsonl --teacher teacher --size 40
vocab-lines: vocab corpus.txt --format lines --max-df 0.5 --min-df 2 --stopwords en,de
distill: distill corpus.jsonl --teacher teacher -o labels.npz
distill-paper: distill corpus.jsonl --teacher teacher --vocab vocab.jsonl --preset paper -o paper.npz
distill-pipe: distill - --teacher gemma --size 30 --projection first --instruction Name
distill-chain: distill few.jsonl --teacher phi --projection chain --prompt word --max-tokens 64 -o chain.npz
distill-auto: distill few.jsonl --teacher teacher --projection spellings --prompt auto -o auto.npz
shard-1: distill corpus.jsonl --teacher teacher --shard 1/2 -o shard1.npz
shard-2: distill corpus.jsonl --teacher teacher --shard 2/2 -o shard2.npz
merge: merge shard1.npz shard2.npz -o merged.npz
part-1: distill half1.jsonl --teacher teacher --vocab vocab.jsonl -o parts/part-00000.npz
part-2: distill half2.jsonl --teacher teacher --vocab vocab.jsonl -o parts/part-00001.npz
prodlda: train labels.npz -k 4 --epochs 2 -o model.npz
prodlda-parts: train parts -k 4 --epochs 2 -o of-parts.npz
prodlda-paper: train paper.npz -k 4 --preset paper --epochs 2 --loss ce -o paper-model.npz
ecrtm: train labels.npz -k 4 --epochs 2 --model ecrtm --embeddings random -o ecrtm.npz
etm: train labels.npz -k 4 --epochs 2 --model etm --target-top 20 -o etm.npz
fastopic: train labels.npz -k 4 --epochs 2 --model fastopic -o fastopic.npz
combinedtm: train labels.npz -k 4 --epochs 2 --baseline combinedtm -o combinedtm.npz
baseline: train labels.npz -k 4 --epochs 2 --baseline prodlda -o baseline.npz
train-auto: train labels.npz -k auto --epochs 1 --centre empty --smooth 0 -o auto-k.npz
train-several: train labels.npz -k 3,4 --seeds 2 --epochs 1 --guide 0 --patience 1 -o many.npz
train-init: train parts --init of-parts.npz --epochs 1 -o further.npz
assign: assign model.npz labels.npz
assign-parts: assign of-parts.npz parts --top 2 --min-prob 0.3
assign-matrix: assign fastopic.npz labels.npz --npz -o theta.npz
assign-text: assign model.npz few.jsonl -o assigned.jsonl
assign-text-both: assign combinedtm.npz few.jsonl
topics: topics model.npz
topics-sizes: topics model.npz labels.npz --words 5 --sort size --coherence --relevance 0.6 --diversify 0.5
topics-parts: topics of-parts.npz parts --coherence
topics-examples: topics model.npz labels.npz --corpus corpus.jsonl --examples 2 --borderline 2
topics-tree: topics model.npz labels.npz --tree
topics-class: topics model.npz labels.npz --by label
topics-month: topics model.npz labels.npz --corpus corpus.jsonl --by date --every month
topics-page: topics model.npz labels.npz --corpus corpus.jsonl --layout pca --html report.html
topics-label: topics model.npz labels.npz --corpus corpus.jsonl --label -o named.npz
topics-edit: topics named.npz labels.npz --merge 0,1 --drop 3 -o edited.npz
eval: eval model.npz labels.npz --per-topic --vectors
eval-several: eval many-k3-s0.npz many-k3-s1.npz many-k4-s0.npz many-k4-s1.npz --labels labels.npz
eval-parts: eval of-parts.npz parts --gold corpus.jsonl
eval-reference: eval model.npz labels.npz --reference corpus.jsonl --coherence-cache counts --top-words 5
eval-rated: eval model.npz labels.npz --rater-teacher teacher
generate: generate corpus.jsonl -k 4 --teacher teacher -o written.jsonl
ground: ground hand.jsonl corpus.jsonl --labels labels.npz -o ground.npz
ground-labels: ground written.jsonl labels.npz -o ground-labels.npz
ground-parts: ground hand.jsonl parts -o ground-parts.npz
ground-fresh: ground hand.jsonl few.jsonl --teacher teacher --balance 0.5 -o ground-fresh.npz
attend: attend hand.jsonl corpus.jsonl --labels labels.npz --sample 12 --assignments attended.jsonl -o at.npz
attend-mixture: attend hand.jsonl few.jsonl --teacher teacher --answer mixture --heads 1.1 --calibrate empty
attend-parts: attend hand.jsonl corpus.jsonl --labels parts --answer numbers --sample 6 -o attend-parts.npz
assign-ground: assign ground.npz few.jsonl
prompts: prompts
teachers: teachers
config: config train distill
help-train: train --help
manual: help train
"""
HAND = """\
{"label": "kitchen", "keywords": ["butter", "oven"]}
{"label": "weather", "summary": "rain and snow", "documents": ["d5"]}
{"label": "music"}
"""
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def inputs(folder: Path) -> Path:
    """Write what the commands read: corpora, teachers, topics by hand and the manifest of two parts."""
    pairs = sentences(120)
    pairs[7] = (pairs[7][0], "")
    rows = [
        {"id": f"d{i}", "text": text, "label": theme, "date": f"2026-0{1 + i % 3}-11"}
        for i, (theme, text) in enumerate(pairs)
    ]
    for name, part in {"corpus": rows, "half1": rows[:60], "half2": rows[60:]}.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    write_jsonl(folder / "few.jsonl", sentences(12, seed=1))
    (folder / "corpus.txt").write_text("".join(text + "\n" for _, text in pairs if text))
    (folder / "hand.jsonl").write_text(HAND)
    for name, family in {"teacher": "llama", "gemma": "gemma3", "phi": "phi3"}.items():
        save_tiny_teacher(folder / name, family)
    (folder / "parts").mkdir()
    return folder


def write_manifest(parts: Path) -> None:
    """Make a folder of parts of two labels files, as the workers of `--ray` would leave it."""
    with np.load(parts.parent / "labels.npz") as whole:
        corpus = json.loads(whole["header"].tobytes())["corpus"]
    files, listed = sorted(parts.glob("*.npz")), []
    for number, path in enumerate(files):
        with np.load(path) as opened:
            arrays = dict(opened)
        header = json.loads(arrays["header"].tobytes()) | {"corpus": corpus}
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
        np.savez(path, **arrays)
        listed.append({"part": number, "file": path.name, "documents": 60, "bytes": path.stat().st_size})
    about = {"format": "dsltm.parts", "version": 1, "holds": "dsltm.labels", "total": len(files)}
    (parts / "manifest.json").write_text(json.dumps(about | {"settings": {}, "parts": listed}))


def write(checkout: Path, folder: Path, only: str) -> None:
    """Run the commands of a checkout; `folder` then holds what they read and what they wrote."""
    shell.ROOT = checkout.resolve()
    env = shell.environment(DSLTM_CACHE=str(folder / "cache"))
    stdin = (folder / "few.jsonl").read_bytes()
    for name, line in (row.split(": ", 1) for row in COMMANDS.strip().splitlines()):
        if not re.fullmatch(only, name):
            continue
        started = time.perf_counter()
        command = [*shell.warm(), *line.split()]
        done = subprocess.run(command, input=stdin, cwd=folder, env=env, capture_output=True, check=False)
        print(f"{time.perf_counter() - started:6.2f} s  {name}", file=sys.stderr)
        (folder / f"{name}.out").write_bytes(f"status {done.returncode}\n".encode() + done.stdout)
        if done.returncode:
            print(f"{name}: {done.stderr.decode().strip()[-1000:]}", file=sys.stderr)
        if name == "part-2":
            write_manifest(folder / "parts")


def outputs(folder: Path) -> dict[str, Path]:
    """The files of a folder that count."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and "cache" not in path.parts]
    return {str(path.relative_to(folder)): path for path in paths}


def difference(before: Path, after: Path) -> str | None:
    """Where two files differ; None where they are the same."""
    old, new = before.read_bytes(), after.read_bytes()
    if old == new:
        return None
    if not old.startswith(b"PK") or not new.startswith(b"PK"):
        equal = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
        return f"from byte {equal:,}: {old[equal : equal + 60]!r} became {new[equal : equal + 60]!r}"
    with np.load(before) as arrays, np.load(after) as others:
        names = [*({*arrays} ^ {*others})]
        names += [n for n in arrays if n in others and arrays[n].tobytes() != others[n].tobytes()]
    return f"in {', '.join(names)}" if names else "in the order or the form of its arrays"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--before", type=Path, help="a checkout, or a folder that --write wrote")
    parser.add_argument("--after", type=Path, required=True, help="a checkout")
    parser.add_argument("--write", type=Path, help="keep the outputs of --after in this folder")
    parser.add_argument("--only", default=".*", help="a regular expression of the commands' names")
    asked = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory() as scratch:
        after = asked.write or Path(scratch) / "after"
        after.mkdir(parents=True)
        write(asked.after, inputs(after), asked.only)
        if asked.before is None:
            return 0
        before = asked.before
        if (before / "dsltm").exists():
            before = Path(scratch) / "before"
            same = ["--only", asked.only, "--after", asked.before, "--write", before]
            command = [sys.executable, __file__, *same]
            subprocess.run(command, check=True)
        old, new = outputs(before), outputs(after)
        if asked.only != ".*":
            old = {name: path for name, path in old.items() if name in new}
        differing = dict.fromkeys(sorted(old.keys() ^ new.keys()), "is only in one of them")
        differing |= {n: text for n in old if n in new and (text := difference(old[n], new[n])) is not None}
    for name, text in differing.items():
        print(f"{name}: {text}")
    print(f"{len(new):,} files compared, {len(differing)} differ")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
