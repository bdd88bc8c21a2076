"""Instructions around a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError
from dsltm.teacher.quiet import first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SLOT = "{document}"
_THOUGHT, _NO_THOUGHT = "<think>", "\n</think>\n\n"  # as Qwen3 and DeepSeek-R1 write them


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template with one `{document}`; the teacher's next token after it is what is read.

    Args:
        name: what `--prompt` calls it.
        template: the text, `{document}` exactly once.
        chat: wrap the template in the teacher's chat template, as one turn of the user.
        about: which documents it suits, for the help; it does not change what is read.

    Raises:
        DsltmError: `{document}` is missing or repeated.
    """

    name: str
    template: str
    chat: bool = False
    about: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.template.count(SLOT) != 1:
            raise DsltmError(f"prompt {self.name!r} must contain {SLOT} exactly once")

    def around(self, tokenizer: PreTrainedTokenizerBase) -> tuple[str, str]:
        """The text before and after the document."""
        text = self.template
        if self.chat:
            if not tokenizer.chat_template:
                raise DsltmError(f"prompt {self.name!r} needs a teacher with a chat template")
            text = as_chat(tokenizer, text)
            if text.count(SLOT) != 1:
                raise DsltmError(
                    f"the teacher's chat template writes the turn {text.count(SLOT)} times, and not once",
                    hint="a prompt without a chat",
                )
        before, after = text.split(SLOT)
        return before, after

    def as_header(self) -> dict[str, Any]:
        return {"name": self.name, "template": self.template, "chat": self.chat}

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> Prompt:
        return cls(str(header["name"]), str(header["template"]), bool(header.get("chat", False)))


def as_chat(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    """The text as one turn of the user, by the template that came with the tokenizer.

    A teacher that thinks before it answers is asked not to, and where its template begins a thought anyhow,
    the thought is empty: what is read is the answer's first token.

    Raises:
        DsltmError: the template is not valid Jinja, or does not accept such a conversation.
    """
    from jinja2 import TemplateError

    turn = [{"role": "user", "content": text}]
    try:
        asked = tokenizer.apply_chat_template(
            turn, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as exc:
        raise DsltmError(
            f"the teacher's chat template does not take the turn: {first_line(exc)}",
            hint="a prompt without a chat",
        ) from exc
    return f"{asked}{_NO_THOUGHT}" if str(asked).rstrip().endswith(_THOUGHT) else str(asked)


def from_instruction(instruction: str) -> Prompt:
    """The paper's layout (section 3.1) around an instruction."""
    return Prompt("instruction", f"{instruction}\n\nDocument: {SLOT}\n\nTopic:")


PAPER = Prompt(
    "paper",
    from_instruction("Generate a label that capture the overall theme of the document below.").template,
    about="the paper's instruction",
)
REPHRASED = tuple(
    Prompt(
        f"paper-{number}",
        from_instruction(instruction).template,
        about=f"the paper's instruction in other words, {number} of 5",
    )
    for number, instruction in enumerate(
        (
            "Write a short label for the main theme of the following document.",
            "What is the document below about? Answer with a label for its topic.",
            "Read the document and name the subject that it deals with as a whole.",
            "Summarise the central topic of the document below in a single label.",
            "Assign the document below a heading that says what its overall topic is.",
        ),
        1,
    )
)
"""To see how much hangs on the paper's choice of words. Its own five rephrasings are not published."""
_EXAMPLES = (
    "Text: The central bank raised interest rates again to slow inflation.\nKeywords: economy, finance\n\n"
    "Text: A late goal sent the visitors through to the final.\nKeywords: football, sports\n\n"
)
_ALL = (
    PAPER,
    *REPHRASED,
    # General ones. They begin alike, so that several of them cost only a few tokens a document more than one.
    Prompt("keywords", f"Text: {SLOT}\nKeywords:", about="any text"),
    Prompt("tags", f"Text: {SLOT}\nTags:", about="any text"),
    Prompt("word", f"Text: {SLOT}\nIn one word, the main topic of this text is", about="any text"),
    Prompt("related", f"Text: {SLOT}\nRelated topics:", about="any text"),
    Prompt("about", f"Text: {SLOT}\nThis text is about", about="any text"),
    Prompt("filed", f"Text: {SLOT}\nFiled under:", about="any text"),
    Prompt("topic", f"Text: {SLOT}\nTopic:", about="any text"),
    Prompt("category", f"Text: {SLOT}\nCategory:", about="any text"),
    # Kinds of text.
    Prompt("question", f"Question: {SLOT}\nTags:", about="questions, requests for help"),
    Prompt("post", f"Tweet: {SLOT}\nHashtags: #", about="social media"),
    Prompt("news", f"Article: {SLOT}\nSection:", about="news"),
    Prompt("review", f"Review: {SLOT}\nProduct category:", about="reviews"),
    Prompt("abstract", f"Abstract: {SLOT}\nKeywords:", about="scientific papers"),
    Prompt("message", f"Message: {SLOT}\nSubject:", about="mail, forums, chats"),
    # Layouts.
    Prompt("examples", f"{_EXAMPLES}Text: {SLOT}\nKeywords:", about="any text, after two worked examples"),
    Prompt(
        "chat",
        f"In one word, what is the main topic of this text?\n\n{SLOT}",
        chat=True,
        about="any text, as a turn of a chat",
    ),
    # Languages.
    Prompt("de", f"Text: {SLOT}\nSchlagwörter:", about="German"),
    Prompt("es", f"Texto: {SLOT}\nPalabras clave:", about="Spanish"),
    Prompt("fr", f"Texte : {SLOT}\nMots-clés :", about="French"),
    Prompt("it", f"Testo: {SLOT}\nParole chiave:", about="Italian"),
    Prompt("pt", f"Texto: {SLOT}\nPalavras-chave:", about="Portuguese"),
    Prompt("zh", f"文本：{SLOT}\n关键词：", about="Chinese"),
)
NAMED = {prompt.name: prompt for prompt in _ALL}
DEFAULT = tuple(NAMED[name] for name in ("keywords", "tags", "word", "related"))
"""The prompts of `distill` where none is chosen: general ones that begin alike, and do better together than
alone (tests/bench/README.md, "What helped")."""


def named(name: str) -> Prompt:
    """The prompt of that name.

    Raises:
        DsltmError: there is none.
    """
    if name not in NAMED:
        raise DsltmError(f"no prompt is called {name!r}", hint="one of " + ", ".join(NAMED))
    return NAMED[name]
