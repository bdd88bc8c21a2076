"""Fields whose effects are asked for, written as a sum; nothing of it is ever evaluated."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from dsltm.errors import UsageError

_AS_CLASSES = re.compile(r"C\((.+)\)")  # as in the formulas of R and patsy
_NO_NAME = re.compile(r"[*~()]")  # what other formulas have


@dataclass(frozen=True, slots=True)
class Term:
    """A field whose effect is asked for.

    Attributes:
        field: its name.
        classes: its values are classes, even where all are numbers.
    """

    field: str
    classes: bool


def parse_formula(formula: str) -> list[Term]:
    """The fields of a sum such as "rating + C(year)".

    Raises:
        UsageError: something else than a sum of different fields.
    """
    terms = []
    for part in formula.split("+"):
        classes = _AS_CLASSES.fullmatch(part.strip())
        name = (classes[1] if classes else part).strip()
        if not name or _NO_NAME.search(name):
            raise UsageError(f"--effects takes a sum of fields such as 'rating + C(year)', not {formula!r}")
        terms.append(Term(name, classes is not None))
    twice = [name for name, times in Counter(term.field for term in terms).items() if times > 1]
    if twice:
        raise UsageError(f"--effects names the field {twice[0]!r} twice")
    return terms
