"""The options of a training run with every default filled in, which is what training itself works with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from dsltm.training.config import Calibrate, Centre, Copies, Scale, TrainConfig

if TYPE_CHECKING:
    from dsltm.training.presets import Target


@dataclass(frozen=True, kw_only=True)
class Settings(TrainConfig):
    """`TrainConfig.resolved`: what is None there only until it is decided is never None here.

    An option that the backbone does not have is still None.
    """

    target: Target
    temperature: float
    centre: Centre
    smooth: int
    guide: float
    rounds: int
    words_weight: float
    copies: Copies
    calibrate: Calibrate
    weight: float
    epochs: int
    batch: int
    momentum: float
    second_momentum: float
    scale: Scale

    def as_header(self) -> dict[str, Any]:
        """The options for a model's header, without the device, which does not change the model.

        Of a file of word vectors only the name is told, not where it lay.
        """
        options = {name: value for name, value in asdict(self).items() if name not in ("device", "seed")}
        return options | {"embeddings": self.embeddings and PurePath(self.embeddings).name}
