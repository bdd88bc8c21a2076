"""Each backbone's regulariser against a float64 reference written from its formula, and what all share."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from test_transport import reference_plan

from dsltm.models import BACKBONES
from dsltm.models.base import Backbone, Embedded, Shape
from dsltm.models.ecrtm import ECRTM
from dsltm.models.encoder import draw
from dsltm.models.etm import ETM
from dsltm.models.fastopic import FASTopic
from dsltm.models.objective import cross_entropy
from dsltm.models.prodlda import ProdLDA

SHAPE = Shape(inputs=12, topics=4, words=30, units=16)


def build(name: str) -> Backbone:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return BACKBONES[name].load()(SHAPE)  # type: ignore[index]


def vectors(documents: int = 20) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(0).normal(3, 2, (documents, 12)), dtype=torch.float32)


def labels(documents: int = 20, sharpness: float = 1.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.softmax(torch.randn(documents, 30, generator=generator) * sharpness, 1)


def prior_kl(mean: np.ndarray, log_variance: np.ndarray, p_mean: np.ndarray, p_variance: np.ndarray) -> float:
    """KL of Gaussians with diagonal covariance, term by term (AVITM, equation 7)."""
    total = 0.0
    for m, lv in zip(mean.astype(np.float64), log_variance.astype(np.float64), strict=True):
        for k in range(len(m)):
            v = math.exp(lv[k])
            total += 0.5 * (
                v / p_variance[k]
                + (p_mean[k] - m[k]) ** 2 / p_variance[k]
                - 1
                + math.log(p_variance[k])
                - math.log(v)
            )
    return total / len(mean)


def posterior(model: Backbone, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    mean, log_variance = model.encoder(model.standardise(x))  # type: ignore[operator]
    return mean.detach().numpy(), log_variance.detach().numpy()


def test_prior_kl() -> None:
    rng = np.random.default_rng(0)
    mean, log_variance, p_mean, p_log_variance = (
        rng.normal(0, 1, shape).astype(np.float32) for shape in ((6, 4), (6, 4), 4, 4)
    )
    with torch.random.fork_rng():
        theta, found = draw(*(torch.tensor(a) for a in (mean, log_variance, p_mean, p_log_variance)))
    expected = prior_kl(mean, log_variance, p_mean, np.exp(p_log_variance.astype(np.float64)))
    assert found.item() == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(theta.sum(1), torch.ones(6))


@pytest.mark.parametrize("kind", [ProdLDA, ETM])
def test_regulariser_is_the_prior_kl(kind: type[Backbone]) -> None:
    model = build(kind.__name__.lower()).eval()
    _, found, _ = model(vectors(), labels())
    # Of ProdLDA the Laplace approximation to Dirichlet(1), of which (1 - 2/K) + 1/K is left; of ETM N(0, I).
    variance = np.full(4, 1 - 2 / 4 + 1 / 4 if kind is ProdLDA else 1.0)
    expected = prior_kl(*posterior(model, vectors()), np.zeros(4), variance)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_ecrtm_regulariser() -> None:
    """100 · Σ P |t - w|² with P from Sinkhorn at α = 20 between equal weights, beside the prior's KL."""
    model = build("ecrtm").eval()
    assert isinstance(model, ECRTM)
    _, found, _ = model(vectors(), labels())
    topics, words = model.topics.detach().numpy(), model.words.detach().numpy()
    cost = ((topics[:, None].astype(np.float64) - words[None]) ** 2).sum(2)
    clustering = (reference_plan(cost, 20.0, np.full(30, 1 / 30)) * cost).sum()
    prior = prior_kl(*posterior(model, vectors()), np.zeros(4), np.full(4, 0.75))
    assert found.item() == pytest.approx(100 * clustering + prior, rel=3e-3)
    shares = np.exp(-cost / 0.2) / np.exp(-cost / 0.2).sum(0)
    logits = shares / np.sqrt(1 + 1e-5)  # the decoder has seen nothing: means 0, variances 1, no shift
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(model.beta().detach().numpy(), expected, rtol=1e-3)


def test_ecrtm_derivative_is_that_of_the_regularised_transport() -> None:
    """d/dD min (Σ P D + H / α) = P, by finite differences of the reference."""
    model = build("ecrtm")
    assert isinstance(model, ECRTM)
    cost = np.random.default_rng(0).random((4, 30))
    columns = np.full(30, 1 / 30)

    def value(cost: np.ndarray) -> float:
        plan = reference_plan(cost, 20.0, columns)
        return float((plan * cost).sum() + (plan * (np.log(plan) - 1)).sum() / 20)

    distances = torch.tensor(cost, dtype=torch.float32, requires_grad=True)
    model.clustering(distances).backward()
    for i, j in ((0, 0), (1, 7), (3, 29)):
        step = np.zeros_like(cost)
        step[i, j] = 1e-4
        expected = (value(cost + step) - value(cost - step)) / 2e-4
        assert distances.grad is not None
        assert distances.grad[i, j].item() == pytest.approx(expected, abs=2e-4)


