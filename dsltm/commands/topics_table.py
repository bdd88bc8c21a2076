"""How `dsltm topics` looks on a terminal: bars, shaded words, examples, the tree, sparklines."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsltm import console

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.measure import Measurement
    from rich.text import Text

    from dsltm.topics.describe import Topic
    from dsltm.topics.documents import Example
    from dsltm.topics.shares import Shares
    from dsltm.topics.tree import Join

# Magenta is the one colour that stands out on white and on black alike; nothing is said by colour alone.
_ACCENT = "magenta"
# So many words stand for a topic without a name, as in `Topic.name`.
_NAMING = 3
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_ARROW = {1: "▲", 0: " ", -1: "▼"}
# Widths in characters, chosen, not measured: of a bar, of a terminal on which nothing has to be short, of one
# on which words need the room of counts and bars, of a name in a table, and of a document.
_BAR = 10
_WIDE = 110
_NARROW = 60
_NAME = 32
_EXAMPLE = 300


def show_topics(topics: Sequence[Topic], *, all_words: bool) -> None:
    """One row a topic.

    Args:
        topics: in the order to show them.
        all_words: show every word, over several lines where need be; otherwise what fits in one.
    """
    named = any(topic.label for topic in topics)
    sized = any(topic.size is not None for topic in topics)
    roomy = _width() >= _NARROW
    scored = any(topic.coherence is not None for topic in topics)
    columns = [
        console.Column("topic", "right"),
        *([console.Column("name", wrap=True)] if named else []),
        *([console.Column("documents", "right")] if sized and roomy else []),
        *([console.Column("share")] if sized else []),
        *([console.Column("npmi", "right")] if scored else []),
        console.Column("words", wrap=True),
    ]
    largest = max((topic.share or 0.0 for topic in topics), default=0.0)
    bar = _BAR if _width() >= _WIDE or not (named or scored) else _BAR // 2
    console.table(
        columns,
        (
            [
                topic.topic,
                *([_cut(topic.label or "", min(_NAME, _width() // 4))] if named else []),
                *([f"{topic.size:,}"] if sized and roomy else []),
                *([_share(topic.share or 0.0, largest, bar if roomy else 0)] if sized else []),
                *([_score(topic.coherence)] if scored else []),
                _shaded(topic) if all_words else _Fitting(topic),
            ]
            for topic in topics
        ),
    )


def show_documents(topics: Sequence[Topic]) -> None:
    """Each topic with its words and the documents that were asked for."""
    console.show(*_with_gaps(_documents(topic) for topic in topics))


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
    head = Text().append(f"{topic.topic}", f"bold {_ACCENT}")
    head.append(f"  {console.plain(topic.name)}", "bold").append(size + score, "dim")
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for kind, documents in (("typical", topic.examples), ("borderline", topic.borderline)):
        if documents:
            grid.add_row("", Text(kind, "italic dim"))
        for example in documents or []:
            grid.add_row(f"{example.p:.2f}", _document(example))
    return [head, Padding(_shaded(topic), (0, 0, 0, 2)), Padding(grid, (0, 0, 0, 2))]


def _document(example: Example) -> Text:
    from rich.text import Text

    what = example.id if example.text is None else " ".join(example.text.split()) or "(no text)"
    other = "" if example.other is None else f"  or topic {example.other}"
    return Text(console.plain(_cut(what, _EXAMPLE))).append(other, "dim")


def show_tree(topics: Sequence[Topic], joins: list[Join]) -> None:
    """The tree of the topics, one line a topic, by number."""
    from rich.text import Text

    from dsltm.topics.tree import drawing, span

    by_number = {topic.topic: topic for topic in topics}
    if not _unicode():
        console.table(
            ["distance", "topics"], ([f"{j.distance:.2f}", ", ".join(map(str, j.topics))] for j in joins)
        )
        return
    low, high = span(joins)
    columns = [
        console.Column("topic", "right"),
        console.Column(f"distance {low:.2g} to {high:.2g}"),
        console.Column("words", wrap=True),
    ]
    console.table(
        columns,
        (
            [number, Text(line, _ACCENT, no_wrap=True), _Fitting(by_number[number], named=True)]
            for number, line in drawing(joins, _tree_width())
        ),
    )


def show_shares(topics: Sequence[Topic], shares: Shares) -> None:
    """Each topic over time as a sparkline with its trend, or the classes that it is made of."""
    (_show_time if shares.every else _show_classes)(topics, shares)


def _show_time(topics: Sequence[Topic], shares: Shares) -> None:
    from rich.text import Text

    first, last = shares.values[0], shares.values[-1]
    share, changing = shares.share(), shares.changing()
    width = min(max(_width() - 56, 12), 60)
    heading = f"{first} to {last}"
    columns = ["topic", "", heading, "from", "to"]
    sides = ["right", "left", "left", "right", "right"]
    rows = []
    for topic in topics:
        line, ends = _spark(share[:, topic.topic], shares.totals, width)
        arrow = Text(
            _ARROW[int(changing[topic.topic])] if _unicode() else f"{changing[topic.topic]:+d}", "bold"
        )
        rows.append(
            [topic.topic, arrow, line, f"{ends[0]:.1%}", f"{ends[1]:.1%}", _Fitting(topic, named=True)]
        )
    made = [console.Column(name, side) for name, side in zip(columns, sides, strict=True)]  # type: ignore[arg-type]
    console.table([*made, console.Column("words", wrap=True)], rows)


def _spark(
    share: NDArray[np.float64], totals: NDArray[np.int64], width: int
) -> tuple[Text, tuple[float, float]]:
    """A line of at most `width` characters, each the share over some periods, 0 to its largest."""
    import numpy as np
    from rich.text import Text

    groups = np.array_split(np.arange(len(share)), min(width, len(share)))
    counts = np.nan_to_num(share) * totals
    means = [float(counts[g].sum() / totals[g].sum()) if totals[g].sum() else math.nan for g in groups]
    known = [mean for mean in means if not math.isnan(mean)]
    most = max(known) or 1.0
    symbols = _LEVELS if _unicode() else "_.-=*#"
    drawn = (
        " " if math.isnan(m) else symbols[min(int(m / most * len(symbols)), len(symbols) - 1)] for m in means
    )
    return Text("".join(drawn), _ACCENT, no_wrap=True), (known[0], known[-1])


def _show_classes(topics: Sequence[Topic], shares: Shares) -> None:
    sizes = shares.counts.sum(axis=0)
    rows = []
    for topic in topics:
        counts = shares.counts[:, topic.topic]
        most = [i for i in (-counts).argsort(kind="stable")[:3] if counts[i]]
        parts = [f"{_cut(shares.values[i], 24)} {counts[i] / sizes[topic.topic]:.0%}" for i in most]
        rows.append([topic.topic, f"{sizes[topic.topic]:,}", ", ".join(parts), _Fitting(topic, named=True)])
    console.table(
        [
            console.Column("topic", "right"),
            console.Column("documents", "right"),
            console.Column(f"most frequent {shares.field}", wrap=True),
            console.Column("words", wrap=True),
        ],
        rows,
    )


def _share(share: float, largest: float, most: int) -> Text:
    """A bar of at most `most` characters and the number that it stands for."""
    from rich.text import Text

    length = share / largest * most if largest else 0.0
    if _unicode():
        whole, part = divmod(round(length * 8), 8)
        bar = "█" * whole + (_EIGHTHS[part] if part else "")
    else:
        bar = "#" * round(length)
    return Text(f"{bar:<{most}}", _ACCENT, no_wrap=True).append(f"{share:6.1%}", "default")


def _score(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.2f}"


def _shaded(topic: Topic, count: int | None = None) -> Text:
    """The words of a topic, of which the first ones, that stand for its name, are bold."""
    from rich.text import Text

    text = Text()
    for place, word in enumerate(topic.words[:count]):
        text.append(" " if text else "").append(console.plain(word), "bold" if place < _NAMING else "")
    return text


@dataclass(frozen=True, slots=True)
class _Fitting:
    """The words of a topic that fit in one line, after its name where `named` asks for it."""

    topic: Topic
    named: bool = False

    def _text(self, width: int | None) -> Text:
        from rich.cells import cell_len

        head = f"{console.plain(self.topic.label)}: " if self.named and self.topic.label else ""
        count, used = 0, cell_len(head) - 1
        for word in self.topic.words:
            used += 1 + cell_len(console.plain(word))
            if width is not None and used > width:
                break
            count += 1
        from rich.text import Text

        text = Text(head, "bold", no_wrap=True, overflow="ellipsis", end="")
        return text.append(_shaded(self.topic, max(count, 0 if head else 1)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield self._text(options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        from rich.measure import Measurement

        return Measurement(12, max(self._text(None).cell_len, 12)).with_maximum(options.max_width)


def _cut(text: str, characters: int) -> str:
    return (
        text if len(text) <= characters else text[: characters - 1].rstrip() + ("…" if _unicode() else "...")
    )


def _unicode() -> bool:
    """Whether the terminal's encoding has the characters that bars and lines are drawn with."""
    try:
        (_EIGHTHS + _LEVELS + "…▲┤").encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _width() -> int:
    from rich.console import Console

    return Console().width


def _tree_width() -> int:
    return min(max(_width() // 3, 12), 60)
