"""The paper's models restated in plain torch, to hold `train --preset paper` against on the same labels.

    python tests/bench/published.py labels.npz --only prodlda -k 25 --seeds 3

Written from the formulas and settings of dsltm-paper(7), as slowly and literally as they are told there: no
code of dsltm's but the reading of the file and the two scores. Where dsltm differs on purpose (equal batches,
the logarithm of the prior's variance, constant transport plans, one noise for all documents) this does not.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn.functional import dropout, log_softmax, normalize, softmax, softplus

from dsltm.formats.labels import read_labels
from dsltm.metrics.clustering import nmi, purity
from dsltm.training import TrainConfig
from dsltm.training.loop import train

if TYPE_CHECKING:
    from collections.abc import Iterator

TAU, WEIGHT, RATE = 3.0, 1000.0, 2e-3


def batches(count: int, size: int = 64) -> Iterator[torch.Tensor]:
    """Shuffled batches, of which the last may be small."""
    yield from torch.randperm(count).split(size)


def kl(y: torch.Tensor, log_words: torch.Tensor) -> torch.Tensor:
    """KL(y ‖ ŷ) with both bounded from below, mean over documents."""
    y = y.clamp_min(1e-9)
    return (y * (y.log() - log_words.clamp_min(math.log(1e-9)))).sum(1).mean()


def gaussian_kl(
    mean: torch.Tensor, log_variance: torch.Tensor, m: torch.Tensor, v: torch.Tensor
) -> torch.Tensor:
    terms = log_variance.exp() / v + (mean - m) ** 2 / v - 1 + v.log() - log_variance
    return 0.5 * terms.sum(1).mean()


class Encoder(nn.Module):
    """Two softplus layers to mean and log-variance of a posterior."""

    def __init__(self, inputs: int, topics: int, units: int, share: float, norm: str) -> None:
        super().__init__()
        self.share, self.norm = share, norm
        self.layers = nn.ModuleList([nn.Linear(inputs, units), nn.Linear(units, units)])
        self.heads = nn.ModuleList([nn.Linear(units, topics), nn.Linear(units, topics)])
        self.norms = nn.ModuleList([nn.BatchNorm1d(topics, affine=norm == "shifted") for _ in range(2)])
        for each in self.norms if norm == "shifted" else ():
            each.weight.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        for layer in self.layers:
            x = softplus(layer(x))
        x = dropout(x, self.share, self.training)
        both = [head(x) for head in self.heads]
        return (
            both if self.norm == "none" else [norm(each) for norm, each in zip(self.norms, both, strict=True)]
        )


def draw(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    return softmax(mean + torch.randn_like(mean) * (0.5 * log_variance).exp(), 1)


def prodlda(x: torch.Tensor, logits: torch.Tensor, topics: int) -> torch.Tensor:
    y, encoder = softmax(logits / TAU, 1), Encoder(x.shape[1], topics, 200, 0.2, "plain")
    beta = nn.Parameter(nn.init.xavier_uniform_(torch.empty(topics, y.shape[1])))
    prior = [nn.Parameter(torch.zeros(topics)), nn.Parameter(torch.full((topics,), 1 - 1 / topics))]
    norm = nn.BatchNorm1d(y.shape[1], affine=False)
    optimiser = torch.optim.Adam([*encoder.parameters(), beta, *prior], RATE, betas=(0.99, 0.99))
    for _ in range(100):
        for rows in batches(len(x)):
            mean, log_variance = encoder(x[rows])
            theta = dropout(draw(mean, log_variance), 0.2)
            fit = kl(y[rows], log_softmax(norm(theta @ beta) / TAU, 1))
            step(optimiser, WEIGHT * fit + gaussian_kl(mean, log_variance, *prior))
    with torch.no_grad():
        posterior = encoder.eval()(x)
        return torch.stack([draw(*posterior) for _ in range(10)]).mean(0)


def ecrtm(x: torch.Tensor, logits: torch.Tensor, topics: int) -> torch.Tensor:
    y, encoder = softmax(logits / TAU, 1), Encoder(x.shape[1], topics, 200, 0.0, "shifted")
    words = nn.Parameter(normalize(nn.init.trunc_normal_(torch.empty(y.shape[1], 200))))
    places = nn.Parameter(normalize(nn.init.trunc_normal_(torch.empty(topics, 200), std=0.1)))
    norm = nn.BatchNorm1d(y.shape[1])
    norm.weight.requires_grad_(False)
    weights = [w for w in [*encoder.parameters(), words, places, *norm.parameters()] if w.requires_grad]
    optimiser = torch.optim.Adam(weights, RATE)
    m, v = torch.zeros(topics), torch.full((topics,), 1 - 1 / topics)
    for _ in range(200):
        for rows in batches(len(x)):
            mean, log_variance = encoder(x[rows])
            cost = distances(places, words)
            fit = kl(y[rows], log_softmax(norm(draw(mean, log_variance) @ softmax(-cost / 0.2, 0)), 1))
            clustering = (scaled(cost, 20.0) * cost).sum()
            step(optimiser, WEIGHT * fit + gaussian_kl(mean, log_variance, m, v) + 100 * clustering)
    with torch.no_grad():
        return softmax(encoder.eval()(x)[0], 1)


def etm(x: torch.Tensor, logits: torch.Tensor, topics: int) -> torch.Tensor:
    y, encoder = softmax(logits / TAU, 1), Encoder(x.shape[1], topics, 800, 0.5, "none")
    words, places = (nn.Linear(300, count, bias=False).weight for count in (y.shape[1], topics))
    optimiser = torch.optim.Adam([*encoder.parameters(), words, places], RATE)
    for _ in range(100):
        for rows in batches(len(x)):
            mean, log_variance = encoder(x[rows])
            predicted = draw(mean, log_variance) @ softmax(places @ words.T, 1)
            prior = gaussian_kl(mean, log_variance, torch.zeros(topics), torch.ones(topics))
            step(optimiser, WEIGHT * kl(y[rows], log_softmax(predicted, 1)) + prior)
    with torch.no_grad():
        return softmax(encoder.eval()(x)[0], 1)


def fastopic(x: torch.Tensor, logits: torch.Tensor, topics: int) -> torch.Tensor:
    best, places = logits.topk(20, 1)
    y = torch.zeros_like(logits).scatter_(1, places, softmax(best / TAU, 1))
    words = nn.Parameter(normalize(nn.init.trunc_normal_(torch.empty(y.shape[1], x.shape[1]))))
    centres = nn.Parameter(normalize(nn.init.trunc_normal_(torch.empty(topics, x.shape[1]), std=0.1)))
    shares = [nn.Parameter(torch.zeros(count)) for count in (topics, y.shape[1])]
    optimiser = torch.optim.Adam([words, centres, *shares], RATE)
    for _ in range(200):
        cost, worth = distances(x, centres), distances(centres, words)
        theta = scaled(cost, 3.0, log_softmax(shares[0], 0))
        beta = scaled(worth, 2.0, log_softmax(shares[1], 0))
        mixed = (theta * len(x)) @ (beta * topics)
        step(
            optimiser,
            -(y * (mixed + 1e-12).log()).sum(1).mean() + (theta * cost).sum() + (beta * worth).sum(),
        )
    with torch.no_grad():
        parts = [scaled(distances(part, centres), 3.0, log_softmax(shares[0], 0)) for part in x.split(256)]
        return torch.cat([part / part.sum(1, keepdim=True) for part in parts])


def distances(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return (left**2).sum(1, keepdim=True) + (right**2).sum(1) - 2 * left @ right.T


def scaled(cost: torch.Tensor, alpha: float, log_columns: torch.Tensor | None = None) -> torch.Tensor:
    """Sinkhorn's plan, in logarithms; its derivative goes through the iterations."""
    rows, columns = -math.log(len(cost)), log_columns
    if columns is None:
        columns = torch.full((cost.shape[1],), -math.log(cost.shape[1]))
    kernel, f = -alpha * cost, torch.zeros(len(cost), 1)
    for number in range(1000):
        g = columns - torch.logsumexp(kernel + f, 0)
        f = rows - torch.logsumexp(kernel + g, 1, keepdim=True)
        if number % 50 == 0:
            plan = torch.exp(kernel + f + g)
            if (plan.sum(0) - columns.exp()).abs().sum() < 0.005:
                break
    return torch.exp(kernel + f + g)


