"""Mutated files through the commands that read them: `python tests/fuzz.py KIND COUNT [FIRST]`.

Each file must be read, or refused with one sentence: no traceback, no hang, no memory beyond a bound. Run by
test_fuzz.py in a process of its own, whose memory is limited so that a header that claims terabytes shows.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import resource
import signal
import struct
import sys
import tempfile
import traceback
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM = 1 << 29  # bytes beyond what the process has when all is imported
SECONDS = 20  # for one file
HUGE = [0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1]
ODD = [
    *(b"null", b"true", b"-1", b"1e999", b"[]", b"{}", b'""', b"NaN", b'"\\ud800"', b"[" * 3000),
    *(b"\xff\xfe", b"\0", b"\n", b"\r\n", b'"', b",", b"'O'", b"object", b"|O", b"<f2", b">f8", b"True"),
]


class Hang(BaseException):
    """A file took too long."""


def mutate(data: bytes, draw: random.Random) -> bytes:
    """The bytes with one to four things wrong."""
    for _ in range(draw.choice([1, 1, 1, 2, 4])):
        at = draw.randrange(len(data) + 1)
        end = min(len(data), at + draw.choice([1, 1, 2, 4, 8, 64, 4096]))
        change = draw.randrange(9)
        if change == 0:  # cut off
            data = data[:at]
        elif change == 1:  # cut out
            data = data[:at] + data[end:]
        elif change == 2:  # doubled
            data = data[:end] + data[at:]
        elif change == 3:  # flipped bits
            data = data[:at] + bytes(b ^ (1 << draw.randrange(8)) for b in data[at : at + 1]) + data[at + 1 :]
        elif change == 4:  # noise
            data = data[:at] + draw.randbytes(end - at) + data[end:]
        elif change == 5:  # a number where bytes were
            size, form = draw.choice([(2, "<H"), (4, "<I"), (8, "<Q")])
            number = struct.pack(form, draw.choice(HUGE) & ((1 << 8 * size) - 1))
            data = data[:at] + number + data[at + size :]
        elif change == 6:  # another number, written out
            numbers = list(re.finditer(rb"\d+", data[: 1 << 16]))
            if numbers:
                found = draw.choice(numbers)
                data = data[: found.start()] + str(draw.choice(HUGE)).encode() + data[found.end() :]
        elif change == 7:  # an odd word
            data = data[:at] + draw.choice(ODD) + data[draw.choice([at, end]) :]
        else:  # another value in a JSON object
            values = list(re.finditer(rb'(?<=":)("[^"]*"|[\d.]+|\[[^\]]*\])', data[: 1 << 16]))
            if values:
                found = draw.choice(values)
                data = data[: found.start()] + draw.choice(ODD) + data[found.end() :]
        if not data:
            break
    return data


def mutate_within(data: bytes, draw: random.Random) -> bytes:
    """An NPZ with something wrong in its members, whose checksums are right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    name = draw.choice(["header.npy", *members])
    change = draw.randrange(10)
    if change == 0:
        members.pop(name)
    elif change == 1:
        members[draw.choice([name + "x", "../../evil.npy", "objects.npy", ""])] = members[name]
    elif change == 2:
        members[name] = members[draw.choice([*members])]
    elif change == 3:
        members[name] = mutate(members[name][:128], draw) + members[name][128:]
    else:
        members[name] = mutate(members[name], draw)
        if name == "header.npy" and change < 8:  # a header of another length says so
            content = members[name][128:]
            shape = b"{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }" % len(content)
            members[name] = b"\x93NUMPY\x01\x00\x76\x00" + shape.ljust(117) + b"\n" + content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", draw.choice([0, 0, 0, zipfile.ZIP_DEFLATED])) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def run(*arguments: str) -> None:
    """One command in this process; what it says must be at most a sentence and warnings."""
    from dsltm import cli

    said, written = io.StringIO(), io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(written):
        status = cli.run([*arguments])
    errors = [line for line in said.getvalue().splitlines() if re.match(r"dsltm \w+: (?!warning: )", line)]
    if status not in (0, 1, 2) or len(errors) != (status != 0) or "not enough memory" in said.getvalue():
        raise AssertionError(f"{' '.join(arguments)}: status {status}, said {said.getvalue()[-2000:]!r}")


def whole_files(folder: Path) -> tuple[Path, Path]:
    """A labels file and a model."""
    from planted import plant

    from dsltm.formats.labels import write_labels
    from dsltm.formats.model import write_model
    from dsltm.training import TrainConfig
    from dsltm.training.loop import train

    labels = plant(documents=30, topics=3, words=20, words_per_topic=3, hidden=8, empty=2).labels
    with (folder / "labels.npz").open("wb") as file:
        members = {name: getattr(labels, name) for name in ("logits", "hidden", "flags", "word_embeddings")}
        members |= {name: getattr(labels, name) for name in ("bow_indptr", "bow_indices", "bow_data")}
        members |= {"ids": labels.ids.data, "ids_indptr": labels.ids.indptr, "gold": labels.gold_codes}
        write_labels(file, labels.header, members)
    config = TrainConfig(topics=3, epochs=2, units=4, device="cpu").resolved()
    with (folder / "model.npz").open("wb") as file:
        write_model(file, train(labels, config))
    return folder / "labels.npz", folder / "model.npz"


