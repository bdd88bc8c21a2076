"""How many topics and documents there are."""

import numpy as np

from dsltm.metrics.evidence import Evidence, Scores


def sizes(evidence: Evidence) -> Scores:
    """How many topics and documents there are, and how many documents each topic is the first of."""
    subject, scores = evidence.subject, Scores()
    if subject.topics is not None:
        scores.values["topics"] = len(subject.topics)
    if subject.clusters is None:
        return scores
    scores.values.setdefault("topics", len(np.unique(subject.clusters)))
    scores.values["documents"] = len(subject.clusters)
    if evidence.labels is not None and evidence.own:
        scores.values["empty_documents"] = int(evidence.labels.empty.sum())
        if subject.topics is not None:
            counts = np.bincount(subject.clusters, minlength=len(subject.topics))
            scores.per_topic["size"] = counts.tolist()
    elif subject.unassigned:
        scores.values["unassigned_documents"] = subject.unassigned
    return scores
