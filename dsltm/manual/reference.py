"""The README's list of every command and option, from the commands' definitions."""

import re
from typing import Any

from typer.core import TyperOption

from dsltm.cli import COMMANDS, top
from dsltm.command import COMMON, heading_of, long_name
from dsltm.manual.pages import synopsis

_BEGIN, _END = "<!-- made by make docs -->\n", "<!-- until here -->"


def with_reference(readme: str) -> str:
    """The README with its reference brought up to date; unchanged where it has no place for one."""
    return re.sub(
        f"(?<={re.escape(_BEGIN)}).*?(?={re.escape(_END)})", lambda _: _reference(), readme, flags=re.DOTALL
    )


def _reference() -> str:
    group: Any = top()
    lines = []
    for name, about in COMMANDS.items():
        command = group.commands[name]
        options = [
            f"`{long_name(param)}`"
            for param in command.params
            if isinstance(param, TyperOption) and heading_of(param) != COMMON
        ]
        listed = f"  \n  {' '.join(options)}" if options else ""
        lines.append(f"- `{synopsis(name, command)}`: {about[:1].lower()}{about[1:]}{listed}")
    common = [
        f"`{long_name(param)}`"
        for param in group.commands[next(iter(COMMANDS))].params
        if heading_of(param) == COMMON
    ]
    lines.append(f"- All of them: {' '.join(common)} `--help`")
    return "\n" + "\n".join(lines) + "\n\n"
