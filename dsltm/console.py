"""Messages and progress on standard error.

A terminal gets bars and colours; a file or a pipe gets one plain line at a time, without escape codes.
Nothing here fails because standard error is closed or full, since nobody could be told of it.
"""

import contextlib
import functools
import os
import re
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dsltm.progress import Progress, clock

if TYPE_CHECKING:
    from rich.console import Console

# Never printed: control characters (escapes begin with one), direction marks, line separators, surrogates.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_SECONDS = 10.0  # Off a terminal a line of progress comes after so many seconds,
_LINE_SHARE = 0.1  # or after this share of the work, if that is sooner,
_LINE_LEAST_SECONDS = 1.0  # but not before this time, so that a short run does not print ten lines.
_BAR_SECONDS = 0.1  # On a terminal the bar is drawn as often as eyes can follow.


@dataclass
class _State:
    program: str = "dsltm"
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    log: TextIO | None = None
    live: bool = False
    warnings: bool = False


_state = _State()


def configure(
    *,
    quiet: bool = False,
    verbose: bool = False,
    log_file: str | None = None,
    debug: bool = False,
    program: str = "dsltm",
) -> None:
    """Set how much is printed, and where; called once, by the command line.

    Args:
        quiet: only errors are printed.
        verbose: `note` is printed too.
        log_file: every message is also appended to this file, with its time, even with `quiet`.
        debug: errors come with their traceback (see `debugging`).
        program: what messages begin with, such as "dsltm train".

    Raises:
        OSError: the log file cannot be opened.
    """
    close()
    _state.program, _state.quiet, _state.verbose, _state.debug = program, quiet, verbose, debug
    if log_file is not None:  # It stays open until `close`.
        _state.log = Path(log_file).open("a", encoding="utf-8", errors="replace", buffering=1)  # noqa: SIM115


def close() -> None:
    """Close the log file, if there is one."""
    if _state.log is not None:
        with contextlib.suppress(OSError):
            _state.log.close()
        _state.log = None


@contextlib.contextmanager
def called_by_a_program(*, progress: bool) -> Iterator[None]:
    """Speak to a program in the block: print nothing, and let what `warn` says be a Python warning.

    Args:
        progress: print messages and progress as for people all the same.
    """
    before = _state.quiet, _state.warnings
    if not progress:
        _state.quiet = _state.warnings = True
    try:
        yield
    finally:
        _state.quiet, _state.warnings = before


def program() -> str:
    """What messages begin with, such as "dsltm train"."""
    return _state.program


def debugging() -> bool:
    """Whether errors should come with their traceback."""
    return _state.debug


def plain(text: str) -> str:
    """Make text from a corpus safe to show: no character of it can move the cursor or reorder the line.

    White space becomes a space, every other control character U+FFFD.
    """
    return _UNSAFE.sub(lambda match: " " if match[0].isspace() else "\ufffd", text)


def note(message: str) -> None:
    """Print a message for those who ask for more with `-v`."""
    _say(message, show=_state.verbose and not _state.quiet)


def info(message: str) -> None:
    """Print a message for everybody, unless `-q` is given."""
    _say(message, show=not _state.quiet)


def warn(message: str) -> None:
    """Print that a result may not be what was meant, unless `-q` is given."""
    if _state.warnings:
        warnings.warn(plain(message), stacklevel=2)
        return
    _say(f"{_state.program}: warning: {message}", show=not _state.quiet, style="yellow")


def error(message: str) -> None:
    """Print why there is no result, even with `-q`."""
    _say(f"{_state.program}: {message}", show=True, style="red")


def raw_error(text: str) -> None:
    """Write several lines, such as a traceback or a usage message, to standard error."""
    text = "\n".join(map(plain, text.rstrip("\n").split("\n")))
    _log(text)
    _write(text + "\n")


def stdout_is_terminal() -> bool:
    """Whether a person reads standard output."""
    return _is_terminal(sys.stdout)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # The stream is closed.
        return False


def _stderr_is_rich() -> bool:
    return _is_terminal(sys.stderr) and os.environ.get("TERM") not in ("dumb", "unknown")


def _say(message: str, *, show: bool, style: str = "") -> None:
    text = plain(message)
    _log(text)
    if not show:
        return
    if _state.live:  # Rich prints messages above the bar that is shown.
        from rich.text import Text

        with contextlib.suppress(OSError):
            _rich_stderr().print(Text(text, style), soft_wrap=True)
        return
    colour = {"yellow": "33", "red": "31"}.get(style)
    if colour and _stderr_is_rich() and not os.environ.get("NO_COLOR"):
        text = f"\x1b[{colour}m{text}\x1b[0m"
    _write(text + "\n")


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()


def _log(text: str) -> None:
    if _state.log is not None:
        with contextlib.suppress(OSError):
            _state.log.write(f"{_now()} {text.rstrip()}\n")


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S")


@functools.cache
def _rich_stderr() -> "Console":
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


@contextlib.contextmanager
def progress(
    description: str, total: int | None, unit: str, *, work_total: float | None = None
) -> Iterator[Progress]:
    """Show how far a loop has come, with a bar on a terminal and now and then a line elsewhere.

    Args:
        description: what is being done, such as "distilling".
        total: the number of units, None where it is not known.
        unit: the name of the units, in the plural, such as "documents".
        work_total: the work of all units in another measure, such as tokens (see `Progress.advance`).
    """
    shown = Progress(description, total, unit, work_total)
    if _state.quiet or _state.live or not _stderr_is_rich():
        shown.show = _Lines(shown.started)
        yield shown
    else:
        with _bar(shown):
            yield shown
    _progress_line(f"{description}: {shown.status()}, done in {clock(shown.elapsed())}")


@dataclass
class _Lines:
    """Progress off a terminal: a line after ten seconds or a tenth of the work, whichever is first."""

    when: float
    at: float = 0.0

    def __call__(self, progress: Progress) -> None:
        share, waited = progress.share(), time.monotonic() - self.when
        tenth = share is not None and share - self.at >= _LINE_SHARE and waited >= _LINE_LEAST_SECONDS
        if share == 1.0 or not (tenth or waited >= _LINE_SECONDS):
            return
        self.when, self.at = self.when + waited, share or 0.0
        percent = "" if share is None else f" ({share:.0%})"
        left = "" if progress.left() is None else f", {clock(progress.left())} left"
        _progress_line(f"{progress.description}: {progress.status()}{percent}{left}")


@contextlib.contextmanager
def _bar(shown: Progress) -> Iterator[None]:
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[status]}", markup=False),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with RichProgress(*columns, console=_rich_stderr(), refresh_per_second=8, transient=True) as bar:
        task = bar.add_task(plain(shown.description), total=shown.target, status="", left="")

        def show(now: Progress) -> None:
            if time.monotonic() - drawn[0] >= _BAR_SECONDS or now.share() == 1.0:
                drawn[0] = time.monotonic()
                left = f"{clock(now.left())} left"
                bar.update(task, total=now.target, completed=now.work, status=plain(now.status()), left=left)

        drawn = [0.0]
        shown.show = show
        _state.live = True
        try:
            yield
        finally:
            _state.live = False


def _progress_line(text: str) -> None:
    """Write a line of progress, off a terminal with the time, because nobody saw when it came."""
    text = plain(text)
    _log(text)
    if not _state.quiet and not _state.live:
        _write(f"{text}\n" if _stderr_is_rich() else f"{_now()} {text}\n")
