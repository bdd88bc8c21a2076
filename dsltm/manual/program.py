"""What the manual and the shells' completions know of the command line: plain data, no typer."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["flag", "file", "folder", "choice", "text"]
Sections = dict[str, list[tuple[str, str]]]
"""Headings, and under each the arguments and options as they are written and what they mean."""


@dataclass(frozen=True, slots=True)
class Option:
    """What may be typed for an option.

    Args:
        names: as it may be written, such as ("-o", "--output").
        about: one line of help.
        kind: what follows it.
        words: with kind "choice", the words; "text" may be anything.
        files: whether a file may follow as well as the words.
    """

    names: tuple[str, ...]
    about: str
    kind: Kind = "flag"
    words: tuple[str, ...] = ()
    files: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand.

    Args:
        name: as it is typed.
        help: paragraphs; the first is one sentence.
        synopsis: how it is called.
        sections: its arguments and options, for people.
        examples: command lines.
        options: the same options, for shells.
        variables: the environment variables of its own options.
        words: what its arguments may be, where they are not files.
        takes_arguments: whether it has any.
        reads: of arguments and options the kind of file that they name, a section of formats.md.
        writes: the kind of file that it writes; None for a text for people.
    """

    name: str
    help: str
    synopsis: str
    sections: Sections
    examples: tuple[str, ...]
    options: tuple[Option, ...]
    variables: tuple[str, ...]
    words: tuple[str, ...]
    takes_arguments: bool
    reads: dict[str, str]
    writes: str | None

    @property
    def about(self) -> str:
        """What it does, in one sentence."""
        return " ".join(self.help.split("\n\n")[0].split())

    @property
    def files(self) -> bool:
        """Whether its arguments are files."""
        return self.takes_arguments and not self.words


@dataclass(frozen=True, slots=True)
class Program:
    """The whole command line.

    Args:
        help: paragraphs; the first is one sentence.
        sections: the options of `dsltm` itself, for people.
        early: the options that may stand before a subcommand's name.
        commands: in the order of their listing.
    """

    help: str
    sections: Sections
    early: tuple[Option, ...]
    commands: tuple[Command, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The commands' names."""
        return tuple(command.name for command in self.commands)
