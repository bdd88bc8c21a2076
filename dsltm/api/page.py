"""The report as a value: a notebook shows it, and a file keeps it."""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING

from dsltm.formats.output import open_output
from dsltm.report.data import collect
from dsltm.report.page import page
from dsltm.topics.config import ViewOptions, WordChoice
from dsltm.topics.layers import grouped, layers_of
from dsltm.topics.periods import with_words
from dsltm.topics.showing import shares_by

if TYPE_CHECKING:
    from dsltm.api.corpora import Path
    from dsltm.formats.corpus import Corpus
    from dsltm.report.config import ReportOptions
    from dsltm.topics.view import View

# The height of the page in a notebook, in pixels; chosen, not measured.
_HEIGHT = 720
_WORDS, _SHOWN = WordChoice(), ViewOptions()


class Page:
    """A report, one HTML page that asks nothing of the network.

    Args:
        content: the page in UTF-8.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content

    @classmethod
    def of(
        cls,
        view: View,
        corpus: Corpus | None,
        options: ReportOptions,
        words: WordChoice = _WORDS,
        shown: ViewOptions = _SHOWN,
        label_field: str = "label",
    ) -> Page:
        """The page of a model and its documents, with their classes where the labels have some.

        Args:
            view: model and documents.
            corpus: the documents' texts; None: they have only their names.
            options: of the page.
            words: which words of each topic.
            shown: a field to show the topics over, levels of groups, and whether words are scored.
            label_field: the field whose values the labels hold.

        Raises:
            UsageError: a field that is neither in the labels nor is there a corpus.
            DsltmError: the corpus is not that of the labels.
        """
        fields = []
        if shown.by is not None:
            shares = shares_by(view, shown.by, shown.every, corpus, label_field)
            fields.append(with_words(view, shares, words.count))
        if shown.by != label_field and view.labels.has_gold:
            fields.append(view.shares(label_field, None, None))
        topics = view.topics(words, coherence=shown.coherence)
        groups = grouped(view.model, view, layers_of(view.model, shown.levels), words)
        return cls(page(collect(view, topics, fields, corpus, options, groups)))

    def save(self, path: Path) -> None:
        """Write the page to a file.

        Raises:
            DsltmError: it cannot be written.
        """
        with open_output(os.fspath(path)) as file:
            file.write(self.content)

    def _repr_html_(self) -> str:
        # The page brings its own styles and scripts, which a frame keeps from the notebook's.
        source = html.escape(self.content.decode(), quote=True)
        return (
            f'<iframe srcdoc="{source}" sandbox="allow-scripts allow-downloads" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
        )
