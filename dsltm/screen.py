"""Tables on standard output, for people."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dsltm.console import plain

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `table`: its heading and how its cells are set."""

    heading: str
    align: Literal["left", "right"] = "left"
    wrap: bool = False  # Whether a cell may take several lines, in the width that is left.


def table(columns: Sequence[str | Column], rows: Iterable[Sequence[object]]) -> None:
    """Write a table to standard output, for people.

    Args:
        columns: headings, or `Column`s.
        rows: one cell a column. A rich renderable is shown as it is; anything else as plain text, so
            that words of a corpus are neither markup nor escape codes.
    """
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        c = column if isinstance(column, Column) else Column(column)
        shown.add_column(plain(c.heading), justify=c.align, no_wrap=not c.wrap, overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(cell) for cell in row))
    show(shown)


def show(*shown: "RenderableType") -> None:
    """Write rich renderables to standard output, for people; their text must have been made `plain`."""
    from rich.console import Console

    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # Some terminals' encoding lacks a character.
    screen = Console(highlight=False, markup=False, emoji=False)
    for each in shown:
        screen.print(each)


def _cell(cell: object) -> "RenderableType":
    from rich.text import Text

    return cell if hasattr(cell, "__rich_console__") else Text(plain(str(cell)))
