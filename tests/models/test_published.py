"""`--preset paper` against the published models, written out here in plain torch from their formulas."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from planted import plant, purity
from test_transport import reference_plan
from torch.nn.functional import batch_norm, linear, log_softmax, normalize, softmax, softplus

from dsltm.assigning.inference import Inference
from dsltm.errors import UsageError
from dsltm.models import BACKBONES
from dsltm.models.base import Backbone, Embedded, Shape
from dsltm.models.ecrtm import ECRTM
from dsltm.models.etm import ETM
from dsltm.models.fastopic import FASTopic
from dsltm.models.prodlda import ProdLDA
from dsltm.training import TrainConfig
from dsltm.training.data import TrainingSet
from dsltm.training.loop import build, fit, train
from dsltm.training.targets import counted_targets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CPU = torch.device("cpu")
Weights = dict[str, torch.Tensor]


def documents(count: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
    """Raw hidden states [B, 12], off-centre as they are, and soft labels [B, 30]."""
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(8, 4, (count, 30)), dtype=torch.float32)
    return torch.tensor(rng.normal(3, 2, (count, 12)), dtype=torch.float32), softmax(logits / 3, 1)


def published(name: str, **options: Any) -> Backbone:
    """An untrained backbone of `--preset paper`, but for dropout, which the formulas below lack."""
    config = TrainConfig(topics=4, model=name, preset="paper").resolved(24)  # type: ignore[arg-type]
    given = {**vars(config), **options}
    if "dropout" in BACKBONES[config.model].has:
        given["dropout"] = 0.0
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return BACKBONES[config.model].load()(Shape.of(given, inputs=12, words=30))


def weights_of(model: Backbone) -> Weights:
    return {name: weight.detach().clone().requires_grad_() for name, weight in model.named_parameters()}


def divergence(y: torch.Tensor, log_words: torch.Tensor) -> torch.Tensor:
    """KL(y ‖ ŷ), the mean over documents."""
    return (y * (y.log() - log_words)).sum(1).mean()


def gaussian_kl(
    mean: torch.Tensor, log_variance: torch.Tensor, m: torch.Tensor, v: torch.Tensor
) -> torch.Tensor:
    variance = log_variance.exp()
    terms = variance / v + (mean - m) ** 2 / v - 1 + v.log() - log_variance
    return 0.5 * terms.sum(1).mean()


def hidden(w: Weights, x: torch.Tensor) -> torch.Tensor:
    first = softplus(linear(x, w["encoder.first.weight"], w["encoder.first.bias"]))
    second = softplus(linear(first, w["encoder.second.weight"], w["encoder.second.bias"]))
    return linear(second, w["encoder.posterior.weight"], w["encoder.posterior.bias"])


def prodlda(w: Weights, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """softmax(BN(θ β) / 3); prior N(0, 1 - 1/K), learned; λ = 1000."""
    mean, log_variance = batch_norm(hidden(w, x), None, None, training=True).chunk(2, 1)
    theta = softmax(mean + torch.randn_like(mean) * (0.5 * log_variance).exp(), 1)
    words = batch_norm(theta @ w["scores"], None, None, training=True) / 3
    prior = gaussian_kl(mean, log_variance, w["prior_mean"], w["prior_log_variance"].exp())
    return 1000 * divergence(y, log_softmax(words, 1)) + prior


def ecrtm(w: Weights, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Both normalisations have a learned shift; β by distances over .2; 100 Σ P D of Sinkhorn at α = 20."""
    mean, log_variance = (
        batch_norm(hidden(w, x), None, None, None, w["encoder.shift"], training=True)
    ).chunk(2, 1)
    theta = softmax(mean + torch.randn_like(mean) * (0.5 * log_variance).exp(), 1)
    distances = ((w["topics"][:, None] - w["words"][None]) ** 2).sum(2)
    beta = softmax(-distances / 0.2, 0)
    words = batch_norm(theta @ beta, None, None, None, w["decoder.shift"], training=True)
    plan = torch.tensor(reference_plan(distances.detach().numpy(), 20.0, np.full(30, 1 / 30)))
    prior = gaussian_kl(mean, log_variance, torch.zeros(4), torch.full((4,), 1 - 1 / 4))
    clustering = (plan * distances).sum()
    return 1000 * divergence(y, log_softmax(words, 1)) + prior + 100 * clustering


