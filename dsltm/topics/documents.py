"""The documents of each topic: their number, the typical and the borderline ones, and their texts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Corpus, Document
    from dsltm.formats.labels import Labels

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

# A text that is shown is cut to so many characters, about a page; chosen, not measured.
CHARACTERS = 2000
# So many times more documents than wanted are looked at, because those with the text of another one are not
# shown; chosen, not measured.
_SPARE = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A document shown for a topic.

    Args:
        number: its row in the labels.
        id: its name.
        p: the topic's proportion in it.
        text: its text, or the beginning of it, where the corpus was given.
        other: for a borderline document, the topic that is nearly as probable.
    """

    number: int
    id: str
    p: float
    text: str | None = None
    other: int | None = None

    def row(self) -> dict[str, object]:
        """The document as it stands in a line of a topics file."""
        row: dict[str, object] = {"id": self.id, "p": self.p}
        if self.other is not None:
            row["other"] = self.other
        return row if self.text is None else {**row, "text": self.text}


def first_topics(theta: Floats, full: NDArray[np.bool_]) -> Integers:
    """[N] each document's first topic, -1 for those without text."""
    return np.where(full, theta.argmax(axis=1), -1)


def sizes(first: Integers, topics: int) -> Integers:
    """[K] how many documents each topic is the first of."""
    return np.bincount(first[first >= 0], minlength=topics)


def typical(theta: Floats, full: NDArray[np.bool_], count: int) -> list[Integers]:
    """For each topic the rows in which it is largest, largest first, with spare ones."""
    rows = np.flatnonzero(full)
    return [rows[_first(-theta[rows, topic], _SPARE * count)] for topic in range(theta.shape[1])]


def uncertain(theta: Floats, first: Integers, count: int) -> list[Integers]:
    """For each topic the rows of its documents whose second topic is nearest to it, with spare ones."""
    borderline = []
    # The only topic of a model has no second one beside it.
    if theta.shape[1] < 2:
        return [np.empty(0, np.int64)]
    for topic in range(theta.shape[1]):
        rows = np.flatnonzero(first == topic)
        two = np.partition(theta[rows], -2, axis=1)[:, -2:]
        borderline.append(rows[_first(two[:, 1] - two[:, 0], _SPARE * count)])
    return borderline


def _first(values: Floats, count: int) -> Integers:
    """Places of the `count` least values, ascending, equal ones in their order; the rest is not sorted."""
    if count >= len(values):
        return np.argsort(values, kind="stable")
    least = np.flatnonzero(values <= np.partition(values, count - 1)[count - 1])
    return np.asarray(least[np.argsort(values[least], kind="stable")[:count]])


def read_along(corpus: Corpus, labels: Labels) -> Iterator[Document]:
    """The documents of the corpus that the labels were made from, one a row of the labels.

    Raises:
        DsltmError: they are not the same documents in the same order.
    """
    # Labels of a sample know how many documents the corpus has, and the ids of those that were read.
    count = len(labels) if labels.rows is None else int(labels.header["documents"])
    rows = range(count) if labels.rows is None else labels.rows.tolist()
    expected = iter(zip(rows, labels.ids, strict=True))
    place, known = next(expected, (None, ""))
    for row, document in zip_longest(range(count), corpus):
        if document is None or row is None:
            fewer = "fewer" if document is None else "more"
            raise DsltmError(f"{corpus.name}: it has {fewer} documents than the labels, {count:,}")
        if row != place:
            continue
        if document.id != known:
            hint = "the corpus that `dsltm distill` read, with the same --id-field"
            raise DsltmError(
                f"{corpus.name}:{document.line}: document {document.id!r} is {known!r} in the labels",
                hint=hint,
            )
        yield document
        place, known = next(expected, (None, ""))


def texts_of(rows: Iterable[int], corpus: Corpus, labels: Labels) -> dict[int, str]:
    """The texts of these rows, from one pass over the corpus; long texts are cut, with an ellipsis."""
    wanted = set(rows)
    return {i: _cut(d.text) for i, d in enumerate(read_along(corpus, labels)) if i in wanted}


def _cut(text: str) -> str:
    return text if len(text) <= CHARACTERS else text[: CHARACTERS - 1].rstrip() + "…"


def shown(
    rows: list[Integers],
    theta: Floats,
    labels: Labels,
    texts: dict[int, str] | None,
    count: int,
    numbers: Sequence[int] | None = None,
) -> list[list[Example]]:
    """The documents to show for each topic.

    Args:
        rows: for each topic the rows that may be shown, best first.
        theta: [N, K].
        labels: for the documents' names.
        texts: the documents' texts, by row; of documents of the same text only the first is shown.
        count: how many of each topic.
        numbers: [K] of the topics, where the second one of each document is to be named, too.
    """
    return [
        [
            _example(int(row), topic, theta, labels, texts, numbers)
            for row in _different(candidates, texts)[:count]
        ]
        for topic, candidates in enumerate(rows)
    ]


def _example(
    row: int,
    topic: int,
    theta: Floats,
    labels: Labels,
    texts: dict[int, str] | None,
    numbers: Sequence[int] | None,
) -> Example:
    other = None
    if numbers is not None:
        rest = theta[row].copy()
        rest[topic] = -1
        other = numbers[int(rest.argmax())]
    text = None if texts is None else texts[row]
    return Example(row, labels.ids[row], float(theta[row, topic]), text, other)


def _different(rows: Integers, texts: dict[int, str] | None) -> list[int]:
    if texts is None:
        return [int(row) for row in rows]
    seen: dict[str, int] = {}
    for row in rows:
        seen.setdefault(" ".join(texts[int(row)].split()), int(row))
    return list(seen.values())
