"""The topic models: one file each, behind one interface (`dsltm.models.base.Backbone`).

This file names them without importing torch, so that `--help` stays quick.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dsltm.models.base import Backbone

ModelName = Literal["prodlda", "ecrtm", "fastopic", "etm"]


@dataclass(frozen=True)
class Entry:
    """The class of a backbone, and the training length and batch of its own paper.

    Attributes:
        module, name: where the class is, and what it is called.
        epochs: passes over the corpus.
        batch: documents a step.
        has: the options of training that are about a part which not every backbone has.
    """

    module: str
    name: str
    epochs: int
    batch: int
    has: tuple[str, ...] = ()

    def load(self) -> type[Backbone]:
        backbone: type[Backbone] = getattr(importlib.import_module(self.module), self.name)
        return backbone


_ENCODER = ("units", "dropout", "samples", "sharpness")
_EMBEDDINGS = ("embeddings", "embedding_size")
BACKBONES: dict[ModelName, Entry] = {
    "prodlda": Entry("dsltm.models.prodlda", "ProdLDA", 100, 64, (*_ENCODER, "decoder")),
    "ecrtm": Entry("dsltm.models.ecrtm", "ECRTM", 200, 200, (*_ENCODER, *_EMBEDDINGS, "encoder")),
    "fastopic": Entry("dsltm.models.fastopic", "FASTopic", 200, 1024),
    "etm": Entry("dsltm.models.etm", "ETM", 200, 200, (*_ENCODER, *_EMBEDDINGS, "encoder", "decoder")),
}

OWN = (*_ENCODER, *_EMBEDDINGS, "encoder", "decoder")
"""All options that only some backbones have."""

WRITTEN: dict[str, tuple[str, str]] = {
    "ground": ("dsltm.models.ground", "Ground"),
    "attend": ("dsltm.models.attend", "Attend"),
}
"""Models of topics that a person or a language model wrote, by their backbone's name; `train` makes none."""


def backbone_of(name: object) -> type[Backbone] | None:
    """The class that reads models of this backbone, None where there is none."""
    if name in WRITTEN:
        module, kind = WRITTEN[str(name)]
        backbone: type[Backbone] = getattr(importlib.import_module(module), kind)
        return backbone
    entry = {str(key): entry for key, entry in BACKBONES.items()}.get(str(name))
    return entry.load() if entry else None
