"""Groups of options: a parameter whose type is a dataclass stands for the options that are its fields."""

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import wraps
from types import SimpleNamespace
from typing import Annotated, Any, get_type_hints

import typer

from dsltm.option import Option, options_in


def flattened(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with an option for every field of its groups, which it is handed as dataclasses.

    The result's parameters are those that typer reads.
    """
    signature = inspect.signature(function)
    hints = get_type_hints(function, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if isinstance(hint, type) and is_dataclass(hint)}
    names = {name: [each for each, _ in options_in(group)] for name, group in groups.items()}

    @wraps(function)
    def call(**values: Any) -> Any:
        made = {
            name: group(**{each: values.pop(each) for each in names[name]}) for name, group in groups.items()
        }
        return function(**values, **made)

    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        group = groups.get(parameter.name)
        if group is None:
            parameters.append(
                parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
            )
        else:
            parameters += _parameters(group)
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    # Otherwise the wrapped function would be asked for the parameters.
    del call.__wrapped__
    return call


def _parameters(group: Any) -> Iterator[inspect.Parameter]:
    """The options of a group, as parameters that typer reads."""
    types, defaults = _types(group), {each.name: each.default for each in fields(group)}
    # Untyped, because its arguments are known only when this runs.
    annotated: Any = Annotated
    kind = inspect.Parameter.KEYWORD_ONLY
    for name, declared in options_in(group):
        info = _as_typer(declared, name, flag=types[name] is bool)
        yield inspect.Parameter(
            name, kind, default=defaults[name], annotation=annotated[types[name], info, declared]
        )


def _types(group: Any) -> dict[str, Any]:
    """The types of a group's options; other fields may have types that are only known to a type checker."""
    names, types = {name for name, _ in options_in(group)}, dict[str, Any]()
    for each in reversed(group.__mro__):
        own = {name: text for name, text in inspect.get_annotations(each).items() if name in names}
        types |= get_type_hints(SimpleNamespace(__annotations__=own), vars(sys.modules[each.__module__]))
    return types


def _as_typer(declared: Option, name: str, *, flag: bool) -> Any:
    names = declared.names or (("--" + name.replace("_", "-"),) if flag else ())
    return typer.Option(
        *names,
        help=declared.help,
        metavar=declared.metavar,
        show_default=declared.shown if declared.shown is not None else True,
        rich_help_panel=declared.heading,
        min=declared.min,
        max=declared.max,
    )


def declared_words(function: Callable[..., Any]) -> dict[str, tuple[str, ...]]:
    """Values to complete, by the names of the parameters of a flattened function."""
    words = {}
    for name, annotation in function.__annotations__.items():
        for each in getattr(annotation, "__metadata__", ()):
            if isinstance(each, Option) and each.words:
                words[name] = each.words
    return words