def test_fastopic_regulariser() -> None:
    """Σ P |x - t|² at α = 3 and Σ P |t - w|² at α = 2, with x of length one; ŷ = θ β of the two plans."""
    model = build("fastopic").eval()
    assert isinstance(model, FASTopic)
    x = vectors().double().numpy()
    loss, found, _ = model(vectors(), labels())
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    topics, words = model.topics.detach().double().numpy(), model.words.detach().double().numpy()
    to_topics = ((x[:, None] - topics[None]) ** 2).sum(2)
    to_words = ((topics[:, None] - words[None]) ** 2).sum(2)
    theta = 20 * reference_plan(to_topics, 3.0, np.full(4, 1 / 4))
    beta = 4 * reference_plan(to_words, 2.0, np.full(30, 1 / 30))
    expected = (theta * to_topics).sum() / 20 + (beta * to_words).sum() / 4
    assert found.item() == pytest.approx(expected, rel=3e-3)
    cross = -(labels().double().numpy() * np.log(theta @ beta)).sum(1).mean()
    assert loss.item() == pytest.approx(cross, rel=1e-4)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize(
    ("temperature", "weight", "scale"),
    [(1e-3, 1e6, 1.0), (1e4, 1e6, 1.0), (1e-3, 1e-6, 1e4), (1.0, 1e6, 1e4)],
)
def test_gradients_are_finite_at_extremes(name: str, temperature: float, weight: float, scale: float) -> None:
    """Of τ, of λ, and of the length of document vectors, which underflows FASTopic as it was published."""
    model = build(name).train()
    with torch.random.fork_rng():
        loss, regulariser, _ = model(scale * vectors(), labels(sharpness=10 / temperature))
    (weight * loss + regulariser).backward()
    for weights in model.parameters():
        assert weights.grad is not None
        assert torch.isfinite(weights.grad).all()


@pytest.mark.parametrize("name", BACKBONES)
def test_arrays_restore_everything(name: str) -> None:
    model, other = build(name), BACKBONES[name].load()(SHAPE)  # type: ignore[index]
    with torch.random.fork_rng():
        model.train()(vectors(), labels())  # running statistics are part of it
    other.load_arrays(model.arrays())
    torch.testing.assert_close(other.eval().theta(vectors()), model.eval().theta(vectors()), rtol=0, atol=0)
    torch.testing.assert_close(other.beta(), model.beta(), rtol=0, atol=0)


@pytest.mark.parametrize("name", BACKBONES)
def test_beta_is_the_prediction_for_a_document_of_one_topic(name: str) -> None:
    """Rows are distributions, and the loss of such a document is the divergence from its topic's row."""
    model = build(name)
    with torch.random.fork_rng():
        model.train()(vectors(), labels())
    beta = model.eval().beta()
    torch.testing.assert_close(beta.sum(1), torch.ones(4), rtol=1e-5, atol=0)
    target = labels(4)
    logits = model.log_words(torch.eye(4))
    expected = -(target * torch.log(beta)).sum(1).mean()
    torch.testing.assert_close(cross_entropy(target, logits), expected, rtol=1e-4, atol=1e-5)


def test_beta_does_not_see_a_scale_that_the_decoder_divides_away() -> None:
    """Scores 50 times as large with 2,500 times the variance predict the same, and β is the same."""
    model = build("prodlda")
    assert isinstance(model, ProdLDA)
    with torch.random.fork_rng():
        model.train()(vectors(), labels())
    model.decoder.epsilon = 0.0
    before = model.eval().beta()
    with torch.no_grad():
        model.scores *= 50
        model.decoder.running_variance *= 2500
    torch.testing.assert_close(model.beta(), before, rtol=1e-4, atol=1e-7)


def test_word_embeddings_start_as_principal_components() -> None:
    model = build("etm")
    assert isinstance(model, Embedded)
    rng = np.random.default_rng(0)
    given = rng.normal(size=(30, 12)).astype(np.float16)
    model.start_from(given)
    words = model.words.detach().double().numpy()
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), 1, atol=1e-6)
    centred = given.astype(np.float64) - given.astype(np.float64).mean(0)
    cosines = centred @ centred.T / np.outer(*[np.linalg.norm(centred, axis=1)] * 2)
    np.testing.assert_allclose(words @ words.T, cosines, atol=1e-3)  # 12 < 200: nothing is cut


@pytest.mark.parametrize("name", ["prodlda", "ecrtm", "etm"])
def test_forward_gives_theta_without_sampling(name: str) -> None:
    model = build(name).eval()
    proportions = torch.softmax(model(vectors(), labels())[2], 1)
    torch.testing.assert_close(proportions, model.theta(vectors()), rtol=0, atol=0)
