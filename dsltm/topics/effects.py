"""How topics' shares depend on fields of the documents: a linear model a topic, with standard errors."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from dsltm.topics.formula import Term
    from dsltm.topics.view import View

    Floats = NDArray[np.float64]

# A class of fewer documents has no standard error worth the name; a field of more classes is a name or a
# text, not a class. Both chosen, not measured.
_FEW = 5
_MOST = 50
_LEVEL = 0.05  # limits are those of 95%


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the design.

    Attributes:
        field: the field.
        value: the class that the column is 1 for, of all others 0; None for a number.
        against: the class that it is compared with, the field's most frequent one.
    """

    field: str
    value: str | None = None
    against: str | None = None


@dataclass(frozen=True)
class Design:
    """What the shares of n documents are explained by.

    Attributes:
        rows: [n] the documents, ascending; those that lack a field are not among them.
        columns: P columns.
        matrix: [n, P].
    """

    rows: NDArray[np.int64]
    columns: list[Column]
    matrix: Floats


@dataclass(frozen=True, slots=True)
class Effect:
    """How much larger a topic's share is.

    Attributes:
        topic: the topic's number.
        column: for a class against another one, or for a number that is larger by 1.
        estimate: the difference of shares, all other fields being alike.
        error: its standard error.
        low, high: its limits of 95%.
        p: the probability of so large an estimate without an effect.
        p_adjusted: the same for all tests of the table together (Holm 1979).
    """

    topic: int
    column: Column
    estimate: float
    error: float
    low: float
    high: float
    p: float
    p_adjusted: float

    @property
    def sure(self) -> bool:
        """Whether it is told from no effect, in a table of which that is wrongly said once in 20 tables."""
        return self.p_adjusted < _LEVEL

    def row(self) -> dict[str, object]:
        """The effect as a line of a file."""
        column = {"field": self.column.field, "value": self.column.value, "against": self.column.against}
        numbers = ("estimate", "error", "low", "high", "p", "p_adjusted")
        return {"topic": self.topic, **column, **{name: getattr(self, name) for name in numbers}}


def design(
    terms: Sequence[Term], values: Mapping[str, Sequence[str | None]], full: NDArray[np.bool_]
) -> Design:
    """The design of N documents: numbers as they are, classes as a column each but for the most frequent one.

    Documents that lack a field, or have a class of fewer than 5 documents, are left out; a warning tells how
    many these are.

    Args:
        terms: the fields.
        values: N values of each field; None or blank where a document lacks it.
        full: [N] whether a document says anything; of those that do not nothing is explained.

    Raises:
        DsltmError: a field that nobody has, that is the same for all or different for nearly all, or that
            follows from others.
    """
    given = {term.field: [(value or "").strip() for value in values[term.field]] for term in terms}
    for field, cells in given.items():
        if not any(cells):
            raise DsltmError(f"no document has a field {field!r}")
    says = np.flatnonzero(full).tolist()
    rows = [row for row in says if all(cells[row] for cells in given.values())]
    lacking, rare = len(says) - len(rows), 0
    numbers = {
        term.field: None if term.classes else _numbers([given[term.field][row] for row in rows])
        for term in terms
    }
    for term in terms:
        if numbers[term.field] is None:
            kept = _frequent(term.field, given[term.field], rows)
            rare, rows = rare + len(rows) - len(kept), kept
    parts = [
        _columns(term.field, [given[term.field][row] for row in rows], numbers[term.field] is not None)
        for term in terms
    ]
    if lacking:
        console.warn(f"{lacking:,} documents lack a field of --effects and are left out")
    if rare:
        console.warn(f"{rare:,} documents of classes with fewer than {_FEW} documents are left out")
    found = Design(
        np.array(rows, np.int64),
        [column for columns, _ in parts for column in columns],
        np.hstack([matrix for _, matrix in parts]),
    )
    _check_apart(found)
    return found


