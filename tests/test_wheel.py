"""The wheel in an empty environment: the pipeline from another folder, `man dsltm`, completions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from typing import TYPE_CHECKING

import pytest
from shell import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel, and sees this one's libraries but not this repository."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "demo", "reproduce", "tests")
    shutil.copytree(ROOT, source, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    built = subprocess.run(
        [*pip, "wheel", "--no-deps", "-w", str(folder), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode != 0:
        pytest.skip(f"the wheel cannot be built here: {built.stderr.strip()[-200:]}")
    shutil.rmtree(source)
    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)], check=True)
    site = folder / "env" / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    libraries = sysconfig.get_path("purelib")
    (site / "libraries.pth").write_text(f"{libraries}\n")  # without its .pth files, so without ROOT
    return folder / "env"


def run(installed: Path, folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    env = environment()
    del env["PYTHONPATH"]
    command = [installed / "bin" / "dsltm", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)


def test_the_pipeline_from_another_folder(
    installed: Path, tiny_teacher: Callable[[str], Path], tiny_corpus: Path, tmp_path: Path
) -> None:
    where = [str(installed / "bin" / "python"), "-c", "import dsltm; print(dsltm.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    assert found.startswith(str(installed))
    for arguments in (
        ["vocab", tiny_corpus, "-o", "vocab.jsonl"],
        ["distill", tiny_corpus, "--teacher", tiny_teacher("llama"), "--vocab", "vocab.jsonl", "-o", "l.npz"],
        ["train", "l.npz", "-k", "4", "--epochs", "2", "-o", "m.npz"],
        ["assign", "m.npz", "l.npz", "-o", "a.jsonl"],
        ["topics", "m.npz", "l.npz", "--corpus", tiny_corpus, "--html", "report.html"],
        ["eval", "m.npz", "l.npz", "-o", "e.jsonl"],
        ["help", "formats"],
    ):
        done = run(installed, tmp_path, *arguments)
        assert done.returncode == 0, done.stderr.decode()
    assert {"l.npz", "m.npz", "a.jsonl", "e.jsonl", "report.html"} <= set(os.listdir(tmp_path))


def test_manual_and_completions_are_where_they_are_looked_for(installed: Path) -> None:
    share = installed / "share"
    assert (share / "bash-completion" / "completions" / "dsltm").exists()
    assert (share / "zsh" / "site-functions" / "_dsltm").exists()
    assert (share / "fish" / "vendor_completions.d" / "dsltm.fish").exists()
    assert (share / "man" / "man5" / "dsltm-formats.5").exists()
    if shutil.which("man") is None:
        pytest.skip("man is not installed")
    for name in ("dsltm", "dsltm-train", "dsltm-formats"):
        shown = subprocess.run(
            ["man", name],
            env={**os.environ, "MANPATH": str(share / "man")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"{name.upper()}(" in shown.stdout, shown.stderr
