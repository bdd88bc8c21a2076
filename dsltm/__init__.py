"""Topics from text: soft labels of a small language model, distilled into a neural topic model.

>>> labels = dsltm.distill("corpus.jsonl", teacher="teacher")
>>> model = dsltm.train(labels, topics=6)
>>> len(model.topics()), len(model.assign(["the cat sat on the mat"]))
(6, 1)

`dsltm help python` tells more.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsltm.api.corpora import open_teacher as open_teacher
    from dsltm.api.distilling import distill as distill
    from dsltm.api.estimator import TopicModel as TopicModel
    from dsltm.api.joining import merge_models as merge_models
    from dsltm.api.models import Model as Model
    from dsltm.api.models import load as load
    from dsltm.api.scores import compare as compare
    from dsltm.api.scores import evaluate as evaluate
    from dsltm.api.training import train as train
    from dsltm.api.vocabulary import vocab as vocab
    from dsltm.api.written import ground as ground
    from dsltm.distilling.config import DistillConfig as DistillConfig
    from dsltm.errors import DsltmError as DsltmError
    from dsltm.formats.labels import Labels as Labels
    from dsltm.training.config import TrainConfig as TrainConfig
    from dsltm.written.ground.config import GroundConfig as GroundConfig

__version__ = "0.1.0"

# Where each name is, so that it is imported when it is first used and `import dsltm` starts at once.
_PLACES = {
    "DistillConfig": "dsltm.distilling.config",
    "DsltmError": "dsltm.errors",
    "GroundConfig": "dsltm.written.ground.config",
    "Labels": "dsltm.formats.labels",
    "Model": "dsltm.api.models",
    "TopicModel": "dsltm.api.estimator",
    "TrainConfig": "dsltm.training.config",
    "compare": "dsltm.api.scores",
    "distill": "dsltm.api.distilling",
    "evaluate": "dsltm.api.scores",
    "ground": "dsltm.api.written",
    "load": "dsltm.api.models",
    "merge_models": "dsltm.api.joining",
    "open_teacher": "dsltm.api.corpora",
    "train": "dsltm.api.training",
    "vocab": "dsltm.api.vocabulary",
}


if not TYPE_CHECKING:
    # Checkers of types know the names above, and are not to believe in any others.
    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_PLACES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
