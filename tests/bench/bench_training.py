"""How long an epoch takes, and how far that is from what the machine could do.

    python tests/bench/bench_training.py [--model prodlda] [--documents 20000] [--words 2000] [--batch 64]

Random labels of the size of a real corpus: training time does not depend on what they say.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from dsltm.models import BACKBONES
from dsltm.training import TrainConfig
from dsltm.training.loop import Epoch, train

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted import plant


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="prodlda", choices=list(BACKBONES))
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--words", type=int, default=2_000)
    parser.add_argument("--hidden", type=int, default=576)
    parser.add_argument("--topics", type=int, default=50)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--preset", default="paper", choices=["paper", "best"])
    options = parser.parse_args()
    labels = plant(options.documents, 50, options.words, 20, options.hidden).labels
    config = TrainConfig(
        model=options.model,
        topics=options.topics,
        epochs=options.epochs,
        batch=options.batch,
        preset=options.preset,
    ).resolved()
    ends = [time.perf_counter()]

    def clock(epoch: Epoch) -> None:
        ends.append(time.perf_counter())

    train(labels, config, clock)
    seconds = np.diff(ends)
    per_epoch = float(np.median(seconds[1:]))
    steps = -(-options.documents // config.batch)
    print(f"{torch.get_num_threads()} threads; before the first epoch and in it {seconds[0]:.2f} s")
    print(
        f"epoch {per_epoch:.3f} s, {1e3 * per_epoch / steps:.2f} ms a step; "
        f"100 epochs {100 * per_epoch:.0f} s"
    )
    floor(options.documents, options.words, options.hidden, options.topics, config)


def floor(documents: int, words: int, hidden: int, topics: int, config: TrainConfig) -> None:
    """The time an epoch would take if nothing but memory, or nothing but arithmetic, had to be waited for."""
    assert config.batch
    units = config.units
    weights = hidden * units + units * units + 2 * units * topics + topics * words
    data = documents * (2 * words + 2 * hidden)  # float16 targets and hidden states, once
    state = -(-documents // config.batch) * weights * 28  # Adam reads four arrays and writes three, each step
    operations = 3 * 2 * documents * weights  # a product forward is two backward
    bandwidth, speed = memory_bandwidth(), product_speed()
    for name, moved in {"documents": data, "weights and Adam's state": state}.items():
        print(
            f"{name}: {moved / 1e6:.0f} MB at {bandwidth / 1e9:.1f} GB/s: {moved / bandwidth:.3f} s an epoch"
        )
    print(
        f"products: {operations / 1e9:.0f} GFLOP at {speed / 1e9:.0f} GFLOP/s: "
        f"{operations / speed:.3f} s an epoch"
    )


def memory_bandwidth() -> float:
    """Bytes a second that a sum over an array much larger than the cache reads."""
    array = torch.ones(1 << 28)
    array.sum()
    start = time.perf_counter()
    for _ in range(3):
        array.sum()
    return 3 * array.nbytes / (time.perf_counter() - start)


def product_speed() -> float:
    """Operations a second of a float32 product of the decoder's shape."""
    left, right = torch.ones(64, 200), torch.ones(200, 2000)
    for _ in range(20):
        left @ right
    start = time.perf_counter()
    for _ in range(500):
        left @ right
    return 500 * 2 * 64 * 200 * 2000 / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
