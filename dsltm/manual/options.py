"""What the shells have to know of the commands to complete them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from typer.core import TyperOption

from dsltm.cli import COMMANDS, top
from dsltm.command import common_options, long_name
from dsltm.manual.pages import GUIDES

Kind = Literal["flag", "file", "folder", "choice", "text"]
_FILES = {"FILE", "CORPUS", "MODEL"}
_WORDS = {  # what is usually meant, where more would do
    "--stopwords": ("none", "en", "de", "es", "fr", "it", "nl", "pt", "zh"),
    "--dtype": ("auto", "float32", "bfloat16", "float16"),
    "--device": ("auto", "cpu", "cuda", "mps"),
}


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
    """A subcommand: its line of help, its options, and the words that its arguments may be (or files)."""

    name: str
    about: str
    options: tuple[Option, ...]
    words: tuple[str, ...] = ()
    files: bool = True


def commands() -> Iterator[Command]:
    """Every subcommand, as the shells need to know it."""
    group: Any = top()
    for name, about in COMMANDS.items():
        command = group.commands[name]
        context = command.context_class(command, info_name=name, **command.context_settings)
        options = tuple(
            _option(param) for param in command.get_params(context) if isinstance(param, TyperOption)
        )
        words = {"help": (*COMMANDS, "formats", *GUIDES), "config": tuple(COMMANDS)}.get(name, ())
        arguments = any(param.param_type_name == "argument" for param in command.params)
        yield Command(name, about, options, words, arguments and not words)


def before_the_name() -> tuple[Option, ...]:
    """The options that may stand before a subcommand's name."""
    version = Option(("-V", "--version"), "Print the version and stop.")
    about_help = Option(("-h", "--help"), "Show this message and exit.")
    return (*map(_option, common_options()), version, about_help)


def _option(param: TyperOption) -> Option:
    from dsltm.teacher.files.registry import ALIASES
    from dsltm.teacher.reading.prompts import NAMED

    # typer keeps the names of --help in a set, whose order changes from run to run
    names = tuple(
        sorted((*param.opts, *param.secondary_opts), key=lambda name: (name.startswith("--"), name))
    )
    about = (param.help or "").split("\n")[0]
    metavar, name = param.metavar or "", long_name(param)
    choices = tuple(str(choice) for choice in param.type_descriptor.choices or ())
    if param.is_flag:
        return Option(names, about)
    if choices:
        return Option(names, about, "choice", choices)
    if name in ("--teacher", "--rater-teacher"):
        return Option(names, about, "choice", tuple(ALIASES), files=True)
    if name == "--prompt":
        return Option(names, about, "choice", ("auto", *NAMED))
    if name in _WORDS:
        return Option(names, about, "choice", _WORDS[name], files="FILE" in metavar)
    if metavar in _FILES:
        return Option(names, about, "file")
    return Option(names, about, "folder" if metavar == "DIR" else "text")
