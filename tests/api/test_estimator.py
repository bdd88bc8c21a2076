"""`TopicModel` keeps scikit-learn's contract for estimators of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from tiny_teachers import sentences

import dsltm

if TYPE_CHECKING:
    from pathlib import Path

FEW = dsltm.TrainConfig(epochs=2)
PAIRS = sentences(60)
CLASSES, TEXTS = [label for label, _ in PAIRS], [text for _, text in PAIRS]


@parametrize_with_checks([dsltm.TopicModel(topics=3)])
def test_scikit_learns_own_checks(estimator: object, check: object, here: Path) -> None:
    check(estimator)  # type: ignore[operator]


def test_all_checks_that_are_for_texts_are_run(here: Path) -> None:
    with pytest.warns(Warning, match="requires input"):
        results = check_estimator(dsltm.TopicModel(topics=3, teacher="teacher"))
    assert {result["status"] for result in results} == {"passed"}


def test_it_fits_transforms_and_names_its_columns(here: Path) -> None:
    model = dsltm.TopicModel(topics=3, teacher="teacher", training=FEW, seed=1)
    with pytest.raises(NotFittedError):
        model.transform(TEXTS)
    assert model.fit(TEXTS, CLASSES) is model
    theta = model.transform(TEXTS)
    assert theta.shape == (60, 3)
    np.testing.assert_allclose(theta.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(clone(model).fit_transform(TEXTS), theta, atol=2e-3)
    assert list(model.get_feature_names_out()) == ["topic0", "topic1", "topic2"]
    frame = clone(model).set_output(transform="pandas").fit_transform(TEXTS)
    assert list(frame.columns) == ["topic0", "topic1", "topic2"]


def test_it_is_a_step_of_pipelines_and_searches(here: Path) -> None:
    labels = dsltm.distill(TEXTS, teacher="teacher")
    alone = dsltm.TopicModel(topics=3, teacher="teacher", training=FEW).fit(labels)
    assert alone.model_.theta(labels).shape == (60, 3)
    pipeline = make_pipeline(dsltm.TopicModel(teacher="teacher", training=FEW), LogisticRegression())
    search = GridSearchCV(pipeline, {"topicmodel__topics": [2, 4]}, cv=2).fit(TEXTS, CLASSES)
    assert search.predict(["the cat sat"])[0] in CLASSES
