"""Topic proportions of documents: the one path that assigning, evaluating and tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from dsltm.errors import DsltmError
from dsltm.formats.model import edit_of
from dsltm.models import backbone_of
from dsltm.models.base import Backbone, Shape
from dsltm.space.inputs import Counts, Inputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.formats.model import Edit, Model

_BLOCK = 4096


def theta(model: Model, hidden: NDArray[np.float16], counts: Counts | None = None) -> NDArray[np.float32]:
    """θ [N, K] of N documents, rows summing to one; no sampling.

    The caller checks that model and documents belong together (`dsltm.formats.model.check_compatible`).

    Args:
        model: a trained model.
        hidden: the teacher's hidden states [N, H].
        counts: `Counts.of(labels)`; only models with word counts among their inputs look at them.

    Raises:
        DsltmError: the documents' vectors are not as long as those that the model was trained on.
    """
    backbone = restore(model)
    inputs = Inputs.of(model.header["hyperparameters"]["input"], hidden, counts)
    if inputs.width != backbone.shape.inputs:
        raise DsltmError(
            f"the model reads document vectors of length {backbone.shape.inputs}, these have {inputs.width}"
        )
    edit = edit_of(model.header, model.topics) if "edit" in model.header else None
    out = np.empty((len(inputs), model.topics), np.float32)
    with torch.inference_mode():
        for start in range(0, len(out), _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, len(out)))
            proportions = backbone.theta(torch.from_numpy(inputs.dense(rows))).numpy()
            out[rows] = proportions if edit is None else _regrouped(proportions, edit)
    return out


def _regrouped(theta: NDArray[np.float32], edit: Edit) -> NDArray[np.float64]:
    """θ [B, K] over the topics that an edit left: added up within merged ones, without the dropped ones."""
    added = np.stack([theta[:, group].sum(axis=1, dtype=np.float64) for group in edit.groups], axis=1)
    added += np.finfo(np.float32).tiny  # a document may have all of it in topics that were dropped
    return np.asarray(added / added.sum(axis=1, keepdims=True))


def restore(model: Model) -> Backbone:
    """The backbone of a saved model, ready to infer.

    Raises:
        DsltmError: a backbone that this version does not know, or arrays that are not its own.
    """
    options, name = model.header.get("hyperparameters", {}), model.header.get("backbone")
    if (kind := backbone_of(name)) is None:
        raise DsltmError(f"the model is a {name!r}, which this version of dsltm does not know")
    try:
        topics, words = edit_of(model.header, model.topics).topics, model.beta.shape[1]
        width = len(model.arrays["input_mean"])
        shape = Shape(width, topics, words, int(options.get("units", 0)), float(options.get("dropout", 0)))
        backbone = kind(shape)
        backbone.load_arrays(model.arrays)
    except (KeyError, RuntimeError, TypeError) as error:
        raise DsltmError(f"the model's arrays are not those of a {name}") from error
    return backbone.eval()
