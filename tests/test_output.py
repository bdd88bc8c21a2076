"""Results appear whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shlex
import stat
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
from shell import DSLTM, environment

from dsltm.errors import DsltmError, UsageError
from dsltm.formats.corpus import Corpus
from dsltm.formats.inputs import note_input, one_run
from dsltm.formats.output import open_output
from dsltm.formats.tables import table_form, write_table

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "result"
    with open_output(str(path)) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        file.write(b", whole")
    assert path.read_bytes() == b"half, whole"
    assert os.listdir(tmp_path) == ["result"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "result"
    path.write_bytes(b"old")
    with pytest.raises(failure), open_output(str(path)) as file:  # noqa: PT012
        file.write(b"new")
        raise failure
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["result"]


def test_permissions_are_those_of_the_old_file_or_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        for name, mode in (("new", 0o640), ("old", 0o604)):
            path = tmp_path / name
            if name == "old":
                path.touch()
                path.chmod(mode)
            with open_output(str(path)) as file:
                file.write(b"x")
            assert stat.S_IMODE(path.stat().st_mode) == mode
    finally:
        os.umask(before)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real").write_bytes(b"old")
    with open_output(str(tmp_path / "link")) as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_pipes_and_devices_are_written_to_directly(tmp_path: Path) -> None:
    with open_output(os.devnull) as file:
        file.write(b"gone")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    os.mkfifo(tmp_path / "fifo")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "fifo").read_bytes()))
    reader.start()
    with open_output(str(tmp_path / "fifo")) as file:
        file.write(b"through")
    reader.join()
    assert got == [b"through"]


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(DsltmError, match=r"no/file: cannot be written: no such file or directory"),
        open_output(str(tmp_path / "no" / "file")),
    ):
        pass
    for folder in (str(tmp_path), "", "/"):
        with pytest.raises(DsltmError, match=r"is a directory"), open_output(folder):
            pass


def test_a_name_may_be_as_long_as_names_get(tmp_path: Path) -> None:
    for name in ("n" * 255, "\u97f3" * 85, "\U0001f600" * 63):
        with open_output(str(tmp_path / name)) as file:
            file.write(b"x")
        assert (tmp_path / name).read_bytes() == b"x"


def test_a_full_disk_names_the_output() -> None:
    with (
        pytest.raises(DsltmError, match=r"/dev/full: no space left on device"),
        open_output("/dev/full") as file,
    ):
        file.write(b"x" * 100_000)


def test_an_input_is_not_written_over(tmp_path: Path) -> None:
    for name in ("corpus", "folder/part"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"valuable")
    (tmp_path / "link").symlink_to("corpus")
    os.link(tmp_path / "corpus", tmp_path / "hard")
    with one_run():
        note_input(str(tmp_path / "corpus"))
        note_input(str(tmp_path / "folder"))
        for name in ("corpus", "link", "hard", "folder/../corpus", "folder/part"):
            with pytest.raises(UsageError, match=r"this command reads"), open_output(str(tmp_path / name)):
                pytest.fail("the output was opened")
        with open_output(str(tmp_path / "folder" / "new")) as file:
            file.write(b"x")
    assert (tmp_path / "corpus").read_bytes() == (tmp_path / "folder" / "part").read_bytes() == b"valuable"
    with open_output(str(tmp_path / "corpus")) as file:  # a program may write to what it read before
        file.write(b"new")


def test_an_input_that_is_read_while_the_output_is_open_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "corpus").write_bytes(b"valuable")
    with (  # noqa: PT012
        one_run(),
        pytest.raises(UsageError, match=r"corpus: this command reads that file and would write over it"),
        open_output(str(tmp_path / "corpus")) as file,
    ):
        file.write(b"new")
        note_input(str(tmp_path / "corpus"))
    assert (tmp_path / "corpus").read_bytes() == b"valuable"
    assert os.listdir(tmp_path) == ["corpus"]


@pytest.mark.parametrize(("suffix", "read"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_a_name_that_says_packed_is_packed(suffix: str, read: Any, tmp_path: Path) -> None:
    rows = [{"id": "a", "words": ["sun", "sea"]}, {"id": "b", "words": []}]
    for number in (1, 2):
        write_table(str(tmp_path / f"{number}.csv{suffix}"), rows, table_form(f"a.csv{suffix}", None))
    with read.open(tmp_path / f"1.csv{suffix}", "rt") as file:
        assert file.read() == 'id,words\na,"sun, sea"\nb,\n'
    assert (tmp_path / f"1.csv{suffix}").read_bytes() == (tmp_path / f"2.csv{suffix}").read_bytes()
    for name in (f"labels.npz{suffix}", f"table.parquet{suffix}"):
        with (
            pytest.raises(UsageError, match="written as it is"),
            open_output(str(tmp_path / name), binary=True),
        ):
            pass
    assert len(list(tmp_path.iterdir())) == 2


def test_a_corpus_gets_no_new_documents_by_what_is_made_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "posts"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"text": "storm and rain"}\n')
    with one_run():
        assert len(list(Corpus(str(folder)))) == 1
        for name in ("posts/words.jsonl", "posts/in/../words.jsonl"):
            with (
                pytest.raises(UsageError, match=r"is in .*posts, which this command reads"),
                open_output(str(tmp_path / name)),
            ):
                pass
        with open_output(str(tmp_path / "posts.jsonl")) as file:
            file.write(b"beside it")
    assert [path.name for path in folder.iterdir()] == ["a.jsonl"]


def test_files_that_are_open_already_are_written_to_where_they_are(tmp_path: Path) -> None:
    def typed(script: str) -> subprocess.CompletedProcess[bytes]:
        start = f'dsltm() {{ {shlex.join(DSLTM)} "$@"; }}\n'
        command = ["bash", "-c", start + script]
        return subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, check=False)

    corpus, out = tmp_path / "c.jsonl", tmp_path / "out"
    corpus.write_text('{"text": "storm and rain"}\n')
    words = '{"word":"rain","df":1,"tf":1}\n{"word":"storm","df":1,"tf":1}\n'
    for script in (
        "(echo head; dsltm vocab c.jsonl -o /dev/stdout; echo tail) > out",
        "(echo head; dsltm vocab c.jsonl -o /dev/fd/3 3>&1; echo tail) > out",
    ):
        assert typed(script).returncode == 0
        assert out.read_text() == f"head\n{words}tail\n"
    assert typed("dsltm vocab c.jsonl -o >(sort -r > sorted); wait $!").returncode == 0
    assert (tmp_path / "sorted").read_text().splitlines() == words.splitlines()[::-1]
    before = corpus.read_bytes()
    for script in (
        "dsltm vocab c.jsonl -o /dev/fd/3 3<> c.jsonl",
        "dsltm vocab c.jsonl -o /dev/stdout >> c.jsonl",
    ):
        refused = typed(script)
        assert (refused.returncode, corpus.read_bytes()) == (2, before)
        assert b"would write over it" in refused.stderr
    assert b"/dev/fd/9: cannot be written" in typed("dsltm vocab c.jsonl -o /dev/fd/9").stderr
