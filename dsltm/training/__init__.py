"""Training: from labels to a topic model.

`TrainConfig` is here without torch; import `train` from `dsltm.training.loop`, which needs it.
"""

from dsltm.training.config import BASELINES, TrainConfig

__all__ = ["BASELINES", "TrainConfig"]
