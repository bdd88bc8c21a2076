"""The training loop: the same for every backbone, input and target."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices
from dsltm.formats.model import Model, provenance
from dsltm.formats.word_vectors import read_word_vectors
from dsltm.models.base import Backbone, Embedded, Shape
from dsltm.training.adam import Adam
from dsltm.training.data import TrainingSet, theta_of
from dsltm.training.decided import is_written
from dsltm.training.going_on import beginning, begun, check_fits, remembering
from dsltm.training.seed_topics import SeedTopics, begin_at, called, check_room
from dsltm.training.student import taught
from dsltm.training.threads import one_thread
from dsltm.words.pooling import doubt_of, pooled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from dsltm.formats.labels import Labels
    from dsltm.training.config import TrainConfig
    from dsltm.training.data import Begin
    from dsltm.training.settings import Settings

_BLOCK = 4096
_ALIKE = 0.1  # of `collapsed`; two topics that share no word have 2; chosen, not measured
_IMPROVES = 1e-4  # relative gain in the loss below which patience runs on; chosen, not measured


@dataclass(frozen=True)
class Epoch:
    """Means over one pass: L = λ · divergence + regulariser."""

    number: int
    of: int
    loss: float
    divergence: float
    regulariser: float


@one_thread()
def train(
    labels: Labels,
    config: TrainConfig,
    progress: Callable[[Epoch], None] | None = None,
    init: Model | None = None,
    seeds: SeedTopics | None = None,
) -> Model:
    """Fit a topic model to a teacher's labels of a corpus.

    The same labels, options and seed give the same model, bit for bit, on one machine, however many threads
    it has.

    Args:
        labels: N documents; those flagged empty are not trained on.
        config: the options.
        progress: called after every epoch.
        init: go on from this model, whose topics keep their numbers and names; the documents may be new.
            Where `config` has more topics than it, the others are new.
        seeds: the first topics begin here, and keep these names; no topics beside those of `init`.

    Raises:
        DsltmError: fewer documents than topics, a loss that is not a number, or an `init` that was trained on
            other labels or has another shape.
        UsageError: an option outside its range.
    """
    settings = config.resolved(len(labels))
    device = choose_device(settings.device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(settings.seed)
        if init is not None:
            check_fits(init, settings, labels)
        begin: Begin | None = None
        if init is not None:
            begin = partial(beginning, init, settings, labels)
        elif seeds is not None:
            check_room(seeds, settings)
            begin = partial(begin_at, seeds, settings)
        data = TrainingSet(labels, settings, device, begin)
        if settings.topics > len(data):
            raise DsltmError(
                f"{settings.topics} topics need as many different texts, and there are {len(data)}"
            )
        backbone = (
            build(settings, data, labels) if init is None or is_written(init) else begun(init, settings)
        )
        last = fit(backbone.to(device), data, settings, progress)
    model = to_model(backbone, settings, labels, last, data)
    if seeds is not None:
        model = called(model, seeds)
    return model if init is None else remembering(model, init)


def collapsed(model: Model) -> bool:
    """Whether all topics have nearly the same words, as they do under too strong a regulariser.

    The measure is the difference of a word's largest and smallest probability, summed over all words.
    """
    return float(np.ptp(model.beta, axis=0).sum()) < _ALIKE


def build(settings: Settings, data: TrainingSet, labels: Labels) -> Backbone:
    """An untrained backbone that knows the mean and the scale of its inputs, unless they stay raw."""
    sizes = {"inputs": data.inputs.width, "words": len(labels.vocabulary)}
    vectors = None
    if settings.embeddings_file:
        vectors = read_word_vectors(settings.embeddings_file, set(labels.vocabulary)).of_words(
            labels.vocabulary
        )
        sizes["embedding_size"] = vectors.shape[1]
    backbone = settings.entry.load()(Shape.of(vars(settings), **sizes))
    scale = data.inputs.mean_and_scale(data.rows)  # refuses hidden states that are not numbers, too
    if settings.scale == "standard":
        backbone.set_scale(*scale)
    if isinstance(backbone, Embedded) and vectors is not None:
        backbone.start_at(vectors)
    elif isinstance(backbone, Embedded) and settings.embeddings == "teacher":
        backbone.start_from(labels.word_embeddings)
    return backbone


def fit(
    backbone: Backbone, data: TrainingSet, settings: Settings, progress: Callable[[Epoch], None] | None
) -> Epoch:
    """Run the epochs; the backbone is changed in place. Returns the last epoch."""
    optimiser = Adam(backbone, settings.learning_rate, settings.momentum, settings.second_momentum)
    order = np.random.default_rng(settings.seed)
    steps = -(-len(data) // settings.batch)
    best, since_best = float("inf"), 0
    backbone.sees_all = steps == 1
    backbone.train()
    for number in range(1, settings.epochs + 1):
        parts: list[torch.Tensor] = []
        entropy = 0.0
        # Parts of equal size: a short last batch would upset the batch normalisation.
        for chosen in np.array_split(order.permutation(len(data)), steps):
            loss, regulariser, proportions = backbone(*data.batch(chosen))
            total = settings.weight * loss + regulariser
            if data.guide is not None:
                total = total + settings.guide * cross_entropy(proportions, data.guide[chosen])
            total.backward()
            optimiser.step()
            parts += loss.detach(), regulariser.detach()
            entropy += float(data.entropy[chosen].mean()) / steps
        epoch = _summary(torch.stack(parts).view(steps, 2), entropy, number, settings)
        if progress is not None:
            progress(epoch)
        if best - epoch.loss > _IMPROVES * abs(epoch.loss):
            best, since_best = epoch.loss, 0
        else:
            since_best += 1
        if settings.patience and since_best >= settings.patience:
            break
    backbone.eval()
    return epoch


def _summary(parts: torch.Tensor, entropy: float, number: int, settings: Settings) -> Epoch:
    """The means of an epoch.

    Args:
        parts: [steps, 2] cross-entropy and regulariser of each step.
        entropy: the targets' mean entropy.

    Raises:
        DsltmError: a step's loss is not a number.
    """
    bad = torch.nonzero(~parts.isfinite().all(1))
    if len(bad):
        step = (number - 1) * len(parts) + int(bad[0]) + 1
        raise DsltmError(
            f"training broke down at step {step} (epoch {number}): the loss is not a number",
            hint="a smaller --learning-rate or --weight",
        )
    against, regulariser = parts.double().mean(0).tolist()
    divergence = against - entropy
    return Epoch(number, settings.epochs, settings.weight * divergence + regulariser, divergence, regulariser)


def to_model(backbone: Backbone, settings: Settings, labels: Labels, last: Epoch, data: TrainingSet) -> Model:
    """The model as it is written to disk; nothing in it depends on the clock or the device."""
    with torch.no_grad():
        beta = backbone.beta().cpu().numpy().astype(np.float32)
    theta = theta_of(backbone, data.inputs, data.rows)
    student, agreement = taught(data.lessons, theta)
    own = labels.counts[data.rows]
    theta = pooled(theta, student.of_counts(own), settings.words_weight, own)
    first = theta.argmax(1)[data.text]
    header = {
        **provenance(labels.header),
        "backbone": settings.model,
        "hyperparameters": settings.as_header(),
        "seed": settings.seed,
        "sizes": np.bincount(first, minlength=settings.topics).tolist(),
        "training": {
            "documents": len(data.documents),
            "texts": len(data),
            "epochs": last.number,
            "loss": last.loss,
            "divergence": last.divergence,
            "regulariser": last.regulariser,
            "standardised": settings.input != "bow" and settings.scale == "standard",
            "students_agreement": agreement,
            "doubt": doubt_of(theta, agreement) if settings.calibrate == "words" else 0.0,
        },
    }
    usage = usage_of(labels.vocabulary_counts, data.documents, first, settings.topics)
    return Model(header, beta, backbone.arrays(), usage, student.arrays())


def usage_of(
    counts: csr_array, rows: NDArray[np.int64], first: NDArray[np.int64], topics: int
) -> NDArray[np.int32]:
    """[K, V] in how many documents of each topic each word occurs.

    Args:
        counts: [N, V].
        rows: M documents, as rows of `counts`.
        first: [M] their first topics.
        topics: K.
    """
    usage = np.zeros((topics, counts.shape[1]), np.int32)
    for block in slices(len(rows), _BLOCK):
        part = counts[rows[block]]
        own = np.repeat(first[block], np.diff(part.indptr))
        np.add.at(usage, (own, part.indices), 1)
    return usage


def choose_device(name: str) -> torch.device:
    """The device called `name`; "auto" is a GPU where there is one.

    Raises:
        DsltmError: there is no such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError):
        raise DsltmError(f"there is no device {name!r} here", hint="--device cpu") from None
    return torch.device(name)
