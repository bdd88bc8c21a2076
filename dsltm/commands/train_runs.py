"""What `dsltm train` runs: one model, or several numbers of topics and seeds. Imported when it is run."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from dsltm.api.training import choose, fitted
from dsltm.errors import UsageError
from dsltm.formats.labels import labels_read
from dsltm.formats.model import write_model
from dsltm.formats.output import open_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.training.config import TrainConfig
    from dsltm.training.seed_topics import SeedTopics

    Begin = Callable[[Labels], SeedTopics | None]

AUTO: tuple[int, ...] = ()


def numbers_of(text: str) -> tuple[int, ...]:
    """The numbers of topics in "25" or "10,25,50", in this order; `AUTO` for "auto".

    Raises:
        UsageError: something else, a number below 2 or one that comes twice.
    """
    if text.strip() == "auto":
        return AUTO
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise UsageError(f"-k takes a number of topics, several as in 10,25,50, or auto, not {text!r}")
    numbers = tuple(map(int, parts))
    if min(numbers) < 2:
        raise UsageError(f"a model has at least 2 topics, not {min(numbers)}")
    if len({*numbers}) < len(numbers):
        raise UsageError(f"-k {text} has a number twice")
    return numbers


def train_all(
    config: TrainConfig,
    labels: str,
    output: str | None,
    numbers: tuple[int, ...] | None,
    seeds: int | None,
    before: Model | None,
    begin: Begin,
) -> None:
    """Train and write each model.

    Args:
        config: of all of them.
        labels: the labels file.
        output: where the model goes; where there are several, a file that their names come from.
        numbers: of topics; `AUTO` to choose one, None for that of `config`.
        seeds: how many models of each number, with seeds from that of `config` on; None: one, and no seed in
            the names of files.
        before: a model to go on from.
        begin: tells where topics begin in the documents; None where nobody said so.
    """
    models = _trained(config, labels, numbers, seeds, before, begin)
    if seeds is None and len(numbers or ()) < 2:
        # The output is opened first, so that one that cannot be written is noticed before the training.
        with open_output(output, binary=True) as file:
            ((_, model),) = models
            write_model(file, model)
        return
    for parts, model in models:
        with open_output(_named(str(output), parts), binary=True) as file:
            write_model(file, model)


def _trained(
    config: TrainConfig,
    labels: str,
    numbers: tuple[int, ...] | None,
    seeds: int | None,
    before: Model | None,
    begin: Begin,
) -> Iterator[tuple[list[str], Model]]:
    """Each model once it is asked for, and what tells its name from those of the others."""
    opened = labels_read(labels, "learning from")
    choice = choose(opened, config) if numbers == AUTO else None
    at = begin(opened)
    for topics in numbers or (config.topics,):
        for seed in range(config.seed, config.seed + (seeds or 1)):
            several = [f"k{topics}"] if len(numbers or ()) > 1 else []
            parts = [*several, *([f"s{seed}"] if seeds is not None else [])]
            own = replace(config, topics=topics, seed=seed)
            yield parts, fitted(opened, own, before, choice, " ".join(["training", *parts]), at)


def _named(path: str, parts: Sequence[str]) -> str:
    """models/m.npz of 10 topics and seed 3 is models/m-k10-s3.npz."""
    stem, suffix = os.path.splitext(path)
    return "-".join([stem, *parts]) + suffix
