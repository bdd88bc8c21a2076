"""The manual's own texts, kept as Markdown beside this file."""

import re
from functools import cache
from pathlib import Path

from dsltm.manual.page import Block, Definition, Example, Paragraph


@cache
def sections(name: str) -> dict[str, list[Block]]:
    """The sections of a text by their headings; what stands before the first heading is under "".

    Args:
        name: "formats" or "common".
    """
    text = (Path(__file__).parent / f"{name}.md").read_text(encoding="utf-8")
    parts = re.split(r"^# (.*)\n", text, flags=re.MULTILINE)
    found = {heading: _blocks(body) for heading, body in zip(parts[1::2], parts[2::2], strict=True)}
    return {"": _blocks(parts[0]), **found}


def _blocks(text: str) -> list[Block]:
    blocks: list[Block] = []
    # An example may hold blank lines, so it is divided off first.
    for part in re.split(r"((?:^    .*\n(?:\n(?=    ))?)+)", text, flags=re.MULTILINE):
        if part.startswith("    "):
            blocks.append(Example(tuple(line[4:] for line in part.rstrip().split("\n"))))
            continue
        for paragraph in re.split(r"\n\s*\n", part.strip()):
            if paragraph.startswith("- "):
                blocks += [_definition(item) for item in re.split(r"^- ", paragraph, flags=re.MULTILINE)[1:]]
            elif paragraph:
                blocks.append(Paragraph(" ".join(paragraph.split())))
    return blocks


def _definition(item: str) -> Definition:
    term, _, meaning = " ".join(item.split()).partition(": ")
    return Definition(term, meaning)
