"""Fixtures for every room: tiny teachers of each family, a small corpus, the real default teacher."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from looking import Files

# No test reaches the hub by accident (the default teacher comes from the package index); small matrices are
# slower on many threads than on one.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")


# The files that take longest. They come first, because a file stays in one process, and the two processes of
# `make test` end together where what comes last is short. The README starts a Ray of its own, so it does not
# come beside test_ray.py.
LONG = (
    *("test_ray.py", "test_training.py", "test_probe.py", "test_cli.py", "test_fuzz.py", "test_readme.py"),
    *("test_end_to_end.py", "test_wheel.py", "test_distill.py", "test_generate.py", "test_parts.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of long files first, in the order of `LONG`."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(scope="session")
def tiny_teacher(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`tiny_teacher(family)` is the directory of a tiny random teacher, for `--teacher DIR`.

    Families: `tiny_teachers.FAMILIES`. Built at first use, once a session; treat as read-only.
    """
    import tiny_teachers

    made: dict[str, Path] = {}

    def get(family: str) -> Path:
        if family not in made:
            directory = tmp_path_factory.mktemp("tiny") / family
            made[family] = tiny_teachers.save_tiny_teacher(directory, family)
        return made[family]

    return get


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JSONL corpus of 120 labelled sentences over six themes, in words that the tiny teachers know."""
    import tiny_teachers

    path = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    return tiny_teachers.write_jsonl(path, tiny_teachers.sentences(120))


@pytest.fixture(scope="session")
def default_teacher() -> str:
    """The alias of the real default teacher, fetched into the user's cache.

    Tests that use it carry `@pytest.mark.teacher`. Where the index is closed they are skipped, but not under
    continuous integration (`CI` is set), which must not pass for want of a teacher.
    """
    from dsltm.errors import DsltmError
    from dsltm.teacher.files.registry import DEFAULT
    from dsltm.teacher.files.resolve import resolve

    try:
        resolve(DEFAULT)
    except DsltmError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the default teacher cannot be had: {error}")
    return DEFAULT


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A planted corpus with labels and a model trained on them; treat as read-only."""
    import looking

    return looking.make(tmp_path_factory.mktemp("looking"))


@dataclass(frozen=True)
class Made:
    """What the commands themselves made with a tiny teacher; treat as read-only."""

    folder: Path
    corpus: Path
    teacher: Path
    labels: Path
    model: Path


@pytest.fixture(scope="session")
def made(
    tiny_teacher: Callable[[str], Path], tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """A corpus, its labels and a model of six topics."""
    from shell import dsltm

    folder, teacher = tmp_path_factory.mktemp("made"), tiny_teacher("llama")
    labels, model = folder / "labels.npz", folder / "model.npz"
    for arguments in (
        ["distill", tiny_corpus, "--teacher", teacher, "-o", labels],
        ["train", labels, "-k", "6", "--epochs", "30", "-o", model],
    ):
        done = dsltm(*arguments)
        assert done.returncode == 0, done.stderr.decode()
    return Made(folder, tiny_corpus, teacher, labels, model)
