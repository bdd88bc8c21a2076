"""A settings file: options of the command line, written down in TOML.

    teacher = "qwen3.5-0.8b"    # for every command that has --teacher

    [train]
    topics = 50                 # for `dsltm train` alone

The same may stand under [tool.dsltm], as in a pyproject.toml.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dsltm.errors import DsltmError
from dsltm.formats.records import kind
from dsltm.formats.source import read_text


@dataclass(frozen=True, slots=True)
class Settings:
    """What a settings file says.

    Args:
        name: the file's, for messages.
        general: option name, without dashes in front, and value, for every command that has the option.
        commands: the same for single commands, by their names.
    """

    name: str
    general: Mapping[str, Any]
    commands: Mapping[str, Mapping[str, Any]]


def read_settings(path: str) -> Settings:
    """Read a settings file.

    Names may be written with dashes or underscores; here they have dashes.

    Raises:
        DsltmError: it cannot be read, is not TOML, or holds a value that no option can have.
    """
    try:
        content = tomllib.loads(read_text(path).replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise DsltmError(f"{path}: not TOML: {exc}") from exc
    tool = content.get("tool")
    inner = tool.get("dsltm") if isinstance(tool, dict) else None
    if isinstance(inner, dict):
        content = inner
    tables = {name: table for name, table in content.items() if isinstance(table, dict)}
    general = {name: value for name, value in content.items() if name not in tables}
    return Settings(
        path, _options(general, path), {name: _options(table, path) for name, table in tables.items()}
    )


def _options(table: Mapping[str, Any], path: str) -> dict[str, Any]:
    for name, value in table.items():
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, str | int | float | bool):
                raise DsltmError(f"{path}: {name} is {kind(part)}, which no option takes")
    return {name.replace("_", "-"): value for name, value in table.items()}
