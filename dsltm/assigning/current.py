"""The topics of training as the topics that there are now: merged, dropped, and by their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.formats.model import edit_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.formats.model import Edit, Model
    from dsltm.formats.numbering import Numbering


@dataclass(frozen=True)
class CurrentTopics:
    """How θ of a backbone's topics becomes θ by the numbers of a model's topics.

    Attributes:
        numbering: of the topics.
        edit: how they come from those of training; None where there was none.
    """

    numbering: Numbering
    edit: Edit | None

    @classmethod
    def of(cls, model: Model) -> CurrentTopics:
        edit = edit_of(model.header, model.topics) if "edit" in model.header else None
        return cls(model.numbering, edit)

    def __call__(self, theta: NDArray[np.float32]) -> NDArray[np.float32]:
        """θ [B, topics of training] as θ [B, numbers given]: zeros where a topic is no more."""
        own = theta if self.edit is None else _regrouped(theta, self.edit)
        out = np.zeros((len(theta), self.numbering.given), np.float32)
        out[:, self.numbering.numbers] = own
        return out


def _regrouped(theta: NDArray[np.float32], edit: Edit) -> NDArray[np.float64]:
    """θ [B, K] over the topics that an edit left: added up within merged ones, without the dropped ones."""
    added = np.stack([theta[:, group].sum(axis=1, dtype=np.float64) for group in edit.groups], axis=1)
    # A document may have all its proportions in topics that were dropped: it gets the others in equal parts.
    added += np.finfo(np.float32).tiny
    return np.asarray(added / added.sum(axis=1, keepdims=True))
