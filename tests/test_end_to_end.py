"""The main job with the real default teacher: topics must separate what people keep apart."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from shell import bash

from dsltm.metrics.clustering import purity

if TYPE_CHECKING:
    from pathlib import Path

MODULES = ("decimal", "logging", "turtle", "socket", "datetime", "unittest")
EACH = 20


@pytest.mark.teacher
def test_topics_separate_modules_of_the_standard_library(default_teacher: str, tmp_path: Path) -> None:
    demo = subprocess.run([sys.executable, "-m", "dsltm.demo"], capture_output=True, check=True).stdout
    rows = [json.loads(line) for line in demo.splitlines()]
    chosen = [row for module in MODULES for row in [row for row in rows if row["label"] == module][:EACH]]
    random.Random(0).shuffle(chosen)
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in chosen))
    done = bash(
        f"dsltm distill corpus.jsonl --teacher {default_teacher} --max-tokens 64 | tee labels.npz"
        " | dsltm train -k 8 -o model.npz && dsltm assign model.npz labels.npz > assignments.jsonl"
        " && dsltm topics model.npz | head -1",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["words"]) >= 5
    assigned = [json.loads(line) for line in (tmp_path / "assignments.jsonl").read_text().splitlines()]
    assert [row["id"] for row in assigned] == [row["id"] for row in chosen]
    topics, labels = [row["topic"] for row in assigned], [row["label"] for row in chosen]
    shuffled = random.Random(1).sample(labels, len(labels))
    assert purity(topics, labels) > 0.65
    assert purity(topics, labels) > purity(topics, shuffled) + 0.3
