"""What every subcommand has in common: the function it is made of, the common options, its help."""

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from dsltm import console
from dsltm.commandline.groups import declared_words, flattened
from dsltm.commandline.inputs import keep_inputs
from dsltm.commandline.values import environment_names, use_settings

SETTINGS = {"help_option_names": ["-h", "--help"]}
COMMON = "Common options"
_CONFIG = "dsltm.config"
# Under this key a context has the common options that stand before a command's name.
_BEFORE_NAME = "dsltm.common"


def build(
    name: str, function: Callable[..., Any], summary: str, cls: type[TyperCommand] = TyperCommand
) -> Any:
    """Turn a typed function into a command.

    Args:
        name: what it is called on the command line.
        function: its options are the parameters, a dataclass standing for several; its help the docstring.
        summary: the sentence that stands above its help.
        cls: the kind of command.
    """
    flat = flattened(function)
    flat.__doc__ = f"{summary}\n\n{inspect.getdoc(function) or ''}"
    app = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=SETTINGS)
    app.command(name, cls=cls, context_settings=SETTINGS)(flat)
    command: Any = typer.main.get_command(app)
    command.words = declared_words(flat)
    return command


def _common(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Explain what is being done.")] = False,
    log_file: Annotated[
        str | None,
        typer.Option("--log-file", metavar="FILE", help="Append every message to FILE too, with its time."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="FILE",
            is_eager=True,
            callback=use_settings,
            help="Take options that are not given from this TOML file; see dsltm-formats(5).",
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Print an error's traceback.")] = False,
) -> None:
    """The options that every subcommand has."""


def common_options() -> list[Any]:
    """The options of `_common`, each time anew, because each command gives them variables of its own."""
    options: list[Any] = build("common", _common, "").params
    for option in options:
        option.rich_help_panel = COMMON
    return options


@functools.cache
def _declared() -> tuple[Any, ...]:
    """The options of `_common`, to look at."""
    return tuple(common_options())


def common_flags() -> list[Any]:
    """Those of the common options that may stand before a subcommand's name.

    Only the flags: with a value to check typer would load its machinery for values even for `--help`; see
    `move_behind_name`.
    """
    return [option for option in common_options() if option.is_flag]


def move_behind_name(args: list[str]) -> list[str]:
    """Move common options with a value, as `--config FILE`, from before a command's name to behind it.

    There typer need not know of them; where a subcommand is given one twice, the later one decides.
    """
    valued = {name for option in _declared() if not option.is_flag for name in option.opts}
    moved, others, rest = [], [], list(args)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word.partition("=")[0] not in valued:
            others.append(word)
            continue
        moved.append(word)
        if "=" not in word and rest:
            moved.append(rest.pop(0))
    return [*others, *rest[:1], *moved, *rest[1:]] if rest else others


def keep_common(ctx: typer.Context) -> None:
    """Keep the common options that stand before a subcommand's name for the subcommand."""
    ctx.meta[_BEFORE_NAME] = _pop(ctx, [option for option in _declared() if option.is_flag])


def _pop(ctx: typer.Context, options: Iterable[Any]) -> dict[str, Any]:
    """Take options out of a context's parameters, so that no command's function gets them."""
    return {option.name: ctx.params.pop(option.name) for option in options}


def config_file(ctx: typer.Context) -> str | None:
    """The settings file that was given to a command."""
    path: str | None = ctx.meta[_CONFIG]
    return path


def divide_help(text: str) -> tuple[str, list[str]]:
    """Divide a command's help into prose and examples, which are the paragraphs that run dsltm."""
    paragraphs = re.split(r"\n\s*\n", text)
    examples = [p for p in paragraphs if re.match(r"dsltm |[A-Z_]+=\S+ dsltm |[a-z]+ .*\bdsltm ", p)]
    return "\n\n".join(p for p in paragraphs if p not in examples), examples


class Command(TyperCommand):
    """A subcommand: its own options, each of which the environment may set too, and the common ones.

    Attributes:
        examples: command lines, from the docstring.
        words: values to complete, by the names of the parameters.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.help, self.examples = divide_help(self.help or "")
        self.words: dict[str, tuple[str, ...]] = {}
        self.params += common_options()
        for param in self.params:
            if isinstance(param, TyperOption):
                param.envvar = environment_names(self.name or "", param)
                # The manual explains the variables once, not at each option.
                param.show_envvar = False

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if not ctx.resilient_parsing:
            # Messages on wrong arguments begin with the command's name.
            console.configure(program=ctx.command_path)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        keep_inputs(ctx)
        before: dict[str, Any] = ctx.meta.get(_BEFORE_NAME, {})
        common = {name: value or before.get(name) for name, value in _pop(ctx, _declared()).items()}
        # The settings file has been read by now; its path is only remembered.
        ctx.meta[_CONFIG] = common.pop("config")
        console.configure(program=ctx.command_path, **common)  # type: ignore[arg-type]
        return super().invoke(ctx)

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        format_options(self, ctx, formatter)

    def format_epilog(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    # Lines are not wrapped, so that they can be pasted.
                    for line in example.splitlines():
                        formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def heading_of(param: Any) -> str:
    """Under which heading a parameter stands in help and manual."""
    if param.param_type_name == "argument":
        return "Arguments"
    return COMMON if param.name == "help" else param.rich_help_panel or "Options"


def by_heading(command: Any, ctx: Any) -> dict[str, list[tuple[str, str]]]:
    """A command's arguments and options, each as it is written and what it means, under their headings.

    Arguments come first, then options without a heading of their own, and the common ones last.
    """
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None:
            sections.setdefault(heading_of(param), []).append(record)
    sections[COMMON] = sections.pop(COMMON, [])
    return {heading: records for heading, records in sections.items() if records}


def format_options(command: Any, ctx: typer.Context, formatter: Any) -> None:
    """Write a command's arguments and options."""
    for heading, records in by_heading(command, ctx).items():
        with formatter.section(heading):
            formatter.write_dl(records)
