"""Training: from labels to a topic model.

`TrainConfig` is here without torch; import `train` from `dsltm.training.loop`, which needs it.
"""

from dsltm.training.config import TrainConfig
from dsltm.training.decided import BASELINES

__all__ = ["BASELINES", "TrainConfig"]
