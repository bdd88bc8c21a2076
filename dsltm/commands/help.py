"""`dsltm help`: a page of the manual."""

import platform
import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Annotated

import typer

from dsltm import __version__, console
from dsltm.commands import COMMANDS
from dsltm.errors import DsltmError, UsageError
from dsltm.manual.guides import GUIDES
from dsltm.option import Option

if TYPE_CHECKING:
    from dsltm.manual.page import Page


def command(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A command, formats, or a guide: method, recipes, results, scaling.",
            show_default="dsltm itself",
        ),
        Option(words=(*COMMANDS, "formats", *GUIDES)),
    ] = None,
) -> None:
    """On a terminal the page is shown by man, where that is installed; elsewhere it is written as plain text.

    dsltm help distill

    dsltm help formats

    dsltm help method
    """
    from dsltm.commands.tree import program
    from dsltm.manual.page import plain, roff
    from dsltm.manual.pages import all_pages

    pages = {page.name.removeprefix("dsltm-"): page for page in all_pages(program())}
    page = pages.get(topic or "dsltm")
    if page is None:
        raise UsageError(f"there is no page {topic!r}", hint="one of " + ", ".join(pages))
    if console.stdout_is_terminal() and shutil.which("man"):
        _man(page, roff(page, __version__))
    elif sys.stdout is None:
        raise DsltmError("standard output is closed")
    else:
        sys.stdout.write(plain(page))


def _man(page: "Page", text: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=f"-{page.file}", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        # The man of macOS takes a path without an option.
        local = [] if platform.system() == "Darwin" else ["-l"]
        subprocess.run(["man", *local, file.name], check=False)
