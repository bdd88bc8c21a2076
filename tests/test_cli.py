"""The front door: help, options of all, errors, exit statuses and signals."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from fake_endpoint import Reply, fake_endpoint
from shell import DSLTM, bash, dsltm, environment, on_terminal, warm

from dsltm import __version__, cli, commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Made

COMMANDS = list(commands.COMMANDS)
CORPUS = '{"text": "cats chase mice"}\n{"text": "cats sleep"}\n'


def sentences(stderr: bytes) -> list[str]:
    return stderr.decode().splitlines()


def test_help_and_version() -> None:
    done = dsltm("--help")
    assert done.returncode == 0
    assert done.stderr == b""
    listed = done.stdout.decode().split("Commands:")[1]
    assert re.findall(r"^  ([\w-]+)  ", listed, re.MULTILINE) == COMMANDS
    assert dsltm("-h").stdout == done.stdout
    assert dsltm("--version").stdout.decode() == f"dsltm {__version__}\n"


def test_nothing_at_all_is_a_usage_error_that_explains() -> None:
    done = dsltm()
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == dsltm("--help").stdout


def test_every_file_of_a_command_is_in_the_list() -> None:
    files = {
        module.name.replace("_", "-")
        for module in pkgutil.iter_modules(commands.__path__)
        if module.name != "__main__"
        and hasattr(importlib.import_module(f"dsltm.commands.{module.name}"), "command")
    }
    assert files == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command(name: str) -> None:
    done = dsltm(name, "--help")
    assert done.returncode == 0
    text = done.stdout.decode()
    assert text.startswith(f"Usage: dsltm {name} ")
    assert "Common options:" in text
    examples = text.split("Examples:\n")[1].splitlines()
    assert any(f"dsltm {name}" in line for line in examples)
    assert max(map(len, text.splitlines())) <= 100


def test_help_imports_nothing_heavy() -> None:
    """Not even the help of all commands together."""
    script = (
        "import sys; from dsltm.cli import run\n"
        "heavy = {'numpy', 'torch', 'transformers', 'scipy', 'sklearn', 'rich', 'pydantic'}\n"
        "for name in sys.argv[1:]:\n"
        "    status = run([name, '--help'] if name else ['--help'])\n"
        "    if status or heavy & {*sys.modules}:\n"
        "        sys.exit(f'{name}: {status} {heavy & {*sys.modules}}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "", *COMMANDS], capture_output=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"Usage: dsltm ") == 1 + len(COMMANDS)


def test_the_list_of_commands_imports_none_of_them() -> None:
    script = (
        "import sys; from dsltm.cli import run; run(['--help']); from dsltm.commands import COMMANDS; "
        "sys.exit(' '.join(sorted({f'dsltm.commands.{name}' for name in COMMANDS} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vcoab"], "dsltm: no such command 'vcoab', did you mean 'vocab'?"),
        (["zzz"], "dsltm: no such command 'zzz', see 'dsltm --help'"),
        (["vocab", "--sze", "3"], "dsltm vocab: no such option: --sze, did you mean --size?"),
        (["vocab", "--size"], "dsltm vocab: option '--size' requires an argument, see 'dsltm vocab --help'"),
        (["train", "a", "b"], "dsltm train: got unexpected extra argument(s) (b), see 'dsltm train --help'"),
        (["assign"], "dsltm assign: missing argument 'MODEL', see 'dsltm assign --help'"),
        (["vocab", "--stopwords", "xx"], None),
        (
            ["vocab", "--size", "many"],
            "dsltm vocab: invalid value for '--size': 'many' is not a whole number, see 'dsltm vocab --help'",
        ),
        (
            ["vocab", "--size", "0"],
            "dsltm vocab: invalid value for '--size': '0' is less than 1, see 'dsltm vocab --help'",
        ),
        (["assign", "m", "--min-prob", "x"], None),
        (
            ["vocab", "--on-error", "maybe"],
            (
                "dsltm vocab: invalid value for '--on-error': 'maybe' is not one of 'fail', 'skip', "
                "see 'dsltm vocab --help'"
            ),
        ),
        (["assign", "-", "-"], "dsltm assign: only one of the files can be standard input"),
    ],
)
def test_usage_errors_are_one_sentence_and_status_2(arguments: list[str], message: str | None) -> None:
    done = dsltm(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = sentences(done.stderr)
    assert line == (message or line)
    assert line.startswith(f"dsltm {arguments[0]}: ".replace("dsltm vcoab", "dsltm").replace(" zzz", ""))


def test_errors_are_one_sentence_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text(CORPUS + "oops\n")
    done = dsltm("vocab", "c.jsonl", "-o", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert sentences(done.stderr) == ["dsltm vocab: c.jsonl:3: not JSON, try --format lines or --format csv"]
    assert os.listdir(tmp_path) == ["c.jsonl"]
    debugged = dsltm("vocab", "c.jsonl", "--debug", cwd=tmp_path).stderr.decode()
    assert "Traceback (most recent call last)" in debugged
    assert debugged.splitlines()[-1] == sentences(done.stderr)[0]


def test_common_options_before_and_after_the_name(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text(CORPUS + "oops\n")
    arguments = ["c.jsonl", "--on-error", "skip", "-o", "out"]
    warned = "warning: c.jsonl: skipped 1 rows"
    assert warned in dsltm("vocab", *arguments, cwd=tmp_path).stderr.decode()
    for silent in (["-q", "vocab", *arguments], ["vocab", *arguments, "--quiet"]):
        assert dsltm(*silent, cwd=tmp_path).stderr == b""
    for talkative in (["-v", "vocab", *arguments], ["vocab", "-v", *arguments]):
        assert "5 words, from cats to" in dsltm(*talkative, cwd=tmp_path).stderr.decode().replace(
            "4 w", "5 w"
        )
    dsltm("-q", "vocab", *arguments, "--log-file", "log", cwd=tmp_path)
    assert warned in (tmp_path / "log").read_text()
    done = dsltm("vocab", *arguments, "--log-file", "no/log", cwd=tmp_path)
    assert (done.returncode, sentences(done.stderr)) == (
        1,
        ["dsltm vocab: no/log: no such file or directory"],
    )


def test_common_options_with_a_value_before_the_name(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("size = 1\n")
    (tmp_path / "c.jsonl").write_text(CORPUS)
    for before in (
        ["--config", "s.toml", "--log-file", "log", "-v"],
        ["-v", "--config=s.toml", "--log-file=log"],
    ):
        done = dsltm(*before, "vocab", "c.jsonl", cwd=tmp_path)
        assert (done.returncode, done.stdout.count(b"\n")) == (0, 1)
        assert "1 words" in (tmp_path / "log").read_text()
        (tmp_path / "log").unlink()
    assert (
        dsltm("--config", "s.toml", "vocab", "--size", "2", stdin=CORPUS, cwd=tmp_path).stdout.count(b"\n")
        == 2
    )
    for nothing in (["--config", "s.toml"], ["--log-file"]):
        assert dsltm(*nothing, cwd=tmp_path).returncode == 2


def test_options_from_the_environment() -> None:
    assert dsltm("vocab", stdin=CORPUS, env={"DSLTM_SIZE": "1"}).stdout.count(b"\n") == 1
    assert dsltm("vocab", "--size", "2", stdin=CORPUS, env={"DSLTM_SIZE": "1"}).stdout.count(b"\n") == 2
    done = dsltm("vocab", stdin=CORPUS, env={"DSLTM_SIZE": "some"})
    assert done.returncode == 2
    (said,) = sentences(done.stderr)
    assert said.startswith("dsltm vocab: DSLTM_SIZE: invalid value for '--size': 'some' is not")
    both = {"DSLTM_VOCAB_SIZE": "2", "DSLTM_SIZE": "1", "DSLTM_TRAIN_SIZE": "3"}
    assert dsltm("vocab", stdin=CORPUS, env=both).stdout.count(b"\n") == 2
    quiet = dsltm("vocab", "--on-error", "skip", stdin=CORPUS + "oops", env={"DSLTM_QUIET": "1"})
    assert (quiet.returncode, quiet.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (MemoryError(), "dsltm vocab: not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: tried"), "dsltm vocab: not enough memory"),
        (RuntimeError("CUDA out of memory. Tried"), "dsltm vocab: not enough memory"),
        (OSError(28, "No space left on device"), "dsltm vocab: no space left on device"),
        (PermissionError(13, "Permission denied", "/x"), "dsltm vocab: /x: permission denied"),
    ],
)
def test_what_the_machine_lacks_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any, failure: Exception, message: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise failure

    (tmp_path / "c").write_text(CORPUS)
    monkeypatch.setattr("dsltm.words.vocabulary.build_vocabulary", fail)
    monkeypatch.setattr("dsltm.cli._abandon_stdout", lambda: None)
    assert cli.run(["vocab", str(tmp_path / "c")]) == 1
    assert capsys.readouterr().err == message + "\n"


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "c").write_text(CORPUS)
    monkeypatch.setattr("dsltm.words.vocabulary.build_vocabulary", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.run(["vocab", str(tmp_path / "c")])


KINDS: dict[str, str] = {  # every command, and further kinds of output
    "vocab": "vocab {made.corpus}",
    "distill": "distill {made.corpus} --teacher {made.teacher} -q",
    "merge": "merge {made.labels}",
    "models": "merge-models {made.model} {made.labels} {made.model} {made.labels} -q",
    "train": "train {made.labels} -k 5 --epochs 1 -q",
    "generate": "generate {made.corpus} --endpoint {endpoint} --model m --rounds 1 -q",
    "ground": "ground {written} {made.labels} -q",
    "attend": "attend {written} {made.corpus} --teacher {made.teacher} --sample 4 --heads 1.1 -q",
    "assign": "assign {made.model} {made.labels}",
    "matrix": "assign {made.model} {made.labels} --npz",
    "topics": "topics {made.model}",
    "eval": "eval {made.model} -q",
    "info": "info {made.model} {made.labels}",
    "drift": "drift {made.model} {made.labels} {made.labels} -q",
    "prompts": "prompts",
    "teachers": "teachers",
    "config": "config",
    "page": "help train",
    "help": "--help",
}


@pytest.fixture(scope="module")
def filled(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], list[str]]]:
    """`filled(kind)` is the command of that kind, as arguments."""
    written = tmp_path_factory.mktemp("written") / "topics.jsonl"
    written.write_text('{"label": "kitchen"}\n{"label": "weather", "keywords": ["rain"]}\n')
    topics = [{"label": f"topic {i}", "keywords": ["rain"], "documents": [0]} for i in range(9)]
    with fake_endpoint() as endpoint:
        endpoint.always = lambda _: Reply(json.dumps({"topics": topics}))
        names = {"made": made, "written": written, "endpoint": endpoint.url}
        yield lambda kind: [word.format(**names) for word in KINDS[kind].split()]


def test_every_command_is_tried() -> None:
    assert {command.split()[0] for command in KINDS.values()} == {*COMMANDS, "--help"}


@pytest.mark.parametrize("kind", KINDS)
def test_standard_output_closed_full_or_left(
    filled: Callable[[str], list[str]], tmp_path: Path, kind: str
) -> None:
    arguments = filled(kind)
    environ = environment(DSLTM_CACHE=str(tmp_path))
    # One command of text, one of bytes and one of help end in interpreters of their own, too; without an
    # output to write to every command does.
    program = DSLTM if kind in ("vocab", "matrix", "page") else warm()

    def run(redirected: str) -> tuple[int, list[str]]:
        script = f'"$@" {redirected}'
        done = subprocess.run(
            ["bash", "-c", script, "bash", *program, *arguments],
            capture_output=True,
            env=environ,
            check=False,
        )
        return done.returncode, sentences(done.stderr)

    assert run("> /dev/null") == (0, [])
    status, said = run("> /dev/full")
    assert status == 1
    assert len(said) == 1
    assert "no space left on device" in said[0]
    assert run("| true; exit ${PIPESTATUS[0]}") == (0, [])
    status, said = run(">&-")
    assert said in ([], [f"dsltm {arguments[0]}: standard output is closed"])
    assert status == len(said)


def test_a_reader_that_leaves_early(made: Made) -> None:
    script = f"set -o pipefail; dsltm topics {made.model} | head -1 | wc -l"
    done = bash(script, made.folder)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "1", "")


@pytest.mark.parametrize("kind", ["matrix", "train", "distill"])
def test_binary_output_to_a_terminal_is_refused(filled: Callable[[str], list[str]], kind: str) -> None:
    status, sent = on_terminal(*filled(kind))
    assert status == 2
    assert "binary output is not written to a terminal, try -o FILE or a pipe" in sent
    assert "PK" not in sent


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("start", [lambda: DSLTM, warm], ids=["fresh", "warm"])
def test_signals_leave_nothing_half_written(
    made: Made, tmp_path: Path, start: Callable[[], list[str]], number: int, status: int
) -> None:
    (tmp_path / "out").write_text("old")
    command = [*start(), "assign", str(made.model), "-", "-o", "out"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment()
    )
    deadline = time.monotonic() + 30
    while len(os.listdir(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)  # until it has begun to write beside the old file
    assert len(os.listdir(tmp_path)) == 2
    process.send_signal(number)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == status
    assert sentences(stderr) == (["dsltm assign: interrupted"] if number == signal.SIGINT else [])
    assert os.listdir(tmp_path) == ["out"]
    assert (tmp_path / "out").read_text() == "old"


def test_nohup_is_respected(made: Made) -> None:
    command = ["nohup", *DSLTM, "assign", str(made.model), "-"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    time.sleep(1.0)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert process.poll() is None
    process.terminate()
    assert process.wait(timeout=300) == 143


def test_standard_input_that_is_closed_or_a_terminal() -> None:
    done = bash("dsltm vocab <&-", cwd=None)  # type: ignore[arg-type]
    assert (done.returncode, done.stderr) == (1, "dsltm vocab: standard input is closed\n")
