"""How much the topics repeat each other: functions of their top words alone.

A topic is its words, most probable first. Only the first `topn` count, and a word that a topic repeats
counts once, at its first rank. With fewer than two topics nothing can be shared: the most diverse value is
returned.
"""

from collections.abc import Sequence
from itertools import combinations

from dsltm.errors import DsltmError
from dsltm.metrics.config import TOP_WORDS
from dsltm.metrics.evidence import Evidence, Scores

PERSISTENCE = 0.9
"""p of rank-biased overlap, as in the DSL paper and in OCTIS: the first ten ranks have 86 % of the weight."""

Topics = Sequence[Sequence[str]]


def top_words(topic: Sequence[str], topn: int = TOP_WORDS) -> list[str]:
    """The first `topn` different words of a topic, in their order."""
    return list(dict.fromkeys(topic))[:topn]


def topic_diversity(topics: Topics, topn: int = TOP_WORDS) -> float:
    """Share of different words among all top words, |∪ W_k| / Σ |W_k|, in (0, 1]: 1 where none comes twice.

    With topics of full length this is unique words / (K · topn), as in Dieng, Ruiz and Blei 2020, "Topic
    modeling in embedding spaces"; a shorter topic is held to the words it has. A word repeated within one
    topic lowers the value too: here alone repeats stay in the first `topn`.

    Raises:
        DsltmError: if there is no topic, or no topic has a word.
    """
    listed = sum(min(len(topic), topn) for topic in topics)
    if not listed:
        raise DsltmError("topic diversity needs at least one topic with a word")
    return len({word for topic in topics for word in topic[:topn]}) / listed


def rbo(first: Sequence[str], second: Sequence[str], p: float = PERSISTENCE) -> float:
    """Extrapolated rank-biased overlap of two rankings, in [0, 1]: 1 if equal, 0 where they share no word.

    RBO_EXT, equation 32 of Webber et al. 2010, "A similarity measure for indefinite rankings", with
    X_d the overlap of the prefixes of depth d, s and l the lengths of the shorter and the longer ranking:

        (1-p)/p · ( Σ_{d=1..l} X_d/d · p^d + Σ_{d=s+1..l} X_s·(d-s)/(s·d) · p^d )
        + ( (X_l - X_s)/l + X_s/s ) · p^l

    It is the variant that OCTIS and contextualized-topic-models average in their inverted RBO.

    Raises:
        DsltmError: if p is not strictly between 0 and 1.
    """
    if not 0 < p < 1:
        raise DsltmError(f"the persistence of RBO must lie between 0 and 1, not {p}")
    shorter, longer = sorted((list(dict.fromkeys(first)), list(dict.fromkeys(second))), key=len)
    if not shorter:
        return 1.0 if not longer else 0.0
    if set(shorter).isdisjoint(longer):
        return 0.0
    s, length = len(shorter), len(longer)
    seen_short: set[str] = set()
    seen_long: set[str] = set()
    overlap, overlap_at_s, total = 0, 0, 0.0
    for depth, word in enumerate(longer, start=1):
        seen_long.add(word)
        overlap += word in seen_short
        if depth <= s:
            seen_short.add(shorter[depth - 1])
            overlap += shorter[depth - 1] in seen_long
            overlap_at_s = overlap
            agreement = overlap / depth
        else:
            agreement = (overlap + overlap_at_s * (depth - s) / s) / depth
        total += agreement * p**depth
    return (1 - p) / p * total + ((overlap - overlap_at_s) / length + overlap_at_s / s) * p**length


def i_rbo(topics: Topics, topn: int = TOP_WORDS) -> float:
    """1 minus the mean `rbo` over all pairs of topics, in [0, 1]: 1 if no two share a word, 0 if all agree.

    Bianchi, Terragni and Hovy 2021, "Pre-training is a hot topic".
    """
    tops = [top_words(topic, topn) for topic in topics]
    values = [rbo(first, second) for first, second in combinations(tops, 2)]
    return 1.0 - sum(values) / len(values) if values else 1.0


def jaccard(topics: Topics, topn: int = TOP_WORDS) -> float:
    """Mean Jaccard similarity |A∩B| / |A∪B| over all pairs of topics, in [0, 1]: lower is more diverse.

    `PairwiseJaccardSimilarity` in OCTIS (Terragni et al. 2021). Two topics without words count as equal.
    """
    sets = [set(top_words(topic, topn)) for topic in topics]
    values = [len(a & b) / len(a | b) if a | b else 1.0 for a, b in combinations(sets, 2)]
    return sum(values) / len(values) if values else 0.0


def diversity(evidence: Evidence) -> Scores:
    """All measures of this file."""
    topics, topn = evidence.subject.topics, evidence.options.topn
    if topics is None:
        return Scores()
    return Scores(
        {
            "topic_diversity": topic_diversity(topics, topn),
            "i_rbo": i_rbo(topics, topn),
            "jaccard": jaccard(topics, topn),
        }
    )
