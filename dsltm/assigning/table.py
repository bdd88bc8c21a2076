"""Assignments with more columns beside them: the topic's name and words, and fields of the corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsltm.assigning.documents import assignment_rows
from dsltm.words.ranking import ranked, telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dsltm.assigning.documents import Block
    from dsltm.formats.model import Model

# The columns that dsltm writes itself.
_OWN = ("id", "topic", "p", "label", "words", "theta", "topics", "ps", "empty", "reader", "parts")


def described_rows(
    blocks: Iterable[Block],
    model: Model,
    words: int,
    keep: Sequence[str] = (),
    groups: Mapping[str, Mapping[int, int]] | None = None,
    *,
    top: int | None = None,
    min_prob: float = 0.0,
    flat: bool = False,
) -> Iterator[dict[str, Any]]:
    """One row a document.

    Args:
        blocks: with the fields to keep, where some are.
        model: whose topics they are.
        words: how many of the topic's words to give, those that `dsltm topics` shows; 0: no words, and no
            name either.
        keep: fields of the corpus; one with the name of a column in `_OWN` gets "corpus_" before it.
        groups: further columns: of each its name, and its value for the number of the document's topic.
        top, min_prob: as of `assignment_rows`.
        flat: every row has the same keys, and with `top` the topics and their probabilities are two lists.

    Yields:
        {"id", "topic", "p"}, the groups, "label" and "words", the fields that are kept, and what else
        `assignment_rows` gives.
    """
    numbers, vocabulary = model.numbering.numbers, model.vocabulary
    scores = telling(model.beta, model.usage, model.sizes)
    shown = ranked(scores, vocabulary, words, usage=model.usage, language=model.language)
    first = {n: [vocabulary[word] for word in row] for n, row in zip(numbers, shown, strict=True)}
    names = dict(zip(numbers, model.names, strict=True))
    for block in blocks:
        rows = assignment_rows([block], top=top, min_prob=min_prob)
        for number, row in enumerate(rows):
            topic = row["topic"]
            out: dict[str, Any] = {key: row.pop(key) for key in ("id", "topic", "p")}
            for name, group_of in (groups or {}).items():
                out[name] = None if topic is None else group_of[topic]
            if words:
                out["label"] = None if topic is None else names[topic]
                out["words"] = [] if topic is None else first[topic]
            for key in keep:
                own = key in _OWN or key in (groups or {})
                out[f"corpus_{key}" if own else key] = block.fields[number].get(key)
            if flat:
                row["empty"] = "empty" in row
                if top is not None:
                    pairs = row.pop("topics")
                    out |= {"topics": [t for t, _ in pairs], "ps": [float(p) for _, p in pairs]}
            yield out | row
