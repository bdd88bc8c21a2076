"""The command line as plain data, for the manual and the shells' completions, which know nothing of typer."""

from typing import Any

from typer.core import TyperOption

from dsltm.commandline.command import COMMON, by_heading, common_options, heading_of
from dsltm.commandline.values import environment_names
from dsltm.manual.program import Command, Option, Program

# The placeholders of values that name a file.
_FILES = {"FILE", "CORPUS", "MODEL"}


def describe(group: Any, files: dict[str, tuple[dict[str, str], str | None]]) -> Program:
    """Describe a group of commands.

    Args:
        group: typer's.
        files: of each command what it reads, by argument or option, and what it writes.
    """
    version = Option(("-V", "--version"), "Print the version and stop.")
    about_help = Option(("-h", "--help"), "Show this message and exit.")
    early = (*(_option(param, {}) for param in common_options()), version, about_help)
    commands = tuple(_command(name, group.commands[name], files[name]) for name in group.commands)
    return Program(group.help, _sections(group, None), early, commands)


def _command(name: str, command: Any, files: tuple[dict[str, str], str | None]) -> Command:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if isinstance(param, TyperOption)]
    help_option = command.get_help_option(_context(command, name))
    return Command(
        name=name,
        help=command.help,
        synopsis=_synopsis(name, arguments),
        sections=_sections(command, name),
        examples=tuple(command.examples),
        options=tuple(_option(param, command.words) for param in (*options, help_option)),
        variables=tuple(environment_names(name, each)[0] for each in options if heading_of(each) != COMMON),
        words=next((command.words[param.name] for param in arguments if param.name in command.words), ()),
        takes_arguments=bool(arguments),
        reads=files[0],
        writes=files[1],
    )


def _context(command: Any, name: str | None) -> Any:
    return command.context_class(command, info_name=name, **command.context_settings)


def _sections(command: Any, name: str | None) -> dict[str, list[tuple[str, str]]]:
    return by_heading(command, _context(command, name))


def _synopsis(name: str, arguments: list[Any]) -> str:
    """How a subcommand is called, such as "dsltm vocab [OPTIONS] [CORPUS]"."""
    parts = [f"dsltm {name} [OPTIONS]"]
    for param in arguments:
        written = param.metavar or param.name.upper()
        written += "..." * (param.nargs == -1 and "..." not in written)
        parts.append(written if param.required else f"[{written}]")
    return " ".join(parts)


def _option(param: TyperOption, words: dict[str, tuple[str, ...]]) -> Option:
    # Sorted, because typer keeps the names of --help in a set, whose order changes from run to run.
    names = tuple(
        sorted((*param.opts, *param.secondary_opts), key=lambda name: (name.startswith("--"), name))
    )
    about = (param.help or "").split("\n")[0]
    metavar = param.metavar or ""
    if param.is_flag:
        return Option(names, about)
    if choices := tuple(str(choice) for choice in param.type_descriptor.choices or ()):
        return Option(names, about, "choice", choices)
    if usual := words.get(param.name or ""):
        return Option(names, about, "choice", usual, files="FILE" in metavar)
    if metavar in _FILES:
        return Option(names, about, "file")
    return Option(names, about, "folder" if metavar == "DIR" else "text")
