"""Topics on a terminal, as tables: their words and sizes, documents, the tree, shares by a field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dsltm import console, screen
from dsltm.topics.glyphs import (
    ACCENT,
    FittingWords,
    arrow,
    bar,
    has_unicode,
    shaded,
    shortened,
    sparkline,
    terminal_width,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType
    from rich.text import Text

    from dsltm.topics.describe import Topic
    from dsltm.topics.documents import Example
    from dsltm.topics.drift import Change
    from dsltm.topics.shares import Shares
    from dsltm.topics.tree import Join

# Widths in characters, chosen, not measured: of a bar, of a terminal on which nothing has to be short, of one
# on which words need the room of counts and bars, of the names of topics and classes, of a document, the
# least and the most of a sparkline or a tree, and what the columns beside a sparkline take.
_BAR = 10
_WIDE = 110
_NARROW = 60
_NAME = 32
_CLASS = 24
_EXAMPLE = 300
_LINES = (12, 60)
_BESIDE_LINE = 56


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


def show_shares(topics: Sequence[Topic], shares: Shares) -> None:
    """Each topic over time as a sparkline with its trend, or the classes that it is made of."""
    (_show_time if shares.every else _show_classes)(topics, shares)


def _show_time(topics: Sequence[Topic], shares: Shares) -> None:
    share, changing = shares.share(), shares.changing()
    line_width = min(max(terminal_width() - _BESIDE_LINE, _LINES[0]), _LINES[1])
    rows = []
    for topic in topics:
        line, (start, end) = sparkline(share[:, topic.place], shares.totals, line_width)
        change = arrow(int(changing[topic.place]))
        rows.append(
            [topic.topic, change, line, f"{start:.1%}", f"{end:.1%}", FittingWords(topic, named=True)]
        )
    columns = [
        screen.Column("topic", "right"),
        screen.Column(""),
        screen.Column(f"{shares.values[0]} to {shares.values[-1]}"),
        screen.Column("from", "right"),
        screen.Column("to", "right"),
        screen.Column("words", wrap=True),
    ]
    screen.table(columns, rows)


def _show_classes(topics: Sequence[Topic], shares: Shares) -> None:
    sizes = shares.counts.sum(axis=0)
    rows = []
    for topic in topics:
        counts = shares.counts[:, topic.place]
        most = [i for i in (-counts).argsort(kind="stable")[:3] if counts[i]]
        parts = [f"{shortened(shares.values[i], _CLASS)} {counts[i] / sizes[topic.place]:.0%}" for i in most]
        rows.append(
            [topic.topic, f"{sizes[topic.place]:,}", ", ".join(parts), FittingWords(topic, named=True)]
        )
    screen.table(
        [
            screen.Column("topic", "right"),
            screen.Column("documents", "right"),
            screen.Column(f"most frequent {shares.field}", wrap=True),
            screen.Column("words", wrap=True),
        ],
        rows,
    )


def _score(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.2f}"


def _tree_width() -> int:
    return min(max(terminal_width() // 3, _LINES[0]), _LINES[1])


def show_changes(changes: Sequence[Change]) -> None:
    """What became of each topic's share."""
    columns = [
        screen.Column("topic", "right"),
        screen.Column(""),
        screen.Column("from", "right"),
        screen.Column("to", "right"),
        screen.Column("change, with limits"),
        screen.Column("words", wrap=True),
    ]
    rows = [
        [
            each.topic.topic,
            "" if each.verdict == "same" else each.verdict,
            f"{each.old / each.of_old:.1%}",
            f"{each.new / each.of_new:.1%}",
            f"{each.change:+.1%} ({each.low:+.1%} to {each.high:+.1%})",
            FittingWords(each.topic, named=True),
        ]
        for each in changes
    ]
    screen.table(columns, rows)
