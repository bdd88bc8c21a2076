"""Where an option's value comes from: command line, environment, settings file, default."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from shell import dsltm, on_terminal

from dsltm.errors import DsltmError
from dsltm.formats.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

CORPUS = "".join(
    json.dumps({"text": text}) + "\n" for text in ("cats chase mice", "cats sleep", "dogs chase")
)


def words(*arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> int:
    """How many words `dsltm vocab` chooses."""
    done = dsltm("vocab", *arguments, stdin=CORPUS, env=env, cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.count(b"\n")


def test_what_comes_first(tmp_path: Path) -> None:
    (tmp_path / "general.toml").write_text("size = 3\nstopwords = 'none'\nepochs = 7\n")
    (tmp_path / "own.toml").write_text("size = 3\n[vocab]\nsize = 4\nmin_df = 1\n[train]\ntopics = 9\n")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n[tool.dsltm.vocab]\nsize = 2\n")
    assert words() == 5
    assert words("--config", "general.toml", cwd=tmp_path) == 3
    assert words("--config", "own.toml", cwd=tmp_path) == 4
    assert words("--config", "pyproject.toml", cwd=tmp_path) == 2
    assert words("--config", "own.toml", env={"DSLTM_SIZE": "1"}, cwd=tmp_path) == 1
    assert words("--size", "2", "--config", "own.toml", env={"DSLTM_SIZE": "1"}, cwd=tmp_path) == 2
    assert words(env={"DSLTM_CONFIG": "own.toml"}, cwd=tmp_path) == 4


def test_common_options_may_be_written_down(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("quiet = true\non-error = 'skip'\nlog-file = 'log'\n")
    done = dsltm("vocab", "--config", "c.toml", stdin=CORPUS + "oops\n", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "skipped 1 rows" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        ("size = ", 1, "c.toml: not TOML: Invalid value"),
        ("[vocb]\nsize = 2", 1, "c.toml: there is no command 'vocb', did you mean 'vocab'?"),
        ("[vocab]\nsise = 2", 1, "c.toml: dsltm vocab has no option 'sise', did you mean 'size'?"),
        ("sise = 2", 1, "c.toml: no command has an option 'sise', did you mean 'size'?"),
        ("[vocab]\ncorpus = 'x'", 1, "c.toml: dsltm vocab has no option 'corpus'"),
        ("size = 'many'", 2, "c.toml: invalid value for '--size': 'many' is not a whole number"),
        ("size = 2020-01-01", 1, "c.toml: size is an object, which no option takes"),
        (b"\xff", 1, "c.toml: not UTF-8 text"),
        (None, 1, "c.toml: no such file or directory"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    tmp_path: Path, content: str | bytes | None, status: int, message: str
) -> None:
    if content is not None:
        (tmp_path / "c.toml").write_bytes(content.encode() if isinstance(content, str) else content)
    done = dsltm("vocab", "--config", "c.toml", stdin=CORPUS, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"dsltm vocab: {message}")


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("max_tokens = 9\nprompt = ['a', 'b']\n[train]\nbatch-size = 2\n")
    settings = read_settings(str(path))
    assert settings.general == {"max-tokens": 9, "prompt": ["a", "b"]}
    assert settings.commands == {"train": {"batch-size": 2}}
    path.write_text("a = " + "[" * 100_000)
    with pytest.raises(DsltmError, match="not TOML"):
        read_settings(str(path))


def test_config_tells_where_each_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("size = 7\n[train]\nseed = 9\n")
    env = {"DSLTM_MIN_DF": "3", "DSLTM_VOCAB_STOPWORDS": "none", "DSLTM_STOPWORDS": "de"}
    done = dsltm("config", "vocab", "train", "--config", "c.toml", env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = {(row["command"], row["option"]): (row["value"], row["source"]) for row in rows}
    assert found["vocab", "--size"] == (7, "c.toml")
    assert found["train", "--seed"] == (9, "c.toml")
    assert found["vocab", "--min-df"] == (3.0, "environment DSLTM_MIN_DF")
    assert found["vocab", "--stopwords"] == ("none", "environment DSLTM_VOCAB_STOPWORDS")
    assert found["vocab", "--max-df"] == (None, "default")
    assert found["vocab", "--format"] == ("auto", "default")
    (tmp_path / "wrong.toml").write_text("size = 'many'\nteacher = 'x'\n[distill]\nprompt = 'paper'\n")
    done = dsltm("config", "vocab", "distill", "--config", "wrong.toml", cwd=tmp_path)
    found = {
        (row["command"], row["option"]): row["value"] for row in map(json.loads, done.stdout.splitlines())
    }
    assert found["vocab", "--size"] == "many"
    assert found["distill", "--prompt"] == ["paper"]
    (tmp_path / "wrong.toml").write_text("[train]\ntopcs = 3\n")
    done = dsltm("config", "train", "--config", "wrong.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"wrong.toml: dsltm train has no option 'topcs', did you mean 'topics'?" in done.stderr
    everything = dsltm("config").stdout.decode()
    assert '"command":"distill","option":"--teacher"' in everything
    assert dsltm("config", "nothing").returncode == 2


def test_config_on_a_terminal() -> None:
    status, sent = on_terminal("config", "vocab", env={"DSLTM_SIZE": "12"})
    assert status == 0
    assert "environment DSLTM_SIZE" in sent
