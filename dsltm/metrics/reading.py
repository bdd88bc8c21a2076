"""What it costs to read fewer documents: how good topics are when the teacher reads only the least sure.

The others are placed by their words (`dsltm assign --reader auto`). No document is asked about itself: what
its words mean is taught by the other half of the documents. A model's own reader of words, which all
documents teach, loses a little less.
"""

import numpy as np

from dsltm.metrics.clustering import purity
from dsltm.metrics.evidence import Evidence, Scores

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
"""Shares of the documents that the teacher reads, at which the curve is shown."""


def reading(evidence: Evidence) -> Scores:
    """The curve of cost against quality, where it is wanted and the documents are those of the labels.

    Each of its points has "read", the share that the teacher reads; "agree", the share of documents whose
    first topic is the one that they have when all are read; and with gold classes "purity".
    """
    from dsltm.training.student import Lessons, held_out

    scores, labels, theta = Scores(), evidence.labels, evidence.subject.theta
    if not evidence.options.reading or labels is None or theta is None or not evidence.own:
        return scores
    by_words = held_out(Lessons.of(labels.counts, labels.words, labels.language), theta)
    topics, order = theta.argmax(axis=1), np.argsort(by_words.max(axis=1), kind="stable")
    mixed, scored = by_words.argmax(axis=1), evidence.scored()
    for share in SHARES:
        read = order[: round(share * len(order))]
        mixed[read] = topics[read]
        point = {"read": share, "agree": float((mixed == topics).mean())}
        if scored is not None and len(scored[0]):
            point["purity"] = purity(mixed[scored[0]], scored[1])
        scores.reading.append(point)
    return scores
