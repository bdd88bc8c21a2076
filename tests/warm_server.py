"""A process that has imported what is heavy, and forks: most of the cost of a command in a test is importing.

`shell.py` starts one for each process of pytest, with whose end it ends; `warm_client.py` asks it. The
package's own modules are imported beforehand, too, all of them in one order: that each command by itself
imports what it needs is seen where `test_cli.py` starts it in a fresh interpreter. Whatever else a start
depends on, such as a hash seed, is refused: the client then starts a fresh interpreter itself.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import os
import pkgutil
import re
import runpy
import select
import shutil
import signal
import socket
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any, TextIO

import dsltm.commands.tree
import dsltm.words.language

HEAVY = [
    *("numba", "numpy.random", "openTSNE", "orjson", "scipy.optimize", "scipy.special", "snowballstemmer"),
    *(
        "rich.console",
        "rich.padding",
        "rich.progress",
        "rich.table",
        "stopwordsiso",
        "tomllib",
        "typer._adapters",
    ),
    *("sklearn.cluster", "sklearn.decomposition", "sklearn.feature_extraction.text", "sklearn.metrics"),
    *("torch", "torch.optim.adam", "transformers.modeling_utils", "transformers.models.auto.modeling_auto"),
    *("transformers.models.auto.tokenization_auto", "transformers.models.llama.modeling_llama"),
    *("typer._adapters",),
]

# Variables that are read when a command runs, not when other people's modules are imported, for which HOME is
# where downloads would lie, of which there are none.
FREE = re.compile(
    "(AWS|BASH_FUNC|DSLTM|MAKE|MAN|RAY|SLURM).*|COLUMNS|HOME|LINES|MFLAGS|NO_COLOR|OLDPWD|PAGER|PATH|PWD"
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
        for pid, client in [*running.items()]:
            if client in ready and (number := received(client)):
                os.kill(pid, number)
            elif client in ready:  # the client was killed: no other command starts before the end of this one
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                running.pop(pid).close()
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
    cwd, count, *words = map(os.fsdecode, (data or b"/\x000").split(b"\x00"))
    arguments, variables = words[: int(count)], words[int(count) :]
    env = dict(variable.split("=", 1) for variable in variables)
    return {"arguments": arguments, "env": env, "cwd": cwd}, streams


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
    different = {name for name, _ in (env.items() ^ born.items()) - imported().items()}
    first = customized(env)
    if first and {*os.listdir(first)} <= {"sitecustomize.py", "__pycache__"}:
        different.remove("PYTHONPATH")
    return all(map(FREE.fullmatch, different))


def customized(env: dict[str, str]) -> str:
    """The folder that an environment has before this one's PYTHONPATH; none is an empty string."""
    path, own = env.get("PYTHONPATH", ""), os.pathsep + born.get("PYTHONPATH", "")
    return path.removesuffix(own) if path.endswith(own) else ""


def imported() -> dict[str, str]:
    """What imports set in the environment, for themselves; pytest's process has imported the same."""
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
    if first := customized(env):
        sys.path.insert(1, first)
        sys.modules.pop("sitecustomize", None)
        importlib.import_module("sitecustomize")


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


def own() -> list[str]:
    """The package's modules, but for those that run when they are imported."""
    found = pkgutil.walk_packages(dsltm.__path__, "dsltm.")
    return [module.name for module in found if not module.name.endswith("__main__")]


def prepare() -> None:
    """Do what each process does once, when it is first asked for something."""
    sys.modules["numba"].njit("f8(f8)")(
        lambda number: number
    )  # half of it is loaded when something is compiled
    sys.modules["transformers.conversion_mapping"].get_checkpoint_conversion_mapping("llama")  # 900 patterns
    dsltm.words.language.languages(["the languages of a corpus"])  # unpacks a model, in a thread
    for command in dsltm.commands.tree.top().commands.values():
        for parameter in command.params:
            parameter.get_runtime_param()  # what checks its values
    while threading.active_count() > 1:
        time.sleep(0.01)  # a fork has no other threads
    for finalizer in weakref.finalize._registry:  # type: ignore[attr-defined]
        finalizer.atexit = False  # what is taken apart at the end is not the forks' but this process's


def main(descriptor: str) -> None:
    """Serve until standard input ends."""
    for name in [*HEAVY, *own()]:
        importlib.import_module(name)
    prepare()
    listener = socket.socket(fileno=int(descriptor))
    gc.collect()
    gc.freeze()
    become(*requests(listener))
    run()


if __name__ == "__main__":
    main(*sys.argv[1:])