def etm(w: Weights, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """softmax(θ β), no normalisation anywhere, prior N(0, I)."""
    mean, log_variance = hidden(w, x).chunk(2, 1)
    theta = softmax(mean + torch.randn_like(mean) * (0.5 * log_variance).exp(), 1)
    beta = softmax(w["topics"] @ w["words"].T, 1)
    prior = gaussian_kl(mean, log_variance, torch.zeros(4), torch.ones(4))
    return 1000 * divergence(y, log_softmax(theta @ beta, 1)) + prior


REFERENCES: dict[
    str, tuple[type[Backbone], Callable[[Weights, torch.Tensor, torch.Tensor], torch.Tensor]]
] = {
    "prodlda": (ProdLDA, prodlda),
    "ecrtm": (ECRTM, ecrtm),
    "etm": (ETM, etm),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_loss_and_gradients_are_the_published_ones(name: str) -> None:
    model, (x, y) = published(name).train(), documents()
    kind, formula = REFERENCES[name]
    assert isinstance(model, kind)
    for weight in model.parameters():  # shifts begin at zero, which would hide where they are added
        if weight.requires_grad and not weight.any():
            torch.nn.init.normal_(weight, generator=torch.Generator().manual_seed(3))
    weights = weights_of(model)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = formula(weights, x, y)
        expected.backward()
        torch.manual_seed(7)
        cross, regulariser, _ = model(x, y)
        found = 1000 * (cross + (y * y.log()).sum(1).mean()) + regulariser
        found.backward()
    assert found.item() == pytest.approx(expected.item(), rel=2e-3)
    learned = {n: weight for n, weight in model.named_parameters() if weight.requires_grad}
    assert {n for n, weight in weights.items() if weight.grad is not None} == {*learned}
    for n, weight in learned.items():
        largest = float(weights[n].grad.abs().max())
        torch.testing.assert_close(
            weight.grad, weights[n].grad, rtol=1e-2, atol=1e-3 * largest + 1e-4, msg=f"by {n}"
        )


def test_prodlda_learns_no_shift_and_ecrtm_two() -> None:
    learned = {
        name: {n for n, weight in published(name).named_parameters() if weight.requires_grad}
        for name in BACKBONES
    }
    assert "decoder.shift" not in learned["prodlda"]
    assert {"decoder.shift", "encoder.shift"} <= learned["ecrtm"]
    assert {"prior_mean", "prior_log_variance"} <= learned["prodlda"]
    prior = published("prodlda")
    assert isinstance(prior, ProdLDA)
    torch.testing.assert_close(prior.prior_log_variance.exp(), torch.full((4,), 0.75))
    assert not prior.prior_mean.any()


def test_theta_is_the_mean_of_ten_draws() -> None:
    model, (x, _) = published("prodlda").eval(), documents()
    noise = model.encoder.noise  # type: ignore[union-attr]
    assert isinstance(noise, torch.Tensor)
    assert noise.shape == (10, 1, 4)
    mean, log_variance = hidden(weights_of(model), x).chunk(2, 1)  # means 0 and variances 1 so far
    mean, log_variance = (each / math.sqrt(1 + 1e-5) for each in (mean, log_variance))
    draws = [softmax(mean + (0.5 * log_variance).exp() * each, 1) for each in noise]
    torch.testing.assert_close(model.theta(x), torch.stack(draws).mean(0), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(model.theta(x[5:7]), model.theta(x)[5:7])  # whatever is beside a document
    for name in ("ecrtm", "etm"):
        assert published(name).encoder.noise is None  # type: ignore[union-attr]


def test_fastopic_takes_raw_distances_and_the_top_words_alone() -> None:
    """Σ P |x - t|² at α = 3 and Σ P |t - w|² at α = 2, and cross-entropy without λ."""
    model, (x, y) = published("fastopic").eval(), documents()
    assert isinstance(model, FASTopic)
    x = x / 3  # so that the plan below, which works with exp(-α D) itself, is one
    cross, found, _ = model(x, y)
    topics, words = model.topics.detach().double(), model.words.detach().double()
    to_topics = ((x.double()[:, None] - topics[None]) ** 2).sum(2).numpy()
    to_words = ((topics[:, None] - words[None]) ** 2).sum(2).numpy()
    theta = reference_plan(to_topics, 3.0, np.full(4, 1 / 4))
    beta = reference_plan(to_words, 2.0, np.full(30, 1 / 30))
    assert found.item() == pytest.approx((theta * to_topics).sum() + (beta * to_words).sum(), rel=3e-3)
    expected = -(y.double().numpy() * np.log(24 * theta @ (4 * beta))).sum(1).mean()
    assert cross.item() == pytest.approx(expected, rel=1e-3)


def test_a_run_is_the_published_loop() -> None:
    """Every weight after two epochs of ours is that of torch's Adam (.99, .99) on the formula above."""
    labels = plant(documents=200, words=40, words_per_topic=4, hidden=12).labels
    config = TrainConfig(topics=4, preset="paper", epochs=2, dropout=0.0).resolved(200)
    data = TrainingSet(labels, config, CPU)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build(config, data, labels)
        weights, start = weights_of(model), weights_of(model)
        torch.manual_seed(5)
        fit(model, data, config, None)

        torch.manual_seed(5)
        learned = [w for name, w in weights.items() if name != "decoder.shift"]
        optimiser = torch.optim.Adam(learned, 2e-3, betas=(0.99, 0.99))
        order = np.random.default_rng(0)
        x = torch.tensor(np.array(labels.hidden), dtype=torch.float32)
        y = softmax(torch.tensor(np.array(labels.logits), dtype=torch.float32) / 3, 1)
        for _ in range(2):
            for chosen in np.array_split(order.permutation(200), 4):  # 200 / 64, rounded up
                optimiser.zero_grad()
                prodlda(weights, x[chosen], y[chosen]).backward()
                optimiser.step()
    for idle in ("encoder.posterior.bias", "prior_mean"):
        del start[idle]  # normalised means average to zero: these two gradients are rounding alone
    for name, before in start.items():
        moved, expected = (after - before for after in (model.get_parameter(name), weights[name]))
        assert (moved - expected).norm() <= 0.05 * expected.norm(), name


PUBLISHED: dict[str, dict[str, Any]] = {
    "prodlda": {"epochs": 100, "batch": 64, "weight": 1000, "momentum": 0.99, "second_momentum": 0.99}
    | {"dropout": 0.2, "units": 200, "samples": 10, "decoder": "paper", "target_top": None},
    "ecrtm": {"epochs": 200, "batch": 64, "weight": 1000, "momentum": 0.9, "second_momentum": 0.999}
    | {"dropout": 0, "units": 200, "samples": 0, "encoder": "paper", "embedding_size": 200},
    "fastopic": {"epochs": 200, "batch": 1500, "weight": 1, "momentum": 0.9, "target_top": 20},
    "etm": {"epochs": 100, "batch": 64, "weight": 1000, "momentum": 0.9, "dropout": 0.5, "units": 800}
    | {"encoder": "paper", "decoder": "paper", "embedding_size": 300},
}


@pytest.mark.parametrize("name", BACKBONES)
def test_every_setting_is_the_published_one(name: Any) -> None:
    config = TrainConfig(model=name, preset="paper").resolved(1500)
    common = {"temperature": 3.0, "target": "soft", "centre": "none", "smooth": 0, "guide": 0.0}
    common |= {"scale": "raw", "learning_rate": 2e-3, "loss": "kl"}
    wanted = common | PUBLISHED[name]
    assert {option: getattr(config, option) for option in wanted} == wanted
    assert config.resolved(1500) == config


def test_fastopic_gives_training_documents_the_topics_of_the_plan() -> None:
    """Under the plan of all documents each topic has the weight that was learned; a step behind, nearly."""
    corpus = plant(documents=300)
    model = train(corpus.labels, TrainConfig(topics=4, model="fastopic", preset="paper", epochs=30))
    shares = Inference(model).theta(corpus.labels.hidden).mean(0)
    weights = np.exp(model.arrays["topic_weights"])
    np.testing.assert_allclose(shares, weights / weights.sum(), atol=0.02)


@pytest.mark.parametrize("name", ["prodlda", "ecrtm"])
def test_planted_topics_are_found(name: Any) -> None:
    corpus = plant(documents=600)
    model = train(corpus.labels, TrainConfig(topics=8, model=name, preset="paper", epochs=60))
    found = Inference(model).theta(corpus.labels.hidden)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    assert purity(corpus.truth, found.argmax(1)) > 0.75  # chance is about 0.2


def test_softmax_of_counts_is_nearly_even() -> None:
    labels = plant(documents=30).labels
    y, entropy = counted_targets(labels.vocabulary_counts, np.array([4, 2]), 2.0)
    counts = labels.vocabulary_counts.toarray()[[4, 2]].astype(float)
    expected = np.exp(counts / 2) / np.exp(counts / 2).sum(1, keepdims=True)
    np.testing.assert_allclose(y, expected, rtol=1e-3)
    np.testing.assert_allclose(entropy, -(expected * np.log(expected)).sum(1), rtol=1e-4)
    config = TrainConfig(preset="paper", target="soft-bow").resolved()
    assert (config.temperature, config.weight, config.decoder) == (1.0, 1000.0, "paper")
    model = train(labels, TrainConfig(topics=3, preset="paper", target="soft-bow", epochs=1))
    assert np.isfinite(model.beta).all()


def test_a_share_of_the_words_is_so_many_of_them() -> None:
    labels = plant(documents=60).labels
    config = TrainConfig(topics=3, preset="paper", epochs=1)
    models = [
        train(labels, TrainConfig(**{**vars(config), **options}))
        for options in ({"target_share": 0.1}, {"target_top": 12}, {})
    ]
    np.testing.assert_array_equal(models[0].beta, models[1].beta)  # of 120 words
    assert not np.array_equal(models[0].beta, models[2].beta)


def test_embeddings_of_a_file_are_where_words_begin(tmp_path: Path) -> None:
    labels = plant(documents=60).labels
    path = tmp_path / "glove.txt"
    known = labels.vocabulary[3]
    path.write_text(f"nowhere 1 1 1\n{known} 0 3 4\n")
    config = TrainConfig(topics=3, model="ecrtm", preset="paper", embeddings=str(path)).resolved(60)
    model = build(config, TrainingSet(labels, config, CPU), labels)
    assert isinstance(model, Embedded)
    expected = torch.zeros(120, 3)
    expected[3] = torch.tensor([0, 0.6, 0.8])
    torch.testing.assert_close(model.words.detach(), expected)
    assert config.as_header()["embeddings"] == "glove.txt"
    trained = train(labels, TrainConfig(topics=3, model="ecrtm", embeddings=str(path), epochs=1))
    assert trained.arrays["words"].shape == (120, 3)
    torch.testing.assert_close(
        normalize(model.words[3], dim=0), torch.tensor([0, 0.6, 0.8]), check_dtype=False
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "fastopic", "units": 100}, "--units is no option of --model fastopic"),
        ({"model": "fastopic", "samples": 3}, "--samples is no option"),
        ({"decoder": "paper", "model": "ecrtm"}, "--decoder is no option"),
        ({"encoder": "paper"}, "--encoder is no option of --model prodlda"),
        ({"target": "bow", "target_top": 5}, "--target-top is about soft labels"),
        ({"target_top": 5, "target_share": 0.1}, "two ways to say the same"),
        ({"model": "etm", "embeddings": "glove.txt", "embedding_size": 9}, "come from no file"),
    ],
)
def test_options_that_would_do_nothing_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TrainConfig(**options).resolved()
