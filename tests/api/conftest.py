"""A folder with what the docstrings of the API speak of: a corpus, a teacher, labels and a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Made


@pytest.fixture
def here(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with corpus.jsonl, teacher, labels.npz and model.npz."""
    for name, place in (
        ("corpus.jsonl", made.corpus),
        ("teacher", made.teacher),
        ("labels.npz", made.labels),
        ("model.npz", made.model),
    ):
        (tmp_path / name).symlink_to(place)
    monkeypatch.chdir(tmp_path)
    return tmp_path
