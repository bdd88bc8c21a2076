"""Defaults of training: as measured best, as the paper has it, and as models of word counts are published."""

from __future__ import annotations

import math
from typing import Any, Literal

from dsltm.models import BACKBONES, ModelName

Input = Literal["hidden", "bow", "both"]
Target = Literal["mixed", "soft", "bow", "soft-bow"]
Preset = Literal["best", "paper"]
COUNTED: tuple[Target, ...] = ("bow", "soft-bow")
"""Targets that are made of word counts alone."""

# What every default begins with. λ of word counts is 1: their likelihood needs no weight.
_ALL: dict[str, Any] = {
    "weight": 1000.0,
    "second_momentum": 0.999,
    "scale": "standard",
    "units": 200,
    "dropout": 0.2,
    "samples": 0,
    "sharpness": "one",
    "encoder": "best",
    "decoder": "best",
    "embeddings": "teacher",
    "embedding_size": 200,
    "copies": "all",
    "calibrate": "none",
}
_PLAIN: dict[str, Any] = {
    "temperature": 3.0,
    "centre": "none",
    "smooth": 0,
    "guide": 0.0,
    "rounds": 0,
    "words_weight": 0.0,
}
_COUNTS: dict[str, Any] = {**_PLAIN, "momentum": 0.99}
_BEST: dict[str, Any] = {
    "centre": "mean",
    "momentum": 0.9,
    "sharpness": "learned",
    "rounds": 2,
    "words_weight": 0.5,
    "copies": "once",
    "calibrate": "words",
}
"""Sharpness, rounds and the weight of words: tests/bench/README.md, "Space and words"."""
_BEST_OF: dict[str, dict[str, Any]] = {
    "mixed": {"temperature": 2.0, "guide": 900.0},
    "soft": {"temperature": 1.0, "guide": 300.0},
}
"""The temperature and the guide for each target. The guide of soft labels was measured in
tests/bench/README.md, "What helped". Mixed targets need a stronger one, because the words that documents use
are noisier than soft labels; their two numbers are in no table there."""
_PAPER: dict[str, Any] = {
    **_PLAIN,
    "momentum": 0.9,
    "scale": "raw",
    "encoder": "paper",
    "decoder": "paper",
    "embeddings": "random",
    "epochs": 100,
    "batch": 64,
}
_PAPER_OF: dict[ModelName, dict[str, Any]] = {
    "prodlda": {"momentum": 0.99, "second_momentum": 0.99, "samples": 10},
    "ecrtm": {"epochs": 200, "dropout": 0.0},
    "fastopic": {"epochs": 200, "weight": 1.0, "target_top": 20},
    "etm": {"units": 800, "dropout": 0.5, "embedding_size": 300},
}
"""The settings of the paper's published code that only one backbone has; see dsltm-paper(7)."""
# The least and the most of each, and the steps in all: tests/bench/README.md, "Training speed".
_BATCHES, _EPOCHS = (64, 256), (10, 40)
_STEPS = 1600
_NEIGHBOURS = (10, 40)  # the least and the most, from the table that `neighbourhood` names


def defaults(
    model: ModelName, preset: Preset, read: Input, target: Target, documents: int, batch: int | None
) -> dict[str, Any]:
    """The value of every option of training that has none of the user's.

    Args:
        read: what the encoder reads.
        documents: size of the corpus.
        batch: documents a step, where the user chose it.
    """
    entry = BACKBONES[model]
    if preset == "paper" and target != "bow":
        values = _ALL | _PAPER | _PAPER_OF[model]
        if model == "fastopic":
            values["batch"] = max(documents, 2)  # every step sees the whole corpus
    elif read == "bow" or target in COUNTED:
        values = _ALL | _COUNTS | {"epochs": entry.epochs, "batch": entry.batch}
    else:
        values = _ALL | _BEST | _BEST_OF[target] | pace(documents, batch)
        values["smooth"] = neighbourhood(documents)
    if target == "bow":
        values["weight"] = 1.0
    if target == "soft-bow":
        values["temperature"] = 1.0
    if target in COUNTED:
        values.pop("target_top", None)
    return values


def neighbourhood(documents: int) -> int:
    """How many neighbours a document is averaged with: √N / 3.5 of N documents, between 10 and 40.

    A larger corpus has more documents near each one. The rule was chosen from the table of neighbours and
    rounds in tests/bench/README.md, "The space of neighbours and clusters", and TweetTopic decided it.

    Args:
        documents: size of the corpus.
    """
    return min(max(_NEIGHBOURS[0], round(math.sqrt(documents) / 3.5)), _NEIGHBOURS[1])


def pace(documents: int, batch: int | None = None) -> dict[str, int]:
    """Batch and epochs by the size of a corpus.

    About eighty steps an epoch, in batches of 64 to 256, which keep a processor busy; 1,600 steps in all, but
    no fewer than ten epochs and no more than forty. Measured on 20,000 documents (tests/bench/README.md,
    "Training speed").

    Args:
        documents: size of the corpus.
        batch: documents a step, where the user chose it; None to derive it.
    """
    batch = batch or min(max(_BATCHES[0], documents // 80), _BATCHES[1])
    steps = max(1, documents // batch)
    return {"batch": batch, "epochs": min(max(_EPOCHS[0], round(_STEPS / steps)), _EPOCHS[1])}
