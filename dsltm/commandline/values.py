"""Where an option's value comes from, if not from the command line: the environment, then a settings file."""

import difflib
import os
from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperOption

from dsltm.errors import DsltmError, UsageError
from dsltm.formats.settings import Settings, read_settings


def options_of(command: Any) -> dict[str, TyperOption]:
    """A command's options by their long names, without the dashes in front."""
    return {long_name(param).lstrip("-"): param for param in command.params if isinstance(param, TyperOption)}


def long_name(option: TyperOption) -> str:
    """How an option is written in full, such as "--max-tokens"."""
    return max(option.opts, key=len)


def environment_names(command: str, option: TyperOption) -> list[str]:
    """The environment variables that stand in for an option, the first one first.

    DSLTM_TRAIN_TOPICS is `--topics` of train alone, DSLTM_TOPICS that of every command.
    """
    name = long_name(option).lstrip("-").replace("-", "_").upper()
    return [f"DSLTM_{command.upper().replace('-', '_')}_{name}", f"DSLTM_{name}"]


def source_of(ctx: typer.Context, option: TyperOption) -> str | None:
    """The environment variable or the settings file that an option's value is from, None for other values."""
    source = ctx.get_parameter_source(option.name)
    if source is not None and source.name == "ENVIRONMENT":
        names = environment_names(ctx.info_name or "", option)
        return next((name for name in names if os.environ.get(name)), None)
    if source is not None and source.name == "DEFAULT_MAP":
        path: str | None = ctx.params.get("config")
        return path
    return None


def given(ctx: typer.Context) -> set[str]:
    """The names of the parameters that have a value of the user's, wherever it was written."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return {name for name, source in sources.items() if source is not None and source.name != "DEFAULT"}


def typed(ctx: typer.Context) -> set[str]:
    """The names of the parameters that are given on the command line."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}


def refuse(names: Iterable[str], options: Iterable[str], why: str) -> None:
    """Refuse options that mean nothing beside others.

    Args:
        names: of the parameters that are given.
        options: names of those that are refused.
        why: what is said of them, as "is about a teacher, and there is none".

    Raises:
        UsageError: one of them is given.
    """
    for name in options:
        if name in names:
            raise UsageError(f"--{name.replace('_', '-')} {why}")


def use_settings(ctx: typer.Context, value: str | None) -> str | None:
    """Let a settings file set the options that neither the command line nor the environment sets."""
    if value is not None:
        ctx.default_map = settings_for(ctx, read_settings(value))
    return value


def settings_for(ctx: typer.Context, settings: Settings) -> dict[str, Any]:
    """A command's options that a settings file sets, by the names of its function's parameters.

    An option that may be repeated has a list, also where the file has a single value.

    Raises:
        DsltmError: the file names an option that the command, or for general ones every command, lacks.
    """
    assert ctx.parent is not None
    commands: Any = ctx.parent.command.commands  # type: ignore[attr-defined]
    own, special = options_of(ctx.command), settings.commands.get(ctx.info_name or "", {})
    _check_names(settings.name, settings.commands, list(commands), "there is no command")
    _check_names(settings.name, special, list(own), f"{ctx.command_path} has no option")
    # Other commands are only looked at where it is needed, because that imports them all.
    if not own.keys() >= settings.general.keys():
        known = {name for command in commands.values() for name in options_of(command)}
        _check_names(settings.name, settings.general, sorted(known), "no command has an option")
    values = {own[name]: value for name, value in {**settings.general, **special}.items() if name in own}
    return {
        option.name: [value] if option.multiple and not isinstance(value, list) else value
        for option, value in values.items()
    }


def _check_names(file: str, names: Iterable[str], known: list[str], complaint: str) -> None:
    for name in names:
        if name not in known:
            raise DsltmError(f"{file}: {complaint} {name!r}{suggestion(name, known)}")


def suggestion(name: str, known: Iterable[str]) -> str:
    """How a message ends that has a misspelt name in it; "" where nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""
