"""Do documents of one class find each other? Precision of nearest-neighbour retrieval.

Every document with a gold label is a query, for which all others are ranked; equally near ones in their order
in the corpus. Copies of one text find each other whatever the topics are worth, so that precision is measured
among different texts too, each of them there once. Scores are made in blocks and only the best few of each
row are kept: memory grows with the documents, not with their square.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsltm.errors import DsltmError
from dsltm.formats.copies import copies
from dsltm.formats.stacked import Rows
from dsltm.metrics.clustering import Labelling
from dsltm.metrics.evidence import Evidence, Scores
from dsltm.metrics.subject import check_theta

DEPTHS = (1, 5, 10)
"""As in the DSL paper's tables."""

MAX_QUERIES = 20_000
"""With so many queries the standard error of a share is at most .0036, the root of ¼ / 20,000."""

_EPSILON = 1e-12  # as in the DSL paper's published code
# Sizes that keep the work in a processor's cache; they change no result.
_KEYS = 1 << 15  # documents ranked at a time
_SCORES = 1 << 21  # scores held at a time
_GROUP = 64  # neighbouring columns that are first compared by their maximum

Matrix = NDArray[np.floating[Any]]


def retrieval(evidence: Evidence) -> Scores:
    """Precision by topics, among all documents and among different texts, and by vectors where wanted."""
    scores, scored, theta = Scores(), evidence.scored(), evidence.subject.theta
    if scored is None:
        return scores
    documents, classes = scored
    if theta is not None:
        if len(documents) < len(theta):
            theta = theta[documents]
        if len(documents) > MAX_QUERIES:
            scores.values["query_documents"] = MAX_QUERIES
        by_topics = precision_by_topics(theta, classes)
        scores.values.update({f"precision_at_{depth}": value for depth, value in by_topics.items()})
        if evidence.labels is not None and evidence.rows is not None:
            first, _ = copies(evidence.labels, evidence.rows[documents])
            scores.values["distinct_documents"] = len(first)
            if len(first) < len(documents):
                by_topics = precision_by_topics(theta[first], classes[first])
            scores.values.update({f"precision_at_{depth}_distinct": p for depth, p in by_topics.items()})
    if evidence.options.vectors and evidence.labels is not None and evidence.own:
        hidden = evidence.labels.hidden
        if len(documents) < len(hidden):
            hidden = hidden[documents]
        by_vectors = precision_by_vectors(hidden, classes)
        scores.values.update({f"vector_precision_at_{depth}": value for depth, value in by_vectors.items()})
    return scores


def precision_by_topics(
    theta: Matrix, classes: Labelling, depths: Sequence[int] = DEPTHS, max_queries: int = MAX_QUERIES
) -> dict[int, float]:
    """Mean share of the query's class among its k nearest documents, by KL(θ_query ‖ θ_document).

    Σ_k θ_qk · (log θ_qk - log(θ_dk + 1e-12)), as the DSL paper ranks; its first term is the same for all
    documents of a query, so that the ranking is one matrix product.

    Args:
        theta: [N, K] topic proportions, not negative; rows are normalised.
        classes: [N] gold classes.
        depths: the values of k.
        max_queries: beyond so many documents the mean is over a fixed random sample of them as queries, each
            ranking all documents.

    Returns:
        Precision by k, in [0, 1], without those k for which there are not k other documents.

    Raises:
        DsltmError: theta is no matrix of topic proportions, or does not fit the classes.
    """
    check_theta(theta)
    sums = theta.sum(axis=1, dtype=np.float64)
    if (theta < 0).any() or not (sums > 0).all():
        raise DsltmError("topic proportions must not be negative, and not all zero for a document")

    def queries(rows: NDArray[np.int64]) -> Matrix:
        shares: Matrix = theta[rows] / sums[rows, None]
        return shares

    def keys(block: slice) -> Matrix:
        logs: Matrix = np.log(theta[block] / sums[block, None] + _EPSILON)
        return logs

    return _precision(queries, keys, classes, len(theta), depths, max_queries)


def precision_by_vectors(
    vectors: Rows, classes: Labelling, depths: Sequence[int] = DEPTHS, max_queries: int = MAX_QUERIES
) -> dict[int, float]:
    """The same by the cosine of document vectors, which is what topics of these vectors can hope to reach.

    Args:
        vectors: [N, H], of any floating type, memory-mapped or not; a zero vector is at cosine 0.
        classes, depths, max_queries: as in `precision_by_topics`.

    Raises:
        DsltmError: the vectors are not finite or do not fit the classes.
    """

    def unit(rows: NDArray[np.int64] | slice) -> Matrix:
        block = np.asarray(vectors[rows], dtype=np.float32)
        length = np.linalg.norm(block, axis=1, keepdims=True)
        if not np.isfinite(length).all():
            raise DsltmError("the document vectors are not all finite numbers")
        directions: Matrix = np.divide(block, length, out=np.zeros_like(block), where=length > 0)
        return directions

    return _precision(unit, unit, classes, len(vectors), depths, max_queries)


