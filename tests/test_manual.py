"""The manual and the completions: complete, clean, and working in the shells they are for."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import time
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from shell import ROOT, bash, dsltm, environment, on_terminal

from dsltm.commandline.values import long_name, options_of
from dsltm.commands import COMMANDS
from dsltm.commands.__main__ import main
from dsltm.commands.tree import program, top
from dsltm.manual.files import files as files_of
from dsltm.manual.files import release_date
from dsltm.manual.guides import GUIDES
from dsltm.manual.page import Definition, Example, Heading, Page, Paragraph, Table, plain, roff
from dsltm.manual.pages import all_pages
from dsltm.manual.text import _blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PROGRAM = program()


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


def files() -> dict[str, str]:
    return files_of(PROGRAM, release_date((ROOT / "CHANGELOG.md").read_text()))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    main(folder)
    return folder


def every_option() -> Iterator[tuple[str, str]]:
    group: Any = top()
    for name in COMMANDS:
        for option in options_of(group.commands[name]).values():
            yield name, long_name(option)


def test_the_files_in_the_repository_are_those_of_the_definitions() -> None:
    for name, text in files().items():
        path = ROOT / name
        assert path.exists(), f"{name} is missing: run make docs"
        assert path.read_text(encoding="utf-8") == text, f"{name} is stale: run make docs"
    kept = {
        str(path.relative_to(ROOT))
        for folder in ("man", "completions")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    assert kept == set(files())


def test_the_same_definitions_make_the_same_files(tmp_path: Path) -> None:
    for seed in ("1", "2", "3"):
        command = [sys.executable, "-m", "dsltm.commands", str(tmp_path / seed)]
        (tmp_path / seed).mkdir()
        subprocess.run(command, env=environment(PYTHONHASHSEED=seed), check=True)
    for name in files():
        assert len({(tmp_path / seed / name).read_bytes() for seed in ("1", "2", "3")}) == 1


def test_the_wheel_puts_them_where_the_shells_and_man_look() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared["man"] == "share/man"
    assert {*shared} == {"man", *(name for name in files() if name.startswith("completions/"))}
    assert all(
        re.fullmatch(r"man/man(\d)/dsltm[\w-]*\.\1", name) for name in files() if name.startswith("man/")
    )


def test_the_date_in_the_pages_is_that_of_the_changelog() -> None:
    assert (
        release_date("# Log\n\n## [Unreleased]\n\n## [0.2.0] - 2030-01-02\n\n## [0.1.0] - 2029-01-02\n")
        == "2030-01-02"
    )
    assert release_date("## [Unreleased]\n") == ""


def test_every_command_and_option_is_everywhere() -> None:
    pages = {page.name: plain(page) for page in all_pages(PROGRAM)}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shells = {name: text for name, text in files().items() if name.startswith("completions/")}
    assert PROGRAM.names == tuple(COMMANDS)
    for name, option in every_option():
        assert option in pages[f"dsltm-{name}"]
        common = {"--quiet", "--verbose", "--log-file", "--config", "--debug"}
        variable = f"DSLTM_{name}_{option[2:]}".upper().replace("-", "_")
        assert option in common or variable in pages[f"dsltm-{name}"]
        word = re.compile(rf"(?<![\w-])(--|-l ){option[2:]}(?![\w-])")
        for shell, text in shells.items():
            assert word.search(text), f"{option} of {name} is not in {shell}"
    for command in PROGRAM.commands:
        name = command.name
        assert f"dsltm {name}" in pages["dsltm"]
        assert f"`dsltm {name}`" in readme  # the table of what each does
        synopsis = pages[f"dsltm-{name}"].split("SYNOPSIS\n")[1].split("\n")[0]
        for where in command.reads:
            first = where.split(",")[0]
            assert first in synopsis or (first.startswith("--") and (name, first) in set(every_option()))


def test_roff_of_awkward_text() -> None:
    page = Page(
        "dsltm-x",
        1,
        "it's x-y",
        ("dsltm x [A] [B]",),
        {
            "DESCRIPTION": [
                Paragraph("One. Two `dsltm x --y` λ \\n."),
                Definition("--a-b", ".leading dot and 'quote"),
                Example(("dsltm x | jq '.a'", "", ".b")),
            ]
        },
    )
    text = roff(page, "1")
    assert text.isascii()
    assert "One.\nTwo \\fBdsltm x \\-\\-y\\fR \\[u03BB] \\en." in text
    assert "\n\\&.leading" in text
    assert "\n\\&.b\n" in text
    assert "jq \\(aq.a\\(aq" in text
    assert "--a-b\n        .leading" in plain(page)


def test_a_guide_may_have_tables_headings_and_code() -> None:
    assert _blocks("## Who?") == [Heading("Who?")]
    assert _blocks("```sh\n# x\n\ny\n```\n") == [Example(("# x", "", "y"))]
    (table,) = _blocks("| | `a` |\n|---|---|\n| long | .1 |\n| b | -2 |")
    assert table == Table((("", "`a`"), ("long", ".1"), ("b", "-2")))
    page = Page("dsltm-x", 7, "x", (), {"DESCRIPTION": [table]})
    assert plain(page).splitlines()[-5:-1] == ["          a", "    ----  --", "    long  .1", "    b     -2"]
    assert "\n.nf\n      a\n\\-\\-\\-\\-  \\-\\-\nlong  .1\nb     \\-2\n.fi\n" in roff(page, "1")


@needs("mandoc")
def test_mandoc_has_no_complaint(written: Path) -> None:
    pages = sorted(map(str, (written / "man").glob("man?/*")))
    done = subprocess.run(["mandoc", "-Tlint", *pages], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs("man")
def test_man_shows_every_page_without_a_warning(written: Path) -> None:
    for path in (written / "man").glob("man?/*"):
        done = subprocess.run(
            ["man", "-l", str(path)],
            capture_output=True,
            text=True,
            env={**os.environ, "MANWIDTH": "80", "MAN_KEEP_STDERR": "1", "MANROFFOPT": "-ww"},
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "SEE ALSO" in done.stdout


def test_help_shows_a_page_as_text() -> None:
    done = dsltm("help", "train")
    assert done.returncode == 0
    text = done.stdout.decode()
    assert text.startswith("NAME\n    dsltm-train - train a topic model")
    for heading in (
        "SYNOPSIS",
        "OPTIONS",
        "INPUT",
        "OUTPUT",
        "EXIT STATUS",
        "ENVIRONMENT",
        "EXAMPLES",
        "SEE ALSO",
    ):
        assert f"\n{heading}\n" in text
    assert dsltm("help").stdout.decode().startswith("NAME\n    dsltm - ")
    assert "word_embeddings" in dsltm("help", "formats").stdout.decode()
    for guide in GUIDES:
        assert dsltm("help", guide).stdout.decode().startswith(f"NAME\n    dsltm-{guide} - ")
    wrong = dsltm("help", "trian")
    assert wrong.returncode == 2


@needs("man")
def test_help_on_a_terminal_is_man() -> None:
    status, sent = on_terminal("help", "vocab", env={"PAGER": "cat", "MANPAGER": "cat", "MANWIDTH": "70"})
    assert status == 0
    assert "DSLTM-VOCAB(1)" in re.sub(r".\x08|\x1b\[[0-9;]*m", "", sent)


COMPLETED = [  # what is typed, and what a shell makes of it
    ("dsltm vo", ["vocab"]),
    ("dsltm -q tra", ["train"]),
    ("dsltm --verb", ["--verbose"]),
    ("dsltm train --mod", ["--model"]),
    ("dsltm train --model ecr", ["ecrtm"]),
    ("dsltm distill --teacher smol", ["smollm2-135m"]),
    ("dsltm distill --prompt rel", ["related"]),
    ("dsltm vocab --format ts", ["tsv"]),
    ("dsltm help form", ["formats"]),
    ("dsltm config tra", ["train"]),
    ("dsltm config train ev", ["eval"]),
    ("dsltm topics mod", ["model.npz"]),
    ("dsltm distill --vocab mod", ["model.npz"]),
    ("dsltm train --init mod", ["model.npz"]),
    ("dsltm --config mod", ["model.npz"]),
    ("dsltm --config model.npz tra", ["train"]),
]


@pytest.fixture
def typed_in(tmp_path: Path) -> Path:
    (tmp_path / "model.npz").touch()
    return tmp_path


@needs("bash")
@pytest.mark.parametrize(("typed", "offered"), COMPLETED)
def test_bash(written: Path, typed_in: Path, typed: str, offered: list[str]) -> None:
    script = f"""
    source {written}/completions/dsltm.bash
    COMP_WORDS=({typed}) COMP_CWORD=$(( {len(typed.split())} - 1 ))
    _dsltm
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = bash(script, typed_in)
    assert (done.stdout.split(), done.stderr) == (offered, "")


