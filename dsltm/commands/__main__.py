"""`python -m dsltm.commands [FOLDER]`: write man/ and completions/ anew from the commands' definitions."""

import sys
from pathlib import Path

from dsltm.commands.tree import program
from dsltm.manual.files import release_date, write_files


def main(folder: Path) -> None:
    """Write the files of a repository, whose changelog has the date of the release."""
    changelog = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    write_files(program(), folder, release_date(changelog))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
