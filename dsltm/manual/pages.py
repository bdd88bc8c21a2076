"""The manual's pages: the commands' from their definitions, the formats' and the guides' from their texts."""

import re
from collections.abc import Iterator
from typing import Any

from typer.core import TyperOption

from dsltm.cli import COMMANDS, top
from dsltm.command import COMMON, by_heading, environment_names, heading_of
from dsltm.manual.page import Block, Definition, Example, Heading, Page, Paragraph
from dsltm.manual.text import sections

# command: which argument or option reads which kind of file, and what the command writes
FILES: dict[str, tuple[dict[str, str], str | None]] = {
    "vocab": ({"CORPUS": "Corpus"}, "Vocabulary"),
    "distill": ({"CORPUS": "Corpus", "--vocab": "Vocabulary"}, "Labels"),
    "merge": ({"LABELS": "Labels"}, "Labels"),
    "train": ({"LABELS": "Labels"}, "Model"),
    "generate": ({"CORPUS": "Corpus"}, "Written topics"),
    "ground": ({"TOPICS": "Written topics", "DOCUMENTS": "Corpus", "--labels": "Labels"}, "Model"),
    "attend": ({"TOPICS": "Written topics", "CORPUS": "Corpus", "--labels": "Labels"}, "Model"),
    "assign": (
        {"MODEL": "Model", "DOCUMENTS": "Labels", "DOCUMENTS, in its place": "Corpus"},
        "Assignments",
    ),
    "topics": ({"MODEL": "Model", "LABELS": "Labels", "--corpus": "Corpus"}, "Topics"),
    "eval": ({"MODEL": "Model", "LABELS": "Labels", "--gold, --reference": "Corpus"}, "Metrics"),
    "prompts": ({}, None),
    "teachers": ({}, None),
    "config": ({"--config": "Settings"}, None),
    "help": ({}, None),
}

# the pages of section 7, each with a text of its name beside this file
GUIDES = {
    "method": "what the topics are made of, and what dsltm adds to the paper",
    "recipes": "answers to what users ask",
    "results": "what was measured, with which command and on which processor",
    "scaling": "large corpora: several machines, GPUs, memory",
}
_OTHER_PAGES = ["dsltm-formats(5)", *(f"dsltm-{name}(7)" for name in GUIDES)]


def all_pages() -> Iterator[Page]:
    """Every page of the manual."""
    from dsltm.metrics.names import MEANINGS

    group: Any = top()
    yield top_page(group)
    for name in COMMANDS:
        yield command_page(name, group.commands[name])
    yield formats_page(MEANINGS)
    for name, summary in GUIDES.items():
        yield guide_page(name, summary)


def command_page(name: str, command: Any) -> Page:
    """The page of a subcommand."""
    summary, *prose = re.split(r"\n\s*\n", command.help)
    common = sections("common")
    reads, writes = FILES[name]
    content: dict[str, list[Block]] = {
        "DESCRIPTION": [Paragraph(_joined(text)) for text in prose or [summary]],
        "OPTIONS": _options(command),
    }
    if reads:
        content["INPUT"] = [_file(where, what) for where, what in reads.items()]
    content["OUTPUT"] = [Paragraph("A list or a text for people to read, as described above.")]
    if writes is not None:
        content["OUTPUT"] = [*sections("formats")[writes], Paragraph("See dsltm-formats(5).")]
    content["EXIT STATUS"] = common["EXIT STATUS"]
    content["ENVIRONMENT"] = _environment(name, command)
    content["EXAMPLES"] = [Example(tuple(lines.splitlines())) for lines in command.examples]
    others = [f"dsltm-{other}(1)" for other in COMMANDS if other != name]
    content["SEE ALSO"] = [Paragraph(", ".join(["dsltm(1)", *others, *_OTHER_PAGES]))]
    return Page(f"dsltm-{name}", 1, _summary(summary), (synopsis(name, command),), content)


def top_page(group: Any) -> Page:
    """The page of `dsltm` itself."""
    _, *prose = re.split(r"\n\s*\n", group.help)
    content: dict[str, list[Block]] = {
        "DESCRIPTION": [Paragraph(_joined(text)) for text in prose],
        "COMMANDS": [Definition(f"dsltm {name}", text) for name, text in COMMANDS.items()],
        "OPTIONS": _options(group),
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
        "SEE ALSO": [Paragraph(", ".join([*(f"dsltm-{name}(1)" for name in COMMANDS), *_OTHER_PAGES]))],
    }
    summary = "find the topics in a pile of texts"
    return Page("dsltm", 1, summary, ("dsltm [OPTIONS] COMMAND [ARGUMENTS]",), content)


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


def synopsis(name: str, command: Any) -> str:
    """How a subcommand is called, such as "dsltm vocab [OPTIONS] [CORPUS]"."""
    parts = [f"dsltm {name} [OPTIONS]"]
    for param in command.params:
        if param.param_type_name == "argument":
            written = param.metavar or param.name.upper()
            written += "..." * (param.nargs == -1 and "..." not in written)
            parts.append(written if param.required else f"[{written}]")
    return " ".join(parts)


def _options(command: Any) -> list[Block]:
    """Arguments and options as `--help` has them, under their headings."""
    context = command.context_class(command, info_name=command.name, **command.context_settings)
    blocks: list[Block] = []
    for heading, records in by_heading(command, context).items():
        blocks += [Heading(heading), *(Definition(*record) for record in records)]
    return blocks


def _environment(name: str, command: Any) -> list[Block]:
    names = [
        environment_names(name, param)[0]
        for param in command.params
        if isinstance(param, TyperOption) and heading_of(param) != COMMON
    ]
    own = [Paragraph("For this command alone: " + ", ".join(names) + ".")] if names else []
    return [*sections("common")["ENVIRONMENT"], *own]


def _file(where: str, what: str) -> Definition:
    blocks = sections("formats")[what]
    about = next(block.text for block in blocks if isinstance(block, Paragraph))
    fields = [block.term for block in blocks if isinstance(block, Definition)]
    listed = f" Fields: {'; '.join(fields)}." if fields else ""
    return Definition(where, f"{about}{listed} See dsltm-formats(5).")
