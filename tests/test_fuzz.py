"""5,000 mutated files, and a few built to do harm: each is read, or refused with one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from shell import environment

HERE = Path(__file__).parent


@pytest.mark.parametrize("kind", ["corpora", "forms", "vocabularies", "labels", "models"])
def test_mutated_files(kind: str) -> None:
    environ = environment(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    command = [sys.executable, str(HERE / "fuzz.py"), kind, "1000"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
