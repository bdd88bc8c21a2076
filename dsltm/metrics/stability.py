"""Do two runs find the same topics?"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from dsltm.metrics.config import TOP_WORDS
from dsltm.metrics.diversity import Topics, rbo, top_words


def matched_overlap(first: Topics, second: Topics, topn: int = TOP_WORDS) -> float:
    """Mean rank-biased overlap, in [0, 1], of two models' topics, matched so that it is greatest.

    1 where both have the same topics in any order, 0 where they share no word. The matching is the optimal
    one (Hungarian method); topics without a partner, where one model has more, count as overlap 0. RBO as
    in `diversity.rbo`.
    """
    from scipy.optimize import linear_sum_assignment

    rows = [top_words(topic, topn) for topic in first]
    columns = [top_words(topic, topn) for topic in second]
    overlap = np.array([[rbo(a, b) for b in columns] for a in rows]).reshape(len(rows), len(columns))
    row, column = linear_sum_assignment(overlap, maximize=True)
    return float(overlap[row, column].sum() / max(len(rows), len(columns), 1))


def stability(models: Sequence[Topics], topn: int = TOP_WORDS) -> float | None:
    """Mean `matched_overlap` over all pairs of models; None for fewer than two.

    The models are seeds of one configuration, say. The idea is Greene, O'Callaghan and Cunningham 2014, "How
    many topics? Stability analysis for topic models", with RBO for their average Jaccard.
    """
    values = [matched_overlap(first, second, topn) for first, second in combinations(models, 2)]
    return float(np.mean(values)) if values else None