def corpora(folder: Path) -> tuple[list[bytes], Callable[[Path, int], None]]:
    rows = [{"id": str(i), "text": f"Some words, naïve \u2028 text {i}", "label": "x"} for i in range(20)]
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    table = b"id,text,label\n" + b"".join(b'%d,"one ""two""\nthree words",x\n' % i for i in range(20))
    import gzip

    def check(path: Path, number: int) -> None:
        form = ("auto", "jsonl", "lines", "csv")[number % 4]
        run("vocab", str(path), "--format", form, "--on-error", ("fail", "skip")[number // 4 % 2])

    return [lines, gzip.compress(lines, mtime=0), table], check


def forms(folder: Path) -> tuple[list[bytes], Callable[[Path, int], None]]:
    """A corpus in each of its forms, packed ones too; read in this process, without a command around it."""
    import bz2
    import lzma

    from test_forms import FORMS, ROWS, tsv

    from dsltm.errors import DsltmError
    from dsltm.formats.corpus import Corpus, Fields, Reading

    wanted = os.environ.get("FUZZ_FORM")  # one form alone
    whole = {name: made(ROWS * 5) for name, made in {**FORMS, "c.tsv": tsv}.items()}
    lines = whole["c.jsonl"]
    whole |= {
        "c.jsonl.bz2": bz2.compress(lines),
        "c.jsonl.xz": lzma.compress(lines),
        "utf-16.csv": whole["c.csv"].decode().encode("utf-16"),
    }
    with contextlib.suppress(ImportError):
        from backports import zstd

        whole["c.jsonl.zst"] = zstd.compress(lines)

    def check(path: Path, number: int) -> None:
        on_error: Any = ("fail", "skip")[number % 2]
        data = path.read_bytes()
        with contextlib.suppress(DsltmError), contextlib.redirect_stderr(io.StringIO()):
            list(Corpus(str(path), Fields(label="label", keep=("x",)), Reading("auto", None, on_error)))
        named = path.with_name("named" + (".tsv", ".csv", ".json", ".txt", ".md", ".feather")[number % 6])
        named.write_bytes(data)
        with contextlib.suppress(DsltmError), contextlib.redirect_stderr(io.StringIO()):
            list(Corpus(str(named), Fields(label="label"), Reading("auto", None, on_error)))

    return [data for name, data in whole.items() if wanted in (None, name)], check


def vocabularies(folder: Path) -> tuple[list[bytes], Callable[[Path, int], None]]:
    from dsltm.errors import DsltmError
    from dsltm.formats.settings import read_settings
    from dsltm.words.vocabulary import read_vocabulary

    lines = b"".join(
        json.dumps({"word": f"wörd{i}", "df": i, "tf": 2 * i}).encode() + b"\n" for i in range(20)
    )

    def check(path: Path, number: int) -> None:
        with contextlib.suppress(DsltmError):
            (read_vocabulary, read_settings)[number % 2](str(path))

    return [lines, b'teacher = "x"\nsize = 3\n[train]\ntopics = [1, "a"]\n'], check


def labels(folder: Path) -> tuple[list[bytes], Callable[[Path, int], None]]:
    whole, model = whole_files(folder)

    def check(path: Path, number: int) -> None:
        if number % 5 == 0:
            run("train", str(path), "-k", "3", "--epochs", "1", "-q", "-o", str(folder / "out"))
        elif number % 5 == 1:
            run("topics", str(model), str(path), "--examples", "1", "-o", str(folder / "out"))
        elif number % 5 == 2:
            run("eval", str(model), str(path), "-q", "-o", str(folder / "out"))
        else:
            run("assign", str(model), str(path), "-o", str(folder / "out"))

    return [whole.read_bytes()], check


def models(folder: Path) -> tuple[list[bytes], Callable[[Path, int], None]]:
    labels, whole = whole_files(folder)

    def check(path: Path, number: int) -> None:
        command = [
            ["topics", str(path)],
            ["assign", str(path), str(labels)],
            ["eval", str(path), str(labels)],
        ]
        run(*command[number % 3], "-q", "-o", str(folder / "out"))

    return [whole.read_bytes()], check


def main(kind: str, count: int, first: int = 0) -> int:
    """Mutate and read; prints every failure, and returns how many there were."""
    signal.signal(signal.SIGALRM, _hang)
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, check = {f.__name__: f for f in (corpora, forms, vocabularies, labels, models)}[kind](folder)
        for data in whole:  # all that is needed is imported, and the files are read when nothing is wrong
            (folder / "whole").write_bytes(data)
            for number in range(5):
                check(folder / "whole", number)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))
        for number in range(first, first + count):
            draw = random.Random(number)
            path = folder / "mutated"
            data = draw.choice(whole)
            within = data.startswith(b"PK") and kind != "forms" and number % 3
            path.write_bytes((mutate_within if within else mutate)(data, draw))
            signal.alarm(SECONDS)
            try:
                check(path, number)
            except (Exception, Hang):  # noqa: BLE001  # whatever it is, it is a finding
                failures += 1
                print(f"{kind} {number}:\n{traceback.format_exc(limit=-6)}", flush=True)  # noqa: T201
            finally:
                signal.alarm(0)
    return failures


def _hang(*_: object) -> None:
    raise Hang


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1], *map(int, sys.argv[2:])), 100))
