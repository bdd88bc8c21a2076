"""`--budget`: how much the teacher may read where the words of documents are not sure enough."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsltm.distilling.sample import Sample
from dsltm.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

USUAL = "20%"
"""What the teacher reads unless another budget is given; chosen, not measured."""

# A budget of seconds begins with so many documents, which tell how fast the teacher is; chosen, not measured.
_FIRST = 32
# So much of the time that is left is planned for, so that documents slower than those before do not overrun
# it; chosen, not measured.
_PLANNED = 0.8


@dataclass(frozen=True)
class Budget:
    """So many documents, or as many as the teacher reads in so many seconds.

    Attributes:
        documents: how many; None where the clock decides.
        seconds: above 0; None where the number decides.
    """

    documents: Sample | None
    seconds: float | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """From an option's value: 5000, 10% or 60s.

        Raises:
            UsageError: it is none of these.
        """
        if seconds := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)s", text):
            if not float(seconds[1]):
                raise UsageError(f"--budget {text}: the teacher would read nothing", hint="--reader words")
            return cls(None, float(seconds[1]))
        return cls(Sample.parse(text, option="--budget"))

    def most(self, documents: int) -> int | None:
        """How many of the documents are read; None where the clock decides."""
        return None if self.documents is None else self.documents.size(documents)

    def rounds(self, documents: int) -> Iterator[int]:
        """How many of the documents the teacher reads next, time and again until the budget is used up.

        The clock runs from the first round on. The first of a budget of seconds is read whatever it takes.
        """
        if (most := self.most(documents)) is not None:
            yield most
            return
        assert self.seconds is not None
        begin, done, more = time.monotonic(), 0, _FIRST
        while done < documents and more >= min(_FIRST, documents - done):
            more = min(more, documents - done)
            yield more
            done += more
            spent = time.monotonic() - begin
            more = int(done / max(spent, 1e-9) * (self.seconds - spent) * _PLANNED)
