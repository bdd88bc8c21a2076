"""What can be chosen about the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsltm.option import option

Layout = Literal["auto", "tsne", "pca"]
"""How documents are placed on the map."""

REPORT = "Report"  # the heading of its options in help and manual
# The map shows at most so many documents; chosen, not measured.
_POINTS = 20_000
# Of fewer documents the 95% limits of a share (Wilson 1927) are up to 40 percentage points apart.
_FEW = 20


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the page is made of.

    Attributes:
        title: its heading; None for "Topics".
        layout: how documents are placed.
        points: at most so many documents are on the map; topics are counted over all.
        seed: of the choice of documents and of the layout.
        few: periods of fewer documents are greyed in charts over time.
    """

    title: str | None = option(None, "Its heading.", shown="the corpus file's name", heading=REPORT)
    layout: Layout = option(
        "auto",
        "How documents are placed; auto is t-SNE, which keeps topics apart. PCA is faster.",
        heading=REPORT,
    )
    points: int = option(
        _POINTS, "At most so many documents on the map, chosen at random.", metavar="N", min=1, heading=REPORT
    )
    seed: int = option(0, "Seed of choice and map.", min=0, heading=REPORT)
    few: int = _FEW
