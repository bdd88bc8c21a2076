"""What the decoder learns to write: soft labels, and soft labels mixed with the words of documents."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from dsltm.training.targets import mixed_targets

RNG = np.random.default_rng(5)
DOCUMENTS, WORDS = 30, 12
LOGITS = RNG.normal(0, 2, (DOCUMENTS, WORDS)).astype(np.float16)
COUNTS = RNG.poisson(0.6, (DOCUMENTS, WORDS)).astype(np.int32)
NEIGHBOURS = np.stack([RNG.permutation(np.delete(np.arange(25), i))[:4] for i in range(25)]).astype(np.int32)
OWN = np.arange(WORDS) % 3 > 0


def reference(rows: np.ndarray, neighbours: np.ndarray | None, temperature: float) -> np.ndarray:
    """y ∝ u exp(clip(ℓ - c) / τ), document by document in float64."""
    has = (COUNTS[rows] > 0).astype(np.float64)
    background = has.sum(0) + 1
    background /= background.sum()
    logits = LOGITS[rows].astype(np.float64)
    centre = logits.mean(0)
    around = has
    if neighbours is not None:
        groups = [np.array([i, *neighbours[i]]) for i in range(len(rows))]
        around = np.stack([has[g].mean(0) for g in groups])
        around = np.stack([around[g].mean(0) for g in groups])
        logits = np.stack([logits[g].mean(0) for g in groups])
    total = np.maximum(around.sum(1, keepdims=True), 1e-300)
    use = 0.95 * np.where(around.sum(1, keepdims=True) > 0, around / total, 0) + 0.05 * background
    y = use * np.exp(np.where(OWN, (logits - centre).clip(-1, 2), 0) / temperature)
    return np.asarray(y / y.sum(1, keepdims=True))


@pytest.mark.parametrize("near", [False, True])
def test_mixed_targets_are_those_of_a_plain_loop(near: bool) -> None:
    rows = np.arange(2, 27)
    neighbours = NEIGHBOURS if near else None
    y, entropy = mixed_targets(
        LOGITS,
        csr_array(COUNTS),
        rows,
        2.0,
        own_logit=OWN,
        centre=LOGITS[rows].astype(np.float64).mean(0).astype(np.float32),
        neighbours=neighbours,
    )
    expected = reference(rows, neighbours, 2.0)
    np.testing.assert_allclose(y.astype(np.float64), expected, rtol=4e-3, atol=1e-6)
    np.testing.assert_allclose(entropy, -(expected * np.log(expected)).sum(1), rtol=1e-3)


def test_a_document_without_known_words_has_those_of_the_corpus() -> None:
    counts = COUNTS.copy()
    counts[0] = 0
    y, _ = mixed_targets(np.zeros_like(LOGITS), csr_array(counts), np.arange(DOCUMENTS), 2.0, own_logit=OWN)
    frequency = (counts > 0).sum(0) + 1
    np.testing.assert_allclose(y[0].astype(float), frequency / frequency.sum(), rtol=2e-3)


def test_a_word_that_the_teacher_cannot_say_stands_by_its_use() -> None:
    """Its logit is that of another word's beginning, and must make no difference."""
    other = LOGITS.copy()
    other[:, ~OWN] += RNG.normal(0, 3, (DOCUMENTS, int((~OWN).sum()))).astype(np.float16)
    rows, counts = np.arange(DOCUMENTS), csr_array(COUNTS)
    one, _ = mixed_targets(LOGITS, counts, rows, 2.0, own_logit=OWN)
    two, _ = mixed_targets(other, counts, rows, 2.0, own_logit=OWN)
    np.testing.assert_array_equal(one, two)
