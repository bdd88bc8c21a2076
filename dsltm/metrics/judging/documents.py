"""Whether documents in which a topic is large fit what a judge makes out of its typical documents.

In the manner of ProxAnn (Hoyle et al. 2025, "ProxAnn: use-oriented evaluations of topic models and document
clustering"): a judge reads a topic's typical documents, says what they are about, and then how well other
documents fit that. A good topic's proportions put these documents in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.errors import DsltmError, UsageError
from dsltm.metrics.evidence import Scores
from dsltm.metrics.judging.asked import Asked, mean_of_known
from dsltm.metrics.judging.judge import FitTest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Corpus
    from dsltm.metrics.judging.judge import Floats

# Documents of each topic that its label is made out from (as in ProxAnn), with spare ones for copies; and
# those that are judged, half of them the topic's own. The last two were chosen, not measured.
_TYPICAL, _SPARE, _JUDGED = 5, 20, 8


def documents(asked: Asked) -> Scores:
    """Kendall's τ-b and NDCG of the judge's opinions and θ over the judged documents of each topic."""
    theta, ids = asked.subject.theta, asked.subject.ids
    if theta is None or ids is None:
        raise UsageError(
            "documents are judged by their topics' proportions",
            hint='a labels file, or --assignments with "id" and "theta"',
        )
    assert asked.corpus is not None
    tests, judged = _tests(asked.corpus, ids, np.asarray(theta, float))
    if not tests:
        return Scores()
    topics = sorted(tests)
    answers = np.stack(
        [
            np.concatenate(asked.judge.fits([_in_order(asked, tests[k], k, time) for k in topics]))
            for time in range(asked.repeats)
        ]
    )
    ends = np.cumsum([len(judged[topic]) for topic in topics])[:-1]
    tau, ndcg = np.full((2, theta.shape[1]), np.nan)
    for topic, opinions in zip(topics, np.split(mean_of_known(answers), ends), strict=True):
        tau[topic], ndcg[topic] = _order(opinions, np.asarray(theta[judged[topic], topic], float))
    scores = asked.scores("document_tau", tau)
    scores.add(asked.scores("document_ndcg", ndcg))
    scores.add(asked.agreement("document", answers, "interval"))
    return scores


def _tests(
    corpus: Corpus, ids: Sequence[str], theta: Floats
) -> tuple[dict[int, FitTest], dict[int, NDArray[np.int64]]]:
    """By topic its test, and the rows of the documents that are judged; none for a topic without any."""
    own = theta.argmax(1)
    chosen = [_chosen(theta[:, topic], own == topic) for topic in range(theta.shape[1])]
    texts = _texts(corpus, {ids[row] for pair in chosen for rows in pair for row in rows})
    tests, judged = {}, {}
    for topic, (typical, rows) in enumerate(chosen):
        first = [text for row in typical if (text := " ".join(texts[ids[row]].split()))]
        kept = [row for row in rows if texts[ids[row]].strip()]
        if first and kept:
            tests[topic] = FitTest(list(dict.fromkeys(first))[:_TYPICAL], [texts[ids[row]] for row in kept])
            judged[topic] = np.array(kept, np.int64)
    return tests, judged


def _chosen(share: Floats, own: NDArray[np.bool_]) -> tuple[Sequence[int], Sequence[int]]:
    """Rows of a topic's typical documents, and of those that are judged.

    Half of the judged ones are the topic's own, from everywhere in their order. The others are further down:
    each as many times further as the one before it, so that near misses are among them.
    """
    order = np.argsort(-share, kind="stable")
    mine = order[own[order]]
    typical, rest = mine[:_SPARE], order[~own[order]]
    left = mine[_TYPICAL:]
    inside = left[_spread(len(left), _JUDGED // 2)]
    steps = np.unique(np.geomspace(1, max(len(rest), 1), _JUDGED - len(inside)).astype(int)) - 1
    outside = rest[steps[steps < len(rest)]]
    used = set(inside.tolist())
    return [row for row in typical.tolist() if row not in used], [*inside.tolist(), *outside.tolist()]


def _spread(count: int, wanted: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(wanted, count)).astype(np.int64))


def _texts(corpus: Corpus, wanted: set[str]) -> dict[str, str]:
    """The texts of these documents, from one pass over the corpus."""
    texts = {document.id: document.text for document in corpus if document.id in wanted}
    missing = sorted(wanted - texts.keys())
    if missing:
        raise DsltmError(
            f"{corpus.name}: has no document {missing[0]!r}, which is to be judged",
            hint="the corpus that was distilled, with the same --id-field",
        )
    return texts


def _in_order(asked: Asked, test: FitTest, topic: int, time: int) -> FitTest:
    """The first time typical documents come in their order, afterwards in others."""
    if not time:
        return test
    order = asked.rng(5, topic, time).permutation(len(test.typical))
    return FitTest([test.typical[place] for place in order], test.documents)


def _order(opinions: Floats, share: Floats) -> tuple[float, float]:
    """Kendall's τ-b and NDCG, NaN where opinions are missing or all alike."""
    from scipy.stats import kendalltau
    from sklearn.metrics import ndcg_score

    known = ~np.isnan(opinions)
    opinions, share = opinions[known], share[known]
    if len(opinions) < 2 or np.ptp(opinions) == 0 or np.ptp(share) == 0:
        return float("nan"), float("nan")
    gains = opinions - opinions.min()
    return float(kendalltau(opinions, share).statistic), float(ndcg_score([gains], [share]))
