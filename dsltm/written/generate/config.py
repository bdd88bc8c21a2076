"""What can be chosen about generating topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsltm.option import option

if TYPE_CHECKING:
    from collections.abc import Collection

LOCAL_TOKENS = 1500  # a small model does not keep more in view; chosen, not measured
LOCAL_ROUNDS = 2  # for each topic: a local teacher writes one a round, and some are dropped; not measured


@dataclass(frozen=True)
class GenerateConfig:
    """How much is read and asked.

    Attributes:
        rounds, context_tokens: None for 8 and 8000.
        per_round: how many topics each round asks for, None to leave it to the writer.
        overview: the first round is of documents from everywhere.
        stopwords: words that are never part of a cue.
    """

    topics: int | None = option(
        None, "How many; else until a round brings nothing new.", "-k", "--topics", min=2
    )
    rounds: int | None = option(
        None, "Ask at most N times.", metavar="N", min=1, shown="8; a local teacher 2 for each topic"
    )
    sample: int | None = option(
        None,
        "Look at N documents, evenly spread.",
        metavar="N",
        min=2,
        shown="2000, or what fills two inputs",
    )
    context_tokens: int | None = option(
        None,
        "The model's context; a quarter of it, 16,000 at most, is for the answer.",
        metavar="N",
        min=1000,
        shown=f"8000; a teacher {LOCAL_TOKENS}",
    )
    per_round: int | None = None
    overview: bool = True
    field: str | None = option(
        None, "Also show the documents of each value of this field, or span of times.", metavar="NAME"
    )
    stopwords: Collection[str] = ()
    summaries: bool = option(
        False, "A local teacher writes a sentence for each topic, too; small ones repeat the label or invent."
    )
    seed: int = option(0, "Seed of the windows onto the corpus.", min=0)
