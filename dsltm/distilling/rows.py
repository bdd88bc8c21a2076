"""The rows of a labels file that need no teacher: names, classes, flags and word counts of all documents."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.formats.counts import of_rows
from dsltm.formats.labels import EMPTY, UNREAD
from dsltm.words.text import joined, words_and_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from dsltm.distilling.texts import Texts
    from dsltm.formats.corpus import Document
    from dsltm.formats.stacked import Rows


@dataclass(frozen=True)
class Table:
    """Arrays of a labels file that have a row for every document.

    Attributes:
        members: by their names in the file.
        gold_names: the classes that members["gold"] numbers.
    """

    members: dict[str, Rows]
    gold_names: list[str]


def table_of(
    documents: Iterable[Document], index: Mapping[str, int], texts: Texts, flags: NDArray[np.uint8]
) -> Table:
    """Go through the documents once.

    Args:
        documents: n of them.
        index: numbers the words that are counted.
        texts: which text each document has.
        flags: of each text that was read.
    """
    names, numbers = bytearray(), array("i")
    ids_indptr, bow_indptr = array("q", [0]), array("q", [0])
    indices, data = array("i"), array("i")
    classes: dict[str, int] = {}
    empty = bytearray()
    for document in documents:
        names += document.id.encode()
        ids_indptr.append(len(names))
        label = document.label
        numbers.append(-1 if label is None else classes.setdefault(label, len(classes)))
        empty.append(0 if document.text.strip() else EMPTY)
        counted = count(document.text, index)
        indices.extend(counted)
        data.extend(counted.values())
        bow_indptr.append(len(indices))
    of_row, read = np.frombuffer(empty, np.uint8) | UNREAD, texts.read
    of_row[read] &= ~np.uint8(UNREAD)
    of_row[read] |= flags[texts.numbers[read]]
    return Table(
        {
            "ids": np.frombuffer(names, np.uint8),
            "ids_indptr": np.frombuffer(ids_indptr, np.int64),
            "bow_indptr": np.frombuffer(bow_indptr, np.int64),
            "bow_indices": np.frombuffer(indices, np.int32),
            "bow_data": np.frombuffer(data, np.int32),
            "gold": np.frombuffer(numbers, np.int32),
            "flags": of_row,
        },
        list(classes),
    )


def counts_of(documents: Sequence[Document], index: Mapping[str, int]) -> csr_array:
    """[n, len(index)] how often each word of the index comes in each document."""
    return of_rows([count(document.text, index) for document in documents], len(index))


def count(text: str, index: Mapping[str, int]) -> dict[int, int]:
    """How often each of a text's words and phrases of two comes, by their numbers, ascending."""
    words, pairs = words_and_pairs(text)
    phrases = (joined(*pair) for pair in pairs)
    return dict(sorted(Counter(index[word] for word in (*words, *phrases) if word in index).items()))
