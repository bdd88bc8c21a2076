"""Options of training that something else decides: a baseline, or a model to go on from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from dsltm.errors import UsageError
from dsltm.models import BACKBONES, OWN, WRITTEN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dsltm.formats.model import Model
    from dsltm.training.config import TrainConfig

Baseline = Literal["prodlda", "zeroshottm", "combinedtm", "ecrtm", "etm", "fastopic"]

# Bag-of-words models in the grid of inputs and targets.
BASELINES: dict[Baseline, dict[str, Any]] = {
    "prodlda": {"model": "prodlda", "input": "bow", "target": "bow"},
    "zeroshottm": {"model": "prodlda", "input": "hidden", "target": "bow"},
    "combinedtm": {"model": "prodlda", "input": "both", "target": "bow"},
    "ecrtm": {"model": "ecrtm", "input": "bow", "target": "bow"},
    "etm": {"model": "etm", "input": "bow", "target": "bow"},
    "fastopic": {"model": "fastopic", "input": "hidden", "target": "bow"},
}

SHAPING = ("model", "input", "topics", "scale", "units", "samples", "sharpness", "encoder", "decoder")
"""Options that decide which arrays a model has, or what they mean; training that goes on keeps them."""

# What models are of versions that had no such option, where that is not the default any more.
_BEFORE: dict[str, Any] = {"sharpness": "one"}


def configured(
    config: TrainConfig, given: Collection[str], baseline: Baseline | None, before: Model | None, new: int = 0
) -> TrainConfig:
    """The options of a run, with those that a baseline or a model to go on from decides.

    Args:
        config: the options.
        given: the names of those that were chosen, so that nothing else may decide them.
        baseline: a model of word counts.
        before: the model to go on from.
        new: how many topics more than it has there are to be.

    Raises:
        UsageError: an option is decided twice, or is outside its range.
    """
    decided: dict[str, Any] = {}
    if baseline is not None:
        decided = BASELINES[baseline]
        for name in decided:
            if name in given:
                raise UsageError(f"--baseline {baseline} already says what --{name} is")
    if before is not None:
        known = before.header["hyperparameters"]
        chosen = {*given, *decided}
        if "topics" in given and config.topics != before.topics:
            raise UsageError(f"--init keeps the {before.topics} topics of its model", hint="--new N for more")
        kept = {} if is_written(before) else shaping(known, chosen)
        decided = kept | decided | {"topics": before.topics + new}
    elif new:
        raise UsageError("--new topics are beside those of a model", hint="--init MODEL")
    config = replace(config, **decided)
    # Options that do not fit each other are refused here, before anything is read.
    config.resolved()
    return config


def is_written(model: Model) -> bool:
    """Whether somebody wrote the model's topics, which were brought to the documents, not learned of them."""
    return model.header.get("backbone") in WRITTEN


def shaping(known: Mapping[str, Any], given: Collection[str]) -> dict[str, Any]:
    """The options of a model to go on from that decide its shape, and its target.

    Args:
        known: the model's options.
        given: names of options that are decided elsewhere.

    Raises:
        UsageError: one of them is about how word embeddings begin.
    """
    for name in ("embeddings", "embedding_size"):
        if name in given:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} is about how embeddings begin, and --init goes on from a model's")
    known = {**_BEFORE, **known}
    entry = BACKBONES.get(known.get("model", "prodlda"))
    foreign = {*OWN} - {*(OWN if entry is None else entry.has)}
    return {name: known.get(name) for name in ("target", *SHAPING) if name not in {*given} | foreign}
