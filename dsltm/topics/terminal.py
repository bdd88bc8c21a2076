"""Topics on a terminal, as tables: their words and sizes, documents, groups, the tree, answers to a query."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dsltm import console, screen
from dsltm.topics.glyphs import ACCENT, FittingWords, bar, has_unicode, shaded, shortened, terminal_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType
    from rich.text import Text

    from dsltm.topics.describe import Topic
    from dsltm.topics.documents import Example
    from dsltm.topics.layers import Grouped
    from dsltm.topics.query import Answer
    from dsltm.topics.tree import Join

# Widths in characters, chosen, not measured: of a bar, of a terminal on which nothing has to be short, of one
# on which words need the room of counts and bars, of the names of topics, of a document, and the least and
# the most of a tree.
_BAR = 10
_WIDE = 110
_NARROW = 60
_NAME = 32
_EXAMPLE = 300
_LINES = (12, 60)
# At most so many topics of a query are shown, and none that is less than this part of the first one; chosen,
# not measured.
_TOPICS = 5
_PART = 0.01


def show_topics(topics: Sequence[Topic], *, all_words: bool) -> None:
    """One row a topic.

    Args:
        topics: in the order to show them.
        all_words: show every word, over several lines where need be; otherwise what fits in one.
    """
    named = any(topic.label for topic in topics)
    sized = any(topic.size is not None for topic in topics)
    roomy = terminal_width() >= _NARROW
    scored = any(topic.coherence is not None for topic in topics)
    columns = [
        screen.Column("topic", "right"),
        *([screen.Column("name", wrap=True)] if named else []),
        *([screen.Column("documents", "right")] if sized and roomy else []),
        *([screen.Column("share")] if sized else []),
        *([screen.Column("npmi", "right")] if scored else []),
        screen.Column("words", wrap=True),
    ]
    largest = max((topic.share or 0.0 for topic in topics), default=0.0)
    longest = _BAR if terminal_width() >= _WIDE or not (named or scored) else _BAR // 2
    screen.table(
        columns,
        (
            [
                topic.topic,
                *([shortened(topic.label or "", min(_NAME, terminal_width() // 4))] if named else []),
                *([f"{topic.size:,}"] if sized and roomy else []),
                *([bar(topic.share or 0.0, largest, longest if roomy else 0)] if sized else []),
                *([_score(topic.coherence)] if scored else []),
                shaded(topic) if all_words else FittingWords(topic),
            ]
            for topic in topics
        ),
    )


def show_documents(topics: Sequence[Topic]) -> None:
    """Each topic with its words and the documents that were asked for."""
    screen.show(*_with_gaps(_documents(topic) for topic in topics))


def _with_gaps(blocks: Iterator[list[RenderableType]]) -> Iterator[RenderableType]:
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield from block


def _documents(topic: Topic) -> list[RenderableType]:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    size = "" if topic.size is None else f"  {topic.size:,} documents, {topic.share or 0:.1%}"
    score = "" if topic.coherence is None else f", npmi {_score(topic.coherence)}"
    head = Text().append(f"{topic.topic}", f"bold {ACCENT}")
    head.append(f"  {console.plain(topic.name)}", "bold").append(size + score, "dim")
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for kind, documents in (("typical", topic.examples), ("borderline", topic.borderline)):
        if documents:
            grid.add_row("", Text(kind, "italic dim"))
        for example in documents or []:
            grid.add_row(f"{example.p:.2f}", _document(example))
    return [head, Padding(shaded(topic), (0, 0, 0, 2)), Padding(grid, (0, 0, 0, 2))]


def _document(example: Example) -> Text:
    from rich.text import Text

    what = example.id if example.text is None else " ".join(example.text.split()) or "(no text)"
    other = "" if example.other is None else f"  or topic {example.other}"
    return Text(console.plain(shortened(what, _EXAMPLE))).append(other, "dim")


def show_tree(topics: Sequence[Topic], joins: list[Join]) -> None:
    """The tree of the topics, one line a topic, by number."""
    from rich.text import Text

    from dsltm.topics.tree import drawing, span

    by_place = {topic.place: topic for topic in topics}
    if not has_unicode():
        screen.table(
            ["distance", "topics"],
            ([f"{j.distance:.2f}", ", ".join(str(by_place[p].topic) for p in j.topics)] for j in joins),
        )
        return
    low, high = span(joins)
    columns = [
        screen.Column("topic", "right"),
        screen.Column(f"distance {low:.2g} to {high:.2g}"),
        screen.Column("words", wrap=True),
    ]
    screen.table(
        columns,
        (
            [
                by_place[place].topic,
                Text(line, ACCENT, no_wrap=True),
                FittingWords(by_place[place], named=True),
            ]
            for place, line in drawing(joins, _tree_width())
        ),
    )


def _score(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.2f}"


def _tree_width() -> int:
    return min(max(terminal_width() // 3, _LINES[0]), _LINES[1])


def show_groups(groups: Sequence[Grouped]) -> None:
    """The groups of each level below those that they belong to, their numbers in a column a level."""
    levels = list(dict.fromkeys(group.level for group in groups))
    sized = any(group.topic.size is not None for group in groups)
    scored = any(group.topic.coherence is not None for group in groups)
    largest = max((group.topic.share or 0.0 for group in groups), default=0.0)
    columns = [
        *(screen.Column(f"of {level}", "right") for level in levels),
        *([screen.Column("documents", "right"), screen.Column("share")] if sized else []),
        *([screen.Column("npmi", "right")] if scored else []),
        screen.Column("words", wrap=True),
    ]
    rows = [
        [
            *(group.topic.topic if level == group.level else "" for level in levels),
            *([f"{group.topic.size:,}"] if sized else []),
            *([bar(group.topic.share or 0.0, largest, _BAR // 2)] if sized else []),
            *([_score(group.topic.coherence)] if scored else []),
            FittingWords(group.topic, named=True),
        ]
        for group in _nested(groups, levels, None)
    ]
    screen.table(columns, rows)
    if any(group.topic.examples for group in groups):
        screen.show("")
        finest = [group.topic for group in groups if group.level == levels[-1]]
        show_documents(finest)


def _nested(groups: Sequence[Grouped], levels: list[int], parent: int | None) -> Iterator[Grouped]:
    """The groups in `parent`, each followed by those in it."""
    for group in groups:
        if levels and group.level == levels[0] and group.parent == parent:
            yield group
            yield from _nested(groups, levels[1:], group.topic.topic)


def show_answers(topics: Sequence[tuple[Topic, float]], answers: Sequence[Answer]) -> None:
    """The topics that a query is most about, and the documents that answer it."""
    largest = topics[0][1]
    shown = [(topic, p) for topic, p in topics[:_TOPICS] if p >= _PART * largest]
    screen.table(
        [screen.Column("topic", "right"), screen.Column("of the query"), screen.Column("words", wrap=True)],
        [[topic.topic, bar(p, largest, _BAR), FittingWords(topic, named=True)] for topic, p in shown],
    )
    if answers:
        screen.show("")
        rows = [
            [answer.topic, console.plain(shortened(" ".join((answer.text or answer.id).split()), _EXAMPLE))]
            for answer in answers
        ]
        screen.table([screen.Column("topic", "right"), screen.Column("document", wrap=True)], rows)
