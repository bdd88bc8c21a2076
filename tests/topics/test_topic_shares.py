"""Topics over a field, against pandas and scipy."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from scipy import stats

from dsltm.errors import DsltmError
from dsltm.topics.config import Every
from dsltm.topics.dates import period
from dsltm.topics.shares import shares

FREQUENCY = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}


def _dates(count: int, seed: int = 0) -> list[str]:
    days = np.random.default_rng(seed).integers(0, 1500, count)
    return [str(np.datetime64("2019-12-25") + np.timedelta64(int(day), "D")) for day in days]


@pytest.mark.parametrize("every", get_args(Every))
def test_counts_by_date_are_those_of_pandas(every: str) -> None:
    pandas = pytest.importorskip("pandas")
    dates, first = _dates(900), np.random.default_rng(1).integers(-1, 4, 900)
    found = shares("date", dates, first, range(4), every)  # type: ignore[arg-type]
    frame = pandas.DataFrame({"date": pandas.to_datetime(dates), "topic": first})[first >= 0]
    frame["period"] = frame["date"].dt.to_period(FREQUENCY[every])
    table = frame.groupby(["period", "topic"]).size().unstack(fill_value=0)
    table = table.reindex(pandas.period_range(table.index.min(), table.index.max()), fill_value=0)
    assert found.counts.tolist() == table.to_numpy().tolist()
    assert found.totals.tolist() == table.sum(axis=1).tolist()
    assert found.values == sorted(found.values)
    if every == "month":
        assert found.values == [str(each) for each in table.index]


def test_limits_are_wilsons() -> None:
    found = shares("kind", ["a"] * 50 + ["b"] * 4, np.array([0] * 13 + [1] * 37 + [0] * 4), range(2))
    low, high = found.interval()
    for row, (successes, trials) in enumerate([(13, 50), (4, 4)]):
        expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")
        assert (low[row, 0], high[row, 0]) == pytest.approx((expected.low, expected.high))


def test_trend_is_the_correlation_of_time_and_membership() -> None:
    """Cochran-Armitage: z² = N r², r the correlation over documents."""
    dates, rng = _dates(600), np.random.default_rng(2)
    first = rng.integers(0, 3, 600)
    found = shares("date", dates, first, range(3), "month")
    place = [found.values.index(period(date, "month")) for date in dates]
    expected = [np.sqrt(600) * np.corrcoef(place, first == topic)[0, 1] for topic in range(3)]
    assert found.trend() == pytest.approx(expected)


def test_what_rises_and_falls_is_told_from_noise() -> None:
    rng = np.random.default_rng(3)
    month = rng.integers(1, 13, 3000)
    u = rng.random(3000)
    first = np.where(u < month / 40, 0, np.where(u < 0.5, 1, np.where(u < 0.75, 2, 3)))
    found = shares("date", [f"2024-{m:02}" for m in month], first, range(4), "month")
    assert found.changing().tolist() == [1, -1, 0, 0]


def test_classes_come_by_frequency_and_documents_without_are_counted() -> None:
    found = shares("kind", ["b", "a", "b", None, "", "a", "b"], np.array([0, 1, 1, 0, 0, -1, 0]), range(2))
    assert (found.values, found.totals.tolist(), found.missing) == (["b", "a"], [3, 1], 2)
    assert found.counts.tolist() == [[2, 1], [0, 1]]
    assert found.trend() is None
    assert [row["share"] for row in found.rows()] == pytest.approx([2 / 3, 0, 1 / 3, 1])


def test_a_period_without_documents_has_no_share() -> None:
    found = shares("date", ["2024-01", "2024-03"], np.array([0, 0]), range(1), "month")
    assert [(row["value"], row["of"], row["share"]) for row in found.rows()] == [
        ("2024-01", 1, 1.0),
        ("2024-02", 0, None),
        ("2024-03", 1, 1.0),
    ]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29T23:59:59+05:00", "2024-02-29"),
        ("2024-02-29 10:00:00", "2024-02-29"),
        ("2024-02", "2024-02-01"),
        ("2024", "2024-01-01"),
        ("1709164800", "2024-02-29"),
        ("1709164800.5", "2024-02-29"),
        ("1709164800000", "2024-02-29"),
        ("1709164800000.0", "2024-02-29"),
        ("1709164800000000", "2024-02-29"),
        ("1709164800000000000", "2024-02-29"),
        ("2024/02/29", "2024-02-29"),
        ("Thu Feb 29 20:19:24 +0000 2024", "2024-02-29"),
        ("Thu, 29 Feb 2024 20:19:24 +0000", "2024-02-29"),
        ("29 Feb 2024 20:19:24 +0000", "2024-02-29"),
        ("2024-2-29", "2024-02-29"),
        ("2024-02-29 10:00:00 UTC", "2024-02-29"),
        ("2024.0", "2024-01-01"),
        ("29.2.2024", "2024-02-29"),
        ("29 February 2024", "2024-02-29"),
        ("Feb 29, 2024", "2024-02-29"),
        ("Thu Feb 29 20:19:24 2024", "2024-02-29"),
    ],
)
def test_dates_as_people_write_them(value: str, day: str) -> None:
    assert period(value, "day") == day


@pytest.mark.parametrize(
    "value", ["yesterday", "2024-13", "12", "3/4/2024", "9999999999999", "2024-02-30", "9999-12-31"]
)
def test_what_is_no_date_is_said(value: str) -> None:
    with pytest.raises(DsltmError, match=f"'{value}' is not a date"):
        period(value, "day")


def test_weeks_are_those_of_iso() -> None:
    assert period("2021-01-03", "week") == "2020-W53"
    assert shares("d", ["2020-12-28", "2021-01-12"], np.array([0, 0]), range(1), "week").values == [
        "2020-W53",
        "2021-W01",
        "2021-W02",
    ]


def test_too_many_periods_are_refused() -> None:
    with pytest.raises(DsltmError, match="more than 5,000 periods, try a longer --every"):
        shares("date", ["1900", "2024"], np.array([0, 0]), range(1), "day")


def test_a_field_that_nobody_has() -> None:
    with pytest.raises(DsltmError, match="no document has a field 'colour'"):
        shares("colour", [None, None], np.array([0, 0]), range(1))


def test_dates_that_cannot_be_read_are_left_out_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    values = ["2024-03-31", "n/a", "0001-01-01", "2024-04-01", "", None]
    found = shares("date", values, np.array([0, 1, 0, 1, 0, 0]), range(2), "month", names=list("abcdef"))
    assert (found.values, found.counts.tolist(), found.missing) == (
        ["2024-03", "2024-04"],
        [[1, 0], [0, 1]],
        2,
    )
    assert "the field 'date' of document b: 'n/a' is not a date, nor are 1 others" in capsys.readouterr().err
    with pytest.raises(DsltmError, match="of document 1: 'soon' is not a date, and no other is one"):
        shares("date", ["soon"], np.array([0]), range(1), "day")
