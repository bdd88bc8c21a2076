"""Labels in, a model out: what `dsltm train` does, which runs this very code."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Literal

from dsltm import console
from dsltm.api.corpora import labels_of
from dsltm.api.models import Model
from dsltm.api.written import written_of
from dsltm.errors import UsageError
from dsltm.training.config import TrainConfig
from dsltm.training.decided import Baseline, configured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dsltm.api.corpora import Path
    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model as Stored
    from dsltm.formats.topics import WrittenTopic
    from dsltm.training.choose_k import Choice
    from dsltm.training.config import Loss
    from dsltm.training.loop import Epoch
    from dsltm.training.seed_topics import SeedTopics


def train(
    labels: Labels | Path,
    topics: int | Literal["auto"] | None = None,
    *,
    seed: int | None = None,
    baseline: Baseline | None = None,
    init: Model | None = None,
    new: int = 0,
    seed_topics: Path | Iterable[str | Mapping[str, Any]] | None = None,
    semi: bool = False,
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
        seed_topics: where the first topics begin: labels, or mappings with a "label" and perhaps "words" and
            "examples" (ids of documents, or texts), or the path of a file of such; they keep these names.
        semi: every class of the documents is a topic, to which the documents that have it are drawn.
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
    if before is not None and (semi or seed_topics is not None):
        raise UsageError("a model to go on from has its topics already, so none begins at seeds or classes")
    if topics == "auto" and before is not None:
        raise UsageError("a model to go on from has its number of topics, so there is nothing to choose")
    config = configured(config, given, baseline, before, new)
    with console.called_by_a_program(progress=progress):
        opened = labels_of(labels)
        choice = choose(opened, config) if topics == "auto" else None
        written = None if seed_topics is None else written_of(seed_topics, "seed topics", least=1)
        seeds = seeded(opened, written, semi=semi)
        return Model(fitted(opened, config, before, choice, seeds=seeds))


def seeded(labels: Labels, topics: Sequence[WrittenTopic] | None, *, semi: bool) -> SeedTopics | None:
    """Where the first topics begin in these documents, None where nobody said so.

    Args:
        labels: the documents.
        topics: as somebody wrote them.
        semi: the documents' classes are topics, too.

    Raises:
        DsltmError: none of them has a document, or one document is an example of two.
    """
    if topics is None and not semi:
        return None
    from dsltm.training.seed_topics import SeedTopics

    return SeedTopics.of(labels, topics or [], classes=semi)


def choose(labels: Labels, config: TrainConfig) -> Choice:
    """The number of topics that suits the documents.

    Args:
        labels: the documents.
        config: the seed, and whether copies of a text count once.

    Raises:
        DsltmError: too few documents to tell.
    """
    from dsltm.training.choose_k import choose_topics

    once = config.resolved(len(labels)).copies == "once"
    with console.progress("choosing", None, "numbers of topics") as bar:

        def show(_: int, of: int) -> None:
            bar.total = of
            bar.advance()

        choice = choose_topics(labels, config.seed, show, once=once)
    console.info(choice.why())
    return choice


def fitted(
    labels: Labels,
    config: TrainConfig,
    init: Stored | None,
    choice: Choice | None,
    name: str = "training",
    seeds: SeedTopics | None = None,
) -> Stored:
    """Train one model, and show how far it has come.

    Args:
        labels: the documents.
        config: the options.
        init: a model to go on from.
        choice: the number of topics, where it was chosen by the documents.
        name: what the run is called.
        seeds: where the first topics begin; a number of topics that was chosen is no less than theirs.

    Raises:
        DsltmError, UsageError: as `training.loop.train`.
    """
    from dsltm.training.loop import collapsed, train

    if choice is not None:
        config = replace(config, topics=max(choice.best.topics, len(seeds or ())))
    if labels.header.get("teacher", {}) is None:
        config = _without_teacher(config)
    with epochs_shown(name, config.loss) as show:
        model = train(labels, config, show, init, seeds)
    if collapsed(model):
        console.warn("all topics are the same: the regulariser outweighs the words, try a larger --weight")
    if choice is not None:
        model.header["training"]["chosen_topics"] = choice.header()
    return model


@contextmanager
def epochs_shown(name: str, loss: Loss) -> Iterator[Callable[[Epoch], None]]:
    """A function that shows how far a training has come, called after every epoch.

    Args:
        name: what the run is called.
        loss: what the divergence is.
    """
    with console.progress(name, None, "epochs") as bar:

        def show(epoch: Epoch) -> None:
            # How many epochs there are follows from the documents.
            bar.total = epoch.of
            fields: dict[str, str] = {
                "loss": f"{epoch.loss:.2f}",
                loss: f"{epoch.divergence:.4f}",
                "regulariser": f"{epoch.regulariser:.2f}",
            }
            bar.advance(1, work=None, **fields)

        yield show


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
