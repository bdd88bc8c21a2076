"""The metrics by name, in the order in which they are shown, and how they may be chosen."""

from typing import Literal

TOP_WORDS = 15
"""How many words of each topic count, unless said otherwise."""

Counting = Literal["gensim", "exact"]
"""How a word that comes twice within a window is counted when its first occurrence leaves.

`exact`: it is still there, as in Röder et al. 2015. `gensim`: it is gone until the next occurrence enters,
as gensim's `WordOccurrenceAccumulator` has it (4.4 and before), and so most published tables. Documents no
longer than the window, and whole documents as windows, are counted alike.
"""

MEANINGS = {
    "topics": "topics",
    "documents": "documents",
    "empty_documents": "of them without text; they count like all others",
    "unassigned_documents": "of them in no topic; together they count as one",
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
    "query_documents": "of them that are looked up in all others, a random sample",
    "precision_at_1": "nearest document by topics is of the same class",
    "precision_at_5": "share among the nearest 5",
    "precision_at_10": "share among the nearest 10",
    "vector_precision_at_1": "the same by document vectors, without topics",
    "vector_precision_at_5": "share among the nearest 5",
    "vector_precision_at_10": "share among the nearest 10",
    "topic_diversity": "different words among all top words",
    "i_rbo": "1 - rank-biased overlap of two topics' top words",
    "jaccard": "shared words of two topics (lower is better)",
    "c_v": "coherence in windows of 110 words",
    "npmi": "normalised mutual information of words within 10",
    "npmi_doc": "the same within documents",
    "umass": "UMass coherence (up to 0)",
    "c_uci": "mutual information of words within 10",
    "unseen_words": "top words that the reference lacks",
    "short_topics": "topics with fewer than two words, left out of coherence",
    "llm_rating": "the rater's opinion of the top words, 1 to 3",
    "teacher_rating": "a local model's expected rating, 1 to 3",
    "failed_ratings": "topics that it did not rate",
    "stability": "overlap of matched topics between seeds",
}
"""What each number says, in a few words for people."""

COUNTS = {name for name in MEANINGS if name.endswith(("documents", "topics", "classes", "words", "ratings"))}
"""Those that count what was scored, and say nothing of how good it is."""