@needs("bash")
def test_bash_offers_all_of_a_kind(written: Path, typed_in: Path) -> None:
    script = f"""
    source {written}/completions/dsltm.bash
    COMP_WORDS=(dsltm '') COMP_CWORD=1; _dsltm; echo "${{COMPREPLY[*]}}"
    COMP_WORDS=(dsltm train -k '') COMP_CWORD=3; _dsltm; echo "${{COMPREPLY[*]}}"
    COMP_WORDS=(dsltm train --) COMP_CWORD=2; _dsltm; echo "${{COMPREPLY[*]}}"
    COMP_WORDS=(dsltm --config = x train --model = ecr) COMP_CWORD=7; _dsltm; echo "${{COMPREPLY[*]}}"
    COMP_WORDS=(dsltm train --model =) COMP_CWORD=3; _dsltm; echo "${{COMPREPLY[*]}}"
    """
    names, value, options, *apart = bash(script, typed_in).stdout.splitlines()
    assert names.split() == list(COMMANDS)
    assert value == ""
    assert {"--topics", "--seed", "--help"} <= set(options.split())
    assert apart == ["ecrtm", "prodlda ecrtm fastopic etm"]


@needs("fish")
@pytest.mark.parametrize(("typed", "offered"), COMPLETED)
def test_fish(written: Path, typed_in: Path, typed: str, offered: list[str]) -> None:
    script = f"source {written}/completions/dsltm.fish; complete -C'{typed}'"
    environ = {**os.environ, "HOME": str(typed_in), "XDG_CONFIG_HOME": str(typed_in / ".config")}
    done = subprocess.run(
        ["fish", "-N", "-c", script], capture_output=True, text=True, cwd=typed_in, env=environ, check=False
    )
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == offered, done.stderr


