"""The front door: finds the subcommand, and is the one place where errors and signals become exit statuses.

A subcommand's module is imported when that subcommand is run or explains itself, so that `dsltm --help`
starts as fast as typer does.
"""

import contextlib
import importlib
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from dsltm import __version__, console
from dsltm.command import (
    SETTINGS,
    Command,
    behind_the_name,
    build,
    common_flags,
    format_options,
    keep_common,
    origin,
)
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.inputs import one_run
from dsltm.formats.output import reason

# name: one line of help. `dsltm NAME` is the function NAME_command in dsltm/commands/NAME.py.
COMMANDS = {
    "vocab": "Count the words of a corpus and choose the vocabulary.",
    "distill": "Read each document with the teacher: soft labels and document vectors.",
    "merge": "Join the shards of a corpus into one labels file.",
    "train": "Train a topic model on soft labels.",
    "generate": "Have a language model write a corpus's topics.",
    "ground": "Bring written topics to documents by retrieval.",
    "attend": "Bring written topics to documents by the teacher's attention.",
    "assign": "Give documents their topics.",
    "topics": "Show the topics of a model.",
    "eval": "Score models: agreement with classes, diversity, coherence, ratings, stability.",
    "prompts": "List the named instructions that distill puts around a document.",
    "teachers": "List the teachers, and which of them are on this machine.",
    "config": "Show which value each option has, and where it comes from.",
    "help": "Show a page of the manual.",
}
INTERRUPTED = 128 + signal.SIGINT


class _Commands(Mapping[str, TyperCommand]):
    """The subcommands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> TyperCommand:
        if name not in COMMANDS:
            raise KeyError(name)
        module = importlib.import_module(f"dsltm.commands.{name}")
        return build(name, getattr(module, f"{name}_command"), Command)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    """`dsltm` itself, which lists its subcommands without importing them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()  # type: ignore[assignment]  # only ever read
        self.params += common_flags()

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        args = behind_the_name(args)
        if not args:
            console.raw_error(ctx.get_help())
            raise typer.Exit(UsageError.exit_code)
        return super().parse_args(ctx, args)

    def get_help_option(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False  # None would be checked, for which typer loads all of pydantic
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

    A small language model, the teacher, reads each document once (distill); a small topic model learns from
    what it said (train), and then gives documents their topics (assign) and shows them (topics). Every
    command reads a file or standard input ("-") and writes standard output or a file (-o).
    """


def top() -> TyperGroup:
    """The whole command line."""
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


def run(args: Sequence[str]) -> int:
    """Run one command line.

    Args:
        args: what follows the program's name.

    Returns:
        The exit status: 0 success, or a reader that closed the pipe; 1 an error; 2 a wrong command line;
        130 interrupted.
    """
    try:
        with one_run(), top().make_context("dsltm", list(args)) as context:
            context.command.invoke(context)
        if sys.stdout is not None:
            sys.stdout.flush()
    except typer.Exit as exc:
        return exc.exit_code
    except BrokenPipeError:
        _abandon_stdout()
        return 0
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except typer.TyperException as exc:
        return _wrong_usage(exc)
    except DsltmError as exc:
        return _fail(str(exc), exc.exit_code)
    except (MemoryError, RuntimeError) as exc:
        if isinstance(exc, RuntimeError) and not re.search(r"out of memory|allocate memory", str(exc)):
            raise  # torch has no exception of its own for this
        return _fail("not enough memory")
    except OSError as exc:
        _abandon_stdout()
        where = f"{exc.filename}: " if exc.filename is not None else ""
        return _fail(where + reason(exc))
    finally:
        console.close()
    return 0


def main() -> None:
    """The entry point of `dsltm` and `python -m dsltm`."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:  # as nohup leaves SIGHUP alone
            signal.signal(number, _terminated)
    sys.exit(run(sys.argv[1:]))


def _fail(message: str, status: int = 1) -> int:
    if console.debugging():
        console.raw_error(traceback.format_exc())
    console.error(message)
    return status


def _wrong_usage(exc: typer.TyperException) -> int:
    """What typer found wrong with the arguments, in the same voice as every other error."""
    message = " ".join(exc.format_message().split()).rstrip(".").replace(": Input should", ": it should")
    message = re.sub(r"(?<=: )Value error, |, unable to (parse|interpret) [a-z ]+$", "", message)
    message = message[:1].lower() + message[1:]
    message = re.sub(r"\.? \(?(Did you mean.*?|Possible options.*?)\)?$", _suggestion, message)
    if not message.endswith("?"):
        message += f", see '{console.program()} --help'"
    param, ctx = getattr(exc, "param", None), getattr(exc, "ctx", None)
    where = origin(ctx, param) if ctx is not None and isinstance(param, TyperOption) else None
    return _fail(f"{where}: {message}" if where else message, exc.exit_code)


def _suggestion(found: re.Match[str]) -> str:
    words = found[1].removeprefix("Possible options: ").removeprefix("Did you mean ").rstrip("?")
    return f", did you mean {words}?"


def _abandon_stdout() -> None:
    """Let what is still buffered for standard output go nowhere, so that the interpreter's end is quiet."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _terminated(number: int, _frame: FrameType | None) -> None:
    """End in an orderly way, so that nothing half-written stays behind and journals are closed."""
    raise SystemExit(128 + number)
