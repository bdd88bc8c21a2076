"""Labels in, a model out: what `dsltm train` does, which runs this very code."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Literal

from dsltm import console
from dsltm.api.corpora import labels_of
from dsltm.api.models import Model
from dsltm.errors import UsageError
from dsltm.training.config import TrainConfig
from dsltm.training.decided import Baseline, configured

if TYPE_CHECKING:
    from dsltm.api.corpora import Path
    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model as Stored
    from dsltm.training.choose_k import Choice
    from dsltm.training.loop import Epoch


def train(
    labels: Labels | Path,
    topics: int | Literal["auto"] | None = None,
    *,
    seed: int | None = None,
    baseline: Baseline | None = None,
    init: Model | None = None,
    new: int = 0,
    config: TrainConfig | None = None,
    progress: bool = False,
) -> Model:
    """Train a topic model on what the teacher said.

    The same labels, options and seed give the same model, bit for bit, on one machine.

    Args:
        labels: what `dsltm.distill` gave, or the path of a labels file.
        topics: how many; "auto" takes the number at which two halves of the texts, clustered apart, agree
            best; None is 50, or what `config` says.
        seed: of everything random; None is 0, or what `config` says.
        baseline: a model of word counts as published, in place of `config`'s model, input and target.
        init: go on from this model, whose topics keep their numbers and names.
        new: so many more topics than `init` has, found among documents that fit none of its own.
        config: what else can be chosen.
        progress: show on standard error how far it has come.

    Raises:
        DsltmError: too few documents, or labels that do not fit the model to go on from.
        UsageError: an option outside its range, or options that do not fit each other.

    >>> model = dsltm.train("labels.npz", topics=6, config=dsltm.TrainConfig(epochs=2))
    >>> model.beta.shape[0]
    6
    """
    usual, config = TrainConfig(), config or TrainConfig()
    given = {f.name for f in fields(config) if getattr(config, f.name) != getattr(usual, f.name)}
    if isinstance(topics, int):
        config, given = replace(config, topics=topics), given | {"topics"}
    if seed is not None:
        config = replace(config, seed=seed)
    before = None if init is None else init.stored
    if topics == "auto" and before is not None:
        raise UsageError("a model to go on from has its number of topics, so there is nothing to choose")
    config = configured(config, given, baseline, before, new)
    with console.called_by_a_program(progress=progress):
        opened = labels_of(labels)
        choice = choose(opened, config.seed) if topics == "auto" else None
        return Model(fitted(opened, config, before, choice))


def choose(labels: Labels, seed: int) -> Choice:
    """The number of topics that suits the documents.

    Raises:
        DsltmError: too few documents to tell.
    """
    from dsltm.training.choose_k import choose_topics, numbers_for

    with console.progress("choosing", len(numbers_for(labels)), "numbers of topics") as bar:
        choice = choose_topics(labels, seed, lambda _: bar.advance())
    console.info(choice.why())
    return choice


def fitted(
    labels: Labels, config: TrainConfig, init: Stored | None, choice: Choice | None, name: str = "training"
) -> Stored:
    """Train one model, and show how far it has come.

    Args:
        labels: the documents.
        config: the options.
        init: a model to go on from.
        choice: the number of topics, where it was chosen by the documents.
        name: what the run is called.

    Raises:
        DsltmError, UsageError: as `training.loop.train`.
    """
    from dsltm.training.loop import collapsed, train

    if choice is not None:
        config = replace(config, topics=choice.best.topics)
    if labels.header.get("teacher", {}) is None:
        config = _without_teacher(config)
    with console.progress(name, None, "epochs") as bar:

        def show(epoch: Epoch) -> None:
            fields = {
                "loss": f"{epoch.loss:.2f}",
                config.loss: f"{epoch.divergence:.4f}",
                "regulariser": f"{epoch.regulariser:.2f}",
            }
            # How many epochs there are follows from the documents.
            bar.total = epoch.of
            bar.advance(1, work=None, **fields)

        model = train(labels, config, show, init)
    if collapsed(model):
        console.warn("all topics are the same: the regulariser outweighs the words, try a larger --weight")
    if choice is not None:
        model.header["training"]["chosen_topics"] = choice.header()
    return model


def _without_teacher(config: TrainConfig) -> TrainConfig:
    """The options for labels that no teacher read; word embeddings begin at random, unless told otherwise.

    Raises:
        UsageError: one of them needs a teacher.
    """
    resolved = config.resolved()
    if resolved.target != "bow":
        raise UsageError(
            "no teacher read these documents, so only their word counts can be learned",
            hint="--target bow, or a --baseline",
        )
    if config.embeddings == "teacher":
        raise UsageError("no teacher read these documents, so it has no embeddings to begin with")
    return replace(config, embeddings="random") if resolved.embeddings == "teacher" else config
