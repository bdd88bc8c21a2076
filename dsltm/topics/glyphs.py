"""How topics look on a terminal: bars, sparklines and words, also where there are ASCII characters only."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsltm import console

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.measure import Measurement
    from rich.text import Text

    from dsltm.topics.describe import Topic

# Magenta is the one colour that stands out on white and on black alike; nothing is said by colour alone.
ACCENT = "magenta"
# So many words stand for a topic without a name, as in `Topic.name`.
_NAMING = 3
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_ARROWS = {1: "▲", 0: " ", -1: "▼"}


def bar(share: float, largest: float, most: int) -> Text:
    """A bar of at most `most` characters, as long as the largest share has, and the share in percent."""
    from rich.text import Text

    length = share / largest * most if largest else 0.0
    if has_unicode():
        whole, part = divmod(round(length * 8), 8)
        blocks = "█" * whole + (_EIGHTHS[part] if part else "")
    else:
        blocks = "#" * round(length)
    return Text(f"{blocks:<{most}}", ACCENT, no_wrap=True).append(f"{share:6.1%}", "default")


def arrow(change: int) -> Text:
    """1 as rising, -1 as falling, 0 as neither."""
    from rich.text import Text

    return Text(_ARROWS[change] if has_unicode() else f"{change:+d}", "bold")


def sparkline(
    share: NDArray[np.float64], totals: NDArray[np.int64], width: int
) -> tuple[Text, tuple[float, float]]:
    """A line of at most `width` characters, each the share over some periods, 0 to its largest.

    Args:
        share: [T] of each period, NaN for one without documents; there is at least one with some.
        totals: [T] documents of each period.
        width: the most characters.

    Returns:
        The line, and the shares that its first and its last known characters stand for.
    """
    import numpy as np
    from rich.text import Text

    groups = np.array_split(np.arange(len(share)), min(width, len(share)))
    counts = np.nan_to_num(share) * totals
    means = [float(counts[g].sum() / totals[g].sum()) if totals[g].sum() else math.nan for g in groups]
    known = [mean for mean in means if not math.isnan(mean)]
    most = max(known) or 1.0
    symbols = _LEVELS if has_unicode() else "_.-=*#"
    drawn = (
        " " if math.isnan(m) else symbols[min(int(m / most * len(symbols)), len(symbols) - 1)] for m in means
    )
    return Text("".join(drawn), ACCENT, no_wrap=True), (known[0], known[-1])


def shaded(topic: Topic, count: int | None = None) -> Text:
    """The words of a topic, of which the first ones, that stand for its name, are bold."""
    from rich.text import Text

    text = Text()
    for place, word in enumerate(topic.words[:count]):
        text.append(" " if text else "").append(console.plain(word), "bold" if place < _NAMING else "")
    return text


@dataclass(frozen=True, slots=True)
class FittingWords:
    """The words of a topic that fit in one line, after its name where `named` asks for it."""

    topic: Topic
    named: bool = False

    def _text(self, width: int | None) -> Text:
        from rich.cells import cell_len
        from rich.text import Text

        head = f"{console.plain(self.topic.label)}: " if self.named and self.topic.label else ""
        count, used = 0, cell_len(head) - 1
        for word in self.topic.words:
            used += 1 + cell_len(console.plain(word))
            if width is not None and used > width:
                break
            count += 1
        text = Text(head, "bold", no_wrap=True, overflow="ellipsis", end="")
        return text.append(shaded(self.topic, max(count, 0 if head else 1)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield self._text(options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        from rich.measure import Measurement

        return Measurement(12, max(self._text(None).cell_len, 12)).with_maximum(options.max_width)


def shortened(text: str, characters: int) -> str:
    """The text, cut to so many characters with an ellipsis at its end where it is longer."""
    return (
        text
        if len(text) <= characters
        else text[: characters - 1].rstrip() + ("…" if has_unicode() else "...")
    )


def has_unicode() -> bool:
    """Whether the terminal's encoding has the characters that bars and lines are drawn with."""
    try:
        (_EIGHTHS + _LEVELS + "…▲┤").encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def terminal_width() -> int:
    """In characters."""
    from rich.console import Console

    return Console().width
