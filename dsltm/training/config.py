"""What can be chosen about a training run."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from dsltm.errors import UsageError
from dsltm.models import BACKBONES, Entry, ModelName

Input = Literal["hidden", "bow", "both"]
Target = Literal["soft", "bow"]
Loss = Literal["kl", "ce"]
Embeddings = Literal["teacher", "random"]
Baseline = Literal["prodlda", "zeroshottm", "combinedtm", "ecrtm", "etm", "fastopic"]
Centre = Literal["mean", "empty", "none"]
Preset = Literal["best", "paper"]

# Bag-of-words models in the grid of inputs and targets.
BASELINES: dict[Baseline, dict[str, Any]] = {
    "prodlda": {"model": "prodlda", "input": "bow", "target": "bow"},
    "zeroshottm": {"model": "prodlda", "input": "hidden", "target": "bow"},
    "combinedtm": {"model": "prodlda", "input": "both", "target": "bow"},
    "ecrtm": {"model": "ecrtm", "input": "bow", "target": "bow"},
    "etm": {"model": "etm", "input": "bow", "target": "bow"},
    "fastopic": {"model": "fastopic", "input": "hidden", "target": "bow"},
}

_PAPER: dict[str, Any] = {"temperature": 3.0, "centre": "none", "smooth": 0, "guide": 0.0, "momentum": 0.99}
_BEST: dict[str, Any] = {"temperature": 1.0, "centre": "mean", "guide": 300.0, "momentum": 0.9}
_BATCHES, _EPOCHS = (64, 256), (10, 40)  # how few and how many
_STEPS = 1600
_NEIGHBOURS = (10, 40)  # as few and as many


@dataclass(frozen=True)
class TrainConfig:
    """Options of `train`; None means the default of the backbone or of the target.

    Attributes:
        topics: K.
        model: a key of `dsltm.models.BACKBONES`.
        input: what the encoder reads: the teacher's hidden state, word counts, or both side by side.
        target: what the decoder writes: the teacher's soft label, or word counts.
        loss: "kl", or "ce", which differs by the targets' entropy: another number, the same gradient.
        temperature: τ of the soft label softmax(ℓ / τ).
        preset: what the options below that are None become: "best", what was measured to work best
            (tests/bench/README.md), or "paper", the paper's setting. Word counts are always learned as
            published.
        centre: what of each word's logit is taken away before the softmax: "mean", its mean over the corpus;
            "empty", what the teacher says of a document without text (Zhao, Wallace, Feng, Klein and Singh,
            "Calibrate before use", 2021); or "none".
        smooth: average each document's logits with those of so many nearest neighbours; 0 for none, None for
            `neighbourhood`.
        guide: γ of -γ log θ_c, which draws a document's θ to its k-means cluster c; 0 for none.
        target_top: keep only so many words of a soft label, its most probable ones.
        weight: λ; 1000 for soft labels, 1 for word counts, as published.
        epochs, batch: passes over the corpus, documents a step; where they are None, by `pace`, or as
            published.
        learning_rate, momentum: Adam's step size and β₁.
        units, dropout: the encoder's width, and the share left out of a step.
        embeddings: what word embeddings begin as: principal components of the teacher's output embeddings, or
            random directions. Only of backbones that have them.
        patience: stop after so many epochs without a lower loss.
        seed: of everything random.
        device: "auto", "cpu", "cuda", ...
    """

    topics: int = 50
    model: ModelName = "prodlda"
    input: Input = "hidden"
    target: Target = "soft"
    loss: Loss = "kl"
    temperature: float | None = None
    preset: Preset = "best"
    centre: Centre | None = None
    smooth: int | None = None
    guide: float | None = None
    target_top: int | None = None
    weight: float | None = None
    epochs: int | None = None
    batch: int | None = None
    learning_rate: float = 2e-3
    momentum: float | None = None
    units: int = 200
    dropout: float = 0.2
    embeddings: Embeddings | None = None
    patience: int | None = None
    seed: int = 0
    device: str = "auto"

    def resolved(self, documents: int = 20_000) -> TrainConfig:
        """The same with nothing left to defaults.

        Args:
            documents: size of the corpus.

        Raises:
            UsageError: a value outside its range.
        """
        entry = self.entry
        for name, good in {
            "topics": self.topics >= 2,
            "temperature": self.temperature is None or self.temperature > 0,
            "weight": self.weight is None or self.weight > 0,
            "epochs": self.epochs is None or self.epochs >= 1,
            "batch": self.batch is None or self.batch >= 2,
            "target_top": self.target_top is None or self.target_top >= 1,
            "learning_rate": self.learning_rate > 0,
            "momentum": self.momentum is None or 0 <= self.momentum < 1,
            "smooth": self.smooth is None or self.smooth >= 0,
            "guide": self.guide is None or self.guide >= 0,
            "units": self.units >= 1,
            "dropout": 0 <= self.dropout < 1,
            "patience": self.patience is None or self.patience >= 1,
        }.items():
            if not good:
                raise UsageError(f"{name.replace('_', '-')} cannot be {getattr(self, name)}")
        if self.target == "bow" and (self.centre not in (None, "none") or self.smooth):
            option = "smooth" if self.smooth else "centre"
            raise UsageError(f"--{option} is about soft labels, and --target bow learns word counts")
        if self.input == "bow" and self.guide:
            raise UsageError("--guide needs the teacher's hidden states, and --input bow leaves them out")
        if self.embeddings and not entry.embedded:
            raise UsageError(f"--embeddings is for models with word embeddings, and {self.model} has none")
        best = self.preset == "best" and self.target == "soft" and self.input != "bow"
        values = {**_PAPER, "epochs": entry.epochs, "batch": entry.batch}
        if best:
            values |= _BEST | pace(documents, self.batch) | {"smooth": neighbourhood(documents)}
        values["embeddings"] = "teacher" if entry.embedded else None
        values["weight"] = 1000.0 if self.target == "soft" else 1.0
        return replace(self, **{name: v for name, v in values.items() if getattr(self, name) is None})

    @property
    def entry(self) -> Entry:
        if self.model not in BACKBONES:
            raise UsageError(f"there is no model {self.model!r}; there are {', '.join(BACKBONES)}")
        return BACKBONES[self.model]

    def as_header(self) -> dict[str, Any]:
        """The options that made a model, for its header; the device made no difference."""
        return {name: value for name, value in asdict(self).items() if name not in ("device", "seed")}


def neighbourhood(documents: int) -> int:
    """How many neighbours a document is averaged with: more where there are more that are near.

    Args:
        documents: size of the corpus.
    """
    return min(max(_NEIGHBOURS[0], round(math.sqrt(documents) / 3.5)), _NEIGHBOURS[1])


def pace(documents: int, batch: int | None = None) -> dict[str, int]:
    """Batch and epochs by the size of a corpus, found on 20,000 documents.

    About eighty steps an epoch, in batches that keep a processor busy where documents are many; 1,600 steps
    in all, but no fewer than ten epochs and no more than forty.

    Args:
        documents: size of the corpus.
        batch: where it is chosen already.
    """
    batch = batch or min(max(_BATCHES[0], documents // 80), _BATCHES[1])
    steps = max(1, documents // batch)
    return {"batch": batch, "epochs": min(max(_EPOCHS[0], round(_STEPS / steps)), _EPOCHS[1])}
