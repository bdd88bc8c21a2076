"""`ground`: documents are matched with written topics by their vectors and by their words."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices
from dsltm.formats.model import Model
from dsltm.models.base import Shape
from dsltm.models.ground import Ground
from dsltm.space.inputs import Inputs
from dsltm.teacher.reading.prompts import Prompt
from dsltm.words.bm25 import class_tfidf, document_frequency, expansion, idf, queries, search
from dsltm.words.forms import Forms
from dsltm.written.ground.answers import answers
from dsltm.written.ground.config import GroundConfig
from dsltm.written.header import check_teacher, header_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Corpus
    from dsltm.formats.labels import Labels
    from dsltm.formats.topics import WrittenTopic
    from dsltm.teacher.reading.teacher import Teacher

BACKBONE = "ground"
_BLOCK = 4096
# These numbers were chosen, not measured.
_ROUNDS, _RAREST = 30, 1e-6  # of expectation maximisation, and the least share of a topic
_COMMON = 0.2  # share of documents above which a word of a label, such as "and", says nothing


def ground(
    topics: Sequence[WrittenTopic],
    labels: Labels,
    teacher: Teacher,
    config: GroundConfig | None = None,
    corpus: Corpus | None = None,
) -> Model:
    """A model of written topics.

    Args:
        topics: K of them.
        labels: the documents, as `distill` read them.
        teacher: the teacher that read them.
        corpus: the documents' texts; with them the topics' words are looked for among all words of a
            document, not only among the vocabulary.

    Raises:
        DsltmError: the teacher is another one, or the corpus is of other documents.
    """
    config = config or GroundConfig()
    check_teacher(teacher, labels)
    counts = labels.vocabulary_counts
    inputs = Inputs.of("both", labels.hidden, counts)
    if len(inputs) < 2:
        raise DsltmError("the topics need two documents at least to be calibrated on")
    model = Ground(Shape(inputs.width, len(topics), counts.shape[1]))
    model.set_scale(*inputs.mean_and_scale(np.arange(len(inputs))))
    model.set(
        mean_length=max(float(counts.data.sum()) / len(inputs), 1.0),
        balance=config.balance,
        temperature=config.temperature,
    )
    inverse = idf(document_frequency(counts), len(inputs))
    asked = _asked(topics, labels)
    own = _own_terms(asked, labels.vocabulary)
    vectors = _read_topics(topics, labels, teacher, model)
    model.set(queries=vectors, terms=(own * inverse).astype(np.float32))
    representatives = _representatives(topics, asked, labels, model, inputs, config, corpus)
    added = expansion(counts, representatives, inverse, config.expand)
    model.set(
        queries=_with_documents(vectors, representatives, inputs, model),
        terms=(np.maximum(own, added) * inverse).astype(np.float32),
    )
    scores = np.concatenate([model.scores(block).numpy() for block in _blocks(inputs)], 1)
    _calibrate(model, scores)
    model.set(prior=np.log(shares(model.fused(torch.from_numpy(scores)).numpy())))
    theta = model.fused(torch.from_numpy(scores)).numpy()
    header = header_of(labels, topics, BACKBONE) | {
        "hyperparameters": {"input": "both", **asdict(config)},
        "training": {
            "documents": len(inputs),
            "representatives": [len(rows) for rows in representatives],
            "without_words": [t.label for t, row in zip(topics, own, strict=True) if not row.any()],
        },
    }
    return Model(header, class_tfidf(counts, theta), model.arrays())


def _asked(topics: Sequence[WrittenTopic], labels: Labels) -> list[list[str]]:
    """The words that each topic is looked for by, and the forms of those that the vocabulary lacks."""
    vocabulary = labels.vocabulary
    forms = Forms(vocabulary, labels.language)
    return [
        list(dict.fromkeys([*query, *(vocabulary[number] for word in query for number in forms.of(word))]))
        for query in queries(topics)
    ]


def _own_terms(asked: Sequence[Sequence[str]], vocabulary: list[str]) -> NDArray[np.float32]:
    """[K, V] 1 where a word of the vocabulary is among the topic's own."""
    index = {word: i for i, word in enumerate(vocabulary)}
    out = np.zeros((len(asked), len(vocabulary)), np.float32)
    for topic, query in enumerate(asked):
        out[topic, [index[word] for word in query if word in index]] = 1
    return out


def topic_text(topic: WrittenTopic) -> str:
    """The topic as the teacher reads it, in a document's place."""
    return ". ".join(part for part in (topic.label, ", ".join(topic.keywords), topic.summary) if part)


def _read_topics(
    topics: Sequence[WrittenTopic], labels: Labels, teacher: Teacher, model: Ground
) -> NDArray[np.float32]:
    """[K, H] the topics in the documents' space, less their mean, because all are short texts and alike."""
    prompts = [Prompt.from_header(prompt) for prompt in labels.header["prompts"]]
    reader = teacher.reader(prompts, max_tokens=int(labels.header["max_tokens"]))
    vectors = np.empty((len(topics), labels.hidden.shape[1]), np.float32)
    for rows, reading in reader.read(reader.encoder.encode([topic_text(topic) for topic in topics])):
        vectors[rows] = reading.hidden
    padded = np.zeros((len(topics), model.shape.inputs), np.float32)
    padded[:, : model.hidden] = vectors
    standard = model.standardise(torch.from_numpy(padded)).numpy()[:, : model.hidden]
    return _unit(standard - standard.mean(0))


