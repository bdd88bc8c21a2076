"""Options as typer reads them: parameters whose default is an `option`, or whose type is a group of them."""

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import Field, fields, is_dataclass
from functools import wraps
from types import SimpleNamespace
from typing import Annotated, Any, get_type_hints

import typer

from dsltm.option import Option, options_in


def flattened(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with parameters that typer reads.

    A parameter whose default is an `option` is one. Where its type is a dataclass, a group, it stands for the
    options that are its fields, and the function is handed the dataclass.
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
        name, default = parameter.name, parameter.default
        if name in groups:
            parameters += _parameters(groups[name])
        elif isinstance(default, Field):
            parameters.append(_parameter(name, hints[name], default.default, default.metadata["option"]))
        else:
            kind = inspect.Parameter.KEYWORD_ONLY
            parameters.append(parameter.replace(annotation=hints[name], kind=kind))
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    # Otherwise the wrapped function would be asked for the parameters.
    del call.__wrapped__
    return call


def _parameters(group: Any) -> Iterator[inspect.Parameter]:
    """The options of a group."""
    types, defaults = _types(group), {each.name: each.default for each in fields(group)}
    for name, declared in options_in(group):
        yield _parameter(name, types[name], defaults[name], declared)


def _parameter(name: str, type_of: Any, default: Any, declared: Option) -> inspect.Parameter:
    # Untyped, because its arguments are known only when this runs.
    annotated: Any = Annotated
    annotation = annotated[type_of, _as_typer(declared, name, flag=type_of is bool), declared]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


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
