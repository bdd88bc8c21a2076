"""What `ViewOptions` ask for: the topics, their documents, their shares by a field, or their tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.errors import UsageError
from dsltm.topics.describe import describe, ordered
from dsltm.topics.terminal import show_documents, show_shares, show_topics, show_tree
from dsltm.topics.tree import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from dsltm.formats.corpus import Corpus
    from dsltm.formats.model import Model
    from dsltm.topics.config import ViewOptions, WordChoice
    from dsltm.topics.shares import Shares
    from dsltm.topics.view import View


@dataclass(frozen=True, slots=True)
class Table:
    """One result in two forms.

    Attributes:
        rows: for programs, each a mapping from columns to values.
        draw: draws the same on the terminal.
    """

    rows: Iterable[Mapping[str, Any]]
    draw: Callable[[], None]


def table(
    model: Model,
    view: View | None,
    choice: WordChoice,
    options: ViewOptions,
    texts: Corpus | None,
    label_field: str,
    *,
    by_size: bool,
) -> Table:
    """The topics, with their documents, over a field or as a tree.

    Args:
        model: what is shown.
        view: it with documents, None without.
        choice: which words.
        options: what else.
        texts: the corpus of the documents; None: they have only their names.
        label_field: the field whose values the labels hold.
        by_size: let the largest topic come first where documents are given and `options` name no order.

    Raises:
        UsageError: what is asked for needs documents or their corpus.
    """
    if view is None:
        if options.sort == "size":
            raise UsageError("--sort size counts documents", hint="adding a labels file")
        topics = describe(model, choice)
    else:
        topics = view.topics(choice, coherence=options.scored)
        topics = view.with_documents(topics, options.examples, options.borderline, texts)
    topics = ordered(topics, options.sort or ("size" if by_size and view else "id"))
    if options.by is not None:
        shares = shares_by(view, options, texts, label_field)
        return Table(shares.rows(), lambda: show_shares(topics, shares))
    if options.tree:
        joins = tree(model.beta)
        return Table((join.row(model.numbering) for join in joins), lambda: show_tree(topics, joins))
    rows = (topic.row() for topic in topics)
    if options.documents:
        return Table(rows, lambda: show_documents(topics))
    return Table(rows, lambda: show_topics(topics, all_words=choice.words is not None))


def shares_by(view: View | None, options: ViewOptions, texts: Corpus | None, label_field: str) -> Shares:
    """The topics' shares by the field of `options`, with a warning where documents lack it.

    Raises:
        UsageError: there are no documents, or the field is neither in the labels nor is there a corpus.
    """
    field = options.by
    assert field is not None
    if view is None:
        raise UsageError("--by counts documents", hint="adding a labels file")
    if texts is None and field != label_field:
        raise UsageError(f"the field {field!r} is read from the corpus", hint="--corpus FILE")
    shares = view.shares(field, options.every, texts)
    if shares.missing:
        console.warn(f"{shares.missing:,} documents have no field {field!r} and are left out")
    return shares
