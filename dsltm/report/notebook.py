"""A model's topics as a small HTML table, for notebooks."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from dsltm.console import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsltm.topics.describe import Topic

_WORDS = 10  # of each topic; chosen, not measured


def topics_table(topics: Sequence[Topic]) -> str:
    """The topics, one a row, with their names, sizes and coherence where they have them.

    A class can return it from `_repr_html_`. Names and words are escaped, as they come from a corpus. There
    are no styles or scripts in it, so that notebooks that nobody has marked as trusted show it too.

    Args:
        topics: what to show, in this order.
    """
    columns = ["topic"]
    if any(topic.label for topic in topics):
        columns.append("name")
    if any(topic.size is not None for topic in topics):
        columns += ["documents", "share"]
    if any(topic.coherence is not None for topic in topics):
        columns.append("coherence")
    columns.append("words")
    head = "".join(f"<th>{column}</th>" for column in columns)
    body = "".join(_row(topic, columns) for topic in topics)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(topic: Topic, columns: Iterable[str]) -> str:
    values = {
        "topic": str(topic.topic),
        "name": topic.label or "",
        "documents": "" if topic.size is None else f"{topic.size:,}",
        "share": "" if topic.share is None else f"{topic.share:.1%}",
        "coherence": "" if topic.coherence is None else f"{topic.coherence:.2f}",
        "words": ", ".join(topic.words[:_WORDS]),
    }
    cells = "".join(f"<td>{html.escape(plain(values[column]))}</td>" for column in columns)
    return f"<tr>{cells}</tr>"
