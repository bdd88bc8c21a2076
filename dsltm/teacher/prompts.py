"""Instructions around a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SLOT = "{document}"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template with one `{document}`; the teacher's next token after it is what is read.

    Args:
        name: what `--prompt` calls it.
        template: the text, `{document}` exactly once.
        chat: wrap the template in the teacher's chat template, as one turn of the user.

    Raises:
        DsltmError: `{document}` is missing or repeated.
    """

    name: str
    template: str
    chat: bool = False

    def __post_init__(self) -> None:
        if self.template.count(SLOT) != 1:
            raise DsltmError(f"prompt {self.name!r} must contain {SLOT} exactly once")

    def around(self, tokenizer: PreTrainedTokenizerBase) -> tuple[str, str]:
        """The text before and after the document."""
        text = self.template
        if self.chat:
            if not tokenizer.chat_template:
                raise DsltmError(f"prompt {self.name!r} needs a teacher with a chat template")
            turn = [{"role": "user", "content": text}]
            text = str(tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True))
        before, after = text.split(SLOT)
        return before, after

    def as_header(self) -> dict[str, Any]:
        return {"name": self.name, "template": self.template, "chat": self.chat}

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> Prompt:
        return cls(str(header["name"]), str(header["template"]), bool(header.get("chat", False)))


def from_instruction(instruction: str) -> Prompt:
    """The paper's layout (section 3.1) around an instruction."""
    return Prompt("instruction", f"{instruction}\n\nDocument: {SLOT}\n\nTopic:")


PAPER = Prompt(
    "paper",
    from_instruction("Generate a label that capture the overall theme of the document below.").template,
)
NAMED = {prompt.name: prompt for prompt in (PAPER,)}


def named(name: str) -> Prompt:
    """The prompt of that name.

    Raises:
        DsltmError: there is none.
    """
    if name not in NAMED:
        raise DsltmError(f"no prompt is called {name!r}", hint="one of " + ", ".join(NAMED))
    return NAMED[name]
