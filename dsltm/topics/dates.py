"""Dates as people and programs write them, and the periods that they lie in."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import re
from typing import TYPE_CHECKING

from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from dsltm.topics.config import Every

# Dates in other years stand for "none" or "never", as 0001-01-01 and 9999-12-31 do.
_YEARS = (1000, 2200)
# More periods than these, 13 years of days, are taken for a mistake; chosen, not measured.
_MOST_PERIODS = 5000
# Dates as people, Twitter and the program `date` write them. Left out are those with a month of two digits
# between strokes, because 3/4/2024 is a day in March here and one in April there.
_WRITTEN = (
    *("%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
    *("%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y"),
)
# A year, also as a column of numbers with gaps has it (2024.0), or a year and a month.
_PART = re.compile(r"(\d{4})(?:\.0|-(\d{1,2}))?")
# The time since 1970, from 1973 on, in seconds or thousandths, millionths or billionths of them.
_EPOCH = re.compile(r"(\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})(?:\.\d*)?")
# How many of its units a second has, by the number of digits of such a time.
_SECOND = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}


def period(value: str, every: Every) -> str:
    """The period that a date lies in, such as "2024-W09"; periods sort as strings.

    Args:
        value: ISO 8601, also with slashes, a year, a year and month, as mail, Twitter or people write it
            ("31.3.2024", "March 31, 2024", but no month as a number between slashes), or the time since 1970
            in seconds, milliseconds, microseconds or nanoseconds, recognised by the number of digits; the
            date is taken as it is written, in whatever time zone.

    Raises:
        DsltmError: it is no date.
    """
    date = _date(value)
    if every == "week":
        year, week, _ = date.isocalendar()
        return f"{year:04}-W{week:02}"
    return {
        "day": date.isoformat(),
        "month": f"{date.year:04}-{date.month:02}",
        "quarter": f"{date.year:04}-Q{(date.month + 2) // 3}",
        "year": f"{date.year:04}",
    }[every]


def _date(value: str) -> dt.date:
    value = value.strip()
    try:
        date = _read_date(value)
        if _YEARS[0] <= date.year <= _YEARS[1]:
            return date
        problem = f"is not a date from {_YEARS[0]} to {_YEARS[1]}"
    except (ValueError, OverflowError):
        problem = "is not a date"
    shown = value if len(value) <= 40 else value[:40] + "..."
    raise DsltmError(f"{shown!r} {problem}", hint="dates such as 2024-03-31")


def _read_date(value: str) -> dt.date:
    """The date in one of the forms of `period`.

    Raises:
        ValueError: it is none.
        OverflowError: it is beyond what the system's calendar reaches.
    """
    if part := _PART.fullmatch(value):
        return dt.date(int(part[1]), int(part[2] or 1), 1)
    if since := _EPOCH.fullmatch(value):
        seconds = int(since[1]) // _SECOND[len(since[1])]
        return dt.datetime.fromtimestamp(seconds, dt.UTC).date()
    with contextlib.suppress(ValueError):
        return dt.datetime.fromisoformat(value.replace("/", "-").removesuffix(" UTC")).date()
    for written in _WRITTEN:
        with contextlib.suppress(ValueError):
            return dt.datetime.strptime(value.replace("/", "-"), written).date()
    if " " in value and any(letter.isalpha() for letter in value.partition(" ")[2][:6]):
        return email.utils.parsedate_to_datetime(value).date()
    raise ValueError(value)


def periods_between(first: str, last: str, every: Every) -> list[str]:
    """All periods from the first to the last, both included.

    Raises:
        DsltmError: there are too many.
    """
    # No period is shorter than its step, so that a step never leaps over one.
    step = {"day": 1, "week": 7, "month": 28, "quarter": 85, "year": 365}[every]
    day, periods = _start(first, every), [first]
    while periods[-1] != last:
        if len(periods) == _MOST_PERIODS:
            raise DsltmError(
                f"from {first} to {last} there are more than {_MOST_PERIODS:,} periods",
                hint="a longer --every",
            )
        day += dt.timedelta(days=step)
        name = period(day.isoformat(), every)
        if name != periods[-1]:
            periods.append(name)
            day = _start(name, every)
    return periods


def _start(name: str, every: Every) -> dt.date:
    if every == "week":
        return dt.date.fromisocalendar(int(name[:4]), int(name[6:]), 1)
    if every == "quarter":
        return dt.date(int(name[:4]), 3 * int(name[6:]) - 2, 1)
    return _date(name)
