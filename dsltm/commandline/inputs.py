"""What a command reads and what it writes, by the values of its options: no file may be both."""

import contextlib
import os
import sys

import typer

from dsltm.errors import UsageError
from dsltm.formats.inputs import note_input, note_open, refuse_input
from dsltm.formats.output import is_stdout
from dsltm.formats.source import STDIN

# The names of parameters whose files are written end with one of these.
OUTPUTS = ("output", "html", "log_file")


def check_stdin(*paths: str | None) -> None:
    """Refuse to read standard input as two files.

    Raises:
        UsageError: "-" is there twice.
    """
    if paths.count(STDIN) > 1:
        raise UsageError("only one of the files can be standard input")


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
