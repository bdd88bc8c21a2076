"""Topics that begin where somebody says: at words, at examples, at a name, or at the classes of documents.

All of these say the same of some documents, which topic they begin in; `dsltm.training.beginning` finds a
beginning for the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.errors import DsltmError, UsageError
from dsltm.training.beginning import Beginning, begin_around
from dsltm.words.bm25 import WordSearch
from dsltm.words.forms import Forms
from dsltm.words.text import joined, words_and_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.formats.topics import WrittenTopic
    from dsltm.training.config import TrainConfig
    from dsltm.training.data import TrainingSet

    Floats = NDArray[np.float32]

# These numbers were chosen, not measured.
_COMMON = 0.2  # share of documents above which a word, such as "and", says nothing of a topic
_MUCH, _ENOUGH = 0.9, 0.5  # a document has a topic's words if it has half as many as the tenth that has most
_LIKE_A_TEXT = 10  # documents that have the most words of an example which is none of the documents


@dataclass(frozen=True)
class SeedTopics:
    """Which of N documents tell where S topics begin.

    Attributes:
        names: [S] what the topics are called.
        examples: [N] the topic of which a document is an example, or which is its class; -1 for none. These
            documents are drawn to their topic throughout.
        hits: [N] the topic whose words a document has, -1 for none; it only begins there.
    """

    names: list[str]
    examples: NDArray[np.int64]
    hits: NDArray[np.int64]

    @classmethod
    def of(cls, labels: Labels, topics: Sequence[WrittenTopic], *, classes: bool = False) -> SeedTopics:
        """Find the documents, and say which topics have none.

        Args:
            labels: N documents.
            topics: in the order of their numbers.
            classes: every class of documents is a topic, too; of the name of a topic, it is that topic.

        Raises:
            DsltmError: a document is an example of two topics, or no topic has any document.
        """
        names = [topic.label for topic in topics]
        examples, texts = _examples(labels, topics)
        if classes:
            names, of_class = _with_classes(labels, names)
            examples = np.where(examples < 0, of_class, examples)
        seeds = cls(names, examples, _hits(labels, topics, texts))
        _tell_of_lonely(seeds)
        return seeds

    def __len__(self) -> int:
        return len(self.names)

    @property
    def documents(self) -> NDArray[np.int64]:
        """[N] the topic that each document begins in, -1 for those of which nothing is said."""
        return np.where(self.examples < 0, self.hits, self.examples)

    @property
    def sizes(self) -> list[int]:
        """[S] how many documents each topic begins with."""
        sizes: list[int] = np.bincount(self.documents + 1, minlength=len(self) + 1)[1:].tolist()
        return sizes


def check_room(seeds: SeedTopics, config: TrainConfig) -> None:
    """Refuse options of training that leave the seed topics no place.

    Raises:
        UsageError: there are more of them than topics, or nothing draws documents to topics.
    """
    if len(seeds) > config.topics:
        raise UsageError(f"there are {len(seeds):,} seed topics and {config.topics:,} topics", hint="-k")
    if not config.guide:
        raise UsageError("only a guide draws documents to seed topics", hint="--guide above 0")


def begin_at(
    seeds: SeedTopics, config: TrainConfig, data: TrainingSet, points: Floats, neighbours: NDArray[np.int32]
) -> Beginning:
    """Where each of M documents begins: at its seed topic, at the one that it fits, or in a free topic.

    Args:
        seeds: of all documents.
        config: how many topics there are to be.
        data: the M that are trained on.
        points: [M, d] their places.
        neighbours: [M, n].
    """
    free = config.topics - len(seeds)
    known = _of_texts(seeds.documents, data)
    topics = begin_around(points, neighbours, known, len(seeds), free, config.seed)
    examples = _of_texts(seeds.examples, data)
    topics = np.where(examples < 0, topics, examples)
    return Beginning(topics, examples >= 0)


def _of_texts(topics: NDArray[np.int64], data: TrainingSet) -> NDArray[np.int64]:
    """The topic [M] of each different text: that of the first document with it that has one, else -1."""
    own = topics[data.documents]
    told = np.flatnonzero(own >= 0)[::-1]
    out = np.full(len(data), -1)
    out[data.text[told]] = own[told]
    return out


def called(model: Model, seeds: SeedTopics) -> Model:
    """The model with the names of the seed topics, and how many documents each began with."""
    names = [*seeds.names, *[None] * (model.topics - len(seeds))]
    training = {**model.header["training"], "seed_documents": seeds.sizes}
    return replace(model, header={**model.header, "names": names, "training": training})


def _tell_of_lonely(seeds: SeedTopics) -> None:
    """Warn of topics that no document begins in."""
    lonely = [name for name, size in zip(seeds.names, seeds.sizes, strict=True) if not size]
    if len(lonely) == len(seeds):
        raise DsltmError(
            f"no document fits any of the {len(seeds):,} seed topics: none has their words, and none is an "
            "example of them",
            hint='"words" that documents use',
        )
    if lonely:
        console.warn(
            f"no document fits {len(lonely):,} of {len(seeds):,} seed topics "
            f"({', '.join(lonely[:3])}{', ...' if len(lonely) > 3 else ''}): they stay empty"
        )


def _examples(
    labels: Labels, topics: Sequence[WrittenTopic]
) -> tuple[NDArray[np.int64], list[tuple[int, str]]]:
    """The topic [N] of which each document is an example, and examples that are texts, with their topics."""
    wanted = {name for topic in topics for name in (*topic.documents, *topic.examples)}
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(labels.ids if wanted else ()):
        if name in wanted:
            rows.setdefault(name, []).append(row)
    missing = sum(name not in rows for topic in topics for name in topic.documents)
    if missing:
        console.warn(f"{missing:,} documents that the seed topics name are not among these")
    examples = np.full(len(labels), -1)
    for number, topic in enumerate(topics):
        for name in (*topic.documents, *topic.examples):
            for row in rows.get(name, ()):
                if examples[row] not in (-1, number):
                    other = topics[examples[row]].label
                    raise DsltmError(
                        f"document {name!r} is an example of two seed topics, {other!r} and {topic.label!r}"
                    )
                examples[row] = number
    examples[labels.empty] = -1
    texts = [(number, text) for number, topic in enumerate(topics) for text in topic.examples]
    return examples, [(number, text) for number, text in texts if text not in rows]


def _with_classes(labels: Labels, names: list[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The names with those of all classes, in the order of the alphabet, and the topic [N] of each class."""
    codes = labels.gold_codes
    gold_names: list[str] = labels.header.get("gold_names", [])
    used = [gold_names[code] for code in np.unique(codes[codes >= 0]).tolist()]
    if not used:
        raise DsltmError(
            "no document has a class, so there is nothing to be guided by",
            hint="dsltm distill --label-field NAME",
        )
    numbers = {name.casefold(): number for number, name in enumerate(names)}
    for name in sorted(used):
        if numbers.setdefault(name.casefold(), len(names)) == len(names):
            names = [*names, name]
    table = np.array([*(numbers.get(name.casefold(), -1) for name in gold_names), -1], np.int64)
    return names, np.where(labels.empty, -1, table[codes])


