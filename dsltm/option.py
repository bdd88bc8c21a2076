"""An option that is defined once: help text, default, range, spelling and where it is written in the help.

A dataclass of options is a group: its fields are `option(...)`, a command with a parameter of its type has
all of them, and the environment, settings files, manual and completions follow from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from dsltm.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class Option:
    """What is known of an option beside its name, type and default.

    Attributes:
        help: what it does, for people.
        names: how it is typed, such as ("-k", "--topics"); by default "--" and the field's name.
        metavar: what stands for its value in the help; by default its type.
        shown: what the help says of the default, where that is decided later or elsewhere.
        heading: under which heading the help lists it.
        min, max: the range of a number, ends included.
        above, below: the same, ends excluded.
        words: values to complete, where others would do too.
    """

    help: str = ""
    names: tuple[str, ...] = ()
    metavar: str | None = None
    shown: str | None = None
    heading: str | None = None
    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None
    words: tuple[str, ...] = ()

    def allows(self, value: Any) -> bool:
        """Whether a value is in the range; None, which stands for a default, is."""
        return value is None or (
            (self.min is None or value >= self.min)
            and (self.max is None or value <= self.max)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def option(default: Any, help: str, *names: str, **more: Any) -> Any:  # noqa: A002
    """A dataclass's field that is an option.

    Args:
        default: its value where none is given.
        help: what it does.
        names: how it is typed, where that is not the field's name.
        more: the other attributes of `Option`.
    """
    return field(default=default, metadata={"option": Option(help, names, **more)})


def options_in(group: type[DataclassInstance]) -> Iterator[tuple[str, Option]]:
    """The fields of a dataclass that are options, by name."""
    for each in fields(group):
        if "option" in each.metadata:
            yield each.name, each.metadata["option"]


def check(group: DataclassInstance, declaring: type[DataclassInstance] | None = None) -> None:
    """Refuse values outside their ranges.

    Args:
        group: its values.
        declaring: the class whose options they are; None: its own.

    Raises:
        UsageError: there is one.
    """
    for name, declared in options_in(declaring or type(group)):
        value = getattr(group, name)
        if not declared.allows(value):
            raise UsageError(f"{name.replace('_', '-')} cannot be {value}")
