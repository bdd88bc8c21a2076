"""The topic models: one file each, behind one interface (`dsltm.models.base.Backbone`).

This file names them without importing torch, so that `--help` stays quick.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dsltm.models.base import Backbone

ModelName = Literal["prodlda"]


@dataclass(frozen=True)
class Entry:
    """Where a backbone lives, and the training length and batch of its paper.

    Attributes:
        module, name: the class.
        epochs: passes over the corpus.
        batch: documents a step.
    """

    module: str
    name: str
    epochs: int
    batch: int

    def load(self) -> type[Backbone]:
        backbone: type[Backbone] = getattr(importlib.import_module(self.module), self.name)
        return backbone


BACKBONES: dict[ModelName, Entry] = {
    "prodlda": Entry("dsltm.models.prodlda", "ProdLDA", epochs=100, batch=64),
}
