"""What can be chosen about attending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsltm.option import option

Answer = Literal["attention", "numbers", "mixture"]


@dataclass(frozen=True)
class AttendConfig:
    """How attention becomes topics.

    How many heads was chosen on 220 entries of FOLDOC (tests/bench/README.md, "Written topics").

    Attributes:
        heads: (layer, head) pairs; None chooses them without labels.
        layers: only heads of these layers, None for all.
        choosing: how many documents the heads are chosen on; chosen, not measured.
        temperature: T of θ = softmax(score / T), scores having deviation one; chosen, not measured.
        penalty: weight of the squares of the linear map that replaces attention in the model; chosen, not
            measured.
    """

    answer: Answer = option(
        "attention", "What is read: attention on the topics, their numbers' probability, or both."
    )
    heads: tuple[tuple[int, int], ...] | None = None
    layers: tuple[int, ...] | None = None
    most: int = option(24, "With auto: at most N.", "--most-heads", metavar="N", min=1)
    orders: int = option(2, "Orders of the topics, averaged.", metavar="N", min=1)
    calibrate: Literal["corpus", "empty"] = option(
        "corpus", "What a topic draws anyway is measured on documents, or on ones without content."
    )
    sample: int = option(
        5000, "Documents that are read by attention, evenly spread; 0: all.", metavar="N", min=0
    )
    choosing: int = 400
    temperature: float = option(0.3, "Lower makes each document's first topic more certain.", min=0.01)
    penalty: float = 1e-3
    max_tokens: int = option(2048, "Longest prompt, topics and document included.", metavar="N", min=64)
    seed: int = option(0, "Seed of the orders.", min=0)