def _hits(
    labels: Labels, topics: Sequence[WrittenTopic], texts: Iterable[tuple[int, str]]
) -> NDArray[np.int64]:
    """The topic [N] whose words each document has, by BM25 where it has those of several."""
    search, documents = WordSearch.of(labels.counts), len(labels)
    index = {word: number for number, word in enumerate(labels.words)}
    first, best = np.full(documents, -1), np.zeros(documents)

    def scores(columns: Sequence[int]) -> NDArray[np.float64]:
        # Of many words the documents of a topic have several, and others one or two by chance.
        evidence = search.evidence(columns)
        usual = np.quantile(evidence[evidence > 0], _MUCH) if evidence.any() else 0
        return np.where(evidence >= _ENOUGH * usual, search.bm25(columns), 0)

    def take(topic: int, own: NDArray[np.float64]) -> None:
        better = (own > best) & ~labels.empty
        first[better], best[better] = topic, own[better]

    for number, columns in enumerate(_columns(labels, topics)):
        telling = [column for column in columns if search.frequency[column] <= _COMMON * documents]
        if columns:
            take(number, scores(telling or columns))
    for number, text in texts:
        if columns := sorted({index[word] for word in _words(text) if word in index}):
            own = scores(columns)
            nearest = np.argsort(-own, kind="stable")[:_LIKE_A_TEXT]
            take(number, np.where(np.isin(np.arange(documents), nearest), own, 0))
    return first


def _columns(labels: Labels, topics: Sequence[WrittenTopic]) -> Iterator[list[int]]:
    """For each topic the words of its label and its keywords, by their numbers."""
    forms = Forms(labels.words, labels.language)
    for topic in topics:
        words = _words("\n".join([topic.label, *topic.keywords]))
        yield sorted({column for word in words for column in forms.of(word)})


def _words(text: str) -> list[str]:
    """The words of a text, and the phrases that two of them may be."""
    words, pairs = words_and_pairs(text)
    return [*words, *(joined(*pair) for pair in pairs)]
