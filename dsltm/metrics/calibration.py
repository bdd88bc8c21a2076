"""Does a first topic of probability .8 hold 80 % of the time?

A document's first topic is taken to be right where the document is of that topic's majority class, the class
that most of the topic's documents have. Documents whose first topics are about as probable form a bin, and
in a calibrated model the share that is right in a bin is the mean probability there.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsltm.errors import DsltmError
from dsltm.metrics.clustering import Labelling, contingency
from dsltm.metrics.evidence import Evidence, Scores
from dsltm.metrics.subject import NO_TOPIC

BINS = 10
"""The usual number for reliability diagrams (Niculescu-Mizil and Caruana 2005)."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The documents whose first topic has a probability in (low, high].

    Attributes:
        low, high: bounds of the probability; the first bin includes 0.
        documents: how many there are, at least one.
        p: their first topics' mean probability.
        right: the share of them that is of the topic's majority class.
    """

    low: float
    high: float
    documents: int
    p: float
    right: float


def calibration(evidence: Evidence) -> Scores:
    """`ece_topic` over the documents with a class, a topic and theta; its bins too, where they are wanted."""
    subject, scored, scores = evidence.subject, evidence.scored(), Scores()
    if scored is None or subject.clusters is None or subject.theta is None:
        return scores
    documents, classes = scored
    assigned = subject.clusters[documents] != NO_TOPIC
    documents, classes = documents[assigned], classes[assigned]
    if not len(documents):
        return scores
    theta = subject.theta[documents]
    p = theta.max(axis=1) / theta.sum(axis=1, dtype=np.float64)
    bins = reliability(p, is_majority(subject.clusters[documents], classes))
    scores.values["ece_topic"] = expected_calibration_error(bins)
    if evidence.options.reliability:
        scores.reliability.extend(asdict(each) for each in bins)
    return scores


def is_majority(clusters: Labelling, classes: Labelling) -> NDArray[np.bool_]:
    """[N] whether a document is of its cluster's most frequent class, the first of these at a tie."""
    majority = contingency(clusters, classes).argmax(axis=1)
    cluster, code = (np.unique(np.asarray(each), return_inverse=True)[1] for each in (clusters, classes))
    right: NDArray[np.bool_] = majority[cluster] == code
    return right


def reliability(p: NDArray[np.floating[Any]], right: NDArray[np.bool_], bins: int = BINS) -> list[Bin]:
    """The bins of equal width that hold any document, in rising order.

    Args:
        p: [N] probability of each document's first topic, in [0, 1].
        right: [N] whether that topic is right.

    Raises:
        DsltmError: a probability outside [0, 1], or not a number.
    """
    if not ((p >= 0) & (p <= 1 + 1e-6)).all():  # rows of float32 sum to one only up to rounding
        raise DsltmError("the probability of a document's topic does not lie between 0 and 1")
    edges = np.linspace(0, 1, bins + 1)
    number = np.clip(np.searchsorted(edges, p, side="left") - 1, 0, bins - 1)
    return [
        Bin(
            float(edges[i]),
            float(edges[i + 1]),
            int((number == i).sum()),
            float(p[number == i].mean()),
            float(right[number == i].mean()),
        )
        for i in np.unique(number)
    ]


def expected_calibration_error(bins: list[Bin]) -> float:
    """Σ_b n_b / N · |right_b - p_b|, in [0, 1]: 0 where every bin's share is its mean probability.

    Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning"; Guo
    et al. 2017, "On calibration of modern neural networks".
    """
    documents = sum(each.documents for each in bins)
    return sum(each.documents * abs(each.right - each.p) for each in bins) / documents
