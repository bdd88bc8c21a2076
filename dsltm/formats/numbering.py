"""The numbers of a model's topics: each is given once, and no other topic ever gets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dsltm.errors import DsltmError, UsageError


@dataclass(frozen=True)
class Numbering:
    """Which number each topic has.

    Attributes:
        given: so many numbers were given, from 0 on; the next new topic gets this one.
        numbers: [K] those of the topics that are there, rising. Topics that were dropped, or merged into one
            with a lower number, are missing.
    """

    given: int
    numbers: list[int]

    @classmethod
    def of(cls, header: dict[str, Any], topics: int) -> Numbering:
        """The numbering that a model's header records; where it records none, numbers are places.

        Args:
            header: the model's.
            topics: K.

        Raises:
            DsltmError: the numbers do not fit the number of topics.
        """
        known = header.get("numbering")
        if known is None:
            return cls(topics, list(range(topics)))
        try:
            given, numbers = known["given"], known["topics"]
            if not all(type(number) is int for number in (given, *numbers)):
                raise TypeError
        except (KeyError, TypeError):
            raise DsltmError("the model's header has numbers of topics that cannot be understood") from None
        if (
            len(numbers) != topics
            or sorted({*numbers}) != numbers
            or not 0 <= numbers[0] <= numbers[-1] < given
        ):
            raise DsltmError("the numbers of the model's topics do not fit its topic-word matrix")
        return cls(given, numbers)

    def with_new(self, count: int) -> Numbering:
        """The same topics and so many new ones after them, with numbers that no topic ever had."""
        given = self.given + count
        return Numbering(given, [*self.numbers, *range(self.given, given)])

    @property
    def whole(self) -> bool:
        """Whether every number that was given has its topic, so that numbers are places."""
        return self.given == len(self.numbers)

    def header(self) -> dict[str, Any]:
        """What a model's header records; nothing where numbers are places."""
        return {} if self.whole else {"numbering": {"given": self.given, "topics": self.numbers}}

    def place(self, number: int) -> int:
        """The row of a topic in the model's arrays.

        Raises:
            UsageError: no topic has this number.
        """
        if number in self.numbers:
            return self.numbers.index(number)
        if 0 <= number < self.given:
            raise UsageError(f"topic {number} is no more: it was merged or dropped")
        raise UsageError(f"there is no topic {number}, the model has 0 to {self.given - 1}")
