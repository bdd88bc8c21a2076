"""A topic model as scikit-learn has its estimators, for pipelines, searches and data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from dsltm.api.corpora import open_teacher
from dsltm.api.distilling import distill
from dsltm.api.models import Model
from dsltm.api.training import train
from dsltm.formats.labels import Labels
from dsltm.teacher.files.registry import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from dsltm.api.corpora import TextsLike
    from dsltm.distilling.config import DistillConfig
    from dsltm.training.config import TrainConfig


class TopicModel(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Topics of texts, and the texts' places among them.

    Where several models are tried on the same texts, give `fit` the labels of `dsltm.distill` in their place,
    so that the teacher reads them once.

    Args:
        topics: how many, or "auto".
        teacher: an alias, hub id, directory or .gguf file.
        prompts, stopwords, distilling: as `prompts`, `stopwords` and `config` of `dsltm.distill`.
        training: as `config` of `dsltm.train`.
        seed: of everything random.

    Attributes:
        model_: the `dsltm.Model`.

    >>> topics = dsltm.TopicModel(topics=3, teacher="teacher", stopwords="none")
    >>> topics.fit_transform(["a cat and a dog", "rates and banks", "the cat sat"] * 20).shape
    (60, 3)
    >>> topics.get_feature_names_out()
    array(['topic0', 'topic1', 'topic2'], dtype=object)
    """

    def __init__(
        self,
        topics: int | Literal["auto"] = 50,
        *,
        teacher: str = DEFAULT,
        prompts: str | Sequence[str] | None = None,
        stopwords: str = "auto",
        distilling: DistillConfig | None = None,
        training: TrainConfig | None = None,
        seed: int = 0,
    ) -> None:
        self.topics = topics
        self.teacher = teacher
        self.prompts = prompts
        self.stopwords = stopwords
        self.distilling = distilling
        self.training = training
        self.seed = seed

    # scikit-learn calls these by position and by the names X, y and input_features, used or not.
    def fit(self, X: Labels | TextsLike, y: object = None) -> Self:  # noqa: ARG002, N803
        """Find the topics.

        Args:
            X: texts, or their labels.
            y: not used; scikit-learn passes classes here.

        Raises:
            DsltmError: as `dsltm.distill` and `dsltm.train`.
        """
        self._fit(X)
        return self

    def fit_transform(self, X: Labels | TextsLike, y: object = None) -> NDArray[np.float32]:  # noqa: ARG002, N803
        """The same, and each text's topics [N, K]; the teacher reads the texts once."""
        labels = self._fit(X)
        return self.model_.theta(labels)

    def transform(self, X: Labels | TextsLike) -> NDArray[np.float32]:  # noqa: N803
        """The probabilities [N, K] of the topics in each text; rows sum to one.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self)
        return self.model_.theta(X)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:  # noqa: ARG002
        """[K] what the columns are called: a topic's name, where it has one, or "topic0" and so on.

        Args:
            input_features: not used; scikit-learn passes it.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self)
        names = dict(zip(self.model_.numbers, self.model_.names, strict=True))
        columns = range(self.model_.stored.numbering.given)
        return np.array([names.get(number) or f"topic{number}" for number in columns], object)

    def _fit(self, texts: Labels | TextsLike) -> Labels:
        teacher = None
        if not isinstance(texts, Labels):
            teacher = open_teacher(self.teacher)
            texts = distill(
                texts, teacher=teacher, prompts=self.prompts, stopwords=self.stopwords, config=self.distilling
            )
        trained = train(texts, self.topics, seed=self.seed, config=self.training)
        self.model_ = Model(trained.stored, teacher)
        return texts

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags
