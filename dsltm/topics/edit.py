"""A model edited by hand: topics merged, dropped and named; documents still get their topics from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.errors import DsltmError, UsageError
from dsltm.formats.model import edit_of
from dsltm.formats.numbering import Numbering

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.model import Model


def edited(
    model: Model, merge: Sequence[Sequence[int]], drop: Iterable[int], sizes: NDArray[np.int64] | None = None
) -> Model:
    """A model with some topics put together and some left out.

    The encoder stays as it is. Its proportions are added up within merged topics and, where topics were
    dropped, made to sum to one again. Topics keep their numbers; a merged one has the lowest of its own, and
    the name of the largest topic in it.

    Args:
        model: K topics.
        merge: groups of topics' numbers, each to become one.
        drop: numbers of the topics that go.
        sizes: [K] documents, so that a merged topic's words are the mean by size; None: those of training,
            or all alike where the file does not tell.

    Raises:
        UsageError: the model has no such topic, a topic is named twice, or no topic is left.
    """
    numbering = model.numbering
    groups = _groups(numbering, merge, {*drop})
    sizes = model.sizes if sizes is None else sizes
    counts = np.zeros(model.topics) if sizes is None else sizes.astype(np.float64)
    # One is added because topics without documents, merged with each other, would have no mean otherwise.
    weight = counts + 1
    beta = np.stack(
        [np.average(model.beta[group].astype(np.float64), axis=0, weights=weight[group]) for group in groups]
    )
    beta /= beta.sum(axis=1, keepdims=True)
    usage = None
    if model.usage is not None:
        usage = np.stack([model.usage[group].sum(axis=0, dtype=np.int32) for group in groups])
    old, names = edit_of(model.header, model.topics), model.names
    header: dict[str, Any] = {
        **model.header,
        "edit": {
            "topics": old.topics,
            "groups": [sorted(t for g in group for t in old.groups[g]) for group in groups],
        },
    }
    kept = Numbering(numbering.given, [numbering.numbers[group[0]] for group in groups])
    header |= kept.header()
    if any(names):
        header["names"] = _merged_names(names, groups, weight)
    if model.sizes is not None:
        header["sizes"] = [int(model.sizes[group].sum()) for group in groups]
    return replace(model, header=header, beta=beta.astype(np.float32), usage=usage)


def _groups(numbering: Numbering, merge: Sequence[Sequence[int]], drop: set[int]) -> list[list[int]]:
    """The places of the topics that each new topic is made of, in the order of the lowest of them."""
    named = [topic for group in merge for topic in group] + sorted(drop)
    for topic in named:
        numbering.place(topic)
        if named.count(topic) > 1:
            raise UsageError(f"topic {topic} is named twice among --merge and --drop")
    alone = [[place] for place, topic in enumerate(numbering.numbers) if topic not in named]
    groups = sorted([*alone, *(sorted(map(numbering.place, group)) for group in merge if group)])
    if not groups:
        raise UsageError("--drop leaves no topic")
    return groups


def _merged_names(
    names: list[str | None], groups: list[list[int]], weight: NDArray[np.float64]
) -> list[str | None]:
    by_size = [sorted(group, key=lambda topic: -weight[topic]) for group in groups]
    return [next((names[topic] for topic in group if names[topic]), None) for group in by_size]


def named(model: Model, names: Sequence[str | None]) -> Model:
    """The model with its topics' names, K of them, None for a topic without one."""
    return replace(model, header={**model.header, "names": list(names)})


def read_names(path: str, model: Model) -> list[str | None]:
    """Names from lines {"topic", "label"}, as `dsltm topics` writes them.

    Topics that the file does not name keep the names that they have.

    Raises:
        DsltmError: a line without a topic of the model, or a name twice.
    """
    from dsltm.formats.records import read_jsonl, whole

    names, numbering = model.names, model.numbering
    for line, row in read_jsonl(path):
        topic, label = whole(row.get("topic")), row.get("label")
        if type(topic) is not int:
            raise DsltmError(f"{path}:{line}: its topic is not a number")
        try:
            place = numbering.place(topic)
        except UsageError as error:
            raise DsltmError(f"{path}:{line}: {error}") from None
        if label is not None and not isinstance(label, str):
            raise DsltmError(f"{path}:{line}: its label is not a string")
        names[place] = " ".join(label.split()) or None if label else None
    taken: dict[str, int] = {}
    for topic, name in zip(numbering.numbers, names, strict=True):
        if name is not None and taken.setdefault(name.casefold(), topic) != topic:
            raise DsltmError(f"{path}: topics {taken[name.casefold()]} and {topic} are both called {name!r}")
    return names
