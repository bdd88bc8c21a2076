"""From a model file back to the backbone that was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsltm.errors import DsltmError
from dsltm.formats.model import edit_of
from dsltm.models import backbone_of
from dsltm.models.base import Shape

if TYPE_CHECKING:
    from dsltm.formats.model import Model
    from dsltm.models.base import Backbone


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
        sizes = {"inputs": len(model.arrays["input_mean"]), "topics": topics, "words": words}
        if (embeddings := model.arrays.get("words")) is not None:
            sizes["embedding_size"] = embeddings.shape[1]
        backbone = kind(Shape.of(options, **sizes))
        backbone.load_arrays(model.arrays)
    except (IndexError, KeyError, RuntimeError, TypeError) as error:
        raise DsltmError(f"the model's arrays are not those of a {name}") from error
    return backbone.eval()
