"""What every subcommand has in common: how it explains itself, the options of all, the environment."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from dsltm import console

SETTINGS = {"help_option_names": ["-h", "--help"]}
COMMON = "Common options"
_BEFORE_NAME = "dsltm.common"  # where a context keeps the common options that stand before the name


def build(name: str, function: Callable[..., Any], cls: type[TyperCommand] = TyperCommand) -> TyperCommand:
    """Turn a typed function into a command.

    Args:
        name: what it is called on the command line.
        function: its options are the parameters, its help the docstring.
        cls: the kind of command.
    """
    app = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=SETTINGS)
    app.command(name, cls=cls, context_settings=SETTINGS)(function)
    command = typer.main.get_command(app)
    assert isinstance(command, TyperCommand)
    return command


def _common(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Explain what is being done.")] = False,
    log_file: Annotated[
        str | None,
        typer.Option("--log-file", metavar="FILE", help="Append every message to FILE too, with its time."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Print an error's traceback.")] = False,
) -> None:
    """The options that every subcommand has."""


def common_options() -> list[Any]:
    """The options of `_common`, each time anew."""
    options: list[Any] = build("common", _common).params
    for option in options:
        option.rich_help_panel = COMMON
    return options


def common_flags() -> list[Any]:
    """Those of the common options that may stand before a subcommand's name.

    Only the flags: with a value to check typer would load its machinery for values even for `--help`.
    """
    return [option for option in common_options() if option.is_flag]


def keep_common(ctx: typer.Context) -> None:
    """Take the common options that stand before a subcommand's name, for the subcommand."""
    ctx.meta[_BEFORE_NAME] = _take(ctx, common_flags())


def _take(ctx: typer.Context, options: list[Any]) -> dict[str, Any]:
    """Options out of a context's parameters, so that no command's function is handed them."""
    return {option.name: ctx.params.pop(option.name) for option in options}


def environment_name(option: str) -> str:
    """The environment variable that stands in for an option: DSLTM_MAX_TOKENS for "--max-tokens"."""
    return "DSLTM_" + option.lstrip("-").replace("-", "_").upper()


def examples_of(text: str) -> tuple[str, list[str]]:
    """Divide a command's help into prose and examples, which are the paragraphs that begin with "dsltm"."""
    paragraphs = re.split(r"\n\s*\n", text)
    examples = [p for p in paragraphs if p.startswith("dsltm ")]
    return "\n\n".join(p for p in paragraphs if p not in examples), examples


class Command(TyperCommand):
    """A subcommand: its own options, each of which the environment may set too, and the common ones."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.help, self.examples = examples_of(self.help or "")
        self.params += common_options()
        for param in self.params:
            if isinstance(param, TyperOption):
                param.envvar = environment_name(max(param.opts, key=len))
                param.show_envvar = False  # said once, in the manual, not at each option

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        console.configure(program=ctx.command_path)  # for what is wrong with the arguments
        return super().parse_args(ctx, args)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        before: dict[str, Any] = ctx.meta.get(_BEFORE_NAME, {})
        chosen = {name: value or before.get(name) for name, value in _take(ctx, common_options()).items()}
        console.configure(program=ctx.command_path, **chosen)  # type: ignore[arg-type]
        return super().invoke(ctx)

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        format_options(self, ctx, formatter)

    def format_epilog(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    for line in example.splitlines():  # as they are, to be pasted
                        formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def format_options(command: Any, ctx: typer.Context, formatter: Any) -> None:
    """Write a command's arguments and options, under the headings that the options name."""
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    common = sections.setdefault(COMMON, [])
    for param in command.get_params(ctx):
        heading = "Arguments" if param.param_type_name == "argument" else param.rich_help_panel or "Options"
        if param.name == "help":
            heading = COMMON
        record = param.get_help_record(ctx)
        if record is not None:
            sections.setdefault(heading, []).append(record)
    del sections[COMMON]
    for heading, records in [*sections.items(), (COMMON, common)]:
        if records:
            with formatter.section(heading):
                formatter.write_dl(records)