@needs("zsh")
def test_zsh(written: Path, typed_in: Path) -> None:
    """Types each line into an interactive zsh, presses Tab, and asks what the line has become."""
    ours, theirs = pty.openpty()
    setup = (
        f"PS1=; unsetopt beep prompt_sp; fpath=({written}/completions $fpath); "
        'autoload -Uz compinit; compinit -u -D; show() { zle -I; print -r -- "<<$BUFFER>>"; BUFFER= }; '
        "zle -N show; bindkey '^X' show; bindkey '^I' complete-word; print ready''ready\n"
    )
    shell = subprocess.Popen(
        ["zsh", "-f", "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=typed_in,
        env={**os.environ, "TERM": "dumb", "HOME": str(typed_in)},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        os.write(ours, setup.encode())
        read_until(ours, "readyready")
        for typed, (offered,) in COMPLETED:
            os.write(ours, f"{typed}\t\x18".encode())
            found = re.findall(r"<<(.*?)>>", read_until(ours, ">>"))
            assert found[-1].rstrip() == " ".join([*typed.split()[:-1], offered])
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)


def read_until(descriptor: int, mark: str) -> str:
    text, deadline = "", time.monotonic() + 30
    os.set_blocking(descriptor, False)
    while mark not in text and time.monotonic() < deadline:
        try:
            text += os.read(descriptor, 1 << 16).decode("utf-8", "replace")
        except BlockingIOError:
            time.sleep(0.02)
    assert mark in text, text
    return text
