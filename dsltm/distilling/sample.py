"""`--sample`: how many of a corpus's different texts the teacher reads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsltm.errors import UsageError

# `--sample auto` reads so many texts of a corpus that has more than twice as many; chosen, not measured.
AUTO_TEXTS = 10_000


@dataclass(frozen=True)
class Sample:
    """How many of a corpus's different texts are read.

    Attributes:
        texts: so many, or as many as there are.
        share: this part of them, above 0 and at most 1. Without either, `AUTO_TEXTS` of more than twice as
            many.
        seed: of the draw.
        unsure_of: the hash of a model file; then the texts are not drawn, but those of whose topics the
            model's words are least sure.
    """

    texts: int | None = None
    share: float | None = None
    seed: int = 0
    unsure_of: str | None = None

    @classmethod
    def parse(cls, text: str, seed: int = 0, *, option: str = "--sample") -> Sample:
        """From an option's value: 5000, 10% or auto.

        Raises:
            UsageError: it is none of these, or nothing would be read.
        """
        if text == "auto" and option == "--sample":
            return cls(seed=seed)
        if re.fullmatch(r"[0-9]+", text) and int(text):
            return cls(texts=int(text), seed=seed)
        share = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)%", text)
        if share and 0 < float(share[1]) <= 100:
            return cls(share=float(share[1]) / 100, seed=seed)
        more = "auto" if option == "--sample" else "a time such as 60s"
        hint = f"a number such as 5000, a share such as 10%, or {more}"
        raise UsageError(f"{option} {text}: is not a {option[2:]}", hint=hint)

    def size(self, texts: int) -> int:
        """How many of so many different texts are read."""
        if self.texts is not None:
            return min(self.texts, texts)
        if self.share is not None:
            return max(round(self.share * texts), min(texts, 1))
        return AUTO_TEXTS if texts > 2 * AUTO_TEXTS else texts
