"""`dsltm config`: which value each option has, and where it comes from."""

import os
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from dsltm import screen
from dsltm.commandline.command import config_file
from dsltm.commandline.values import environment_names, long_name, options_of, settings_for, source_of
from dsltm.commands import COMMANDS
from dsltm.commands.options import Output
from dsltm.errors import UsageError
from dsltm.formats.output import for_people
from dsltm.formats.settings import read_settings
from dsltm.option import Option

READS = {"--config": "Settings"}


def command(
    ctx: typer.Context,
    commands: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="Only the options of these commands.", show_default="all"),
        Option(words=tuple(COMMANDS)),
    ] = None,
    output: Output = None,
) -> None:
    """An option is what the command line says, else what the environment says (DSLTM_TRAIN_TOPICS for
    --topics of train, DSLTM_TEACHER for --teacher of every command), else what the settings file says
    (--config, or DSLTM_CONFIG), else its default. This command shows the last three.

    Shows a table on a terminal, and writes JSON lines {"command", "option", "value", "source"} into a pipe or
    a file.

    dsltm config train

    DSLTM_TRAIN_TOPICS=25 dsltm config --config dsltm.toml | jq -c 'select(.source != "default")'
    """
    from dsltm.formats.records import write_jsonl

    assert ctx.parent is not None
    for name in commands or ():
        if name not in COMMANDS:
            raise UsageError(f"there is no command {name!r}", hint="one of " + ", ".join(COMMANDS))
    rows = [row for name in commands or COMMANDS for row in _rows(ctx.parent, name, config_file(ctx))]
    if not for_people(output):
        write_jsonl(output, rows)
        return
    screen.table(
        ["command", "option", screen.Column("value", wrap=True), "source"],
        (
            [row["command"], row["option"], "" if row["value"] is None else row["value"], row["source"]]
            for row in rows
        ),
    )


def _rows(top: Any, name: str, config: str | None) -> Iterator[dict[str, Any]]:
    command = top.command.commands[name]
    arguments = [] if config is None else ["--config", config]
    # Resilient: arguments may be missing, and nothing is run.
    with command.make_context(name, arguments, parent=top, resilient_parsing=True) as ctx:
        settings = {} if config is None else settings_for(ctx, read_settings(config))
        for option in options_of(command).values():
            if option.name == "config":
                continue
            value, source = ctx.params[option.name], source_of(ctx, option)
            # A value that the option cannot have is shown as it was written.
            if value is None and source is not None:
                value = settings[option.name] if source == config else os.environ[source]
            where = f"environment {source}" if source in environment_names(name, option) else source
            yield {"command": name, "option": long_name(option), "value": value, "source": where or "default"}
