"""Opening a teacher's tokenizer, without the state that it was saved with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError
from dsltm.teacher.quiet import first_line, quiet_transformers

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast

    from dsltm.teacher.files.resolve import Source

_WORD, _FILE = "a", "tokenizer.json"


def load_tokenizer(source: Source, *, trust_remote_code: bool = False) -> PreTrainedTokenizerFast:
    """Open a teacher's tokenizer alone.

    Training leaves things in a tokenizer that reading must not have: truncation, padding, merges that are
    left out at random (BPE dropout), control tokens that are split, and a token that ends the text, behind
    which no instruction can be answered. They are switched off.

    Raises:
        DsltmError: there is none that is fast and can be opened.
    """
    try:
        with quiet_transformers():
            tokenizer: Any = _opened(source.directory, trust_remote_code)
            if not tokenizer.is_fast:
                raise DsltmError(f"{source.name} has no fast tokenizer (tokenizer.json), which is needed")
            fast: PreTrainedTokenizerFast = tokenizer
            backend: Any = fast.backend_tokenizer
            fast.split_special_tokens = backend.encode_special_tokens = False
            backend.no_truncation()
            backend.no_padding()
            if getattr(backend.model, "dropout", None):
                backend.model.dropout = None
            _leave_the_end_open(backend)
    except DsltmError:
        raise
    except Exception as exc:  # tokenizers raises no other class of its own
        raise DsltmError(f"{source.name} has no tokenizer that can be opened: {first_line(exc)}") from exc
    # Long documents are cut elsewhere. Marked as already given, the warning about their length stays away.
    fast.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    return fast


def _opened(directory: Path, trust_remote_code: bool) -> Any:
    """The tokenizer as `tokenizer.json` describes it, where there is one.

    Of a class that the configuration names, such as GPT2Tokenizer, transformers takes the way of splitting a
    text, and not that of the file: SmolLM2's numbers would not be read digit by digit, as it learned them.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    custom = trust_remote_code and _has_code(directory)
    cls: Any = PreTrainedTokenizerFast if (directory / _FILE).is_file() and not custom else AutoTokenizer
    return cls.from_pretrained(directory, **local(trust_remote_code))


def _has_code(directory: Path) -> bool:
    """Whether the tokenizer is a class that came with the model."""
    config = directory / "tokenizer_config.json"
    return config.is_file() and "auto_map" in json.loads(config.read_bytes())


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
