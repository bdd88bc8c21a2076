"""Which topics documents have: the rows of an assignments file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.formats.labels import EMPTY
from dsltm.formats.model import check_compatible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model

FORMAT = "dsltm.assignments"


def theta_of(model: Model, labels: Labels) -> NDArray[np.float32]:
    """θ [N, K] of the documents of a labels file.

    Raises:
        DsltmError: model and labels come from different teachers, prompts or vocabularies.
    """
    from dsltm.inference import theta
    from dsltm.models.inputs import Counts

    check_compatible(model.header, labels.header)
    return theta(model, labels.hidden, Counts.of(labels))


def assignments(
    labels: Labels, theta: NDArray[np.float32], *, top: int | None = None, min_prob: float = 0.0
) -> Iterator[dict[str, Any]]:
    """One row a document, in the order of the labels.

    Args:
        labels: the documents.
        theta: [N, K], their topic proportions.
        top: only so many topics of each, as [topic, probability] pairs, the most probable first.
        min_prob: a document whose first topic is less probable than this has topic None.

    Yields:
        {"id", "topic", "p", "theta": [...]}, or "topics": [[topic, p], ...] for "theta" with `top`; and
        "empty": true where the document has no text, so that its topic means nothing.
    """
    first = theta.argmax(axis=1)
    for i, identifier in enumerate(labels.ids):
        p = theta[i, first[i]]
        row: dict[str, Any] = {"id": identifier, "topic": int(first[i]) if p >= min_prob else None, "p": p}
        if top is None:
            row["theta"] = theta[i]
        else:
            best = np.argsort(-theta[i], kind="stable")[:top]
            row["topics"] = [[int(k), theta[i, k]] for k in best]
        if labels.flags[i] & EMPTY:
            row["empty"] = True
        yield row
