"""How far judgements that were made several times agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from dsltm.metrics.judging.judge import Floats

Level = Literal["nominal", "interval"]


def alpha(judgements: Floats, level: Level) -> float:
    """Krippendorff's alpha, 1 - D_o / D_e: 1 for judgements that agree, 0 for those that chance would give.

    Krippendorff 2011, "Computing Krippendorff's alpha-reliability". D_o is the mean difference of two
    judgements of one thing, where one of m judgements weighs 1 / (m - 1); D_e that of any two judgements. The
    difference is whether they are unlike (nominal), or the square of their distance (interval).

    Args:
        judgements: [raters or repetitions, things], NaN where there is none.

    Returns:
        NaN where nothing was judged twice, or where all judgements are the same.
    """
    columns = [column[~np.isnan(column)] for column in judgements.T]
    columns = [column for column in columns if len(column) > 1]
    if not columns:
        return float("nan")
    every = np.concatenate(columns)
    observed = sum(_differences(column, level) / (len(column) - 1) for column in columns) / len(every)
    expected = _differences(every, level) / (len(every) * (len(every) - 1))
    return 1 - observed / expected if expected else float("nan")


def _differences(values: Floats, level: Level) -> float:
    """The sum over all ordered pairs."""
    if level == "interval":
        return float(2 * len(values) * np.square(values - values.mean()).sum())
    counts = np.unique(values, return_counts=True)[1]
    return float(len(values) ** 2 - np.square(counts).sum())