def step(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


MODELS = {"prodlda": prodlda, "ecrtm": ecrtm, "fastopic": fastopic, "etm": etm}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("labels")
    parser.add_argument("--only", nargs="*", choices=MODELS, default=list(MODELS))
    parser.add_argument("--which", choices=["both", "published", "ours"], default="both")
    parser.add_argument("-k", type=int, default=25)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    labels = read_labels(options.labels)
    gold = np.array(labels.gold(), str)
    x, logits = (torch.tensor(np.array(a), dtype=torch.float32) for a in (labels.hidden, labels.logits))
    for name in options.only:
        for which in ("published", "ours") if options.which == "both" else (options.which,):
            scores: list[tuple[float, float]] = []
            start = time.perf_counter()
            for seed in range(options.seeds):
                if which == "ours":
                    from dsltm.assigning.documents import theta_of

                    config = TrainConfig(topics=options.k, model=name, preset="paper", seed=seed)  # type: ignore[arg-type]
                    chosen = theta_of(train(labels, config), labels).argmax(1)
                else:
                    torch.manual_seed(seed)
                    chosen = MODELS[name](x, logits, options.k).argmax(1).numpy()
                scores.append((purity(chosen, gold), nmi(chosen, gold)))
                print(f"{name} {which} seed {seed}: {scores[-1][0]:.3f} {scores[-1][1]:.3f}", flush=True)
            means = [statistics.mean(values) for values in zip(*scores, strict=True)]
            took = (time.perf_counter() - start) / options.seeds
            print(f"{name} {which}: purity {means[0]:.3f}, NMI {means[1]:.3f}, {took:.0f} s", flush=True)


if __name__ == "__main__":
    main()
