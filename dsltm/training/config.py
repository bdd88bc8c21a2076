"""What can be chosen about a training run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dsltm.errors import UsageError
from dsltm.models import BACKBONES, OWN, Entry, ModelName
from dsltm.option import check, option
from dsltm.training.presets import COUNTED, Input, Preset, Target, defaults

if TYPE_CHECKING:
    from dsltm.training.settings import Settings

Loss = Literal["kl", "ce"]
Version = Literal["best", "paper"]
Sharpness = Literal["one", "learned"]
Scale = Literal["standard", "raw"]
Copies = Literal["once", "all"]
Calibrate = Literal["words", "none"]
Centre = Literal["mean", "empty", "none"]


def _published(what: str) -> str:
    """The default of each backbone, for the help: "64 (fastopic 512)"."""
    values = {name: getattr(entry, what) for name, entry in BACKBONES.items()}
    usual = values["prodlda"]
    others = [f"{name} {value}" for name, value in values.items() if value != usual]
    return f"{usual} ({', '.join(others)})" if others else str(usual)


@dataclass(frozen=True)
class TrainConfig:
    """Options of `train`; None means the default of the backbone, of the target or of the preset.

    What the paper's defaults are, and what each differs in, is in the manual's dsltm-paper(7).

    Attributes:
        topics: K.
        model: a key of `dsltm.models.BACKBONES`.
        target: None is "mixed"; it is "soft" with the paper's preset, or where the encoder reads word counts
            alone. "bow" is the published likelihood of word counts, "soft-bow" the paper's softmax of them.
        loss: "kl", or "ce", which differs by the targets' entropy: another number, the same gradient.
        preset: where defaults come from; word counts ("bow") are learned as published under either.
        centre: what is subtracted from each word's logit. "empty" follows Zhao, Wallace, Feng, Klein and
            Singh, "Calibrate before use", 2021.
        smooth: None for `neighbourhood`, 0 for none.
        guide: γ of -γ Σ_k q_k log θ_k, which draws a document's θ to q, its k-means cluster or what came of
            that by `rounds`; 0 for none.
        rounds: of `dsltm.training.consensus.agreed`.
        words_weight: of `dsltm.words.pooling.pooled`, where the backbone has 1.
        calibrate: "words" for the share of doubt of `dsltm.words.pooling.doubt_of`.
        epochs, batch: where they are None, by `pace`, or as published.
        target_top, target_share: the most probable words of a soft label that are kept: so many, or so large
            a share of the vocabulary.
        embeddings: "teacher" for principal components of its output embeddings, "random" for random
            directions, or a file of word vectors.
        samples: θ is the mean over so many draws of a document's posterior; 0 for the posterior's mean.
        encoder, decoder: "paper" for these parts as they were published with the paper.
    """

    topics: int = 50
    model: ModelName = option("prodlda", "Backbone.")
    input: Input = option(
        "hidden", "What the encoder reads: the teacher's hidden state, word counts, or both."
    )
    target: Target | None = option(
        None,
        "What the decoder learns to write: the words that a document and its neighbours use, weighed by the "
        "teacher's soft label (mixed), the soft label alone, the document's word counts (bow), or "
        "softmax(counts / τ), the paper's ablation (soft-bow).",
        shown="mixed; paper, and --input bow: soft",
    )
    loss: Loss = option(
        "kl", "Divergence from the target; ce leaves out its entropy: another number, the same model."
    )
    temperature: float | None = option(
        None,
        "τ of the soft label softmax(logits / τ).",
        above=0,
        shown="2; --target soft or soft-bow: 1; paper: 3",
    )
    preset: Preset = option(
        "best",
        "Where the options come from that have a default for the paper: best, as measured, or the setting of "
        "the paper's published code (dsltm help paper).",
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
    rounds: int | None = option(
        None,
        "How often the topics that documents are drawn to, clusters at first, are found anew by documents' "
        "places and words together; 0 keeps the clusters.",
        metavar="N",
        min=0,
        shown="2; paper: 0",
    )
    words_weight: float | None = option(
        None,
        "What a document's words count in its topics, where the teacher's hidden state counts 1.",
        metavar="WEIGHT",
        min=0,
        shown="0.5; paper: 0",
    )
    copies: Copies | None = option(
        None,
        "Learn from a text that several documents share once, or from all of its copies.",
        shown="once; paper, and word counts: all",
    )
    calibrate: Calibrate | None = option(
        None,
        "Be no surer of topics than documents' words let expect (words); none: as sure as the model is.",
        shown="words; paper, and word counts: none",
    )
    target_top: int | None = option(
        None,
        "Keep only the N most probable words of a soft label.",
        metavar="N",
        min=1,
        shown="all; paper: fastopic 20",
    )
    target_share: float | None = option(
        None, "Keep only this share of a soft label's words, the most probable.", above=0, max=1
    )
    weight: float | None = option(
        None,
        "λ, the weight of the divergence beside the backbone's regulariser.",
        above=0,
        shown="1000; 1 for word counts, and for the paper's fastopic",
    )
    epochs: int | None = option(
        None,
        "Passes over the corpus.",
        min=1,
        shown="10 to 40 by the corpus's size; paper: 100 (ecrtm, fastopic 200); "
        f"word counts: {_published('epochs')}",
    )
    batch: int | None = option(
        None,
        "Documents a step.",
        min=2,
        shown=f"64 to 256 by the corpus's size; paper: 64 (fastopic all); word counts: {_published('batch')}",
    )
    learning_rate: float = option(2e-3, "Adam's step size.", above=0)
    momentum: float | None = option(
        None, "Adam's β₁.", min=0, below=1, shown="0.9; paper's prodlda, and word counts: 0.99"
    )
    second_momentum: float | None = option(
        None, "Adam's β₂.", min=0, below=1, shown="0.999; paper's prodlda: 0.99"
    )
    scale: Scale | None = option(
        None,
        "Document vectors to zero mean and unit variance, and for fastopic to length one; or raw.",
        shown="standard; paper: raw",
    )
    units: int | None = option(
        None, "Width of the encoder's two layers.", min=1, shown="200; paper's etm: 800"
    )
    dropout: float | None = option(
        None,
        "Share of units, and of topics, left out of a step.",
        min=0,
        below=1,
        shown="0.2; paper: ecrtm 0, etm 0.5",
    )
    samples: int | None = option(
        None,
        "A document's topics as the mean over N draws of its posterior; 0: those of the posterior's mean.",
        metavar="N",
        min=0,
        shown="0; paper's prodlda: 10",
    )
    sharpness: Sharpness | None = option(
        None,
        "By how much the encoder's logits are stretched before they are topics: learned, or one.",
        shown="learned; paper, and word counts: one",
    )
    encoder: Version | None = option(
        None,
        "The encoder of ecrtm (paper: the posterior is normalised and shifted) and of etm (paper: it is not "
        "normalised).",
        shown="that of the preset",
    )
    decoder: Version | None = option(
        None,
        "The decoder of prodlda (paper: norm(θ β) / τ, without a shift) and of etm (paper: softmax(θ β)).",
        shown="that of the preset",
    )
    embeddings: str | None = option(
        None,
        "What the word embeddings of ecrtm and etm begin as: the teacher's, random ones, or those of a file, "
        "such as GloVe's.",
        metavar="teacher|random|FILE",
        shown="teacher; paper: random",
        words=("teacher", "random"),
    )
    embedding_size: int | None = option(
        None,
        "Length of the word embeddings, where no file has them.",
        metavar="N",
        min=1,
        shown="200; paper's etm: 300",
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

    def resolved(self, documents: int = 20_000) -> Settings:
        """The same options with every default filled in.

        Args:
            documents: size of the corpus.

        Raises:
            UsageError: a value outside its range.
        """
        from dsltm.training.settings import Settings  # which is a TrainConfig

        entry = self.entry
        if self.topics < 2:
            raise UsageError(f"topics cannot be {self.topics}")
        check(self, TrainConfig)
        mixes = self.preset == "best" and self.input != "bow"
        target = self.target or ("mixed" if mixes else "soft")
        self._refuse_what_does_nothing(target)
        values = defaults(self.model, self.preset, self.input, target, documents, self.batch)
        values = {**values, "target": target, **{name: None for name in OWN if name not in entry.has}}
        if self.target_share is not None:
            values.pop("target_top", None)
        if self.embeddings_file:
            values.pop("embedding_size")
        chosen = {name: value for name, value in vars(self).items() if value is not None}
        return Settings(**{**values, **chosen})

    def _refuse_what_does_nothing(self, target: Target) -> None:
        """Refuse options that the model or the target has no use for.

        Raises:
            UsageError: there is one.
        """
        for name in OWN:
            if getattr(self, name) is not None and name not in self.entry.has:
                raise UsageError(f"--{name.replace('_', '-')} is no option of --model {self.model}")
        if target in COUNTED:
            about = ("smooth", "target_top", "target_share")
            idle = [name for name in about if getattr(self, name)]
            idle += ["centre"] if self.centre not in (None, "none") else []
            for name in idle:
                option = name.replace("_", "-")
                raise UsageError(f"--{option} is about soft labels, and --target {target} learns word counts")
        if self.embedding_size and self.embeddings_file:
            raise UsageError("--embedding-size is for embeddings that come from no file")
        if self.target_top and self.target_share:
            raise UsageError("--target-top and --target-share are two ways to say the same")
        if self.input == "bow" and self.guide:
            raise UsageError("--guide needs the teacher's hidden states, and --input bow leaves them out")
        if self.rounds and self.guide == 0:
            raise UsageError("--rounds is about what --guide draws documents to, and that is 0")

    @property
    def embeddings_file(self) -> str | None:
        """The file of word vectors that the embeddings come from, if it is one."""
        return None if self.embeddings in (None, "teacher", "random") else self.embeddings

    @property
    def entry(self) -> Entry:
        if self.model not in BACKBONES:
            raise UsageError(f"there is no model {self.model!r}; there are {', '.join(BACKBONES)}")
        return BACKBONES[self.model]
