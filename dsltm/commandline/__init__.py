"""How a typed function becomes a subcommand: groups of options, where values come from, help, wrong usage.

Everything that knows of typer is here and in the commands' own files; no command is named here.
"""
