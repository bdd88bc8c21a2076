"""Where documents lie on the map: two dimensions from topic proportions and document vectors."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

import numpy as np

from dsltm import console

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.report.config import Layout

    Floats = NDArray[np.float64]

NAMES = {"tsne": "t-SNE", "pca": "PCA"}
# More documents than these take scikit-learn's t-SNE minutes, which a message says; estimated, not measured.
_SLOW = 5000
# So many principal components are kept, in which neighbours are looked for; chosen, not measured.
_PLACES = 30
# The weight of topic proportions, where document vectors have 1; chosen, not measured.
_THETA = 2.0
# The default of openTSNE and of scikit-learn.
_PERPLEXITY = 30.0


def choose(layout: Layout) -> Literal["tsne", "pca"]:
    """The layout to use. `auto` is t-SNE, because PCA draws documents of different topics over each other."""
    return "tsne" if layout == "auto" else layout


def place(
    theta: NDArray[np.float32], hidden: NDArray[np.float16], layout: Literal["tsne", "pca"], seed: int = 0
) -> Floats:
    """Lay documents out so that similar ones are near each other.

    Args:
        theta: [N, K] topic proportions.
        hidden: [N, H] document vectors.
        layout: how; t-SNE by openTSNE where that is installed, otherwise by scikit-learn.
        seed: the same seed gives the same map.

    Returns:
        [N, 2] between 0 and 1, equal units on both axes.
    """
    if len(theta) < 3:
        return np.full((len(theta), 2), 0.5) + np.arange(len(theta))[:, None] * [0.1, 0.0]
    features = _features(theta, hidden, seed)
    places = features[:, :2] if layout == "pca" else _tsne(features, seed)
    return _unit_square(places)


def _features(theta: NDArray[np.float32], hidden: NDArray[np.float16], seed: int) -> Floats:
    """Principal components [N, P] of √θ and the vectors side by side, each scaled to unit total variance."""
    from sklearn.decomposition import PCA

    root = np.sqrt(theta.astype(np.float32))
    vectors = hidden.astype(np.float32)
    vectors -= vectors.mean(axis=0)
    deviation = vectors.std(axis=0)
    vectors /= np.where(deviation > 0, deviation, 1)
    both = np.hstack([_THETA * _of_unit_variance(root), _of_unit_variance(vectors)])
    parts = min(_PLACES, both.shape[1], len(both) - 1)
    return np.asarray(PCA(parts, svd_solver="randomized", random_state=seed).fit_transform(both), np.float64)


def _of_unit_variance(block: NDArray[np.float32]) -> NDArray[np.float32]:
    block = block - block.mean(axis=0)
    total = float(np.sqrt(block.var(axis=0).sum()))
    return block / total if total > 0 else block


def _tsne(features: Floats, seed: int) -> Floats:
    """t-SNE from the principal components as its start, so that the map's large parts mean something.

    Kobak and Berens 2019, "The art of using t-SNE for single-cell transcriptomics", recommend that start, of
    standard deviation 1e-4. scikit-learn's t-SNE is several times slower, and used where openTSNE is not
    installed, because not every machine has a wheel of it.
    """
    start = features[:, :2] / (features[:, 0].std() or 1.0) * 1e-4
    perplexity = min(_PERPLEXITY, (len(features) - 1) / 3)
    if find_spec("openTSNE"):
        from openTSNE import TSNE

        fast = TSNE(
            perplexity=perplexity, initialization=start, random_state=seed, n_jobs=1, neighbors="annoy"
        )
        return np.asarray(fast.fit(features), np.float64)
    from sklearn import manifold

    if len(features) > _SLOW:
        console.info("openTSNE is not installed: laying out the map takes minutes")
    slow = manifold.TSNE(perplexity=perplexity, init=start.astype(np.float32), random_state=seed)
    return np.asarray(slow.fit_transform(features.astype(np.float32)), np.float64)


def _unit_square(places: Floats) -> Floats:
    """Places shifted and scaled to [0, 1].

    The outermost 0.2% on each side are moved to the edge, because they would make the rest of the map small.
    """
    # The quantiles, and the margin of 6% below, are chosen, not measured.
    low, high = np.quantile(places, [0.002, 0.998], axis=0)
    middle, span = (low + high) / 2, float((high - low).max()) or 1.0
    within: Floats = np.clip((places - middle) / (span * 1.06) + 0.5, 0, 1)
    return within
