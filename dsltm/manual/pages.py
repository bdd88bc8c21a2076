"""The manual's pages: the commands' from their definitions, the formats' and the guides' from their texts."""

import re
from collections.abc import Iterator

from dsltm.manual.guides import GUIDES
from dsltm.manual.page import Block, Definition, Example, Heading, Page, Paragraph
from dsltm.manual.program import Command, Program, Sections
from dsltm.manual.text import sections

_OTHER_PAGES = ["dsltm-formats(5)", *(f"dsltm-{name}(7)" for name in GUIDES)]


def all_pages(program: Program) -> Iterator[Page]:
    """Every page of the manual."""
    from dsltm.metrics.names import MEANINGS

    yield top_page(program)
    for command in program.commands:
        yield command_page(command, program.names)
    yield formats_page(MEANINGS)
    for name, summary in GUIDES.items():
        yield guide_page(name, summary)


def command_page(command: Command, names: tuple[str, ...]) -> Page:
    """The page of a subcommand.

    Args:
        names: of all commands, to refer to.
    """
    summary, *prose = re.split(r"\n\s*\n", command.help)
    common = sections("common")
    content: dict[str, list[Block]] = {
        "DESCRIPTION": [Paragraph(_joined(text)) for text in prose or [summary]],
        "OPTIONS": _options(command.sections),
    }
    if command.reads:
        content["INPUT"] = [_file(where, what) for where, what in command.reads.items()]
    content["OUTPUT"] = [Paragraph("A list or a text for people to read, as described above.")]
    if command.writes is not None:
        content["OUTPUT"] = [*sections("formats")[command.writes], Paragraph("See dsltm-formats(5).")]
    content["EXIT STATUS"] = common["EXIT STATUS"]
    own = [Paragraph("For this command alone: " + ", ".join(command.variables) + ".")]
    content["ENVIRONMENT"] = [*common["ENVIRONMENT"], *(own if command.variables else [])]
    content["EXAMPLES"] = [Example(tuple(lines.splitlines())) for lines in command.examples]
    others = [f"dsltm-{other}(1)" for other in names if other != command.name]
    content["SEE ALSO"] = [Paragraph(", ".join(["dsltm(1)", *others, *_OTHER_PAGES]))]
    return Page(f"dsltm-{command.name}", 1, _summary(summary), (command.synopsis,), content)


def top_page(program: Program) -> Page:
    """The page of `dsltm` itself."""
    summary, *prose = re.split(r"\n\s*\n", program.help)
    others = [f"dsltm-{name}(1)" for name in program.names]
    content: dict[str, list[Block]] = {
        "DESCRIPTION": [Paragraph(_joined(text)) for text in prose],
        "COMMANDS": [Definition(f"dsltm {command.name}", command.about) for command in program.commands],
        "OPTIONS": _options(program.sections),
        **{heading: blocks for heading, blocks in sections("common").items() if heading},
        "EXAMPLES": [
            Example(
                (
                    "dsltm distill corpus.jsonl -o labels.npz",
                    "dsltm train labels.npz -k 50 -o model.npz",
                    "dsltm topics model.npz labels.npz",
                    "dsltm assign model.npz new.jsonl > assignments.jsonl",
                    "dsltm distill corpus.jsonl | dsltm train -k 50 | dsltm topics",
                )
            )
        ],
        "SEE ALSO": [Paragraph(", ".join([*others, *_OTHER_PAGES]))],
    }
    return Page("dsltm", 1, _summary(summary), ("dsltm [OPTIONS] COMMAND [ARGUMENTS]",), content)


def formats_page(metrics: dict[str, str]) -> Page:
    """The page of the file formats.

    Args:
        metrics: the names of the metrics and what they say.
    """
    content = {
        heading.upper() or "DESCRIPTION": list(blocks) for heading, blocks in sections("formats").items()
    }
    content["METRICS"] += [
        Definition(name, f"{text[:1].upper()}{text[1:]}.") for name, text in metrics.items()
    ]
    content["SEE ALSO"] = [Paragraph("dsltm(1)")]
    return Page("dsltm-formats", 5, "files of dsltm", (), content)


def guide_page(name: str, summary: str) -> Page:
    """A page of section 7, from the text of its name."""
    content = {heading.upper() or "DESCRIPTION": list(blocks) for heading, blocks in sections(name).items()}
    others = [page for page in _OTHER_PAGES if page != f"dsltm-{name}(7)"]
    content["SEE ALSO"] = [Paragraph(", ".join(["dsltm(1)", *others]))]
    return Page(f"dsltm-{name}", 7, summary, (), content)


def _joined(text: str) -> str:
    return " ".join(text.split())


def _summary(text: str) -> str:
    text = _joined(text).rstrip(".")
    return text[:1].lower() + text[1:]


def _options(listed: Sections) -> list[Block]:
    """Arguments and options as `--help` has them, under their headings."""
    blocks: list[Block] = []
    for heading, records in listed.items():
        blocks += [Heading(heading), *(Definition(*record) for record in records)]
    return blocks


def _file(where: str, what: str) -> Definition:
    blocks = sections("formats")[what]
    about = next(block.text for block in blocks if isinstance(block, Paragraph))
    fields = [block.term for block in blocks if isinstance(block, Definition)]
    listed = f" Fields: {'; '.join(fields)}." if fields else ""
    return Definition(where, f"{about}{listed} See dsltm-formats(5).")
