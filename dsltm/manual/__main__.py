"""`python -m dsltm.manual [FOLDER]`: write man/ and completions/ anew."""

import sys
from pathlib import Path

from dsltm import __version__
from dsltm.manual.completions import completions
from dsltm.manual.page import roff
from dsltm.manual.pages import all_pages


def files() -> dict[str, str]:
    """Every generated file's path below the repository, and what it holds."""
    pages = {f"man/{page.file}": roff(page, __version__) for page in all_pages()}
    return pages | {f"completions/{name}": text for name, text in completions().items()}


def main(folder: Path) -> None:
    """Write every file, and remove pages of commands that are no more."""
    wanted = files()
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in (*folder.glob("man/*.[157]"), *folder.glob("completions/*")):
        if str(path.relative_to(folder)) not in wanted:
            path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
