"""`attend`: documents are scored against written topics by the attention that the teacher pays to them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from dsltm import console
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.labels import EMPTY
from dsltm.formats.model import Model
from dsltm.models.attend import Attend
from dsltm.models.base import Shape
from dsltm.space.inputs import Inputs
from dsltm.words.bm25 import class_tfidf
from dsltm.written.attend.config import AttendConfig
from dsltm.written.attend.heads import Baseline, agreement, choose
from dsltm.written.attend.reading import TopicReader
from dsltm.written.header import check_teacher, header_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Corpus, Document
    from dsltm.formats.labels import Labels
    from dsltm.formats.topics import WrittenTopic
    from dsltm.teacher.reading.teacher import Teacher
    from dsltm.written.attend.reading import Seen

BACKBONE = "attend"
_CHUNK = 4096  # documents whose shapes are sorted together
_WEAK = 0.3  # nats of `agreement`, below which heads do not follow the topics; chosen, not measured
_FREE = ("", "N/A", *("..." * size for size in (1, 2, 4, 8, 16, 32)))
"""Documents without content, of several lengths; chosen, not measured."""


@dataclass(frozen=True)
class Attended:
    """The result of reading documents by attention.

    Attributes:
        model: the model that assign, topics and eval use.
        rows: [n] which documents were read by attention.
        theta: [n, K] the topics that attention gives them.
    """

    model: Model
    rows: NDArray[np.int64]
    theta: NDArray[np.float32]


def attend(
    topics: Sequence[WrittenTopic],
    labels: Labels,
    corpus: Corpus,
    teacher: Teacher,
    config: AttendConfig | None = None,
) -> Attended:
    """A model of written topics by the teacher's attention.

    Args:
        topics: K of them.
        labels: the documents, as `distill` read them.
        corpus: their texts.
        teacher: the teacher that read them.

    Raises:
        UsageError: heads or layers that the teacher does not have, both at once, or only one order to
            choose heads by.
        DsltmError: the teacher is another one, or the topics do not fit into a prompt.
    """
    config = config or AttendConfig()
    if config.heads is None and config.orders < 2:
        raise UsageError("--heads auto compares orders of the topics, and needs --orders 2 at least")
    if config.heads is not None and config.layers is not None:
        raise UsageError("--layers is for --heads auto; the heads given name their layers")
    check_teacher(teacher, labels)
    rows = _sample(labels, config.sample)
    texts = _texts(labels.among(corpus), rows)
    rng = np.random.default_rng(config.seed)
    orders = np.stack([rng.permutation(len(topics)) for _ in range(config.orders)])
    limit = min(config.max_tokens, teacher.context_length)
    reader = TopicReader(teacher, topics, orders, max_tokens=limit)
    spread = np.linspace(0, len(texts) - 1, min(config.choosing, len(texts))).astype(np.int64)
    numbers = config.answer != "attention"
    trial = reader.read([texts[row] for row in spread], numbers=numbers)
    chosen, worth = _heads(reader, trial, config)
    heads = [reader.heads[number] for number in chosen]
    console.note("heads " + ", ".join(f"{layer}.{head}" for layer, head in heads))
    if config.calibrate == "empty":
        free = reader.read(_FREE, heads, numbers=numbers)
    else:
        free = replace(trial, topics=trial.topics[:, :, chosen])
    theta = _softmax(_read(reader, texts, heads, worth, free, config) / config.temperature)
    beta = class_tfidf(labels.vocabulary_counts[rows], theta)
    model = _student(labels, rows, theta, config)
    header = header_of(labels, topics, BACKBONE) | {
        "seed": config.seed,
        "hyperparameters": {"input": "hidden", **asdict(config)},
        "training": {
            "documents": len(rows),
            "heads": [list(head) for head in heads],
            "agreement": [round(float(value), 4) for value in worth[0]],
        },
    }
    return Attended(Model(header, beta, model.arrays()), rows, theta)


def _sample(labels: Labels, most: int) -> NDArray[np.int64]:
    rows = np.flatnonzero((labels.flags & EMPTY) == 0)
    if len(rows) < 2:
        raise DsltmError("attention needs two documents with text at least")
    if not most or len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _texts(documents: Iterable[Document], rows: NDArray[np.int64]) -> list[str]:
    wanted = set(rows.tolist())
    return [document.text for row, document in enumerate(documents) if row in wanted]


def _heads(
    reader: TopicReader, trial: Seen, config: AttendConfig
) -> tuple[NDArray[np.int64], tuple[NDArray[np.float64], float]]:
    """The heads to use; and, in nats, the `agreement` of each and that of the numbers."""
    allowed = np.arange(len(reader.heads))
    layers = sorted({layer for layer, _ in reader.heads})
    if config.layers is not None:
        if bad := [layer for layer in config.layers if layer not in layers]:
            raise UsageError(
                f"there is no layer {bad[0]} with heads, the teacher has {layers[0]} to {layers[-1]}"
            )
        allowed = np.array([i for i, (layer, _) in enumerate(reader.heads) if layer in config.layers])
    numbers = _off(trial.numbers[:, :, None], trial.numbers[:, :, None], trial.lengths, trial.lengths)
    by_numbers = float(agreement(numbers, trial.lengths)[0])
    if config.heads is None:
        value = agreement(_off(trial.topics, trial.topics, trial.lengths, trial.lengths), trial.lengths)
        heads = allowed[choose(value[allowed], config.most)]
        if value[heads].max() < _WEAK:
            console.warn(
                "no attention head follows the topics: a larger teacher, or dsltm ground, may do better"
            )
        return heads, (value[heads], by_numbers)
    place = {head: number for number, head in enumerate(reader.heads)}
    for layer, head in config.heads:
        if (layer, head) not in place:
            first, last = ("{}.{}".format(*end) for end in (reader.heads[0], reader.heads[-1]))
            raise UsageError(f"there is no head {layer}.{head}, the teacher has {first} to {last}")
    return np.sort([place[head] for head in set(config.heads)]), (np.ones(len(set(config.heads))), by_numbers)


def _off(
    logs: NDArray[np.float32],
    free: NDArray[np.float32],
    lengths: NDArray[np.int64],
    free_lengths: NDArray[np.int64],
) -> NDArray[np.float32]:
    """`logs` [orders, n, ..., K] less the baseline of `free` [orders, m, ..., K], centred over the topics."""
    calibrated = np.stack(
        [
            Baseline.fit(usual, free_lengths).off(given, lengths)
            for given, usual in zip(logs, free, strict=True)
        ]
    )
    return np.asarray(calibrated - calibrated.mean(-1, keepdims=True))


def _read(
    reader: TopicReader,
    texts: Sequence[str],
    heads: Sequence[tuple[int, int]],
    worth: tuple[NDArray[np.float64], float],
    free: Seen,
    config: AttendConfig,
) -> NDArray[np.float32]:
    """Scores [n, K] with deviation one."""
    scale = np.maximum(_off(free.topics, free.topics, free.lengths, free.lengths).std((0, 1, 3)), 1e-6)
    share = np.maximum(worth[0], 1e-9) / np.maximum(worth[0], 1e-9).sum()
    by_attention, by_numbers = [], []
    with console.progress("attending", len(texts) * config.orders, "readings") as bar:
        for start in range(0, len(texts), _CHUNK):
            wanted = config.answer != "attention"
            seen = reader.read(texts[start : start + _CHUNK], heads, bar.advance, numbers=wanted)
            calibrated = _off(seen.topics, free.topics, seen.lengths, free.lengths).mean(0)
            by_attention.append(np.einsum("nhk,h->nk", calibrated, share / scale))
            numbers, usual = seen.numbers[:, :, None], free.numbers[:, :, None]
            by_numbers.append(_off(numbers, usual, seen.lengths, free.lengths).mean(0)[:, 0])
    attention, numbers = (_unit(np.concatenate(scores)) for scores in (by_attention, by_numbers))
    if config.answer == "attention":
        return attention
    if config.answer == "numbers":
        return numbers
    best = max(float(worth[0].max()), 0.0) if config.heads is None else 1.0
    both = np.array([best, max(worth[1], 0.0)]) / max(best + max(worth[1], 0.0), 1e-9)
    return _unit(both[0] * attention + both[1] * numbers)


def _student(
    labels: Labels, rows: NDArray[np.int64], theta: NDArray[np.float32], config: AttendConfig
) -> Attend:
    """The linear map from document vectors to attention's topics, which spares assign the attention."""
    inputs = Inputs.of("hidden", labels.hidden, None)
    model = Attend(Shape(inputs.width, theta.shape[1], len(labels.vocabulary)))
    model.set_scale(*inputs.mean_and_scale(rows))
    loss = model.fit(torch.from_numpy(inputs.dense(rows)), torch.from_numpy(theta), penalty=config.penalty)
    console.note(f"the document vectors tell the attention's topics with a cross-entropy of {loss:.3f}")
    return model


def _unit(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(scores / max(float(scores.std()), 1e-9), np.float32)


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(shifted / shifted.sum(1, keepdims=True), np.float32)
