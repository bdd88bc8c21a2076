"""`TopicModel` keeps scikit-learn's contract for estimators of texts."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from tiny_teachers import sentences

import dsltm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FEW = dsltm.TrainConfig(epochs=2)
PAIRS = sentences(60)
CLASSES, TEXTS = [label for label, _ in PAIRS], [text for _, text in PAIRS]


# Those of scikit-learn's checks that fit nothing. Others fit tables of numbers, and `check_estimator` leaves
# them out for estimators of texts; what they look for is looked for below, in texts.
CHECKS = [
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_mixin_order,
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_set_params,
    estimator_checks.check_valid_tag_types,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_scikit_learns_own_checks(check: Callable[[str, object], None]) -> None:
    check("TopicModel", dsltm.TopicModel(topics=3))


def test_check_estimator_finds_nothing(here: Path) -> None:
    with pytest.warns(Warning, match="requires input"):
        results = estimator_checks.check_estimator(dsltm.TopicModel(topics=3, teacher="teacher"))
    assert {result["status"] for result in results} <= {"passed"}


def test_what_the_checks_with_numbers_look_for(here: Path) -> None:
    model = dsltm.TopicModel(topics=3, teacher="teacher", training=FEW)
    before = model.get_params()
    assert model.fit(TEXTS) is model
    assert {name: value is before[name] for name, value in model.get_params().items()} == dict.fromkeys(
        before, True
    )
    assert all(name.endswith("_") for name in vars(model).keys() - before.keys())
    state = {name: id(value) for name, value in vars(model).items()}
    theta = model.transform(TEXTS)
    assert {name: id(value) for name, value in vars(model).items()} == state
    np.testing.assert_array_equal(model.transform(TEXTS), theta)
    np.testing.assert_allclose(model.transform(TEXTS[:7]), theta[:7], atol=2e-3)
    np.testing.assert_allclose(pickle.loads(pickle.dumps(model)).transform(TEXTS), theta, atol=1e-6)
    np.testing.assert_array_equal(clone(model).fit(TEXTS).transform(TEXTS), theta)
    with pytest.raises(dsltm.DsltmError):
        model.fit([])


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
