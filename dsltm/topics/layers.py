"""A hierarchy of topics: the tree of topics cut at several levels, coarse ones made of finer ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dsltm.errors import UsageError
from dsltm.topics import documents
from dsltm.topics.describe import Topic, describe, ordered, with_coherence
from dsltm.topics.edit import edited
from dsltm.topics.tree import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsltm.formats.corpus import Corpus
    from dsltm.formats.model import Model
    from dsltm.topics.config import WordChoice
    from dsltm.topics.tree import Join
    from dsltm.topics.view import View

# A group without a name of its own is called by so many of its topics; chosen, not measured.
_NAMES = 3


@dataclass(frozen=True)
class Layer:
    """The topics in groups.

    Attributes:
        level: how many groups there are.
        groups: the places of the topics of each group, rising; the group with the lowest topic comes first.
    """

    level: int
    groups: list[list[int]]

    def numbers(self, model: Model) -> dict[int, int]:
        """For the number of each topic that of its group, which is the lowest among its topics."""
        own = model.numbering.numbers
        return {own[place]: own[group[0]] for group in self.groups for place in group}


@dataclass(frozen=True, slots=True)
class Grouped:
    """A group of topics at one level.

    Attributes:
        level: how many groups there are.
        topic: the group as a topic, with the number of the lowest of its topics.
        topics: the numbers of its topics.
        parent: the number of the group that it belongs to at the next coarser level; None at the first.
    """

    level: int
    topic: Topic
    topics: list[int]
    parent: int | None

    def row(self) -> dict[str, object]:
        """The group as a line of a file."""
        row = self.topic.row()
        head = {"level": self.level, "topic": row.pop("topic"), "parent": self.parent, "topics": self.topics}
        return head | row


def parse_levels(levels: str, topics: int) -> list[int]:
    """The numbers of groups in a list such as "5,15,50".

    Args:
        levels: coarse ones first.
        topics: K.

    Raises:
        UsageError: something else, numbers that do not rise, or more groups than topics.
    """
    try:
        numbers = [int(part) for part in levels.split(",")]
    except ValueError:
        raise UsageError(f"--levels takes numbers of groups such as 5,15, not {levels!r}") from None
    if numbers != sorted({*numbers}) or numbers[0] < 1:
        raise UsageError(f"--levels takes rising numbers from 1 on, such as 5,15, not {levels!r}")
    if numbers[-1] > topics:
        raise UsageError(f"--levels {levels}: the model has only {topics} topics to put into groups")
    return numbers


def layers(model: Model, levels: Sequence[int]) -> list[Layer]:
    """The tree of a model's topics cut into so many groups at each level.

    Groups of a finer level lie within those of a coarser one, because all are cut from one tree.

    Args:
        model: K topics.
        levels: rising, at most K.
    """
    joins = tree(model.beta, model.sizes)
    return [_cut(joins, model.topics, level) for level in levels]


def layers_of(model: Model, levels: str | None) -> list[Layer]:
    """The layers that a list such as "5,15" asks for; none for None.

    Raises:
        UsageError: as `parse_levels`.
    """
    return [] if levels is None else layers(model, parse_levels(levels, model.topics))


def level_columns(model: Model, levels: str | None) -> dict[str, dict[int, int]]:
    """The numbers of groups beside documents: a column a level, of each its name and the group of each topic.

    Args:
        model: K topics.
        levels: as of `layers_of`.
    """
    return {f"level_{layer.level}": layer.numbers(model) for layer in layers_of(model, levels)}


def _cut(joins: list[Join], topics: int, level: int) -> Layer:
    whole = {topic: [topic] for topic in range(topics)}
    for join in joins[: topics - level]:
        whole[join.node] = sorted(topic for child in join.children for topic in whole.pop(child))
    return Layer(level, sorted(whole.values()))


def grouped(
    model: Model,
    view: View | None,
    found: Sequence[Layer],
    choice: WordChoice,
    *,
    examples: int = 0,
    corpus: Corpus | None = None,
    coherence: bool = False,
    order: str = "id",
) -> list[Grouped]:
    """The groups of each level, coarse levels first, each with its words, name, size and documents.

    A document belongs to the group of its first topic, so that sizes add up from level to level.

    Args:
        model: whose topics they are.
        view: it with documents; None: groups have no sizes.
        found: the levels.
        choice: which words.
        examples: how many typical documents of each group.
        corpus: where their texts are; None: they have only their names.
        coherence: score the words over the documents.
        order: of the groups of a level, as of `describe.ordered`.

    Raises:
        DsltmError: the corpus is not that of the labels.
    """
    out: list[Grouped] = []
    above: dict[int, int] = {}
    own = model.numbering.numbers
    for layer in found:
        topics = _topics(model, view, layer, choice)
        if view is not None and coherence:
            topics = with_coherence(topics, view.labels)
        if view is not None and examples:
            topics = _with_documents(topics, view, layer, examples, corpus)
        for topic in ordered(topics, order):
            members = [own[place] for place in layer.groups[topic.place]]
            out.append(Grouped(layer.level, topic, members, above.get(topic.topic)))
        above = layer.numbers(model)
    return out


def _topics(model: Model, view: View | None, layer: Layer, choice: WordChoice) -> list[Topic]:
    """The groups as topics; their words are those of the topics merged."""
    own = model.numbering.numbers
    merge = [[own[place] for place in group] for group in layer.groups if len(group) > 1]
    merged = edited(model, merge, [], None if view is None else view.sizes)
    sizes = None
    if view is not None:
        sizes = np.array([view.sizes[group].sum() for group in layer.groups])
    weight = model.sizes if view is None else view.sizes
    labels = [_name(model, group, None if weight is None else weight.tolist()) for group in layer.groups]
    topics = describe(merged, choice, sizes, None if view is None else view.embeddings)
    return [replace(topic, label=label) for topic, label in zip(topics, labels, strict=True)]


def _name(model: Model, group: list[int], sizes: list[int] | None) -> str | None:
    """The names of a group's largest topics."""
    order = group if sizes is None else sorted(group, key=lambda place: -sizes[place])
    names = [name for place in order if (name := model.names[place])]
    return ", ".join(names[:_NAMES]) + (", ..." if len(names) > _NAMES else "") if names else None


def _with_documents(
    topics: list[Topic], view: View, layer: Layer, count: int, corpus: Corpus | None
) -> list[Topic]:
    theta = np.stack([view.theta[:, group].sum(axis=1) for group in layer.groups], axis=1)
    rows = documents.typical(theta, view.full, count)
    texts = None
    if corpus is not None:
        texts = documents.texts_of((int(row) for each in rows for row in each), corpus, view.labels)
    shown = documents.shown(rows, theta, view.labels, texts, count)
    return [replace(topic, examples=own) for topic, own in zip(topics, shown, strict=True)]