def _precision(
    queries: Callable[[NDArray[np.int64]], Matrix],
    keys: Callable[[slice], Matrix],
    classes: Labelling,
    documents: int,
    depths: Sequence[int],
    max_queries: int,
) -> dict[int, float]:
    if documents != len(classes):
        raise DsltmError(f"{documents} documents cannot be scored with {len(classes)} gold labels")
    depths = [depth for depth in depths if 0 < depth < documents]
    if not depths:
        return {}
    codes = np.unique(np.asarray(classes), return_inverse=True)[1]
    rows = np.arange(documents)
    if documents > max_queries:
        rows = np.sort(np.random.default_rng(0).choice(documents, max_queries, replace=False))
    nearest = _nearest(queries(rows), rows, keys, documents, max(depths))
    hits = codes[nearest] == codes[rows, None]
    return {depth: float(hits[:, :depth].mean()) for depth in depths}


def _nearest(
    queries: Matrix, rows: NDArray[np.int64], keys: Callable[[slice], Matrix], documents: int, depth: int
) -> NDArray[np.int64]:
    """The `depth` documents of the greatest inner product with each query, [queries, depth], best first."""
    best = np.full((len(rows), depth), -np.inf, dtype=queries.dtype)
    nearest = np.zeros((len(rows), depth), dtype=np.int64)
    for first in range(0, documents, _KEYS):
        block = keys(slice(first, min(first + _KEYS, documents)))
        width = -(-len(block) // _GROUP) * _GROUP
        step = max(1, _SCORES // width)
        scores = np.full((step, width), -np.inf, dtype=np.result_type(queries, block))
        for start in range(0, len(rows), step):
            part = slice(start, min(start + step, len(rows)))
            mine = scores[: part.stop - part.start]
            np.matmul(queries[part], block.T, out=mine[:, : len(block)])
            own = np.flatnonzero((rows[part] >= first) & (rows[part] < first + len(block)))
            mine[own, rows[part][own] - first] = -np.inf
            column = _best_columns(mine, depth)
            # The best of earlier blocks come first in the corpus, so they stand in front, where a stable sort
            # leaves them at a tie.
            values = np.concatenate([best[part], np.take_along_axis(mine, column, axis=1)], axis=1)
            indices = np.concatenate([nearest[part], column + first], axis=1)
            order = _best(values, depth)
            best[part] = np.take_along_axis(values, order, axis=1)
            nearest[part] = np.take_along_axis(indices, order, axis=1)
    return nearest


def _best_columns(scores: Matrix, depth: int) -> NDArray[np.int64]:
    """The columns of each row's `depth` greatest scores (fewer if there are fewer), greatest first.

    The best of a row lie in those groups of neighbouring columns whose maxima are best: only these are
    looked at.
    """
    rows, width = scores.shape
    maxima = scores.reshape(rows, width // _GROUP, _GROUP).max(axis=2)
    groups = np.sort(_best(maxima, depth), axis=1)
    columns = (groups[:, :, None] * _GROUP + np.arange(_GROUP)).reshape(rows, -1)
    order = _best(np.take_along_axis(scores, columns, axis=1), depth)
    return np.take_along_axis(columns, order, axis=1)


def _best(values: Matrix, depth: int) -> NDArray[np.int64]:
    """The first `depth` columns of a stable descending argsort, without sorting the others."""
    falling = -values
    if values.shape[1] <= depth:
        return np.argsort(falling, axis=1, kind="stable")
    chosen = np.sort(np.argpartition(falling, depth - 1, axis=1)[:, :depth], axis=1)
    picked = np.take_along_axis(falling, chosen, axis=1)
    best = np.take_along_axis(chosen, np.argsort(picked, axis=1, kind="stable"), axis=1)
    # Where more columns tie with the last value than were chosen, the partition may have chosen later ones.
    tied = np.flatnonzero((falling <= picked.max(axis=1, keepdims=True)).sum(axis=1) > depth)
    best[tied] = np.argsort(falling[tied], axis=1, kind="stable")[:, :depth]
    return best
