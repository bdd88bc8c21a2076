"""Which words stand for a topic: frequent in it, rarer elsewhere, and used by its documents.

Everything that shows or judges topics by their words takes them from here, so that what is measured is what
a reader sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsltm.words.forms import stems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.formats.model import Model

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_TINY = 1e-30  # keeps logarithms finite
# Both were chosen beside the scores of tests/bench/README.md, "Words: which score, which target".
_PREDICTED = 0.25  # the weight of what the model predicts; the rest is that of the documents' own use
_FREQUENT = 0.3  # λ of `telling`: the weight of a word's frequency beside its lift


def telling(
    beta: NDArray[np.float32],
    usage: NDArray[np.integer] | None = None,
    sizes: NDArray[np.integer] | None = None,
) -> Floats:
    """A word's worth for a topic, [K, V]: ¾ of its relevance by use and ¼ of that by the model's prediction.

    Relevance, λ log p(w | k) + (1 - λ) log p(w | k) / p(w) with λ = 0.3, weighs a word's frequency against
    its lift: frequency alone shows the same common words for many topics, and lift alone words that hardly
    any document has. By use, p(w | k) is the share of the topic's documents that have the word; the model's
    prediction φ counts too, because the teacher knows words that mean the topic from words that only come
    with it. Of the scores that were compared this one does well in precision, coverage and distinctness at
    once (dsltm-results(7), "Words").

    Args:
        beta: φ [K, V], rows sum to one.
        usage: [K, V] in how many documents of each topic each word comes. Where it is not known, and in a
            topic without documents, the prediction counts alone.
        sizes: [K] how many documents each topic has; None: all alike.
    """
    predicted = relevance(beta, _FREQUENT, sizes)
    if usage is None or sizes is None:
        return predicted
    corpus = (usage.sum(0) + 0.5) / max(1, sizes.sum())
    used = (usage + corpus) / (sizes[:, None] + 1)  # as if each topic had one more document of the corpus
    both = (1 - _PREDICTED) * _relevance(used, corpus, _FREQUENT) + _PREDICTED * predicted
    return np.where(sizes[:, None] > 0, both, predicted)


def relevance(beta: NDArray[np.float32], weight: float, sizes: NDArray[np.integer] | None = None) -> Floats:
    """λ log φ_kw + (1 - λ) log φ_kw / p_w, [K, V]; p_w is the word's probability over all topics.

    Sievert and Shirley 2014, "LDAvis: A method for visualizing and interpreting topics"; they recommend 0.6.

    Args:
        beta: φ [K, V].
        weight: λ.
        sizes: [K] how common the topics are; None: all alike.
    """
    phi = np.maximum(beta.astype(np.float64), _TINY)
    shares = np.ones(len(phi)) if sizes is None or not sizes.any() else sizes.astype(np.float64)
    return _relevance(phi, shares @ phi / shares.sum(), weight)


def _relevance(shares: Floats, overall: Floats, weight: float) -> Floats:
    return np.asarray(np.log(shares) - (1 - weight) * np.log(overall))


def ranked(
    scores: Floats,
    words: Sequence[str],
    count: int,
    *,
    usage: NDArray[np.integer] | None = None,
    language: str = "en",
) -> list[Integers]:
    """The first `count` words of each topic, as columns of `scores`; fewer where fewer qualify.

    Forms of one word take one place, and the form that the topic's documents use most stands there. A word
    that no document of the topic has is left out, unless that would leave the topic without any.

    Args:
        scores: [K, V], larger is better; equal ones stand in the vocabulary's order.
        words: V words.
        usage: [K, V] in how many documents of each topic each word comes; None where it is not known.
        language: of the words, for `forms.stems`.
    """
    _, forms = np.unique(stems(words, language), return_inverse=True)
    order = np.argsort(-scores, axis=1, kind="stable")
    if usage is None:
        return [_one_form_each(row, forms, None)[:count] for row in order]
    chosen = []
    for row, used in zip(order, usage, strict=True):
        own = row[used[row] > 0]
        chosen.append(_one_form_each(own if len(own) else row, forms, used)[:count])
    return chosen


def first_words(model: Model, count: int, scores: Floats | None = None) -> list[Integers]:
    """The first words of each topic of a model, as columns of its β: as of `ranked`.

    Args:
        model: K topics.
        count: how many of each.
        scores: [K, V]; None: those of `telling`.
    """
    if scores is None:
        scores = telling(model.beta, model.usage, model.sizes)
    return ranked(scores, model.vocabulary, count, usage=model.usage, language=model.language)


def _one_form_each(row: Integers, forms: Integers, used: NDArray[np.integer] | None) -> Integers:
    """The words of a row without other forms of the same word.

    Of the forms of one word the one that is used most stays, in the place of the one that stood first.
    """
    _, first = np.unique(forms[row], return_index=True)
    places = np.sort(first)
    if used is None:
        return row[places]
    by_use = row[np.argsort(-used[row], kind="stable")]
    kinds, most = np.unique(forms[by_use], return_index=True)
    best = dict(zip(kinds.tolist(), by_use[most].tolist(), strict=True))
    return np.array([best[form] for form in forms[row[places]].tolist()], np.int64)
