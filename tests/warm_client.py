"""`python -m dsltm`, by a fork of the warm server: `python -I -S warm_client.py SOCKET ARGUMENTS`.

The fork has this process's arguments, environment, folder and standard streams, gets its signals, and its end
is this one's. What the server refuses, or cannot know of, is run by a fresh interpreter in place of this one.
"""

from __future__ import annotations

import _signal as signal  # what `socket` and `signal` define beside these takes as long as all the rest here
import _socket as socket
import os
import sys

HANDED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ask(place: str, arguments: list[str]) -> bytes:
    """The status of the fork, as the system tells it; nothing where there was none."""
    variables = (name + b"=" + value for name, value in os.environb.items())
    words = [os.getcwdb(), b"%d" % len(arguments), *map(os.fsencode, arguments), *variables]
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        server.connect(place)
        server.sendmsg([b"\0".join(words)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
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
