"""Topic proportions of documents, computed in one place for assigning, evaluating and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dsltm.assigning.current import CurrentTopics
from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices
from dsltm.formats.counts import first_columns
from dsltm.models.restore import restore
from dsltm.space.inputs import Inputs
from dsltm.words.pooling import doubted, pooled
from dsltm.words.student import student_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from dsltm.formats.model import Model
    from dsltm.formats.stacked import Rows

# So many documents go through the encoder at once, to bound the memory; chosen, not measured.
_BLOCK = 4096


class Inference:
    """A model that is restored once and then asked for block after block of documents.

    Args:
        model: a trained model.

    Attributes:
        words: those that are to be counted in a document, the vocabulary first; None where it reads none.

    Raises:
        DsltmError: a model that this version cannot restore.
    """

    def __init__(self, model: Model) -> None:
        self._backbone = restore(model)
        self._current, self._kind = CurrentTopics.of(model), model.header["hyperparameters"]["input"]
        self._student = student_of(model)
        options, training = model.header["hyperparameters"], model.header.get("training", {})
        self._weight = _number(options, "words_weight", "weight of words") if self._student else 0.0
        self._doubt = _number(training, "doubt", "share of doubt", 1)
        self.words: Sequence[str] | None = model.vocabulary if self._kind != "hidden" else None
        if self._student is not None and self._weight:
            self.words = self._student.known

    def theta(self, hidden: Rows, counts: csr_array | None = None) -> NDArray[np.float32]:
        """θ [N, K] of N documents, rows summing to one; no sampling.

        Column k is the topic of number k, so there are as many columns as numbers were given; those of topics
        that are no more hold zeros.

        The caller checks that model and documents belong together (`dsltm.formats.model.check_compatible`).

        Args:
            hidden: the teacher's hidden states [N, H].
            counts: [N, W] how often each of `words` comes; needed where there are any.

        Raises:
            DsltmError: the documents' vectors are not as long as those that the model was trained on.
        """
        read = None
        if counts is not None and self._kind != "hidden":
            read = first_columns(counts, self._backbone.shape.words)
        inputs, wanted = Inputs.of(self._kind, hidden, read), self._backbone.shape.inputs
        if inputs.width != wanted:
            raise DsltmError(
                f"the model reads document vectors of length {wanted}, these have {inputs.width}"
            )
        out = np.empty((len(inputs), self._current.numbering.given), np.float32)
        with torch.inference_mode():
            for block in slices(len(out), _BLOCK):
                rows = np.r_[block]
                proportions = self._backbone.theta(torch.from_numpy(inputs.dense(rows))).numpy()
                if self._student is not None and counts is not None and self._weight:
                    own = counts[rows]
                    proportions = pooled(proportions, self._student.of_counts(own), self._weight, own)
                out[rows] = self._current(doubted(proportions, self._doubt))
        return out


def _number(options: Mapping[str, Any], name: str, called: str, most: float = np.inf) -> float:
    """A number of a model's header, from 0 to `most`; models of older versions have none, which is 0.

    Raises:
        DsltmError: the header has something else in its place.
    """
    number = options.get(name, 0.0)
    if type(number) not in (int, float) or not (0 <= number <= most and number < np.inf):
        limits = "from 0 on" if most == np.inf else f"from 0 to {most:g}"
        raise DsltmError(f"the model's {called} is not a number {limits}")
    return float(number)
