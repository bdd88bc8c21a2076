"""The front door: the one place where errors and signals become exit statuses."""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType

import typer

from dsltm import console
from dsltm.commandline.wording import sentence
from dsltm.commands.tree import top
from dsltm.errors import DsltmError
from dsltm.formats.inputs import one_run
from dsltm.formats.output import reason

INTERRUPTED = 128 + signal.SIGINT
_NO_MEMORY = ("out of memory", "allocate memory")  # in torch's messages: it has no exception of its own


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
        return _fail(sentence(exc, console.program()), exc.exit_code)
    except DsltmError as exc:
        return _fail(str(exc), exc.exit_code)
    except (MemoryError, RuntimeError) as exc:
        if isinstance(exc, RuntimeError) and not any(words in str(exc) for words in _NO_MEMORY):
            raise
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


def _abandon_stdout() -> None:
    """Let what is still buffered for standard output go nowhere, so that the interpreter's end is quiet."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _terminated(number: int, _frame: FrameType | None) -> None:
    """End in an orderly way, so that nothing half-written stays behind and journals are closed."""
    raise SystemExit(128 + number)
