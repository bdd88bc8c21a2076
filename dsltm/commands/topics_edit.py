"""How `dsltm topics` changes a model: merging, dropping, names. Imported when it is run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.endpoint import ChatEndpoint
from dsltm.errors import UsageError
from dsltm.formats.labels import read_labels
from dsltm.teacher.files.cache import cache_dir
from dsltm.topics.describe import describe
from dsltm.topics.edit import edited, named, read_names
from dsltm.topics.names import by_endpoint, by_teacher
from dsltm.topics.phrases import Clue
from dsltm.topics.view import View
from dsltm.topics.words import Choice

if TYPE_CHECKING:
    from dsltm.formats.corpus import Corpus
    from dsltm.formats.model import Model


def edited_view(
    model: Model, path: str | None, merge: list[str], drop: list[str], names: str | None
) -> tuple[Model, View | None]:
    """The model as it is to be shown or written, and the documents to look at it with."""
    labels = None if path is None else read_labels(path)
    view = None if labels is None else View.of(model, labels)
    if merge or drop:
        groups, dropped = [_numbers(group, "--merge") for group in merge], _numbers(",".join(drop), "--drop")
        model = edited(model, groups, dropped, None if view is None else view.sizes)
        view = None if labels is None else View.of(model, labels)
    if names is not None:
        model = named(model, read_names(names, model))
    return model, None if view is None else replace(view, model=model)


def labelled(
    model: Model, view: View | None, corpus: Corpus | None, url: str | None, name: str | None
) -> tuple[Model, View | None]:
    """The model with a name for every topic; those that have one keep it."""
    choice = Choice(words=20)
    topics = describe(model, choice) if view is None else view.topics(choice)
    nameless = [topic for topic in topics if topic.label is None]
    if not nameless:
        return model, view
    taken = [topic.label for topic in topics if topic.label is not None]
    described = (
        [Clue(topic.topic, topic.words) for topic in topics] if view is None else view.clues(topics, corpus)
    )
    clues = [described[topic.topic] for topic in nameless]
    others = [described[topic.topic] for topic in topics if topic.label is not None]
    if url is not None and name is not None:
        endpoint = ChatEndpoint(url, name, cache_dir=cache_dir() / "answers")
        with console.progress("naming", len(clues), "topics") as bar:
            labels = by_endpoint(clues, endpoint, taken, bar.advance)
    else:
        from dsltm.teacher.files.load import load_teacher

        recorded = model.header["teacher"]
        teacher = load_teacher(
            str(recorded["name"]), weights_sha256=recorded["weights_sha256"], notify=console.info
        )
        with console.progress("naming", len(clues), "topics") as bar:
            labels = by_teacher(clues, set(model.vocabulary), teacher.likelihood, taken, bar.advance, others)
    names = list(model.names)
    for topic, new in zip(nameless, labels, strict=True):
        names[topic.topic] = new
    model = named(model, names)
    return model, None if view is None else replace(view, model=model)


def _numbers(listed: str, option: str) -> list[int]:
    try:
        return [int(part) for part in listed.split(",") if part.strip()]
    except ValueError:
        raise UsageError(f"{option} takes topic numbers such as 3,17, not {listed!r}") from None
