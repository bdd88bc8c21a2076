"""What typer finds wrong with a command line, as one sentence like every other error's."""

from typing import Any

import typer
from typer.core import TyperOption

from dsltm.commandline.values import source_of

# What follows a value in a message, by pydantic's kind of error, as
# https://docs.pydantic.dev/latest/errors/validation_errors/ lists them.
_NOT = {
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "bool_parsing": "is neither true nor false",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
}


def sentence(error: typer.TyperException, program: str) -> str:
    """The sentence, with where the value is from, if not from the command line, and what to do next.

    Args:
        program: the command that was typed, such as "dsltm train", whose help explains.
    """
    message = _sentence(error)
    param, ctx = getattr(error, "param", None), getattr(error, "ctx", None)
    source = source_of(ctx, param) if ctx is not None and isinstance(param, TyperOption) else None
    place = f"{source}: " if source else ""
    return f"{place}{message}" if message.endswith("?") else f"{place}{message}, see '{program} --help'"


def _sentence(error: typer.TyperException) -> str:
    # Only the error of an option that does not exist has possibilities.
    if (near := getattr(error, "possibilities", None)) is not None:
        names = ", ".join(sorted(near))
        return f"no such option: {getattr(error, 'option_name', '')}" + (
            f", did you mean {names}?" if near else ""
        )
    if isinstance(error, typer.BadParameter) and (wrong := _wrong_value(error.__cause__)) is not None:
        hint = error.param.get_error_hint() if error.param is not None else "an option"
        return f"invalid value for {hint}: {wrong}"
    message = " ".join(error.format_message().split()).rstrip(".")
    return message[:1].lower() + message[1:]


def _wrong_value(cause: Any) -> str | None:
    """What is wrong with a value, from pydantic's own account of it; None where that has none."""
    if not hasattr(cause, "errors"):
        return None
    first = cause.errors()[0]
    context = first.get("ctx", {})
    # The cause may be an exception of typer's, such as that of a word that is no choice.
    if "error" in context:
        return str(context["error"]).rstrip(".")
    reason = _NOT.get(first["type"])
    return None if reason is None else f"{first['input']!r} {reason.format(**context)}"
