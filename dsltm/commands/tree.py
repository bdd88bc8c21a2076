"""`dsltm` itself: the group of the subcommands, each imported when it is run or explains itself."""

import functools
import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from dsltm import __version__, console
from dsltm.commandline.command import (
    SETTINGS,
    Command,
    build,
    common_flags,
    format_options,
    keep_common,
    move_behind_name,
)
from dsltm.commandline.values import suggestion
from dsltm.commands import COMMANDS
from dsltm.errors import UsageError

if TYPE_CHECKING:
    from dsltm.manual.program import Program


class _Commands(Mapping[str, TyperCommand]):
    """The subcommands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> TyperCommand:
        return _command(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    """`dsltm` itself, which lists its subcommands without importing them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # typer asks for a dictionary, but only reads from it.
        self.commands = _Commands()  # type: ignore[assignment]
        self.params += common_flags()

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        args = move_behind_name(args)
        if not args:
            console.raw_error(ctx.get_help())
            raise typer.Exit(UsageError.exit_code)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = suggestion(args[0], COMMANDS) or f", see '{ctx.command_path} --help'"
            raise UsageError(f"no such command {args[0]!r}{near}")
        return super().resolve_command(ctx, args)

    def get_help_option(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        option = super().get_help_option(ctx)
        if option is not None:
            # A default of None would be checked, for which typer loads all of pydantic.
            option.default = False
        return option

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        keep_common(ctx)
        return super().invoke(ctx)

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return list(COMMANDS)

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@functools.cache
def _command(name: str) -> TyperCommand:
    command: TyperCommand = build(name, _module(name).command, COMMANDS[name], Command)
    return command


def _module(name: str) -> Any:
    return importlib.import_module("dsltm.commands." + name.replace("-", "_"))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dsltm {__version__}")
        raise typer.Exit


def _top(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", is_eager=True, callback=_print_version, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Find the topics in a pile of texts.

    A small language model, the teacher, reads each document once (distill). A small topic model learns from
    what the teacher would say next (train), gives documents their topics (assign) and shows them (topics).
    Every command reads a file or standard input ("-") and writes standard output or a file (-o).
    """


@functools.cache
def top() -> TyperGroup:
    """The whole command line, made once for all that a process runs."""
    app = typer.Typer(
        cls=_Group,
        add_completion=False,
        rich_markup_mode=None,
        context_settings=SETTINGS,
        epilog="'dsltm COMMAND --help' explains a command.",
    )
    app.callback()(_top)
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def program() -> "Program":
    """The whole command line as plain data, for the manual and the completions."""
    from dsltm.commandline.describe import describe

    modules = {name: _module(name) for name in COMMANDS}
    files = {
        name: (getattr(module, "READS", {}), getattr(module, "WRITES", None))
        for name, module in modules.items()
    }
    return describe(top(), files)
