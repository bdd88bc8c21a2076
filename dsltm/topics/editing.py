"""The model as `EditOptions` make it, and the documents that it is looked at with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.endpoint import ChatEndpoint
from dsltm.errors import UsageError
from dsltm.teacher.files.cache import cache_dir
from dsltm.topics.config import WordChoice
from dsltm.topics.describe import describe
from dsltm.topics.edit import edited, named, read_names
from dsltm.topics.names import by_endpoint, by_teacher
from dsltm.topics.phrases import Clue
from dsltm.topics.view import View
from dsltm.words.stopwords import AUTO, StopWords

if TYPE_CHECKING:
    from dsltm.formats.corpus import Corpus
    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model
    from dsltm.topics.config import EditOptions

# So many words of a topic say what it is about when it is named; chosen, not measured.
_WORDS = 20


def edited_view(model: Model, labels: Labels | None, edit: EditOptions) -> tuple[Model, View | None]:
    """The model with topics merged, dropped and named by a file, and the documents to look at it with.

    Raises:
        DsltmError: model, labels and names do not belong together.
        UsageError: the model has not the topics that are to be merged or dropped.
    """
    view = None if labels is None else View.of(model, labels)
    if edit.merge or edit.drop:
        model = edited(model, edit.merged(), edit.dropped(), None if view is None else view.sizes)
        view = None if labels is None else View.of(model, labels)
    if edit.names is not None:
        model = named(model, read_names(edit.names, model))
    return model, None if view is None else replace(view, model=model)


def labelled(
    model: Model, view: View | None, corpus: Corpus | None, edit: EditOptions
) -> tuple[Model, View | None]:
    """The model with a name for every topic; those that have one keep it.

    Args:
        model: K topics.
        view: it with documents.
        corpus: where typical documents of the topics are read; None: words alone say what a topic is about.
        edit: who names the topics.

    Raises:
        DsltmError: the teacher or the endpoint cannot be used.
    """
    choice = WordChoice(_WORDS)
    topics = describe(model, choice) if view is None else view.topics(choice)
    nameless = [topic for topic in topics if topic.label is None]
    if not nameless:
        return model, view
    taken = [topic.label for topic in topics if topic.label is not None]
    described = (
        [Clue(topic.topic, topic.words) for topic in topics] if view is None else view.clues(topics, corpus)
    )
    clues = [described[topic.place] for topic in nameless]
    others = [described[topic.place] for topic in topics if topic.label is not None]
    if edit.labeler is not None and edit.labeler_model is not None:
        endpoint = ChatEndpoint(edit.labeler, edit.labeler_model, cache_dir=cache_dir() / "answers")
        with console.progress("naming", len(clues), "topics") as bar:
            new_names = by_endpoint(clues, endpoint, taken, bar.advance)
    else:
        from dsltm.teacher.files.load import recorded_teacher

        recorded = model.header["teacher"]
        if recorded is None:
            raise UsageError("no teacher read these documents, so none names topics", hint="--labeler URL")
        teacher = recorded_teacher(recorded, console.info)
        stop = StopWords.parse(AUTO).of([model.language])
        with console.progress("naming", len(clues), "topics") as bar:
            new_names = by_teacher(
                clues, set(model.vocabulary), teacher.likelihood, taken, bar.advance, others, stop
            )
    names = list(model.names)
    for topic, name in zip(nameless, new_names, strict=True):
        names[topic.place] = name
    model = named(model, names)
    return model, None if view is None else replace(view, model=model)
