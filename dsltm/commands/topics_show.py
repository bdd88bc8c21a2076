"""What `dsltm topics` shows: the topics, a field, the tree or the page. Imported when it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.commands.topics_table import show_documents, show_shares, show_topics, show_tree
from dsltm.errors import UsageError
from dsltm.formats.output import is_stdout, open_output
from dsltm.formats.tables import table_form, write_table
from dsltm.report.data import collect
from dsltm.report.page import page
from dsltm.topics.describe import describe, ordered
from dsltm.topics.tree import tree as topic_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal

    from dsltm.formats.corpus import Corpus
    from dsltm.formats.model import Model
    from dsltm.formats.tables import TableForm
    from dsltm.report.data import Options
    from dsltm.topics import Every
    from dsltm.topics.shares import Shares
    from dsltm.topics.view import View
    from dsltm.topics.words import Choice

    Sort = Literal["id", "size", "coherence"]


@dataclass(frozen=True)
class Asked:
    """The options of `dsltm topics` that decide what is shown, by their names.

    Attributes:
        choice: the words of each topic.
        all_words: show all of them, whether or not they fit in a line.
        form: of the table that is written; None: by the name of the output.
    """

    choice: Choice
    all_words: bool
    coherence: bool
    sort: Sort | None
    examples: int
    borderline: int
    tree: bool
    by: str | None
    every: Every | None
    label_field: str
    form: TableForm | None


def show(model: Model, view: View | None, asked: Asked, texts: Corpus | None, output: str | None) -> None:
    """Show the topics, with their documents, over a field or as a tree.

    Args:
        view: the documents to look at the model with.
        texts: the corpus that they are from.
        output: a file, or None or "-" for standard output.
    """
    if view is None:
        if asked.sort == "size":
            raise UsageError("--sort size counts documents", hint="adding a labels file")
        topics = describe(model, asked.choice)
    else:
        scored = asked.coherence or asked.sort == "coherence"
        topics = view.topics(asked.choice, coherence=scored)
        topics = view.with_documents(topics, asked.examples, asked.borderline, texts)
    terminal = is_stdout(output) and console.stdout_is_terminal()
    topics = ordered(topics, asked.sort or ("size" if terminal and view else "id"))
    if asked.by is not None:
        shown = _shares(view, asked.by, asked, texts)
        _write(output, asked.form, shown.rows(), lambda: show_shares(topics, shown))
    elif asked.tree:
        joins = topic_tree(model.beta)
        _write(output, asked.form, (join.row() for join in joins), lambda: show_tree(topics, joins))
    elif asked.examples or asked.borderline:
        _write(output, asked.form, (topic.row() for topic in topics), lambda: show_documents(topics))
    else:
        _write(
            output,
            asked.form,
            (topic.row() for topic in topics),
            lambda: show_topics(topics, all_words=asked.all_words),
        )


def write_page(place: str, view: View | None, asked: Asked, texts: Corpus | None, options: Options) -> None:
    """Write the report."""
    if view is None:
        raise UsageError("--html shows documents", hint="adding a labels file")
    fields = [] if asked.by is None else [_shares(view, asked.by, asked, texts)]
    if asked.by != asked.label_field and view.labels.header.get("gold_names"):
        fields.append(view.shares(asked.label_field, None, None))
    topics = view.topics(asked.choice, coherence=asked.coherence)
    data = collect(view, topics, fields, texts, options)
    with open_output(place) as file:
        file.write(page(data))


def _shares(view: View | None, field: str, asked: Asked, texts: Corpus | None) -> Shares:
    if view is None:
        raise UsageError("--by counts documents", hint="adding a labels file")
    if texts is None and field != asked.label_field:
        raise UsageError(f"the field {field!r} is read from the corpus", hint="--corpus FILE")
    shown = view.shares(field, asked.every, texts)
    if shown.missing:
        console.warn(f"{shown.missing:,} documents have no field {field!r} and are left out")
    return shown


def _write(
    output: str | None,
    form: TableForm | None,
    rows: Iterable[Mapping[str, Any]],
    picture: Callable[[], None],
) -> None:
    """Write a table for programs, or draw the picture where a person reads and asked for no table."""
    if form is None and is_stdout(output) and console.stdout_is_terminal():
        picture()
    else:
        write_table(output, rows, table_form(output, form))
