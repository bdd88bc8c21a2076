"""The question which topics of several rounds are one and the same, and what its answer says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsltm.written.generate.request import json_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsltm.formats.topics import WrittenTopic

TOGETHER = 200
"""Topics in one question, some 8,000 tokens; chosen, not measured."""

_TASK = """These numbered topics were found in different parts of one collection of documents, so that \
some may be one and the same topic under two labels. A part of a broader topic is not the same as that.
Answer with one JSON object and nothing else, with the numbers of topics that are the same in one list, \
and [] where no two are the same:
{"same": [[1, 4], [2, 7, 9]]}"""


def merging(topics: Sequence[WrittenTopic]) -> str:
    """The question about some topics."""
    lines = [
        f"[{number}] {topic.label}: {', '.join(topic.keywords)}" for number, topic in enumerate(topics, 1)
    ]
    return "\n".join([_TASK, "", *lines])


def groups_in(answer: str, count: int) -> list[list[int]]:
    """Groups of places, from 0, of topics that an answer calls the same; each place is in one group at most.

    Numbers that no topic has are left out, and so is what is not a list of lists of numbers.
    """
    objects = (value for value in json_in(answer, []) if isinstance(value, dict))
    listed = next(objects, {}).get("same")
    taken: set[int] = set()
    groups = []
    for row in listed if isinstance(listed, list) else []:
        numbers = (
            [n for n in row if isinstance(n, int) and not isinstance(n, bool)]
            if isinstance(row, list)
            else []
        )
        group = [n - 1 for n in dict.fromkeys(numbers) if 1 <= n <= count and n - 1 not in taken]
        if len(group) > 1:
            groups.append(group)
            taken.update(group)
    return groups
