"""A process that has imported what is heavy, and forks: most of the cost of a command in a test is importing.

`shell.py` starts one for each process of pytest, with whose end it ends; `warm_client.py` asks it. Only other
people's modules are imported beforehand: the package's own are fresh in every child. Whatever else a start
depends on, such as a hash seed, is refused: the client then starts a fresh interpreter itself.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import re
import runpy
import select
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

HEAVY = [
    *("numba", "numpy.random", "orjson", "scipy.optimize", "scipy.special", "stopwordsiso", "typer"),
    *("rich.console", "rich.padding", "rich.progress", "rich.table"),
    *("sklearn.cluster", "sklearn.decomposition", "sklearn.feature_extraction.text", "sklearn.metrics"),
    *("torch", "torch.optim.adam", "transformers.modeling_utils", "transformers.models.auto.modeling_auto"),
    *("transformers.models.auto.tokenization_auto", "transformers.models.llama.modeling_llama"),
]

# Variables that are read when a command runs, not when other people's modules are imported, for which HOME is
# where downloads would lie, of which there are none.
FREE = re.compile(
    "(BASH_FUNC|DSLTM|MAKE|MAN|RAY|SLURM).*|COLUMNS|HOME|LINES|MFLAGS|NO_COLOR|OLDPWD|PAGER|PATH|PWD"
    "|PYTEST_CURRENT_TEST|SHLVL|TERM|_"
)
born = dict(os.environ)


def requests(listener: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Fork for each request; returns in the children, with what was asked and the three standard streams."""
    running: dict[int, socket.socket] = {}
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready = select.select([listener, sys.stdin, woken, *running.values()], [], [])[0]
        if sys.stdin in ready:  # the end of pytest
            for pid in running:
                os.kill(pid, signal.SIGKILL)
            shutil.rmtree(Path(listener.getsockname()).parent)
            os._exit(0)
        for pid, client in running.items():
            if client in ready:  # a signal to hand on, or the end of a client that was killed
                os.kill(pid, received(client) or signal.SIGKILL)
        if woken in ready:
            os.read(woken, 1 << 12)
            answer(running)
        if listener in ready:
            client, _ = listener.accept()
            asked, streams = request(client)
            if alike(asked["env"]):
                pid = os.fork()
                if pid == 0:
                    return asked, streams
                running[pid] = client
            else:
                client.close()
            for stream in streams:
                os.close(stream)


def request(client: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """What a client asks for, and its standard streams."""
    data, streams = b"", list[int]()
    with contextlib.suppress(OSError):  # it may have been killed
        data, streams, _, _ = socket.recv_fds(client, 1 << 20, 3)
    return json.loads(data or '{"env": {}}'), streams


def received(client: socket.socket) -> int:
    """The signal that a client hands on; 0 where it is no more."""
    with contextlib.suppress(OSError):
        return sum(client.recv(1))
    return 0


def answer(running: dict[int, socket.socket]) -> None:
    """Tell the clients of the children that have ended how they did."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            break
        with running.pop(pid) as client, contextlib.suppress(OSError):
            client.send(status.to_bytes(4, "little"), socket.MSG_NOSIGNAL)


def alike(env: dict[str, str]) -> bool:
    """Whether a fresh interpreter with this environment would have imported the same as this one."""
    different = (env.items() ^ born.items()) - imported().items()  # which pytest's process has imported, too
    return all(FREE.fullmatch(name) for name, _ in different)


def imported() -> dict[str, str]:
    """What imports set in the environment, for themselves."""
    return {name: value for name, value in os.environ.items() if name not in born}


def become(asked: dict[str, Any], streams: list[int]) -> None:
    """Be as a fresh interpreter that was asked to run the module dsltm."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1024)
    sys.stdin, sys.stdout, sys.stderr = map(fresh, range(3), (sys.stdin, sys.stdout, sys.stderr))
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    env = imported() | asked["env"]
    os.environ.clear()
    os.environ.update(env)
    os.chdir(asked["cwd"])
    sys.path[0] = asked["cwd"]
    sys.argv = ["dsltm", *asked["arguments"]]


def fresh(number: int, old: TextIO) -> TextIO:
    """A standard stream as the interpreter makes it at its start, in the encoding of the old one."""
    assert isinstance(old, io.TextIOWrapper)
    unbuffered = old.write_through
    raw = open(number, "rb" if number == 0 else "wb", 0 if unbuffered and number else -1, closefd=False)  # noqa: SIM115
    by_line = not unbuffered and (number == 2 or raw.isatty())
    text = io.TextIOWrapper(raw, old.encoding, old.errors, "\n", by_line, unbuffered)  # type: ignore[arg-type]
    text.mode = "r" if number == 0 else "w"
    return text


def run() -> None:
    """Run dsltm, and end without taking apart all that was imported, which would take longer."""
    try:
        runpy.run_module("dsltm", run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        if isinstance(ending.code, int):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            with contextlib.suppress(OSError, ValueError):  # which the interpreter's own end tells of
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(ending.code & 0xFF)
        raise


def main(descriptor: str) -> None:
    """Serve until standard input ends."""
    for name in HEAVY:
        importlib.import_module(name)
    half_of_numba = sys.modules["numba"].njit("f8(f8)")  # which is loaded when something is compiled
    half_of_numba(lambda number: number)
    listener = socket.socket(fileno=int(descriptor))
    gc.collect()
    gc.freeze()
    become(*requests(listener))
    run()


if __name__ == "__main__":
    main(*sys.argv[1:])
