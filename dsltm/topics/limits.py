"""Limits of shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z95 = 1.959963984540054
"""The quantile of the standard normal distribution that leaves 2.5% above it, for limits of 95%."""


def wilson(
    counts: NDArray[np.int64], totals: NDArray[np.int64], z: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper limits of the shares counts / totals, NaN where a total is 0.

    Wilson, "Probable inference, the law of succession, and statistical inference" (1927).

    Args:
        counts, totals: of shapes that fit each other.
        z: quantile of the standard normal distribution: 1.96 for limits of 95%.
    """
    n = np.where(totals > 0, totals, np.nan)
    p = counts / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = np.maximum(centre - half, 0), np.minimum(centre + half, 1)
    return np.where(p == 0, 0, low), np.where(p == 1, 1, high)
