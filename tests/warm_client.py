"""`python -m dsltm`, by a fork of the warm server: `python -I -S warm_client.py SOCKET ARGUMENTS`.

The fork has this process's arguments, environment, folder and standard streams, gets its signals, and its end
is this one's. What the server refuses, or cannot know of, is run by a fresh interpreter in place of this one.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

HANDED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ask(place: str, arguments: list[str]) -> bytes:
    """The status of the fork, as the system tells it; nothing where there was none."""
    asked = {"arguments": arguments, "env": dict(os.environ), "cwd": os.getcwd()}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        try:
            server.connect(place)
            socket.send_fds(server, [json.dumps(asked).encode()], [0, 1, 2])
            for number in HANDED_ON:
                signal.signal(number, lambda number, _: server.send(bytes([number])))
            return server.recv(4)
        except OSError:
            return b""


def end(code: int) -> None:
    """End as the fork did."""
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def main(place: str, *arguments: str) -> None:
    closed = None in (sys.stdin, sys.stdout, sys.stderr)
    ignored = signal.SIG_IGN in map(signal.getsignal, HANDED_ON)
    status = b"" if closed or ignored else ask(place, [*arguments])
    if status:
        end(os.waitstatus_to_exitcode(int.from_bytes(status, "little")))
    os.execv(sys.executable, [sys.executable, "-m", "dsltm", *arguments])


main(*sys.argv[1:])
