"""What shapes the targets and guides the student: neighbours, centring, clusters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import plant, purity
from scipy.sparse import csr_array
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from dsltm.assigning.inference import Inference
from dsltm.errors import DsltmError, UsageError
from dsltm.space import neighbours as near
from dsltm.space.axes import document_space, principal_axes
from dsltm.space.cells import nearest_in_cells
from dsltm.space.inputs import Inputs
from dsltm.space.kmeans import cluster
from dsltm.space.neighbours import averaged, nearest, settled
from dsltm.training import TrainConfig
from dsltm.training.data import TrainingSet
from dsltm.training.loop import train
from dsltm.training.targets import mean_logits, soft_targets

RNG = np.random.default_rng(3)


def naive_nearest(points: np.ndarray, count: int) -> list[list[int]]:
    units = points / np.linalg.norm(points, axis=1, keepdims=True)
    found = []
    for row, unit in enumerate(units):
        others = sorted((-float(unit @ other), i) for i, other in enumerate(units) if i != row)
        found.append([i for _, i in others[:count]])
    return found


@pytest.mark.parametrize("cells", [1, 500, 1 << 25])
def test_neighbours_are_those_of_a_plain_loop(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "_CELLS", cells)
    points = RNG.normal(size=(70, 6)).astype(np.float32)
    assert nearest(points, 5).tolist() == naive_nearest(points, 5)


def test_there_are_no_more_neighbours_than_documents() -> None:
    found = nearest(RNG.normal(size=(4, 3)).astype(np.float32), 10)
    assert [sorted(row) for row in found.tolist()] == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_above_a_size_cells_find_nearly_the_same_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    centres = RNG.normal(size=(40, 12))
    points = (centres[RNG.integers(0, 40, 3000)] + 0.5 * RNG.normal(size=(3000, 12))).astype(np.float32)
    exact = nearest(points, 10)
    monkeypatch.setattr(near, "EXACT", 1000)
    found = nearest(points, 10)
    assert nearest(points, 10).tolist() == found.tolist()
    assert not (found == np.arange(3000)[:, None]).any()
    shared = [len(set(some) & set(all_)) for some, all_ in zip(found.tolist(), exact.tolist(), strict=True)]
    assert np.mean(shared) > 9.5
    few = nearest_in_cells(torch.nn.functional.normalize(torch.from_numpy(points), dim=1), 10, probes=1)
    assert (few != found).any()  # so that cells were looked through at all


def test_cells_serve_documents_that_are_all_alike() -> None:
    points = torch.nn.functional.normalize(torch.ones(500, 6), dim=1)
    points[:3] = torch.eye(6)[:3]
    found = nearest_in_cells(points, 10, probes=2)
    assert not (found == np.arange(500)[:, None]).any()
    assert {len(set(row)) for row in found.tolist()} == {10}


@given(st.integers(3, 40), st.integers(1, 6), st.booleans(), st.floats(0.5, 5))
@settings(max_examples=30, deadline=None)
def test_targets_are_the_softmax_of_neighbourhood_means(
    rows: int, count: int, centre: bool, temperature: float
) -> None:
    rng = np.random.default_rng(rows * 7 + count)
    logits = rng.normal(0, 3, (rows + 5, 9)).astype(np.float16)
    chosen = np.sort(rng.permutation(rows + 5)[:rows])
    neighbours = np.array([rng.permutation(rows)[: min(count, rows)] for _ in range(rows)], np.int32)
    taken = mean_logits(logits, chosen) if centre else None
    targets, entropy = soft_targets(logits, chosen, temperature, centre=taken, neighbours=neighbours)
    exact = logits[chosen].astype(np.float64)
    for row in range(rows):
        mean = np.mean([exact[row], *(exact[other] for other in neighbours[row])], 0)
        scores = (mean - exact.mean(0) * centre) / temperature
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(targets[row], expected, atol=1e-3)
        assert entropy[row] == pytest.approx(-(expected * np.log(expected)).sum(), abs=1e-3)


def test_averages_of_a_few_members_are_rows_of_all() -> None:
    values = RNG.normal(size=(30, 4)).astype(np.float32)
    neighbours = nearest(values, 3)
    whole = averaged(values.__getitem__, np.arange(30), neighbours)
    np.testing.assert_allclose(whole[7], values[[7, *neighbours[7]]].mean(0), rtol=1e-5)
    some = np.array([7, 2])
    np.testing.assert_allclose(averaged(values.__getitem__, some, neighbours), whole[some], rtol=1e-5)


def test_principal_axes_are_those_of_an_exact_decomposition() -> None:
    points = (RNG.normal(size=(300, 5)) @ RNG.normal(size=(5, 40))).astype(np.float32)
    points -= points.mean(0)
    turned, exact = points @ principal_axes(points, 5), PCA(5).fit_transform(points)
    np.testing.assert_allclose(turned @ turned.T, exact @ exact.T, rtol=1e-3, atol=1e-2)


def unit(values: Any) -> Any:
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)


@pytest.mark.parametrize("worded", [False, True])
def test_the_space_is_what_its_formula_says(worded: bool) -> None:
    hidden = (RNG.normal(size=(200, 6)) @ RNG.normal(size=(6, 30)) + RNG.normal(size=(200, 30))).astype("f2")
    words = RNG.poisson(0.3, (200, 20))
    rows = np.setdiff1d(np.arange(200), [3, 77])
    points = document_space(Inputs(hidden, csr_array(words) if worded else None), rows)

    states = hidden[rows].astype(np.float64)
    described = unit((states - states.mean(0)) / states.std(0))
    if worded:
        seen = words[rows]
        weights = np.log1p(seen) * np.log((1 + len(rows)) / (1 + (seen > 0).sum(0)))
        described = np.hstack([described, 0.5 * unit(weights)])
    described -= described.mean(0)
    near = NearestNeighbors(n_neighbors=11, metric="cosine").fit(described).kneighbors()[1][:, :10]
    apart = (described[:, None] - described[near]).reshape(-1, described.shape[1])
    spread = apart.T @ apart
    spread = 0.5 * spread / np.trace(spread) * len(spread) + 0.5 * np.eye(len(spread))
    values, vectors = np.linalg.eigh(spread)
    exact = described @ vectors / np.sqrt(values)
    np.testing.assert_allclose(points @ points.T, exact @ exact.T, atol=2e-3)


def test_words_tell_apart_what_hidden_states_do_not() -> None:
    hidden, topic = RNG.normal(size=(300, 16)).astype(np.float16), RNG.integers(3, size=300)
    words = np.zeros((300, 30), np.int64)
    for row, number in enumerate(topic):
        words[row, 10 * number + RNG.choice(10, 6, replace=False)] = 1
    points = document_space(Inputs(hidden, csr_array(words)), np.arange(300))
    alone = document_space(Inputs(hidden, None), np.arange(300))

    def agreement(points: Any) -> float:
        return float((topic[nearest(points, 5)] == topic[:, None]).mean())

    assert agreement(points) > 0.8
    assert agreement(alone) < 0.5


def test_counts_below_zero_are_refused() -> None:
    words = np.ones((30, 8), np.int64)
    words[7, 3] = -1
    with pytest.raises(DsltmError, match="counts below zero"):
        document_space(Inputs(RNG.normal(size=(30, 8)).astype(np.float16), csr_array(words)), np.arange(30))


def test_documents_that_are_all_alike_have_a_place() -> None:
    hidden = np.ones((30, 8), np.float16)
    assert np.isfinite(document_space(Inputs(hidden, None), np.arange(30))).all()


def test_settled_points_are_averaged_again_and_again_and_of_length_one() -> None:
    values = RNG.normal(size=(40, 4)).astype(np.float32)
    neighbours = nearest(values, 3)
    steps = np.eye(40)
    for row in range(40):
        steps[row, neighbours[row]] = 1
    steps /= 4
    np.testing.assert_allclose(
        settled(values, neighbours), unit(np.linalg.matrix_power(steps, 4) @ values), rtol=1e-4
    )


def test_clusters_are_as_tight_as_those_of_a_library() -> None:
    centres = RNG.normal(0, 5, (8, 4))
    points = (centres[RNG.integers(8, size=400)] + RNG.normal(0, 1, (400, 4))).astype(np.float32)
    mine = cluster(points, 8, seed=0)
    spread = sum(((points[mine == k] - points[mine == k].mean(0)) ** 2).sum() for k in range(8))
    assert spread < 1.05 * KMeans(8, n_init=10, random_state=0).fit(points).inertia_
    assert (cluster(points, 8, seed=0) == mine).all()


def test_a_few_outliers_are_no_cluster() -> None:
    truth = np.repeat(np.arange(4), 100)
    noise = np.random.default_rng(0).standard_normal((400, 4)).astype(np.float32)
    points = 3 * np.eye(4, dtype=np.float32)[truth] + 0.3 * noise
    points[[0, 100, 200]] += 9 * np.eye(3, 4, dtype=np.float32)
    found = cluster(points, 4, seed=0)
    kept = np.setdiff1d(np.arange(400), [0, 100, 200])
    assert len(set(zip(found[kept].tolist(), truth[kept].tolist(), strict=True))) == 4


def test_every_cluster_of_many_equal_points_is_defined() -> None:
    points = np.repeat(np.eye(3, dtype=np.float32), 20, 0)
    found = cluster(points, 5, seed=1)
    assert all(len(set(found[start : start + 20])) == 1 for start in (0, 20, 40))


def test_defaults_are_better_than_the_paper_on_noisy_documents() -> None:
    corpus = plant(documents=800, topics=12, hidden=32, noise=1.6, words=200)

    def score(**options: Any) -> float:
        config = TrainConfig(topics=12, epochs=30, **options)
        return purity(
            corpus.truth, Inference(train(corpus.labels, config)).theta(corpus.labels.hidden).argmax(1)
        )

    best, unguided = score(), score(guide=0)
    assert best > score(preset="paper") + 0.1
    assert best > unguided


def test_each_option_changes_the_model_and_is_in_its_header() -> None:
    corpus = plant(documents=200)
    config = TrainConfig(topics=4, epochs=2)
    base = train(corpus.labels, config)
    chosen = base.header["hyperparameters"]
    assert (chosen["preset"], chosen["centre"], chosen["smooth"], chosen["guide"]) == (
        "best",
        "mean",
        10,
        900.0,
    )
    for options in (
        {"centre": "none"},
        {"smooth": 0},
        {"smooth": 3},
        {"guide": 0.0},
        {"target": "soft"},
        {"preset": "paper"},
    ):
        other = train(corpus.labels, replace(config, **options))
        assert not np.array_equal(other.beta, base.beta), options
        for name, value in options.items():
            assert other.header["hyperparameters"][name] == value


def test_what_an_empty_document_has_is_taken_away_where_that_is_wanted() -> None:
    corpus = plant(documents=150)
    config = TrainConfig(topics=4, epochs=2, target="soft", centre="empty")
    with pytest.raises(DsltmError, match="empty document"):
        train(corpus.labels, config)
    of_nothing = RNG.normal(0, 2, corpus.labels.logits.shape[1])
    header = corpus.labels.header | {"empty_logits": of_nothing.tolist()}
    data = TrainingSet(replace(corpus.labels, header=header), config.resolved(150), torch.device("cpu"))
    plain = TrainingSet(corpus.labels, replace(config, centre="none").resolved(150), torch.device("cpu"))
    moved = plain.targets * np.exp(-of_nothing)
    np.testing.assert_allclose(data.targets, moved / moved.sum(1, keepdims=True), atol=2e-3)


def test_the_paper_and_word_counts_keep_their_setting() -> None:
    paper = TrainConfig(preset="paper").resolved()
    assert (paper.centre, paper.smooth, paper.guide) == ("none", 0, 0.0)
    assert (paper.epochs, paper.batch, paper.momentum, paper.weight) == (100, 64, 0.99, 1000.0)
    assert (paper.target, paper.temperature) == ("soft", 3.0)
    best, soft = TrainConfig().resolved(), TrainConfig(target="soft").resolved()
    assert (best.target, best.temperature, best.guide) == ("mixed", 2.0, 900.0)
    assert (soft.temperature, soft.guide) == (1.0, 300.0)
    counts = TrainConfig(target="bow").resolved()
    assert (counts.centre, counts.smooth, counts.guide, counts.epochs) == ("none", 0, 0.0, 100)
    assert (TrainConfig().resolved().epochs, TrainConfig().resolved().batch) == (20, 250)
    mixed = TrainConfig(preset="paper", smooth=5).resolved()
    assert (mixed.smooth, mixed.guide) == (5, 0.0)


@pytest.mark.parametrize(
    "options",
    [
        {"target": "bow", "smooth": 3},
        {"target": "bow", "centre": "mean"},
        {"input": "bow", "guide": 1.0},
        {"smooth": -1},
        {"guide": -1.0},
    ],
)
def test_options_without_effect_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        TrainConfig(**options).resolved()


def test_the_pace_of_training_goes_with_the_size_of_the_corpus() -> None:
    sizes = (20, 1_500, 20_000, 1_000_000)
    paces = [TrainConfig().resolved(size) for size in sizes]
    assert [(chosen.batch, chosen.epochs) for chosen in paces] == [(64, 40), (64, 40), (250, 20), (256, 10)]
    assert [chosen.smooth for chosen in paces] == [10, 11, 40, 40]
    chosen = TrainConfig(batch=2_000).resolved(20_000)
    assert (chosen.batch, chosen.epochs) == (2_000, 40)
    assert TrainConfig(preset="paper").resolved(20).batch == 64
