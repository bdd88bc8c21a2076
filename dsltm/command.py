"""What every subcommand has in common: how it explains itself, the options of all, the environment."""

import contextlib
import difflib
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from dsltm import console
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.inputs import note_input, note_open, refuse_input
from dsltm.formats.output import is_stdout
from dsltm.formats.settings import Settings, read_settings

SETTINGS = {"help_option_names": ["-h", "--help"]}
COMMON = "Common options"
OUTPUTS = ("output", "html", "log_file")  # what the names of parameters end with that are written to
_CONFIG = "dsltm.config"
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


def _read_config(ctx: typer.Context, value: str | None) -> str | None:
    """Let a settings file say what options are where neither the command line nor the environment does."""
    if value is not None:
        ctx.default_map = written_down(read_settings(value), ctx)
    return value


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
            callback=_read_config,
            help="Take options that are not given from this TOML file; see dsltm-formats(5).",
        ),
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

    Only the flags: with a value to check typer would load its machinery for values even for `--help`; see
    `behind_the_name`.
    """
    return [option for option in common_options() if option.is_flag]


def behind_the_name(args: list[str]) -> list[str]:
    """Move common options with a value, as `--config FILE`, from before a command's name to behind it.

    There typer need not be told of them; what a subcommand is given twice, the later one decides.
    """
    valued = {name for option in common_options() if not option.is_flag for name in option.opts}
    moved, kept, rest = [], [], list(args)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word.partition("=")[0] not in valued:
            kept.append(word)
            continue
        moved.append(word)
        if "=" not in word and rest:
            moved.append(rest.pop(0))
    return [*kept, *rest[:1], *moved, *rest[1:]] if rest else kept


def keep_common(ctx: typer.Context) -> None:
    """Take the common options that stand before a subcommand's name, for the subcommand."""
    ctx.meta[_BEFORE_NAME] = _take(ctx, common_flags())


def _take(ctx: typer.Context, options: list[Any]) -> dict[str, Any]:
    """Options out of a context's parameters, so that no command's function is handed them."""
    return {option.name: ctx.params.pop(option.name) for option in options}


def written_down(settings: Settings, ctx: typer.Context) -> dict[str, Any]:
    """What a settings file says of a command's options, by the names of its function's parameters.

    An option that may be repeated has a list, also where the file has a single value.

    Raises:
        DsltmError: it speaks of an option that the command, or for general ones every command, lacks.
    """
    assert ctx.parent is not None
    commands: Any = ctx.parent.command.commands  # type: ignore[attr-defined]
    own, special = options_of(ctx.command), settings.commands.get(ctx.info_name or "", {})
    _check(settings.name, settings.commands, list(commands), "there is no command")
    _check(settings.name, special, list(own), f"{ctx.command_path} has no option")
    if not own.keys() >= settings.general.keys():  # looking at every command takes a moment
        known = {name for command in commands.values() for name in options_of(command)}
        _check(settings.name, settings.general, sorted(known), "no command has an option")
    said = {own[name]: value for name, value in {**settings.general, **special}.items() if name in own}
    return {
        option.name: [value] if option.multiple and not isinstance(value, list) else value
        for option, value in said.items()
    }


def _check(file: str, names: Iterable[str], known: list[str], complaint: str) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            suggestion = f", did you mean {near[0]!r}?" if near else ""
            raise DsltmError(f"{file}: {complaint} {name!r}{suggestion}")


def config_file(ctx: typer.Context) -> str | None:
    """The settings file that was given to a command."""
    path: str | None = ctx.meta[_CONFIG]
    return path


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
    return [f"DSLTM_{command.upper()}_{name}", f"DSLTM_{name}"]


def origin(ctx: typer.Context, option: TyperOption) -> str | None:
    """The environment variable or the settings file that an option's value is from, None for other values."""
    source = ctx.get_parameter_source(option.name)
    if source is not None and source.name == "ENVIRONMENT":
        names = environment_names(ctx.info_name or "", option)
        return next((name for name in names if os.environ.get(name)), None)
    if source is not None and source.name == "DEFAULT_MAP":
        path: str | None = ctx.params.get("config")
        return path
    return None


def examples_of(text: str) -> tuple[str, list[str]]:
    """Divide a command's help into prose and examples, which are the paragraphs that run dsltm."""
    paragraphs = re.split(r"\n\s*\n", text)
    examples = [p for p in paragraphs if re.match(r"dsltm |[A-Z_]+=\S+ dsltm |[a-z]+ .*\bdsltm ", p)]
    return "\n\n".join(p for p in paragraphs if p not in examples), examples


def keep_inputs(ctx: typer.Context) -> None:
    """Remember the files that a command reads, and refuse before it begins to write over one of them.

    Options whose names end in one of OUTPUTS are written; every other value that is the name of a file is
    taken for an input.

    Raises:
        UsageError: an output is an input, or two outputs are one file.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        note_open(os.fstat(sys.stdin.fileno()), "standard input")
    outputs: dict[str, str] = {}
    for name, value in ctx.params.items():
        paths = [path for path in (value if isinstance(value, list) else [value]) if isinstance(path, str)]
        if name.endswith(OUTPUTS):
            outputs.update((name, path) for path in paths if not is_stdout(path))
        else:
            for path in paths:
                note_input(path)
    places: dict[str, str] = {}
    for name, path in outputs.items():
        refuse_input(path)
        other = places.setdefault(os.path.realpath(path), name)
        if other != name and os.path.realpath(path) != os.devnull:
            raise UsageError(f"{path}: would be written twice, as two outputs", hint="another name for one")


class Command(TyperCommand):
    """A subcommand: its own options, each of which the environment may set too, and the common ones."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.help, self.examples = examples_of(self.help or "")
        self.params += common_options()
        for param in self.params:
            if isinstance(param, TyperOption):
                param.envvar = environment_names(self.name or "", param)
                param.show_envvar = False  # said once, in the manual, not at each option

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if not ctx.resilient_parsing:
            console.configure(program=ctx.command_path)  # for what is wrong with the arguments
        return super().parse_args(ctx, args)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        keep_inputs(ctx)
        before: dict[str, Any] = ctx.meta.get(_BEFORE_NAME, {})
        chosen = {name: value or before.get(name) for name, value in _take(ctx, common_options()).items()}
        ctx.meta[_CONFIG] = chosen.pop("config")  # has had its effect
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
