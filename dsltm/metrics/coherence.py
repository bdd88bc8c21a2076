"""How well a topic's words go together, judged by where they occur in a reference corpus.

Every measure is a function of one topic's counts: `joint` [n, n], the windows that hold words i and j (i
alone on the diagonal), words in the topic's order, and `total`, the number of windows. P(i) = joint[i, i] /
total, P(i, j) = joint[i, j] / total. The values are those of gensim's `CoherenceModel` (4.4) on the same
tokens.

Where gensim divides by zero, drops words or gives NaN, these rules hold:

- A word that the reference lacks says nothing about any other: the two are taken as independent. PMI and
  NPMI of such a pair are 0, the conditional log-probability of UMass is the marginal one, and in C_V the
  word's vector is zero, with cosine 0. The word stays in the topic and costs it; `unseen_words` counts such
  words.
- A topic of fewer than two different words has no coherence: its value is NaN, and the mean is over the
  others. `short_topics` counts them.
- Repeated words of a topic count once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsltm.errors import DsltmError
from dsltm.metrics.cooccurrence import DOCUMENT, Integers, WindowCounts

Floats = NDArray[np.float64]

EPSILON = 1e-12
"""Added to joint probabilities under a logarithm (Röder et al. 2015, and gensim)."""


def c_v(joint: Integers, total: int) -> float:
    """C_V, in [-1, 1] and mostly [0, 1]: mean cosine of each word's NPMI vector with the sum of all of them.

    Segmentation S^one_set, indirect cosine of NPMI vectors, arithmetic mean, γ = 1, over windows of 110
    tokens. Words that never meet have like vectors too, so that C_V of random rare words is high: read it
    beside NPMI. Röder, Both and Hinneburg 2015, "Exploring the space of topic coherence measures".
    """
    vectors = _npmi(joint, total)
    whole = vectors.sum(axis=0)
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(whole)
    cosines = np.divide(vectors @ whole, lengths, out=np.zeros(len(joint)), where=lengths > 0)
    return float(cosines.mean())


def npmi(joint: Integers, total: int) -> float:
    """Normalised pointwise mutual information, in [-1, 1].

    Mean over pairs of log((P(i,j) + ε) / P(i)P(j)) / -log(P(i,j) + ε), over windows of 10 tokens
    (gensim's c_npmi) or over documents. A pair that is in every window has, as in gensim, -1. Bouma 2009;
    Aletras and Stevenson 2013.
    """
    return _mean_of_pairs(_npmi(joint, total))


def c_uci(joint: Integers, total: int) -> float:
    """Pointwise mutual information in nats, about -20 to 10.

    Mean over pairs of log((P(i,j) + ε) / P(i)P(j)), over windows of 10 tokens. Newman et al. 2010,
    "Automatic evaluation of topic coherence".
    """
    return _mean_of_pairs(_pmi(joint, total))


def umass(joint: Integers, total: int) -> float:
    """UMass, about -28 to 0: mean over pairs of log((P(i,j) + ε) / P(j)), j standing before i in the topic.

    It is counted over documents. A pair that never meets gets gensim's ε = 1e-12, where Mimno et al. 2011,
    "Optimizing semantic coherence in topic models", add one document; so its value is far lower than theirs.
    """
    together = joint / total + EPSILON
    alone = np.diag(joint) / total
    seen = alone > 0
    conditional = np.where(seen, together / np.where(seen, alone, 1.0), alone[:, None] + EPSILON)
    return float(np.log(conditional[np.tril_indices(len(joint), -1)]).mean())


def _pmi(joint: Integers, total: int) -> Floats:
    """log((P(i,j) + ε) / P(i)P(j)) for all pairs, 0 where a word never occurs."""
    product = np.outer(np.diag(joint) / total, np.diag(joint) / total)
    ratio = np.divide(joint / total + EPSILON, product, out=np.ones(joint.shape), where=product > 0)
    return np.log(ratio)


def _npmi(joint: Integers, total: int) -> Floats:
    return _pmi(joint, total) / -np.log(joint / total + EPSILON)


def _mean_of_pairs(matrix: Floats) -> float:
    """The mean over all pairs of different words, from a symmetric matrix."""
    return float(matrix[np.tril_indices(len(matrix), -1)].mean())


@dataclass(frozen=True, slots=True)
class Measure:
    """A coherence measure: in which windows words are counted, and what is made of the counts."""

    window: int
    score: Callable[[Integers, int], float]


COHERENCE: dict[str, Measure] = {
    "c_v": Measure(110, c_v),
    "npmi": Measure(10, npmi),
    "npmi_doc": Measure(DOCUMENT, npmi),
    "umass": Measure(DOCUMENT, umass),
    "c_uci": Measure(10, c_uci),
}


@dataclass(frozen=True, slots=True)
class Coherence:
    """The coherence of a model's topics.

    Attributes:
        per_topic: by measure, one value a topic, NaN for a topic of fewer than two different words.
        unseen_words: how many different words of the topics the reference lacks.
        short_topics: how many topics have no value.
    """

    per_topic: dict[str, list[float]]
    unseen_words: int
    short_topics: int

    def means(self) -> dict[str, float]:
        """The mean over the topics that have a value; a measure without any is left out."""
        values = {name: [v for v in each if not np.isnan(v)] for name, each in self.per_topic.items()}
        return {name: float(np.mean(each)) for name, each in values.items() if each}


def coherence(
    topics: Sequence[Sequence[str]], counts: Mapping[int, WindowCounts], measures: Mapping[str, Measure]
) -> Coherence:
    """Score topics by counts that were made for them.

    Args:
        topics: the words of each topic, all different within a topic (`diversity.top_words`).
        counts: `count_windows(...)` of these topics, by window.
        measures: which measures, such as `COHERENCE`; their windows must be among the counts.

    Raises:
        DsltmError: nothing was counted.
    """
    if any(count.total == 0 for count in counts.values()):
        raise DsltmError("coherence needs a reference with at least one document")
    per_topic = {
        name: [_score(measure, joint, counts[measure.window].total) for joint in counts[measure.window].joint]
        for name, measure in measures.items()
    }
    any_counts = next(iter(counts.values()))
    unseen = {
        word
        for topic, joint in zip(topics, any_counts.joint, strict=True)
        for word, count in zip(topic, np.diag(joint), strict=True)
        if not count
    }
    return Coherence(per_topic, len(unseen), sum(len(topic) < 2 for topic in topics))


def _score(measure: Measure, joint: Integers, total: int) -> float:
    return measure.score(joint, total) if len(joint) > 1 else float("nan")
