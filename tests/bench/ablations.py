"""The paper's ablations, one command a question, on any corpus: what each setting is worth.

    python tests/bench/ablations.py temperature ../shared/data/stackoverflow.jsonl.gz --out ablations

Everything but the setting in question is the paper's (`--preset paper` of distill and train). The commands of
dsltm that are run are printed, so that each row can be repeated by hand; labels and models that are there are
kept. Ends with a Markdown table of means over seeds. Labels of a corpus take as long as the teacher reads:
`--sample N` reads only N of its texts.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = (
    "purity",
    "nmi",
    "precision_at_5",
    "precision_at_10",
    "npmi_own",
    "c_v",
    "i_rbo",
    "topic_diversity",
)


@dataclass(frozen=True)
class Variant:
    """One row of a table: the options of both commands that make it.

    Attributes:
        name: what the row is called.
        train, distill: options beside `--preset paper`.
    """

    name: str
    train: tuple[str, ...] = ()
    distill: tuple[str, ...] = field(default=())


def of_train(option: str, *values: object) -> list[Variant]:
    return [Variant(f"{option} {value}", (f"--{option}", str(value))) for value in values]


def of_distill(option: str, *values: object) -> list[Variant]:
    return [Variant(f"{option} {value}", (), (f"--{option}", str(value))) for value in values]


REPHRASED = ("paper", *(f"paper-{number}" for number in range(1, 6)))
OURS = tuple(part for name in ("keywords", "tags", "word", "related") for part in ("--prompt", name))
QUESTIONS: dict[str, tuple[str, list[Variant]]] = {
    "temperature": ("How soft should the labels be?", of_train("temperature", 1, 2, 3, 5, 10)),
    "weight": ("How much should the labels weigh?", of_train("weight", 1, 10, 100, 1000, 10_000)),
    "vocabulary": ("How many words are enough?", of_distill("size", 500, 1000, 2000, 3000, 4000)),
    "sparsity": (
        "How many words of a label matter?",
        of_train("target-share", 0.01, 0.1, 0.5, 1) + of_train("target-top", 5, 20, 100),
    ),
    "loss": ("Does the divergence matter?", of_train("loss", "kl", "ce")),
    "instruction": ("Does the wording matter?", of_distill("prompt", *REPHRASED)),
    "prompts": (
        "What do four short instructions add to the paper's one?",
        [Variant("the paper's"), Variant("four of dsltm's", (), OURS)],
    ),
    "teacher": ("Which teacher?", of_distill("teacher", "smollm2-135m", "gemma-3-270m")),
    "target": ("What are soft labels worth?", of_train("target", "soft", "soft-bow", "bow")),
    "parts": (
        "What does each part of the published model cost?",
        [
            Variant("as published"),
            Variant("vectors standardised", ("--scale", "standard")),
            Variant("decoder with a shift, without τ", ("--decoder", "best")),
            Variant("θ of the posterior's mean", ("--samples", "0")),
            Variant("Adam (.9, .999)", ("--momentum", "0.9", "--second-momentum", "0.999")),
            Variant(
                "all four",
                (
                    *("--scale", "standard", "--decoder", "best", "--samples", "0"),
                    *("--momentum", "0.9", "--second-momentum", "0.999"),
                ),
            ),
        ],
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("question", choices=[*QUESTIONS, "input"])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--out", type=Path, default=Path("ablations"))
    parser.add_argument("-k", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sample", help="so many texts of the corpus, as of distill")
    parser.add_argument("--vectors", help="vectors of the documents from elsewhere, for the question input")
    parser.add_argument("--reference", help="a corpus for C_V and NPMI")
    options = parser.parse_args()
    if options.question == "input":
        if not options.vectors:
            parser.error("input compares the hidden states with --vectors FILE")
        variants = [Variant("hidden states"), Variant("vectors", (), ("--vectors", options.vectors))]
        asked = "Are the teacher's states better than other embeddings?"
    else:
        asked, variants = QUESTIONS[options.question]
    options.out.mkdir(parents=True, exist_ok=True)
    lines = [f"## {asked}", "", line("", *COLUMNS), line("---", *["---:"] * len(COLUMNS))]
    for variant in variants:
        labels = read(variant, options)
        lines.append(line(variant.name, *scores(variant, labels, options)))
    page = "\n".join(lines)
    (options.out / f"{options.question}.md").write_text(page + "\n")
    print(page)


def read(variant: Variant, options: argparse.Namespace) -> Path:
    """The labels of a variant; those that several variants need are made once."""
    stem = options.corpus.name.split(".")[0]
    labels: Path = options.out / f"{stem}{slug(variant.distill)}.npz"
    if not labels.exists():
        sample = ("--sample", options.sample) if options.sample else ()
        run("distill", options.corpus, "--preset", "paper", *variant.distill, *sample, "-o", labels)
    return labels


def scores(variant: Variant, labels: Path, options: argparse.Namespace) -> list[str]:
    """The means over seeds, with their standard deviations where there are several."""
    models = [
        labels.with_name(f"{labels.stem}{slug(variant.train)}-k{options.k}-s{seed}.npz")
        for seed in range(options.seeds)
    ]
    for seed, model in enumerate(models):
        if not model.exists():
            choice = ("-k", options.k, "--seed", seed)
            run("train", labels, "--preset", "paper", *choice, *variant.train, "-o", model)
    reference = ("--reference", options.reference) if options.reference else ()
    rows = [json.loads(run("eval", model, labels, *reference)) for model in models]
    return [spread([row[name] for row in rows if row.get(name) is not None]) for name in COLUMNS]


def run(*arguments: object) -> str:
    """Run a command of dsltm and show it; its standard output."""
    words = ["dsltm", *map(str, arguments)]
    print(shlex.join(words), file=sys.stderr, flush=True)
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def slug(parts: tuple[str, ...]) -> str:
    return "".join(f"-{Path(part).name.removeprefix('--')}" for part in parts)


def spread(values: list[float]) -> str:
    if not values:
        return ""
    mean = sum(values) / len(values)
    deviation = (sum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1)) ** 0.5
    return f"{mean:.3f} ± {deviation:.3f}" if len(values) > 1 else f"{mean:.3f}"


def line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
