"""Running `dsltm` as a shell does: real processes, pipes and terminals.

Most of them are forks of a process that has imported torch and transformers already (`warm_server.py`).
With `DSLTM_TESTS_COLD=1` set for pytest each is a fresh interpreter, as everywhere but on Linux; so is what
tests of starts and ends themselves use, `DSLTM`.
"""

from __future__ import annotations

import atexit
import functools
import os
import pty
import shlex
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DSLTM = [sys.executable, "-m", "dsltm"]


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what changes dsltm's ways, and with the package importable."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DSLTM_") or k == "DSLTM_CACHE"}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        kept.pop(name, None)
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", **extra}


# As it is before any test changes it: the warm server would refuse whoever lacks a variable that one set.
UNCHANGED = environment()


@functools.cache
def warm() -> list[str]:
    """What to write for `python -m dsltm` to have a fork of this process's warm server run it."""
    if sys.platform != "linux" or os.environ.get("DSLTM_TESTS_COLD"):
        return DSLTM
    place = os.path.join(tempfile.mkdtemp(prefix="dsltm-warm-"), "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(place)
        listener.listen(64)
        server = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "warm_server.py"), str(listener.fileno())],
            stdin=subprocess.PIPE,  # which ends when this process does, however that comes
            pass_fds=[listener.fileno()],
            env=UNCHANGED,
            start_new_session=True,
        )
    atexit.register(server.communicate)
    return [sys.executable, "-I", "-S", str(ROOT / "tests" / "warm_client.py"), place]


def dsltm(
    *args: str | Path, stdin: str | bytes = b"", env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run one command; output as bytes, never raises for its status."""
    return subprocess.run(
        [*warm(), *map(str, args)],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env=environment(**(env or {})),
        timeout=600,
        check=False,
        **options,
    )


def bash(script: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script in which `dsltm` is the command under test."""
    function = f'dsltm() {{ {shlex.join(warm())} "$@"; }}; export -f dsltm\n'
    return subprocess.run(
        ["bash", "-c", function + script],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=environment(**env),
        timeout=300,
        check=False,
    )


def on_terminal(
    *args: str | Path, streams: str = "out err", env: dict[str, str] | None = None, cwd: Path | None = None
) -> tuple[int, str]:
    """Run one command with standard output, standard error or both on a terminal of 80 columns.

    Returns:
        The exit status, and what the terminal was sent.
    """
    ours, theirs = pty.openpty()
    to = {name: theirs if name in streams else subprocess.DEVNULL for name in ("in", "out", "err")}
    process = subprocess.Popen(
        [*warm(), *map(str, args)],
        stdin=to["in"],
        stdout=to["out"],
        stderr=to["err"],
        env=environment(**{"COLUMNS": "80", **(env or {})}),
        cwd=cwd,
    )
    os.close(theirs)
    sent = b""
    while chunk := _read(ours):
        sent += chunk
    os.close(ours)
    return process.wait(timeout=600), sent.decode("utf-8", "replace")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # Linux's end of file on a terminal whose other side is closed
        return b""
