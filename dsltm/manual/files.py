"""Every generated file: the manual pages and the shells' completions."""

import re
from pathlib import Path

from dsltm import __version__
from dsltm.manual.completions import completions
from dsltm.manual.page import roff
from dsltm.manual.pages import all_pages
from dsltm.manual.program import Program


def files(program: Program, released: str) -> dict[str, str]:
    """Every generated file's path below the repository, and what it holds.

    Args:
        released: the date of the release, for the pages' feet: they must not change with the day of making.
    """
    pages = {
        f"man/man{page.section}/{page.file}": roff(page, __version__, released) for page in all_pages(program)
    }
    return pages | {f"completions/{name}": text for name, text in completions(program).items()}


def write_files(program: Program, folder: Path, released: str) -> None:
    """Write every file, and remove pages of commands that are no more."""
    wanted = files(program, released)
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in (*folder.glob("man/man?/*"), *folder.glob("completions/*")):
        if str(path.relative_to(folder)) not in wanted:
            path.unlink()


def release_date(changelog: str) -> str:
    """The date of the newest release in a changelog, as in "## [0.1.0] - 2026-11-21"; "" without one."""
    match = re.search(r"^## .*(\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    return match[1] if match else ""
