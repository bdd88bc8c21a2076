"""Shares of topics on a terminal, as tables: over time, by class, changes, effects of fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsltm import console, screen
from dsltm.topics.glyphs import FittingWords, arrow, shortened, sparkline, terminal_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsltm.topics.describe import Topic
    from dsltm.topics.drift import Change
    from dsltm.topics.effects import Effect
    from dsltm.topics.events import Events
    from dsltm.topics.shares import Shares

# Widths in characters, chosen, not measured: of the name of a class, the least and the most of a sparkline,
# what the columns beside it take, of what is said of a topic's time, and of a terminal without room for that.
_CLASS = 24
_LINES = (12, 60)
_BESIDE_LINE = 56
_EVENTS = 22
_NARROW = 76


def show_shares(topics: Sequence[Topic], shares: Shares) -> None:
    """Each topic over time as a sparkline with its trend, or the classes that it is made of."""
    (_show_time if shares.every else _show_classes)(topics, shares)


def _show_time(topics: Sequence[Topic], shares: Shares) -> None:
    share, changing = shares.share(), shares.changing()
    said = [_said(each, shares.values) for each in shares.events or ()]
    eventful = any(said) and terminal_width() >= _NARROW
    room = terminal_width() - _BESIDE_LINE - (_EVENTS if eventful else 0)
    line_width = min(max(room, _LINES[0]), _LINES[1])
    rows = []
    for topic in topics:
        line, (start, end) = sparkline(share[:, topic.place], shares.totals, line_width)
        change = arrow(int(changing[topic.place]))
        happened = [said[topic.place]] if eventful else []
        words = FittingWords(topic, named=True)
        rows.append([topic.topic, change, line, f"{start:.1%}", f"{end:.1%}", *happened, words])
    columns = [
        screen.Column("topic", "right"),
        screen.Column(""),
        screen.Column(f"{shares.values[0]} to {shares.values[-1]}"),
        screen.Column("from", "right"),
        screen.Column("to", "right"),
        *([screen.Column("events", wrap=True)] if eventful else []),
        screen.Column("words", wrap=True),
    ]
    screen.table(columns, rows)


def _said(events: Events, periods: Sequence[str]) -> str:
    """What happened to a topic, in words."""
    parts = [
        *([] if events.since is None else [f"since {periods[events.since]}"]),
        *([] if events.until is None else [f"until {periods[events.until]}"]),
        *(
            f"burst {periods[first]}" if first == last else f"burst {periods[first]} to {periods[last]}"
            for first, last in events.bursts
        ),
    ]
    return ", ".join(parts)


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


def show_effects(topics: Sequence[Topic], effects: Sequence[Effect]) -> None:
    """The effects that are told from none, and how many are not."""
    by_number = {topic.topic: topic for topic in topics}
    sure = [effect for effect in effects if effect.sure]
    columns = [
        screen.Column("topic", "right"),
        screen.Column("field", wrap=True),
        screen.Column("share, with limits"),
        screen.Column("p, adjusted", "right"),
        screen.Column("words", wrap=True),
    ]
    rows = [
        [
            effect.topic,
            console.plain(_compared(effect)),
            f"{effect.estimate:+.1%} ({effect.low:+.1%} to {effect.high:+.1%})",
            f"{effect.p_adjusted:.2g}",
            FittingWords(by_number[effect.topic], named=True),
        ]
        for effect in sure
    ]
    if rows:
        screen.table(columns, rows)
    console.info(f"{len(effects) - len(sure):,} of {len(effects):,} effects may be chance and are not shown")


def _compared(effect: Effect) -> str:
    column = effect.column
    if column.value is None:
        return f"{column.field} + 1"
    return f"{column.field} {shortened(column.value, _CLASS)}, not {shortened(column.against or '', _CLASS)}"
