"""How well the topics agree with gold classes, each document assigned to its most probable topic.

Every function takes two equally long sequences, integers or strings: the cluster and the class of each
document. Every document given counts, also one whose text was empty: leaving such documents out would
flatter a model that cannot place them. What topics and classes are called does not matter, nor the order of
anything.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsltm.errors import DsltmError
from dsltm.metrics.evidence import Evidence, Scores

Labelling = Sequence[int] | Sequence[str] | NDArray[Any]


def contingency(clusters: Labelling, classes: Labelling) -> NDArray[np.int64]:
    """Counts [clusters, classes] of the documents of each cluster that are of each class.

    Raises:
        DsltmError: if the two differ in length or are empty.
    """
    first, second = _pair(clusters, classes)
    rows, columns = int(first.max()) + 1, int(second.max()) + 1
    return np.bincount(first * columns + second, minlength=rows * columns).reshape(rows, columns)


def purity(clusters: Labelling, classes: Labelling) -> float:
    """Share of documents in their cluster's majority class, 1/N · Σ_k max_j |c_k ∩ l_j|, in (0, 1].

    Reaches 1 trivially where every document is its own cluster: read it beside K and `inverse_purity`.
    Zhao and Karypis 2001, "Criterion functions for document clustering".
    """
    table = contingency(clusters, classes)
    return float(table.max(axis=1).sum() / table.sum())


def inverse_purity(clusters: Labelling, classes: Labelling) -> float:
    """Share of documents in their class's majority cluster, 1/N · Σ_j max_k |c_k ∩ l_j|, in (0, 1].

    Amigó et al. 2009, "A comparison of extrinsic clustering evaluation metrics".
    """
    return purity(classes, clusters)


def harmonic_purity(clusters: Labelling, classes: Labelling) -> float:
    """Harmonic mean 2·P·I / (P + I) of `purity` and `inverse_purity`, in (0, 1].

    The mean of the two totals, as the DSL paper has it, not Amigó's class-weighted F that TopicGPT calls P₁.
    """
    table = contingency(clusters, classes)
    best = int(table.max(axis=1).sum()), int(table.max(axis=0).sum())
    return float(2 * best[0] * best[1] / (best[0] + best[1]) / table.sum())


def nmi(clusters: Labelling, classes: Labelling) -> float:
    """Normalised mutual information 2·I(C;L) / (H(C) + H(L)), in [0, 1].

    scikit-learn's `normalized_mutual_info_score` (arithmetic mean): 1 where both have one group only, 0
    where just one of them has.
    """
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(*_pair(classes, clusters)))


def ami(clusters: Labelling, classes: Labelling) -> float:
    """Mutual information adjusted for chance, at most 1, about 0 for a random clustering.

    Vinh, Epps and Bailey 2010; scikit-learn's `adjusted_mutual_info_score`.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(*_pair(classes, clusters)))


def ari(clusters: Labelling, classes: Labelling) -> float:
    """Rand index adjusted for chance, in [-0.5, 1], about 0 for a random clustering.

    Hubert and Arabie 1985; scikit-learn's `adjusted_rand_score`.
    """
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(*_pair(classes, clusters)))


def homogeneity(clusters: Labelling, classes: Labelling) -> float:
    """1 - H(L|C) / H(L), in [0, 1]: 1 where each cluster holds one class, also if there is only one.

    Rosenberg and Hirschberg 2007, "V-measure"; scikit-learn's `homogeneity_score`.
    """
    from sklearn.metrics import homogeneity_score

    return float(homogeneity_score(*_pair(classes, clusters)))


def completeness(clusters: Labelling, classes: Labelling) -> float:
    """1 - H(C|L) / H(C), in [0, 1]: 1 where each class lies in one cluster, also if there is only one.

    Rosenberg and Hirschberg 2007, "V-measure"; scikit-learn's `completeness_score`.
    """
    return homogeneity(classes, clusters)


ASSIGNMENT: dict[str, Callable[[Labelling, Labelling], float]] = {
    "purity": purity,
    "inverse_purity": inverse_purity,
    "harmonic_purity": harmonic_purity,
    "nmi": nmi,
    "ami": ami,
    "ari": ari,
    "homogeneity": homogeneity,
    "completeness": completeness,
}


def agreement(evidence: Evidence) -> Scores:
    """All of `ASSIGNMENT`, over the documents that have a class."""
    scores, scored, clusters = Scores(), evidence.scored(), evidence.subject.clusters
    if scored is not None and clusters is not None:
        documents, classes = scored
        scores.values.update(gold_documents=len(documents), classes=len(np.unique(classes)))
        scores.values.update(
            {name: metric(clusters[documents], classes) for name, metric in ASSIGNMENT.items()}
        )
    return scores


def _pair(first: Labelling, second: Labelling) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both labellings as codes 0, 1, …, so that no metric depends on what a class is called."""
    if len(first) != len(second):
        raise DsltmError(
            f"{len(first)} assignments cannot be compared with {len(second)} gold labels: one each is needed"
        )
    if not len(first):
        raise DsltmError("no document has a gold label, so its topic cannot be scored")
    codes = [
        np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64) for labels in (first, second)
    ]
    return codes[0], codes[1]
