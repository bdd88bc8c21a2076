"""Topics over a field of the documents: shares by class or by time, with intervals and trends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.topics.dates import period, periods_between
from dsltm.topics.events import Events, events
from dsltm.topics.limits import Z95, wilson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from dsltm.topics.config import Every


@dataclass(frozen=True)
class Shares:
    """How many documents of each value of a field have each topic as their first.

    Attributes:
        field: its name.
        every: the length of a period where values are points in time, else None.
        values: T values: periods in order without a gap, or classes, the most frequent first.
        counts: [T, K] documents.
        totals: [T] documents with text of that value.
        missing: documents with text that lack the field.
        numbers: [K] the topics' numbers.
        places: [N] which value each document has, -1 for none.
        words: [K, T] the words of each topic in each period, where they were looked for.
    """

    field: str
    every: Every | None
    values: list[str]
    counts: NDArray[np.int64]
    totals: NDArray[np.int64]
    missing: int
    numbers: Sequence[int]
    places: NDArray[np.int64]
    words: Sequence[Sequence[Sequence[str]]] | None = None

    def share(self) -> NDArray[np.float64]:
        """[T, K] parts of the value's documents; NaN for a period without any."""
        totals = self.totals[:, None].astype(np.float64)
        out = np.full(self.counts.shape, np.nan)
        np.divide(self.counts, totals, out=out, where=totals > 0)
        return out

    def interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """[T, K] and [T, K]: 95% limits of the shares, NaN for a period without documents."""
        return wilson(self.counts, self.totals[:, None], Z95)

    def trend(self) -> NDArray[np.float64] | None:
        """[K] rise (positive) or fall of each topic over time as a standard normal score; None for classes.

        Cochran-Armitage: the covariance of period and membership over its standard deviation if there were no
        trend (Armitage 1955, "Tests for linear trends in proportions and frequencies").
        """
        if self.every is None:
            return None
        time = np.arange(len(self.values), dtype=np.float64)
        total = self.totals.sum()
        time -= (time @ self.totals) / total
        p = self.counts.sum(axis=0) / total
        deviation = np.sqrt(p * (1 - p) * (self.totals @ time**2))
        covariance: NDArray[np.float64] = time @ self.counts
        out = np.zeros_like(covariance)
        np.divide(covariance, deviation, out=out, where=deviation > 0)
        return out

    def changing(self) -> NDArray[np.int8]:
        """[K] 1 for topics that rise, -1 that fall, 0 for the rest: at 5%, corrected for K tests."""
        trend = self.trend()
        if trend is None:
            return np.zeros(self.counts.shape[1], np.int8)
        from statistics import NormalDist

        limit = NormalDist().inv_cdf(1 - 0.025 / len(trend))
        return (np.sign(trend) * (np.abs(trend) > limit)).astype(np.int8)

    @cached_property
    def events(self) -> list[Events] | None:
        """K topics' bursts, beginnings and ends; None for classes."""
        if self.every is None:
            return None
        return [events(counts, self.totals, len(self.numbers)) for counts in self.counts.T]

    def rows(self) -> Iterator[dict[str, object]]:
        """One line for every topic and value, with more of it where values are points in time."""
        share, (low, high), trend = self.share(), self.interval(), self.trend()
        for place, topic in enumerate(self.numbers):
            for i, value in enumerate(self.values):
                known = self.totals[i] > 0
                row: dict[str, object] = {
                    "topic": topic,
                    "value": value,
                    "count": int(self.counts[i, place]),
                    "of": int(self.totals[i]),
                    "share": float(share[i, place]) if known else None,
                    "low": float(low[i, place]) if known else None,
                    "high": float(high[i, place]) if known else None,
                }
                if trend is not None and self.events is not None:
                    own = self.events[place]
                    row |= {"trend": float(trend[place]), "burst": own.in_burst(i)}
                    row |= {"since": self._period(own.since), "until": self._period(own.until)}
                if self.words is not None:
                    row["words"] = self.words[place][i]
                yield row

    def _period(self, number: int | None) -> str | None:
        return None if number is None else self.values[number]


def shares(
    field: str,
    values: Sequence[str | None],
    first: NDArray[np.int64],
    numbers: Sequence[int],
    every: Every | None = None,
    names: Sequence[str] | None = None,
) -> Shares:
    """Count topics by the values of a field.

    Dates that cannot be read are left out, and a warning tells how many there are.

    Args:
        field: its name, for messages.
        values: N values, None where a document lacks it.
        first: [N] each document's first topic, -1 for those without text (`documents.first_topics`).
        numbers: [K] of the topics.
        every: read the values as dates and count by this period.
        names: N ids, for messages; None: documents are named by their numbers, counted from 1.

    Raises:
        DsltmError: no document has the field, no value is a date, or the periods would be too many.
    """
    topic_of = first.tolist()
    full = [row for row in range(len(values)) if topic_of[row] >= 0]
    given = {row: value for row in full if (value := values[row])}
    if not given:
        raise DsltmError(f"no document has a field {field!r}")
    missing = len(full) - len(given)
    if every is not None:
        given = _periods(field, given, every, names)
    present = list(given.values())
    order = _by_frequency(present) if every is None else periods_between(min(present), max(present), every)
    place = {value: i for i, value in enumerate(order)}
    places = np.full(len(values), -1)
    places[list(given)] = [place[value] for value in present]
    counts = np.zeros((len(order), len(numbers)), np.int64)
    np.add.at(counts, (places[places >= 0], first[places >= 0]), 1)
    return Shares(field, every, order, counts, counts.sum(axis=1), missing, numbers, places)


def _periods(
    field: str, values: Mapping[int, str], every: Every, names: Sequence[str] | None
) -> dict[int, str]:
    """The periods of the dates that can be read, by their rows; a warning tells of the others.

    Raises:
        DsltmError: none can be read.
    """
    periods: dict[int, str] = {}
    unread: list[int] = []
    why: DsltmError | None = None
    for row, value in values.items():
        try:
            periods[row] = period(value, every)
        except DsltmError as error:
            why = why or error
            unread.append(row)
    if why is not None:
        row = unread[0]
        where = f"the field {field!r} of document {names[row] if names is not None else row + 1}"
        if not periods:
            raise DsltmError(f"{where}: {why.args[0]}, and no other is one", hint=why.hint)
        others = "" if len(unread) == 1 else f", nor are {len(unread) - 1:,} others"
        console.warn(f"{where}: {why.args[0]}{others}; these documents are left out")
    return periods


def _by_frequency(values: Sequence[str]) -> list[str]:
    names, counts = np.unique(np.array(values, dtype=object), return_counts=True)
    return [str(names[i]) for i in np.argsort(-counts, kind="stable")]
