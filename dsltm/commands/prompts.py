"""`dsltm prompts`: the instructions that have a name, as a table for people and JSON lines for programs."""

from dsltm import screen
from dsltm.commands.options import Output
from dsltm.formats.output import for_people


def command(output: Output = None) -> None:
    """Shows a table on a terminal, and writes JSON lines {"name", "about", "template", "chat", "default"}
    into a pipe or a file.

    The teacher's next token after the instruction is what is read. Several --prompt make an ensemble: logits
    are averaged, hidden states lie side by side, and instructions that follow the document and begin alike
    share the reading of it. The default is such an ensemble of general instructions; --prompt auto looks at a
    sample of the corpus and chooses, without labels.

    dsltm prompts

    dsltm distill mails.jsonl --prompt message --prompt keywords -o labels.npz

    dsltm prompts | jq -r 'select(.name == "paper").template'
    """
    from dsltm.formats.records import write_jsonl
    from dsltm.teacher.reading.prompts import DEFAULT, NAMED

    rows = [
        {
            "name": prompt.name,
            "about": prompt.about,
            "template": prompt.template,
            "chat": prompt.chat,
            "default": prompt in DEFAULT,
        }
        for prompt in NAMED.values()
    ]
    if not for_people(output):
        write_jsonl(output, rows)
        return
    screen.table(
        ["prompt", "default", "for", "template"],
        (
            [prompt.name, "yes" * (prompt in DEFAULT), prompt.about, prompt.template.replace("\n", "⏎")]
            for prompt in NAMED.values()
        ),
    )
