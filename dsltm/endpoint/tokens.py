"""How many tokens a text has: as a server counts them, else by an estimate that holds for any model."""

from dataclasses import dataclass

import orjson

BYTES_PER_TOKEN = 4.0
"""Of UTF-8, so that text in scripts with few letters a token counts as longer; chosen, not measured."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one question and its answer came to, in tokens."""

    question: int
    answer: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.question + self.answer

    @classmethod
    def reported(cls, body: bytes) -> "Usage | None":
        """What a chat completion says of itself; None where it does not."""
        try:
            usage = orjson.loads(body)["usage"]
            question, answer = usage["prompt_tokens"], usage.get("completion_tokens", 0)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return None
        if not (isinstance(question, int) and isinstance(answer, int) and question > 0 <= answer):
            return None
        return cls(question, answer)


def estimate(text: str, bytes_per_token: float = BYTES_PER_TOKEN) -> float:
    """About how many tokens a text has."""
    return len(text.encode("utf-8", "replace")) / bytes_per_token
