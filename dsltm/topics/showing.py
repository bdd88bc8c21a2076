"""What `ViewOptions` ask for: topics, groups, documents, shares by a field, effects, answers, or the tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.errors import UsageError
from dsltm.topics.describe import describe, ordered
from dsltm.topics.layers import grouped, layers_of
from dsltm.topics.terminal import show_answers, show_documents, show_groups, show_topics, show_tree
from dsltm.topics.terminal_shares import show_effects, show_shares
from dsltm.topics.tree import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from dsltm.formats.corpus import Corpus
    from dsltm.formats.model import Model
    from dsltm.topics.config import Every, ViewOptions, WordChoice
    from dsltm.topics.describe import Topic
    from dsltm.topics.shares import Shares
    from dsltm.topics.view import View

# So many documents answer a query, unless another number is asked for; chosen, not measured.
_ANSWERS = 10


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
    if view is None and options.sort == "size":
        raise UsageError("--sort size counts documents", hint="adding a labels file")
    order = options.sort or ("size" if by_size and view else "id")
    if options.levels is not None:
        groups = grouped(
            model,
            view,
            layers_of(model, options.levels),
            choice,
            examples=options.examples,
            corpus=texts,
            coherence=options.scored,
            order=order,
        )
        return Table((group.row() for group in groups), lambda: show_groups(groups))
    if options.query is not None:
        return _answers(model, view, choice, options, texts)
    if view is None:
        topics = describe(model, choice)
    else:
        topics = view.topics(choice, coherence=options.scored)
        topics = view.with_documents(topics, options.examples, options.borderline, texts)
    topics = ordered(topics, order)
    if options.effects is not None:
        return _effects(topics, view, options.effects, texts, label_field)
    if options.by is not None:
        if view is None:
            raise UsageError("--by counts documents", hint="adding a labels file")
        shares = shares_by(view, options.by, options.every, texts, label_field)
        return Table(_rows(view, shares, choice), lambda: show_shares(topics, shares))
    if options.tree:
        joins = tree(model.beta, model.sizes)
        return Table((join.row(model.numbering) for join in joins), lambda: show_tree(topics, joins))
    rows = (topic.row() for topic in topics)
    if options.documents:
        return Table(rows, lambda: show_documents(topics))
    return Table(rows, lambda: show_topics(topics, all_words=choice.words is not None))


def shares_by(view: View, field: str, every: Every | None, texts: Corpus | None, label_field: str) -> Shares:
    """The topics' shares by a field, with a warning where documents lack it.

    Raises:
        UsageError: the field is neither in the labels nor is there a corpus.
    """
    _check_readable(field, texts, label_field)
    shares = view.shares(field, every, texts)
    if shares.missing:
        console.warn(f"{shares.missing:,} documents have no field {field!r} and are left out")
    return shares


def _check_readable(field: str, texts: Corpus | None, label_field: str) -> None:
    if texts is None and field != label_field:
        raise UsageError(f"the field {field!r} is read from the corpus", hint="--corpus FILE")


def _rows(view: View, shares: Shares, choice: WordChoice) -> Iterator[Mapping[str, Any]]:
    """The lines of shares; over time with the words of each period, which takes a while."""
    from dsltm.topics.periods import with_words

    yield from with_words(view, shares, choice.count).rows()


def _answers(
    model: Model, view: View | None, choice: WordChoice, options: ViewOptions, texts: Corpus | None
) -> Table:
    """The topics that a query is about, or with documents those that answer it."""
    from dsltm.topics.query import answers, by_query, theta_of_query

    query = options.query or ""
    theta = theta_of_query(model, query, options.reader or "words")
    topics = describe(model, choice) if view is None else view.topics(choice)
    ranking = by_query(topics, theta)
    if view is None:
        rows = [{"topic": each.topic, "p": p} | each.row() for each, p in ranking]
        return Table(rows, lambda: show_answers(ranking, []))
    found = answers(view, query, theta, options.examples or _ANSWERS, texts)
    return Table((answer.row() for answer in found), lambda: show_answers(ranking, found))


def _effects(
    topics: list[Topic], view: View | None, formula: str, texts: Corpus | None, label_field: str
) -> Table:
    """The effects of fields on the topics' shares.

    Raises:
        UsageError: there are no documents, or a field is neither in the labels nor is there a corpus.
    """
    from dsltm.topics.effects import effects_on
    from dsltm.topics.formula import parse_formula

    if view is None:
        raise UsageError("--effects is about documents", hint="adding a labels file")
    terms = parse_formula(formula)
    for term in terms:
        _check_readable(term.field, texts, label_field)
    found = effects_on(view, terms, view.fields([term.field for term in terms], texts))
    place = {topic.topic: number for number, topic in enumerate(topics)}
    found = sorted(found, key=lambda each: place[each.topic])
    return Table((each.row() for each in found), lambda: show_effects(topics, found))
