"""What is kept of the reading when `dsltm distill` is killed: `python tests/bench/bench_kills.py`.

2,000 short documents are read by a tiny teacher that is made slow. At each of 20 random moments of the
reading the process gets SIGKILL, and the same command is given again. Printed are, for each kill, how many
texts had been read and how many of them the next run need not read again; and whether the file in the end is
that of an unbroken run, to the byte. Runs are forks of one process, so that torch is imported once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from tiny_teachers import save_tiny_teacher, sentences, write_jsonl  # noqa: E402

from dsltm import cli  # noqa: E402
from dsltm.distilling import run as _imported_before_forks  # noqa: E402, F401
from dsltm.formats.window_log import WindowLog  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dsltm.formats.window_log import ReadBatch


def slowed(read: Any, pause: float) -> None:
    """Have every batch take `pause` seconds more, and count in `read` what was read and what was kept."""
    begin, add = WindowLog.begin, WindowLog.add

    def counted_begin(self: WindowLog, documents: int) -> Iterator[ReadBatch]:
        for batch in begin(self, documents):
            read[1] += len(batch.rows)
            yield batch

    def slow_add(self: WindowLog, batch: ReadBatch) -> None:
        time.sleep(pause)
        read[0] += len(batch.rows)
        add(self, batch)

    WindowLog.begin, WindowLog.add = counted_begin, slow_add  # type: ignore[method-assign]


def different(count: int) -> list[tuple[str, str]]:
    """So many sentences, none of which comes twice."""
    return [(theme, f"{text} {number}") for number, (theme, text) in enumerate(sentences(count))]


def forked(work: Callable[[], int]) -> int:
    """Have a fork of this process do it; its process id. There are no threads to lose."""
    child = os.fork()
    if not child:
        os._exit(work())
    return child


def wait_for(read: Any, texts: float, child: int) -> None:
    """Wait until a run has read so many texts."""
    while read[0] < texts:
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the run has ended"
        time.sleep(0.001)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds that a batch takes more")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    folder = Path(tempfile.mkdtemp())
    teacher, whole, broken = folder / "teacher", folder / "whole.npz", folder / "broken.npz"
    corpus = write_jsonl(folder / "c.jsonl", different(options.documents))
    command = ["-q", "distill", str(corpus), "--teacher", str(teacher), "--batch-tokens", "512", "-o"]
    os.waitpid(forked(lambda: save_tiny_teacher(teacher, "llama") and 0), 0)
    os.waitpid(forked(lambda: cli.run([*command, str(whole)])), 0)
    # Without a lock, which a process that is killed would hold for ever.
    read = multiprocessing.RawArray("q", 2)
    slowed(read, options.pause)
    share, moments = [], sorted(draw.uniform(0.02, 0.98) * options.documents for _ in range(options.kills))
    kept_before = 0
    for moment in moments:
        read[0] = read[1] = 0
        child = forked(lambda: cli.run([*command, str(broken)]))
        wait_for(read, moment - kept_before, child)
        time.sleep(draw.uniform(0, options.pause))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        had = kept_before + read[0]
        # What the journal holds is known by the run that goes on from it, which is the next one.
        read[0] = read[1] = 0
        child = forked(lambda: cli.run([*command, str(broken)]))
        wait_for(read, 1, child)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kept = read[1]
        share.append(kept / had)
        print(f"killed after {had:,} texts: {kept:,} kept, {share[-1]:.1%}", flush=True)
        kept_before = kept + read[0]
    os.waitpid(forked(lambda: cli.run([*command, str(broken)])), 0)
    same = broken.read_bytes() == whole.read_bytes()
    print(f"least kept {min(share):.1%}, the same bytes at the end: {same}")
    sys.exit(not same or min(share) < 0.9)


if __name__ == "__main__":
    main()
