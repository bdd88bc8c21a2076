"""What is written of documents: a row each, with what stands beside its topics, or a matrix of their θ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm import console
from dsltm.formats.npz import Blocks, write_npz
from dsltm.formats.strings import Strings
from dsltm.words.ranking import first_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

    from numpy.typing import NDArray

    from dsltm.assigning.config import RowOptions
    from dsltm.assigning.documents import Assigned, Block
    from dsltm.formats.model import Model
    from dsltm.formats.stacked import Rows

FORMAT, VERSION = "dsltm.assignments", 1
# The columns that dsltm writes itself.
_OWN = ("id", "topic", "p", "label", "words", "theta", "topics", "ps", "empty", "reader", "parts")


def assignment_rows(
    blocks: Iterable[Block], *, top: int | None = None, min_prob: float = 0.0
) -> Iterator[dict[str, Any]]:
    """One row a document, as a line of an assignments file.

    Args:
        top: only so many topics of each, as [topic, probability] pairs, the most probable first.
        min_prob: a document whose first topic is less probable than this has topic None.

    Yields:
        {"id", "topic", "p", "theta": [...]}, or "topics": [[topic, p], ...] for "theta" with `top`; and
        "empty": true where the document has no text; "reader" where not all were read by the teacher;
        "parts" where it was read in parts.
    """
    for block in blocks:
        order = np.argsort(-block.theta, axis=1, kind="stable")[:, :top]
        rows = zip(block.ids, block.theta, order, block.empty, strict=True)
        for number, (name, theta, best, empty) in enumerate(rows):
            p = theta[best[0]]
            row: dict[str, Any] = {"id": name, "topic": int(best[0]) if p >= min_prob else None, "p": p}
            if top is None:
                row["theta"] = theta
            else:
                row["topics"] = [[int(topic), theta[topic]] for topic in best]
            if empty:
                row["empty"] = True
            if block.readers:
                row["reader"] = block.readers[number]
            if block.parts:
                row["parts"] = block.parts[number]
            yield row


def described_rows(
    blocks: Iterable[Block],
    model: Model,
    options: RowOptions,
    groups: Mapping[str, Mapping[int, int]],
    *,
    table: bool,
) -> Iterator[dict[str, Any]]:
    """One row a document, with what `options` ask for beside its topics.

    Args:
        blocks: with the fields to keep, where some are.
        model: whose topics they are.
        options: a field with the name of a column in `_OWN` gets "corpus_" before it.
        groups: further columns: of each its name, and its value for the number of the document's topic.
        table: every row has the same keys, and with `top` the topics and their probabilities are two lists.

    Yields:
        {"id", "topic", "p"}, the groups, "label" and "words", the fields that are kept, and what else
        `assignment_rows` gives.
    """
    count = options.words_in(table=table)
    lacking, documents = dict.fromkeys(options.fields), 0
    words, names = _first_words(model, count), dict(zip(model.numbering.numbers, model.names, strict=True))
    for block in blocks:
        rows = assignment_rows([block], top=options.top, min_prob=options.min_prob)
        documents += len(block.ids)
        for number, row in enumerate(rows):
            topic = row["topic"]
            out: dict[str, Any] = {key: row.pop(key) for key in ("id", "topic", "p")}
            for name, group_of in groups.items():
                out[name] = None if topic is None else group_of[topic]
            if count:
                out["label"] = None if topic is None else names[topic]
                out["words"] = [] if topic is None else words[topic]
            for field in options.fields:
                own = field in _OWN or field in groups
                value = block.fields[number].get(field)
                out[f"corpus_{field}" if own else field] = value
                if value is not None:
                    lacking.pop(field, None)
            if table:
                row["empty"] = "empty" in row
                if options.top is not None:
                    pairs = row.pop("topics")
                    out |= {"topics": [t for t, _ in pairs], "ps": [float(p) for _, p in pairs]}
            yield out | row
    if documents and lacking:
        console.warn(f"no document has a field {', '.join(map(repr, lacking))}, which --keep names")


def _first_words(model: Model, count: int) -> dict[int, list[str]]:
    """The words of each topic that `dsltm topics` shows, by the topic's number."""
    vocabulary = model.vocabulary
    rows = ([vocabulary[word] for word in row] for row in first_words(model, count))
    return dict(zip(model.numbering.numbers, rows, strict=True))


def write_matrix(target: BinaryIO, assigned: Assigned) -> None:
    """Write an assignments NPZ: `theta` [N, K] float32, `empty` [N] bool, and ids as in labels files."""
    names: list[Strings] = []
    empty: list[NDArray[np.bool_]] = []

    def proportions() -> Iterator[NDArray[np.float32]]:
        for block in assigned.blocks:
            names.append(Strings.pack(block.ids))
            empty.append(block.empty)
            yield block.theta

    def members() -> Iterator[tuple[str, Rows | Blocks]]:
        assert assigned.documents is not None
        shape = (assigned.documents, assigned.topics)
        yield "theta", Blocks(shape, np.dtype(np.float32), proportions())
        yield "empty", np.concatenate([np.empty(0, bool), *empty])
        ids = Strings.joined(names)
        yield "ids", ids.data
        yield "ids_indptr", ids.indptr

    header = {"format": FORMAT, "version": VERSION, "topics": assigned.topics}
    write_npz(target, header, members())
