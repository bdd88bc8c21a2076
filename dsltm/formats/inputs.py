"""The files that a run reads: none of them may be written over, and a pipe among them is read once.

Both need to be known only while a command runs. A program that uses the package may write to the file that it
read before, so nothing is remembered outside of `one_run`.
"""

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from dsltm.errors import UsageError


@dataclass
class _Run:
    """What one command has read so far.

    Attributes:
        names: of each input file what the user called it.
        folders: the real paths of input folders, and what the user called them.
        corpora: those of them whose files are documents, whatever their names are.
        pipes: copies of what can be read only once.
    """

    names: dict[tuple[int, int], str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    corpora: dict[str, str] = field(default_factory=dict)
    pipes: dict[tuple[int, int], BinaryIO] = field(default_factory=dict)


# The runs under way, the innermost last, because a command may run another one.
_runs: list[_Run] = []


@contextlib.contextmanager
def one_run() -> Iterator[None]:
    """Remember inputs until the block ends."""
    _runs.append(_Run())
    try:
        yield
    finally:
        for copy in _runs.pop().pipes.values():
            copy.close()


def note_input(path: str) -> None:
    """Remember that a path is read by this run; a path that does not exist is ignored."""
    with contextlib.suppress(OSError, ValueError):
        status = os.stat(path)
        if _runs and stat.S_ISDIR(status.st_mode):
            _runs[-1].folders[os.path.realpath(path)] = path
        else:
            note_open(status, path)


def note_corpus(folder: str) -> None:
    """Remember a folder whose files are documents: a new file in it would be a document of the next run."""
    if _runs:
        _runs[-1].corpora[os.path.realpath(folder)] = folder


def note_open(status: os.stat_result, name: str) -> None:
    """Remember an input file that is open already."""
    if _runs and stat.S_ISREG(status.st_mode):
        _runs[-1].names.setdefault((status.st_dev, status.st_ino), name)


def refuse_input(path: str) -> None:
    """Refuse to write to an input of this run, by whatever path or link.

    Raises:
        UsageError: the path is one of the inputs, or is in a folder that is one.
    """
    there = False
    with contextlib.suppress(OSError, ValueError):
        _refuse(os.stat(path), path)
        there = True
    real = os.path.realpath(path)
    for run in _runs:
        # A file that does not exist was not read, but could be among the documents next time.
        for folder, name in (run.folders if there else run.corpora).items():
            if real == folder or real.startswith(os.path.join(folder, "")):
                raise UsageError(f"{path}: is in {name}, which this command reads", hint="another place")


def refuse_open_input(status: os.stat_result, name: str) -> None:
    """As `refuse_input`, of an output that is open already, such as standard output."""
    _refuse(status, name)


def _refuse(status: os.stat_result, name: str) -> None:
    for run in _runs:
        known = run.names.get((status.st_dev, status.st_ino))
        if known is not None and stat.S_ISREG(status.st_mode):
            same = "" if known == name else f", called {known},"
            raise UsageError(
                f"{name}: this command reads that file{same} and would write over it",
                hint="another name for the output",
            )


def name_of(path: str) -> str:
    """What messages call a file: by its path, and "-" by what it means."""
    return "standard input" if path == "-" else path


def open_input(path: str) -> BinaryIO:
    """Open a file to be read at any place and as often as is wanted.

    A pipe or a device is copied to a temporary file without a name, so that nothing is left behind however
    the process ends. A pipe that is opened again in the same run gives the same bytes again.

    Raises:
        OSError: it cannot be opened.
    """
    file = open(path, "rb")  # noqa: SIM115 (the caller keeps it)
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode):
        note_open(status, path)
        return file
    identity = status.st_dev, status.st_ino
    with file:
        if _runs and identity in _runs[-1].pipes:
            return _again(_runs[-1].pipes[identity])
        copy = copied(file)
    if _runs:
        _runs[-1].pipes[identity] = copy
        return _again(copy)
    return copy


def copied(file: BinaryIO) -> BinaryIO:
    """The rest of a stream, in a temporary file that vanishes when it is closed."""
    copy = tempfile.TemporaryFile(prefix="dsltm-")  # noqa: SIM115
    shutil.copyfileobj(file, copy, 1 << 20)
    # Seeking also writes what is still buffered.
    copy.seek(0)
    return copy


def _again(copy: BinaryIO) -> BinaryIO:
    """The same file under another descriptor, so that one reader may close it and another go on."""
    return os.fdopen(os.dup(copy.fileno()), "rb")
