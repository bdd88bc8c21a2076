"""The metrics by name, in the order in which they are shown, and what measures them.

A metric is added here, in the family that it is measured with, and in that family's function; a new family is
one more entry. Nothing is imported until it is measured, so that `--help` stays quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsltm.metrics.evidence import Evidence, Scores


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that one function measures together.

    Attributes:
        function: "module:name" of a function from `Evidence` to `Scores`, which has those of the metrics that
            the evidence suffices for. None for metrics that `evaluate` makes for all models at once.
        meanings: what each metric says, by its name, in a few words for people.
    """

    function: str | None
    meanings: dict[str, str]

    def load(self) -> Callable[[Evidence], Scores] | None:
        """The function, None where there is none."""
        if self.function is None:
            return None
        module, _, name = self.function.partition(":")
        measure: Callable[[Evidence], Scores] = getattr(import_module(module), name)
        return measure


_JUDGEMENTS = {
    "rating": "opinion of the top words, 1 to 3",
    "rating_alpha": "agreement of its ratings of the same words, 1 at most",
    "rating_published": "opinion of the top words, asked as in the papers, 1 to 3",
    "rating_published_alpha": "agreement of these ratings",
    "intrusion": "share of foreign words that it finds; guessing finds a sixth",
    "intrusion_alpha": "agreement on which are found",
    "mixing": "how often it tells words of two topics from those of one; guessing .5",
    "mixing_alpha": "agreement on which are mixed",
    "document_tau": "Kendall's tau of its opinion of documents and the topic's share in them",
    "document_ndcg": "gain of its best documents in the order of the topic's shares, 1 at most",
    "document_alpha": "agreement of its opinions of documents",
}
_JUDGED = {
    **{f"llm_{name}": f"chat model: {meaning}" for name, meaning in _JUDGEMENTS.items()},
    **{
        f"teacher_{name}": f"local model: {meaning}"
        for name, meaning in _JUDGEMENTS.items()
        if "published" not in name
    },
    "failed_ratings": "topics that were not rated",
    "unanswered_questions": "questions to judges that were not answered, or not asked for the budget",
}

FAMILIES = (
    Family(
        "dsltm.metrics.sizes:sizes",
        {
            "topics": "topics",
            "documents": "documents",
            "empty_documents": "of them without text; they count like all others",
            "unassigned_documents": "of them in no topic; together they count as one",
        },
    ),
    Family(
        "dsltm.metrics.clustering:agreement",
        {
            "gold_documents": "of them with a gold class: those that are scored",
            "classes": "gold classes",
            "purity": "documents in their topic's most frequent class",
            "inverse_purity": "documents in their class's most frequent topic",
            "harmonic_purity": "harmonic mean of the two",
            "nmi": "normalised mutual information of topics and classes",
            "ami": "mutual information adjusted for chance",
            "ari": "Rand index adjusted for chance",
            "homogeneity": "each topic holds one class only",
            "completeness": "each class is in one topic only",
        },
    ),
    Family(
        "dsltm.metrics.calibration:calibration",
        {"ece_topic": "how far the first topic's probability is from its class's share (lower is better)"},
    ),
    Family(
        "dsltm.metrics.retrieval:retrieval",
        {
            "query_documents": "of them that are looked up in all others, a random sample",
            "precision_at_1": "nearest document by topics is of the same class",
            "precision_at_5": "share among the nearest 5",
            "precision_at_10": "share among the nearest 10",
            "distinct_documents": "different texts among the scored documents",
            "precision_at_1_distinct": "nearest other text by topics is of the same class",
            "precision_at_5_distinct": "share among the nearest 5 different texts",
            "precision_at_10_distinct": "share among the nearest 10 different texts",
            "vector_precision_at_1": "the same by document vectors, without topics",
            "vector_precision_at_5": "share among the nearest 5",
            "vector_precision_at_10": "share among the nearest 10",
        },
    ),
    Family(
        "dsltm.metrics.diversity:diversity",
        {
            "topic_diversity": "different words among all top words",
            "i_rbo": "1 - rank-biased overlap of two topics' top words",
            "jaccard": "shared words of two topics (lower is better)",
        },
    ),
    Family(
        "dsltm.metrics.usage:usage",
        {
            "word_precision": "of the documents with a top word, those whose first topic it stands for",
            "word_coverage": "of a topic's documents, those with one of its top words",
            "first_word_share": "how many times 1/V a topic's first word has, median topic",
            "npmi_own": "mutual information of top words within the documents themselves",
        },
    ),
    Family("dsltm.metrics.reading:reading", {}),
    Family(
        "dsltm.metrics.embedding:embedding",
        {
            "embedding_coherence": "cosine of two top words in an embedding space",
            "word_intrusion": "how often a word of another topic stands out among top words there",
            "unembedded_words": "top words that the embedding space lacks",
        },
    ),
    Family(
        None,
        {
            "c_v": "coherence in windows of 110 words",
            "npmi": "normalised mutual information of words within 10",
            "npmi_doc": "the same within documents",
            "umass": "UMass coherence (up to 0)",
            "c_uci": "mutual information of words within 10",
            "unseen_words": "top words that the reference lacks",
            "short_topics": "topics with fewer than two words, left out of coherence",
        },
    ),
    Family(None, _JUDGED),
    Family(None, {"stability": "overlap of matched topics between seeds"}),
)

MEANINGS = {name: meaning for family in FAMILIES for name, meaning in family.meanings.items()}
"""What each number says, in a few words for people."""

COUNTS = {
    name
    for name in MEANINGS
    if name.endswith(("documents", "topics", "classes", "words", "ratings", "questions"))
}
"""The metrics that count what was scored, and say nothing about how good it is."""
