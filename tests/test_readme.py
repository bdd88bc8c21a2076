"""Every block of the README, and then of the manual's guides, is typed in order in one folder.

What a test cannot have is stood in for: the default teacher by a tiny one, the demo's corpus by a part of it,
a cluster by a script, and `make` and `pip` by looking whether there is what they are asked for.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest
from shell import ROOT, environment, warm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = [ROOT / "dsltm" / "manual" / f"{name}.md" for name in ("recipes", "python", "scaling", "steering")]
TEXT = "\n".join([README, *(path.read_text(encoding="utf-8") for path in GUIDES)])
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
KNOWN = {"sh", "python", "text", "toml", "make", "cron"}

STAND_INS = {
    "dsltm": 'exec {dsltm} "$@"',
    "python": """
if [ "$*" = "-m dsltm.demo" ]; then cat {demo}; else exec "{python}" "$@"; fi
""",
    "make": 'exec {make} -n -C "{root}" "$@"',
    "python3": '[ "$1 $2" = "-m venv" ] && mkdir -p "$3/bin" && touch "$3/bin/activate"',
    "pip": 'cd "{root}" && [ "$1 $2" = "install -c" ] && [ -f "$3" ] && [ -f "$4/pyproject.toml" ]',
    "parallel": """
command=(); while [ "$1" != ::: ]; do command+=("$1"); shift; done; shift
for value in "$@"; do "${{command[@]//\\{{\\}}/$value}}"; done
""",
    "sbatch": """
for task in $(sed -n 's/^#SBATCH --array=1-\\([0-9]*\\).*/\\1/p' "${{!#}}" | xargs seq); do
    SLURM_ARRAY_TASK_ID=$task sh "${{!#}}"
done
""",
}


@pytest.fixture(scope="module")
def typing(tmp_path_factory: pytest.TempPathFactory, tiny_teacher: Callable[[str], Path]) -> Typing:
    folder, programs = tmp_path_factory.mktemp("readme"), tmp_path_factory.mktemp("bin")
    demo = programs / "demo.jsonl"
    command = [sys.executable, "-m", "dsltm.demo"]
    texts = subprocess.run(command, env=environment(), capture_output=True, check=True).stdout.splitlines()

    def every(step: int) -> list[dict[str, str]]:
        """Some of the texts, and no more of them than the tiny teacher reads quickly."""
        rows = (json.loads(text) for text in texts[::step])
        return [{**row, "text": row["text"][:300]} for row in rows]

    demo.write_text("".join(json.dumps(row) + "\n" for row in every(40)))
    names = {"python": sys.executable, "demo": demo, "make": shutil.which("make"), "root": ROOT}
    names["dsltm"] = shlex.join(warm())
    for name, script in STAND_INS.items():
        (programs / name).write_text(f"#!/usr/bin/env bash\nset -e\n{script.format(**names)}\n")
        (programs / name).chmod(0o755)
    env = environment(
        PATH=f"{programs}:{os.environ['PATH']}",
        HOME=str(folder),
        DSLTM_EPOCHS="2",
        DSLTM_TEACHER=str(tiny_teacher("llama")),
    )
    rows = every(60)
    (folder / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with (folder / "reviews.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "review"), *((row["id"], row["text"]) for row in rows)])
    (folder / "notes.txt").write_text("".join(row["text"].split("\n")[0] + "\n" for row in rows))
    for kind, block in BLOCKS:
        if kind == "toml":
            (folder / "dsltm.toml").write_text(block)
    return Typing(folder, env)


class Typing:
    """A folder in which blocks are typed one after another."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env

    def __call__(self, script: str, folder: Path | None = None) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder or self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def python(self, blocks: list[str]) -> None:
        """Run blocks of Python, each as a script, in one process, whose default teacher is the tiny one."""
        teacher = self.env["DSLTM_TEACHER"]
        script = f"import runpy, dsltm.teacher.files.registry as registry\nregistry.DEFAULT = {teacher!r}\n"
        for number, block in enumerate(blocks):
            (self.folder / f"block{number}.py").write_text(block.replace('"smollm2-135m"', repr(teacher)))
            script += f"runpy.run_path('block{number}.py')\n"
        (self.folder / "blocks.py").write_text(script)
        self("python blocks.py")


def test_every_block_is_of_a_kind_that_is_looked_at() -> None:
    assert {kind for kind, _ in BLOCKS} <= KNOWN
    assert len(BLOCKS) * 2 == len(re.findall("^```", TEXT, re.MULTILINE))
    assert sum(kind == "sh" for kind, _ in BLOCKS) >= 15


def test_the_readme_is_short_and_what_it_points_to_is_there() -> None:
    assert len(README.split()) <= 1500
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_commands_run_as_they_stand(typing: Typing) -> None:
    for kind, group in groupby(BLOCKS, key=itemgetter(0)):
        blocks = [block for _, block in group]
        if kind == "sh":
            for block in blocks:
                typing(block)
        elif kind == "python":
            typing.python(blocks)
    made = {path.name for path in typing.folder.iterdir()}
    assert {"labels.npz", "model.npz", "assignments.jsonl", "report.html", "joined.npz"} <= made
    assert typing("cmp labels.npz joined.npz || dsltm assign model.npz joined.npz | wc -l")


def test_the_makefile_makes_topics_and_then_nothing(typing: Typing, tmp_path: Path) -> None:
    rules = next(block for kind, block in BLOCKS if kind == "make")
    (tmp_path / "Makefile").write_text(rules)
    typing("python -m dsltm.demo > corpus.jsonl", tmp_path)
    make = f"{shutil.which('make')} -s topics.jsonl"
    typing(make, tmp_path)
    first = (tmp_path / "topics.jsonl").stat().st_mtime_ns
    typing(make, tmp_path)
    assert (tmp_path / "topics.jsonl").stat().st_mtime_ns == first
    assert "size" in json.loads((tmp_path / "topics.jsonl").read_text().splitlines()[0])


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_nightly_job_is_silent(typing: Typing) -> None:
    if not (typing.folder / "model.npz").exists():
        pytest.skip("the commands that make its model did not run")
    line = next(block for kind, block in BLOCKS if kind == "cron").strip()
    *when, command = line.split(" ", 5)
    assert all(re.fullmatch(r"[\d*]+", field) for field in when)
    assert len(when) == 5
    assert "%" not in command.replace("\\%", "")  # cron takes a bare one for the end of the line
    (typing.folder / "topics").mkdir()
    shutil.copytree(typing.folder / "env", typing.folder / "topics" / "env")
    for name in ("model.npz", "new.jsonl"):
        shutil.copy(typing.folder / name, typing.folder / "topics")
    assert typing(command.replace("\\%", "%")) == ""
    (written,) = (typing.folder / "topics").glob("20??-??-??.jsonl")
    assert written.read_text().count("\n") == (typing.folder / "new.jsonl").read_text().count("\n")
