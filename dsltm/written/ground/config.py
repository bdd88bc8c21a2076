"""What can be chosen about grounding."""

from __future__ import annotations

from dataclasses import dataclass

from dsltm.option import option


@dataclass(frozen=True)
class GroundConfig:
    """How documents find their topics.

    Balance and temperature were chosen on StackOverflow's classes, `answers` on descriptions of Debian's
    packages (tests/bench/README.md, "Written topics"); the other numbers were chosen, not measured.
    """

    representatives: int = option(
        100, "Up to N documents that say a topic's words join it.", metavar="N", min=0
    )
    answers: int = option(
        20,
        "Where fewer than N do, documents that the teacher would answer with its words fill up to N.",
        metavar="N",
        min=0,
    )
    expand: int = option(20, "Up to N words of those documents join the topic's own.", metavar="N", min=0)
    balance: float = option(0.85, "Weight of the teacher's vectors beside the words.", min=0, max=1)
    temperature: float = option(0.4, "Lower makes each document's first topic more certain.", min=0.01)
