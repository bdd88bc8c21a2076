"""Keeping transformers quiet, and the part of an exception's text that fits into a message."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars and no warnings of transformers within the block, but for those asked for.

    `TRANSFORMERS_VERBOSITY` has its usual meaning.
    """
    import transformers.utils.logging

    logging: Any = transformers.utils.logging  # mostly without types
    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    if "TRANSFORMERS_VERBOSITY" not in os.environ:
        logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def first_line(exc: BaseException) -> str:
    """The first line of an exception's text, and all of it where that line only announces the rest."""
    first, _, rest = (str(exc).strip() or type(exc).__name__).partition("\n")
    if first.rstrip().endswith(":"):  # a list follows, without which the sentence says nothing
        first = f"{first.rstrip()} {' '.join(rest.split())}"
    return first.strip()
