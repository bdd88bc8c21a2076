"""How far a loop has come: counts, pace and the time left, without any output of its own."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Progress:
    """The state of one stage; made and shown by `console.progress`.

    Args:
        description: what is being done, such as "distilling".
        total: the number of units, None where it is not known, or not yet.
        unit: the name of the units, in the plural, such as "documents".
        work_total: the work of all units in another measure, such as tokens; None: `total`.
        show: called after every change.
    """

    description: str
    total: int | None
    unit: str
    work_total: float | None = None
    show: "Callable[[Progress], None] | None" = None
    done: int = 0
    work: float = 0.0
    fields: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=lambda: time.monotonic())
    # The units and the work of earlier runs.
    _earlier: tuple[int, float] = (0, 0.0)

    def advance(self, n: int = 1, *, work: float | None = None, **fields: str) -> None:
        """Count `n` more units as done.

        Args:
            n: units, such as documents.
            work: what they cost, in the measure of `work_total`; `n` where not given.
            fields: shown behind the count as name and value, such as loss="1.23".
        """
        self.done += n
        self.work += n if work is None else work
        self.fields.update(fields)
        if self.show is not None:
            self.show(self)

    def skip(self, n: int, *, work: float | None = None) -> None:
        """Count `n` units as done by an earlier run: the pace and the time left ignore them."""
        units, cost = self._earlier
        self._earlier = (units + n, cost + (n if work is None else work))
        self.advance(n, work=work)

    @property
    def target(self) -> float | None:
        """All of the work, in the measure that `work` is counted in."""
        return self.work_total if self.work_total is not None else self.total

    def share(self) -> float | None:
        """The part of the work that is done, in [0, 1]; None where the total is not known."""
        return min(1.0, self.work / self.target) if self.target else None

    def elapsed(self) -> float:
        """Seconds since the stage began, never 0."""
        return max(time.monotonic() - self.started, 1e-9)

    def left(self) -> float | None:
        """Seconds left, from the work left and the pace so far; None where nothing can be said yet."""
        paid = self.work - self._earlier[1]
        if not self.target or paid <= 0:
            return None
        return max(0.0, self.target - self.work) * self.elapsed() / paid

    def status(self) -> str:
        """Where things stand, as in "2,000/20,000 documents, 103/s, loss 1.23"."""
        count = f"{self.done:,}" if self.total is None else f"{self.done:,}/{self.total:,}"
        rate = (self.done - self._earlier[0]) / self.elapsed()
        pace = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s"
        return ", ".join([f"{count} {self.unit}", pace, *(f"{k} {v}" for k, v in self.fields.items())])


def clock(seconds: float | None) -> str:
    """A duration as people write it: 0:07, 12:30, 1:02:03; "-:--" where it is not known."""
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
