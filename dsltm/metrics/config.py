"""What can be chosen about scoring."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dsltm.errors import UsageError
from dsltm.option import option
from dsltm.teacher.files.registry import ALIASES

if TYPE_CHECKING:
    from dsltm.formats.word_vectors import WordVectors

# The headings of the options in help and manual.
OTHERS, COHERENCE, RATING = "Documents and other tools", "Coherence", "Judgement by a language model"

JUDGEMENTS = ("rating", "published", "intrusion", "mixing", "documents")
"""What a judge can be asked, in the order in which it is shown."""

TOP_WORDS = 15
"""How many words of each topic count, unless another number is asked for (the DSL paper's)."""

SHOWN_WORDS = 10
"""How many words of a topic people usually read; precision, coverage and intrusion use as many."""

Counting = Literal["gensim", "exact"]
"""How a word that comes twice within a window is counted when its first occurrence leaves.

`exact`: the word still counts as present, as in Röder et al. 2015. `gensim`: it counts as absent until its
next occurrence enters, as in gensim's `WordOccurrenceAccumulator` (4.4 and before) and so in most published
tables. The two agree for documents no longer than the window, and for whole documents as windows.
"""


@dataclass(frozen=True, slots=True)
class EvalOptions:
    """What is measured beyond the usual, and on how many words.

    Attributes:
        topn: words of each topic that count.
        vectors: also retrieve by the document vectors.
        reliability: also give the bins behind `ece_topic`.
        reading: also give the curve of how much the teacher reads against how good the topics are.
        word_vectors: where words lie by their meaning, instead of the teacher's embeddings.
    """

    topn: int = option(TOP_WORDS, "How many words of each topic count.", "--top-words", metavar="N", min=2)
    vectors: bool = option(
        False, "Also retrieve by the document vectors: what topics of them can hope for.", heading=OTHERS
    )
    reliability: bool = option(
        False,
        "Show the bins behind ece_topic: how probable first topics are, and how many are right.",
        heading=OTHERS,
    )
    reading: bool = option(
        False,
        "Show how good the topics are where the teacher reads only the documents whose words are least sure "
        "(dsltm assign --reader auto).",
        heading=OTHERS,
    )
    word_vectors: "WordVectors | None" = None

    @property
    def shown(self) -> int:
        """How many words of each topic count where people's reading is meant."""
        return min(self.topn, SHOWN_WORDS)


@dataclass(frozen=True)
class CoherenceOptions:
    """What the words of a topic are compared by.

    Attributes:
        word_vectors: a file of vectors; None: the teacher's embeddings.
        reference: a corpus to count words in; None: the documents themselves.
        coherence_cache: where the reference's counts are kept.
        windows: how words are counted in the reference.

    Raises:
        UsageError: what is about a reference is given without one.
    """

    word_vectors: str | None = option(
        None,
        "Compare top words by these vectors, not by the teacher's embeddings: an NPZ of words and vectors, "
        "an NPY beside a .txt of words, or text as word2vec, GloVe and fastText write it.",
        metavar="FILE",
        heading=COHERENCE,
    )
    reference: str | None = option(
        None,
        "Measure coherence on this corpus, not on the documents themselves.",
        metavar="CORPUS",
        heading=COHERENCE,
    )
    coherence_cache: Path | None = option(
        None, "Keep the reference's counts there, for the next time.", metavar="DIR", heading=COHERENCE
    )
    windows: Counting = option(
        "gensim",
        "Count words in windows as gensim does, which loses a repeated word when its first occurrence leaves "
        "the window, or exactly.",
        heading=COHERENCE,
    )

    def __post_init__(self) -> None:
        if self.reference is None and (self.coherence_cache is not None or self.windows != "gensim"):
            raise UsageError("--coherence-cache and --windows are for a --reference, and none is given")


@dataclass(frozen=True)
class RatingOptions:
    """Who judges topics, and what.

    Attributes:
        rater: address of an endpoint with a chat model; `rater_model` is its name there.
        max_requests: the most that are sent to it.
        rater_teacher: a local teacher.
        judge: what is judged, with commas; `kinds` has the parts.
        judge_texts: the corpus whose documents are judged.
        judge_repeats: how often everything is asked.
        judge_budget: about how many tokens the endpoint may cost.

    Raises:
        UsageError: what is about a judge is given without one, or needs another option.
    """

    rater: str | None = option(
        None,
        "Let the chat model at this OpenAI-compatible endpoint rate the topics; its key is DSLTM_API_KEY, or "
        "OPENAI_API_KEY for openai.com.",
        metavar="URL",
        heading=RATING,
    )
    rater_model: str | None = option(
        None, "The model's name at that endpoint.", metavar="NAME", heading=RATING
    )
    max_requests: int | None = option(
        None, "Send at most N requests to it.", metavar="N", min=0, heading=RATING
    )
    rater_teacher: str | None = option(
        None,
        "Let a local teacher judge the topics: what it finds likely, the same each time. Small ones "
        "cannot rate: to smollm2-135m related words look like random ones.",
        metavar="NAME",
        words=tuple(ALIASES),
        heading=RATING,
    )
    judge: str = option(
        "rating",
        "What to judge, with commas: rating (how related top words are), published (the same, asked as in "
        "the papers), intrusion (find a foreign word), mixing (tell two topics' words from one's), documents "
        "(does a topic hold those that fit it).",
        metavar="KINDS",
        words=JUDGEMENTS,
        heading=RATING,
    )
    judge_texts: str | None = option(
        None, "The corpus of the documents, for --judge documents.", metavar="CORPUS", heading=RATING
    )
    judge_repeats: int = option(
        1,
        "Ask everything N times in other orders, and measure agreement.",
        metavar="N",
        min=1,
        heading=RATING,
    )
    judge_budget: int | None = option(
        None,
        "Spend about N tokens at most; what is not asked for them is left out, and a second run goes on.",
        metavar="N",
        min=1,
        heading=RATING,
    )

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is judged, each once."""
        return tuple(dict.fromkeys(part.strip() for part in self.judge.split(",") if part.strip()))

    def __post_init__(self) -> None:
        if (self.rater is None) != (self.rater_model is None):
            raise UsageError("--rater and --rater-model go together")
        if self.rater is None and (self.max_requests is not None or self.judge_budget is not None):
            raise UsageError("--max-requests and --judge-budget bound a --rater, and none is given")
        for kind in self.kinds:
            if kind not in JUDGEMENTS:
                raise UsageError(f"--judge {kind}: is not one of {', '.join(JUDGEMENTS)}")
        asks_more = self.kinds != ("rating",) or self.judge_repeats > 1
        if self.rater is None and self.rater_teacher is None and (asks_more or self.judge_texts is not None):
            raise UsageError("--judge needs somebody to ask", hint="--rater URL or --rater-teacher NAME")
        if ("documents" in self.kinds) != (self.judge_texts is not None):
            raise UsageError("--judge documents and --judge-texts CORPUS go together")
        if "published" in self.kinds and self.rater is None:
            raise UsageError("--judge published is asked of a chat model", hint="--rater URL")
