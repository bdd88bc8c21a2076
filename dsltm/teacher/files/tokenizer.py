"""Opening a teacher's tokenizer, without the state that it was saved with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError
from dsltm.teacher.quiet import first_line, quiet_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from dsltm.teacher.files.resolve import Source

_WORD = "a"


def load_tokenizer(source: Source, *, trust_remote_code: bool = False) -> PreTrainedTokenizerFast:
    """Open a teacher's tokenizer alone.

    Training leaves things in a tokenizer that reading must not have: truncation, padding, and a token that
    ends the text, behind which no instruction can be answered. They are switched off.

    Raises:
        DsltmError: there is none that is fast and can be opened.
    """
    from transformers import AutoTokenizer

    try:
        with quiet_transformers():
            tokenizer: Any = AutoTokenizer.from_pretrained(source.directory, **local(trust_remote_code))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as exc:
        raise DsltmError(f"{source.name} has no tokenizer that can be opened: {first_line(exc)}") from exc
    if not tokenizer.is_fast:
        raise DsltmError(f"{source.name} has no fast tokenizer (tokenizer.json), which is needed")
    fast: PreTrainedTokenizerFast = tokenizer
    backend: Any = fast.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    # Long documents are cut elsewhere. Marked as already given, the warning about their length stays away.
    fast.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    _leave_the_end_open(backend)
    return fast


def local(trust_remote_code: bool) -> dict[str, bool]:
    """Options of transformers by which it fetches and runs nothing, unless the model's code is trusted."""
    return {"local_files_only": not trust_remote_code, "trust_remote_code": trust_remote_code}


def _leave_the_end_open(backend: Any) -> None:
    """Keep the special tokens before a text, and drop those that are added behind it."""
    from tokenizers.processors import TemplateProcessing

    encoding = backend.encode(_WORD)
    added = encoding.special_tokens_mask
    if not added or not added[-1] or all(added):
        return
    names = encoding.tokens[: added.index(0)]
    backend.post_processor = TemplateProcessing(
        single=[*names, "$A"],
        special_tokens=list(dict(zip(names, encoding.ids, strict=False)).items()),
    )