def _numbers(cells: list[str]) -> list[float] | None:
    """The cells as numbers; None where one is none."""
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _frequent(field: str, cells: list[str], rows: list[int]) -> list[int]:
    """The rows whose class is not too rare.

    Raises:
        DsltmError: there are too many classes, or none is frequent enough.
    """
    counts = Counter(cells[row] for row in rows)
    kept = [row for row in rows if counts[cells[row]] >= _FEW]
    classes = sum(count >= _FEW for count in counts.values())
    if len(counts) > _MOST:
        raise DsltmError(
            f"the field {field!r} has {len(counts):,} different values, and --effects takes classes of at "
            f"most {_MOST}, or numbers"
        )
    if not classes:
        raise DsltmError(f"no value of the field {field!r} has {_FEW} documents")
    return kept


def _columns(field: str, cells: list[str], is_number: bool) -> tuple[list[Column], Floats]:
    """The columns of one field.

    Raises:
        DsltmError: it is the same for all documents.
    """
    counts = Counter(cells)
    if len(counts) < 2:
        raise DsltmError(
            f"the field {field!r} is {cells[0]!r} in all documents"
            if cells
            else f"no document has all of the fields, {field!r} among them"
        )
    if is_number:
        return [Column(field)], np.array([[float(cell)] for cell in cells])
    most, *others = sorted(counts, key=lambda value: (-counts[value], value))
    matrix = np.array([[cell == other for other in others] for cell in cells], np.float64)
    return [Column(field, other, most) for other in others], matrix


def _check_apart(found: Design) -> None:
    """Refuse a design in which a field follows from others, so that their effects cannot be told apart.

    Raises:
        DsltmError: it does, or there are no more documents than columns.
    """
    documents, width = found.matrix.shape
    if documents <= width + 1:
        raise DsltmError(f"{documents:,} documents are too few for {width} effects")
    matrix = _with_mean(_standardised(found.matrix))
    for column in range(width):
        if np.linalg.matrix_rank(matrix[:, : column + 2]) < column + 2:
            field = found.columns[column].field
            raise DsltmError(
                f"the field {field!r} follows from those before it: effects cannot be told apart",
                hint="--effects without it",
            )


def _standardised(matrix: Floats) -> Floats:
    deviation = matrix.std(axis=0)
    return np.asarray((matrix - matrix.mean(axis=0)) / np.where(deviation > 0, deviation, 1))


def _with_mean(matrix: Floats) -> Floats:
    return np.hstack([np.ones((len(matrix), 1)), matrix])


def effects_on(view: View, terms: Sequence[Term], values: Mapping[str, Sequence[str | None]]) -> list[Effect]:
    """The effects of fields on the shares of a model's topics.

    Args:
        view: model and N documents.
        terms: the fields.
        values: N values of each.

    Raises:
        DsltmError: as `design` and `effects`.
    """
    return effects(design(terms, values, view.full), view.theta, view.numbers)


def effects(found: Design, theta: NDArray[np.float32], numbers: Sequence[int]) -> list[Effect]:
    """The effects of all columns on all topics, topic by topic.

    A topic's proportions are explained by least squares. The errors are robust to shares that spread
    differently from place to place (HC3: MacKinnon and White 1985); that proportions are themselves
    estimated is not in them.

    Args:
        found: n of N documents.
        theta: [N, K].
        numbers: [K] the topics' numbers.

    Raises:
        DsltmError: statsmodels is not installed.
    """
    try:
        from statsmodels.regression.linear_model import OLS
        from statsmodels.stats.multitest import multipletests
    except ImportError:
        raise DsltmError("effects are computed by statsmodels", hint="pip install 'dsltm[effects]'") from None
    # Numbers are taken from their mean, which changes no effect and keeps years and prices accurate.
    matrix = _with_mean(found.matrix - found.matrix.mean(axis=0))
    fits = [
        OLS(theta[found.rows, place].astype(np.float64), matrix).fit(cov_type="HC3", use_t=True)
        for place in range(len(numbers))
    ]
    p = np.nan_to_num(np.array([fit.pvalues[1:] for fit in fits]), nan=1.0)
    adjusted = multipletests(p.ravel(), method="holm")[1].reshape(p.shape)
    out = []
    for place, fit in enumerate(fits):
        limits = fit.conf_int(_LEVEL)
        for number, column in enumerate(found.columns):
            estimate, error = float(fit.params[number + 1]), float(fit.bse[number + 1])
            low, high = map(float, limits[number + 1])
            own = float(p[place, number]), float(adjusted[place, number])
            out.append(Effect(numbers[place], column, estimate, error, low, high, *own))
    return out