def _representatives(
    topics: Sequence[WrittenTopic],
    asked: Sequence[Sequence[str]],
    labels: Labels,
    model: Ground,
    inputs: Inputs,
    config: GroundConfig,
    corpus: Corpus | None,
) -> list[NDArray[np.int64]]:
    """Rows of the documents that stand for each topic: those it names, then those that have its words.

    Where these are few, documents follow that the teacher would answer with its words.
    """
    if corpus is None:
        lexical = np.concatenate([model.scores(block)[1].numpy() for block in _blocks(inputs)])
    else:
        lexical = search((document.text for document in labels.among(corpus)), asked, _COMMON)
        if len(lexical) != len(labels):
            raise DsltmError(f"the labels file has {len(labels):,} documents and the corpus {len(lexical):,}")
    wanted = {name for topic in topics for name in topic.documents}
    place = {name: row for row, name in enumerate(labels.ids) if name in wanted} if wanted else {}
    missing = sum(name not in place for topic in topics for name in topic.documents)
    if missing:
        console.warn(f"{missing:,} documents that the topics name are not among these")
    by_words = _best(lexical, ~labels.empty)
    by_answers = _best(answers(labels, asked), ~labels.empty)
    chosen = []
    for topic, having, answered in zip(topics, by_words, by_answers, strict=True):
        named = [place[name] for name in topic.documents if name in place]
        rows = list(dict.fromkeys([*named, *having[: config.representatives]]))
        if len(rows) < config.answers:
            rows = list(dict.fromkeys([*rows, *answered]))[: config.answers]
        chosen.append(np.array(rows, np.int64))
    if unseen := [topic.label for topic, rows in zip(topics, chosen, strict=True) if not len(rows)]:
        whole = "" if corpus is not None else "; with --labels and the corpus all of its words are searched"
        console.warn(
            f"no document has the words of {len(unseen):,} of {len(topics):,} topics "
            f"({', '.join(unseen[:3])}), nor would the teacher say them: only where their names lie among "
            f"the documents brings any there{whole}"
        )
    return chosen


def _best(scores: NDArray[np.float32], usable: NDArray[np.bool_]) -> list[list[int]]:
    """For each topic the rows whose best score [N, K] is its own and above 0, the best first.

    A document that is as good for another topic, because the topics share the word that it has, stands for
    neither.
    """
    second, best = np.partition(scores, -2, axis=1)[:, -2:].T
    first = np.where(usable & (best > np.maximum(second, 0)), scores.argmax(1), -1)
    rows = [np.flatnonzero(first == topic) for topic in range(scores.shape[1])]
    return [own[np.argsort(-scores[own, k], kind="stable")].tolist() for k, own in enumerate(rows)]


def _with_documents(
    vectors: NDArray[np.float32],
    representatives: Sequence[NDArray[np.int64]],
    inputs: Inputs,
    model: Ground,
) -> NDArray[np.float32]:
    """[K, H] the representatives' mean vectors; a topic without any keeps its own."""
    have = np.array([len(rows) > 0 for rows in representatives])
    means = vectors.copy()
    for topic, chosen in enumerate(representatives):
        if not len(chosen):
            continue
        rows = np.sort(chosen)
        means[topic] = model.vectors(torch.from_numpy(inputs.dense(rows))).numpy().mean(0)
    if have.sum() > 1:
        means[have] -= means[have].mean(0)
    return _unit(means)


def _calibrate(model: Ground, scores: NDArray[np.float32]) -> None:
    """Set offset and scale, so that dense and lexical scores can be added.

    Dense scores get deviation 1 over all topics together: they are cosines in one space already, and a topic
    that many documents are about would lose them if its own were spread like those of a rare one. Lexical
    scores are mostly 0, so only those above 0 give their scale, in each topic, and get mean 3; that number
    was chosen, not measured.

    Args:
        scores: [2, N, K] of all documents.
    """
    dense, lexical = scores
    hits = np.array([row[row > 0].mean() if (row > 0).any() else 1.0 for row in lexical.T])
    scale = np.stack([np.full(len(hits), max(float(dense.std()), 1e-6)), hits / 3])
    model.set(offset=np.zeros_like(scale, np.float32), scale=scale.astype(np.float32))


def shares(theta: NDArray[np.float32]) -> NDArray[np.float32]:
    """[K] how frequent each topic is, from θ [N, K] that was computed as if all were equally frequent.

    Expectation maximisation over the shares (Saerens, Latinne and Decaestecker, "Adjusting the outputs of
    a classifier to new a priori probabilities", 2002).
    """
    estimate = np.full(theta.shape[1], 1 / theta.shape[1])
    for _ in range(_ROUNDS):
        weighted = theta * estimate
        estimate = (weighted / weighted.sum(1, keepdims=True)).mean(0)
    return np.asarray(np.maximum(estimate, _RAREST), np.float32)


def _blocks(inputs: Inputs) -> Iterator[torch.Tensor]:
    return (torch.from_numpy(inputs.dense(np.r_[block])) for block in slices(len(inputs), _BLOCK))


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)
