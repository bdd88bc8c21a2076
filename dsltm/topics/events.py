"""What happens to a topic over time: that it comes up, that it ends, and bursts, each told from chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlog1py, xlogy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

# In a corpus in which nothing happens, something is said with at most this probability.
_LEVEL = 0.05
# A burst is a time in which the odds of a topic are so many times its usual ones: Kleinberg's s.
_TIMES = 2.0
# A topic was not there as long as its share was less than this part of the later one; chosen, not measured.
_RARE = 0.1


@dataclass(frozen=True, slots=True)
class Events:
    """What happened to one topic, in numbers of periods.

    Attributes:
        since: the first period in which it was there; None where it was there from the beginning.
        until: the last one; None where it is there to the end.
        bursts: first and last period of each burst.
    """

    since: int | None
    until: int | None
    bursts: list[tuple[int, int]]

    def in_burst(self, period: int) -> bool:
        """Whether a period belongs to a burst."""
        return any(first <= period <= last for first, last in self.bursts)


def events(counts: Integers, totals: Integers, topics: int) -> Events:
    """What happened to one topic.

    Something is said only where the documents are KT / 5% times as probable with it as without, for K topics
    and T periods. Where nothing happens that ratio, from any period on, ever becomes so large with a
    probability of 5% / KT at most (Ville 1939), and there are K topics and T periods to begin with.

    Args:
        counts: [T] documents of the topic in each period.
        totals: [T] all documents of each period.
        topics: K, of which one is looked at.
    """
    evidence = float(np.log(topics * len(counts) / _LEVEL))
    first, end = _lifetime(counts, totals, evidence)
    bursts = _bursts(counts[first:end], totals[first:end], evidence)
    return Events(
        first or None, end - 1 if end < len(counts) else None, [(first + a, first + b) for a, b in bursts]
    )


def _lifetime(counts: Integers, totals: Integers, evidence: float) -> tuple[int, int]:
    """The first period in which a topic is there, and the one after the last.

    Where it came or ended, the times before and after have different shares (the likelihood ratio of Worsley
    1983, "The power of likelihood ratio and cumulative sum tests for a change in a binomial probability"),
    and one of them is next to none. Of the periods that are so parted the one counts that makes it most
    surprising how little there is of the topic on one side, given its share on the other.
    """
    first, end = 0, len(counts)
    came = ended = False
    while not (came and ended):
        before, n_before = counts[first:end].cumsum()[:-1], totals[first:end].cumsum()[:-1]
        after, n_after = counts[first:end].sum() - before, totals[first:end].sum() - n_before
        own, other = _likelihood(before, n_before), _likelihood(after, n_after)
        changed = own + other - _likelihood(before + after, n_before + n_after) >= evidence
        comes = changed & _rare(before, n_before, after, n_after) & (not came)
        ends = changed & _rare(after, n_after, before, n_before) & (not ended)
        surprise = np.where(
            comes,
            own - _likelihood(before, n_before, after / np.maximum(n_after, 1)),
            np.where(ends, other - _likelihood(after, n_after, before / np.maximum(n_before, 1)), 0),
        )
        if not (comes | ends).any():
            break
        best = int(surprise.argmax())
        if comes[best]:
            first, came = first + best + 1, True
        else:
            end, ended = first + best + 1, True
    return first, end


def _likelihood(counts: Integers, totals: Integers, rate: Floats | None = None) -> Floats:
    """The logarithm of the probability of these counts, at the rate that suits best where none is given."""
    if rate is None:
        rate = counts / np.maximum(totals, 1)
    return np.asarray(xlogy(counts, rate) + xlog1py(totals - counts, -rate))


def _rare(counts: Integers, totals: Integers, others: Integers, of_others: Integers) -> NDArray[np.bool_]:
    """Whether a share is but a small part of another one."""
    share, other = counts / np.maximum(totals, 1), others / np.maximum(of_others, 1)
    return np.asarray((totals > 0) & (of_others > 0) & (share < _RARE * other))


def _bursts(counts: Integers, totals: Integers, evidence: float) -> list[tuple[int, int]]:
    """The first and last periods of the bursts of a topic.

    Kleinberg's automaton of two states for documents that come in batches (2003, "Bursty and hierarchical
    structure in streams"), by the cheapest path; to enter a burst costs `evidence`, to leave it nothing.
    """
    usual = counts.sum() / max(totals.sum(), 1)
    if not 0 < usual < 1:
        return []
    odds = _TIMES * usual / (1 - usual)
    raised = odds / (1 + odds)
    gain = counts * np.log(raised / usual) + (totals - counts) * np.log((1 - raised) / (1 - usual))
    # The two best paths so far, what each gains, and its bursts. One is outside of a burst, the other inside
    # of one that began in the period `start`.
    outside, closed = 0.0, list[tuple[int, int]]()
    inside, start, before = -np.inf, 0, closed
    for period, each in enumerate(gain.tolist()):
        if outside - evidence > inside:
            inside, start, before = outside - evidence, period, closed
        inside += each
        if inside > outside:
            outside, closed = inside, [*before, (start, period)]
    return closed
