"""What can be chosen about a training run."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from dsltm.errors import UsageError
from dsltm.models import BACKBONES, Entry, ModelName
from dsltm.option import check, option

Input = Literal["hidden", "bow", "both"]
Target = Literal["mixed", "soft", "bow"]
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
_BEST: dict[str, Any] = {"centre": "mean", "momentum": 0.9}
_BEST_OF: dict[Target, dict[str, Any]] = {
    "mixed": {"temperature": 2.0, "guide": 900.0},
    "soft": {"temperature": 1.0, "guide": 300.0},
}
"""The temperature and the guide for each target. The guide of soft labels was measured in
tests/bench/README.md, "What helped". Mixed targets need a stronger one, because the words that documents use
are noisier than soft labels; their two numbers are in no table there."""
# The least and the most of each, and the steps in all: tests/bench/README.md, "Training speed".
_BATCHES, _EPOCHS = (64, 256), (10, 40)
_STEPS = 1600
_NEIGHBOURS = (10, 40)  # the least and the most, from the table that `neighbourhood` names


def _published(what: str) -> str:
    """The default of each backbone, for the help: "64 (fastopic 512)"."""
    values = {name: getattr(entry, what) for name, entry in BACKBONES.items()}
    usual = values["prodlda"]
    others = [f"{name} {value}" for name, value in values.items() if value != usual]
    return f"{usual} ({', '.join(others)})" if others else str(usual)


@dataclass(frozen=True)
class TrainConfig:
    """Options of `train`; None means the default of the backbone, of the target or of the preset.

    Attributes:
        topics: K.
        model: a key of `dsltm.models.BACKBONES`.
        target: None is "mixed"; it is "soft" with the paper's preset, or where the encoder reads word counts
            alone.
        loss: "kl", or "ce", which differs by the targets' entropy: another number, the same gradient.
        preset: where defaults come from; word counts are learned as published under either.
        centre: what is subtracted from each word's logit. "empty" follows Zhao, Wallace, Feng, Klein and
            Singh, "Calibrate before use", 2021.
        smooth: None for `neighbourhood`, 0 for none.
        guide: γ of -γ log θ_c, which draws a document's θ to its k-means cluster c; 0 for none.
        epochs, batch: where they are None, by `pace`, or as published.
        embeddings: principal components of the teacher's output embeddings, or random directions; only of
            backbones that have word embeddings.
    """

    topics: int = 50
    model: ModelName = option("prodlda", "Backbone.")
    input: Input = option(
        "hidden", "What the encoder reads: the teacher's hidden state, word counts, or both."
    )
    target: Target | None = option(
        None,
        "What the decoder learns to write: the words that a document and its neighbours use, weighed by the "
        "teacher's soft label (mixed), the soft label alone, or the document's word counts.",
        shown="mixed; paper, and --input bow: soft",
    )
    loss: Loss = option(
        "kl", "Divergence from the target; ce leaves out its entropy: another number, the same model."
    )
    temperature: float | None = option(
        None, "τ of the soft label softmax(logits / τ).", above=0, shown="2; --target soft: 1; paper: 3"
    )
    preset: Preset = option(
        "best",
        "Where the options come from that have a default for the paper: best, as measured, or the paper's "
        "setting.",
    )
    centre: Centre | None = option(
        None,
        "Take away from each word's logit its mean over the corpus, or what an empty document has.",
        shown="mean; paper: none",
    )
    smooth: int | None = option(
        None,
        "Average a document's logits with those of its N nearest neighbours.",
        metavar="N",
        min=0,
        shown="10 to 40 by the corpus's size; paper: 0",
    )
    guide: float | None = option(
        None,
        "How strongly documents are drawn to topics that begin as clusters of their vectors.",
        metavar="WEIGHT",
        min=0,
        shown="900; --target soft: 300; paper: 0",
    )
    target_top: int | None = option(
        None, "Keep only the N most probable words of a soft label.", metavar="N", min=1
    )
    weight: float | None = option(
        None,
        "λ, the weight of the divergence beside the backbone's regulariser.",
        above=0,
        shown="1000 for soft labels, 1 for word counts",
    )
    epochs: int | None = option(
        None,
        "Passes over the corpus.",
        min=1,
        shown=f"10 to 40 by the corpus's size; paper, and word counts: {_published('epochs')}",
    )
    batch: int | None = option(
        None,
        "Documents a step.",
        min=2,
        shown=f"64 to 256 by the corpus's size; paper, and word counts: {_published('batch')}",
    )
    learning_rate: float = option(2e-3, "Adam's step size.", above=0)
    momentum: float | None = option(None, "Adam's β₁.", min=0, below=1, shown="0.9; paper: 0.99")
    units: int = option(200, "Width of the encoder's two layers.", min=1)
    dropout: float = option(0.2, "Share of units, and of topics, left out of a step.", min=0, below=1)
    embeddings: Embeddings | None = option(
        None, "What the word embeddings of ecrtm and etm begin as.", shown="teacher"
    )
    patience: int | None = option(
        None, "Stop after N epochs in which the loss did not fall.", metavar="N", min=1
    )
    seed: int = option(0, "Seed of everything random.", min=0)
    device: str = option(
        "auto",
        "cpu, cuda, cuda:1, …; auto is a GPU where there is one.",
        words=("auto", "cpu", "cuda", "mps"),
    )

    def resolved(self, documents: int = 20_000) -> TrainConfig:
        """The same options with every default filled in.

        Args:
            documents: size of the corpus.

        Raises:
            UsageError: a value outside its range.
        """
        entry = self.entry
        if self.topics < 2:
            raise UsageError(f"topics cannot be {self.topics}")
        check(self)
        mixes = self.preset == "best" and self.input != "bow"
        target = self.target or ("mixed" if mixes else "soft")
        if target == "bow" and (self.centre not in (None, "none") or self.smooth):
            option = "smooth" if self.smooth else "centre"
            raise UsageError(f"--{option} is about soft labels, and --target bow learns word counts")
        if self.input == "bow" and self.guide:
            raise UsageError("--guide needs the teacher's hidden states, and --input bow leaves them out")
        if self.embeddings and not entry.embedded:
            raise UsageError(f"--embeddings is for models with word embeddings, and {self.model} has none")
        best = mixes and target != "bow"
        values = {**_PAPER, "target": target, "epochs": entry.epochs, "batch": entry.batch}
        if best:
            values |= _BEST | _BEST_OF[target] | pace(documents, self.batch)
            values["smooth"] = neighbourhood(documents)
        values["embeddings"] = "teacher" if entry.embedded else None
        values["weight"] = 1.0 if target == "bow" else 1000.0
        return replace(self, **{name: v for name, v in values.items() if getattr(self, name) is None})

    @property
    def entry(self) -> Entry:
        if self.model not in BACKBONES:
            raise UsageError(f"there is no model {self.model!r}; there are {', '.join(BACKBONES)}")
        return BACKBONES[self.model]

    def as_header(self) -> dict[str, Any]:
        """The options for a model's header, without the device, which does not change the model."""
        return {name: value for name, value in asdict(self).items() if name not in ("device", "seed")}


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
