"""What the page shows, as one object: numbers rounded and packed, names and texts made harmless."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.console import plain
from dsltm.report import texts as report_texts
from dsltm.report.layout import NAMES, choose, place
from dsltm.topics import documents
from dsltm.topics.tree import distances, leaves, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Corpus
    from dsltm.report.config import ReportOptions
    from dsltm.topics.describe import Topic
    from dsltm.topics.events import Events
    from dsltm.topics.layers import Grouped
    from dsltm.topics.shares import Shares
    from dsltm.topics.view import View

    Integers = NDArray[np.int64]

# How much the page shows; chosen, not measured: for each topic typical documents, borderline ones and nearest
# topics; values of a field of classes; words of a period, and of how many periods and topics at most.
_EXAMPLES = 6
_BORDERLINE = 3
_NEAR = 4
_CLASSES = 60
_OF_PERIOD = 5
_CELLS = 10_000


def collect(
    view: View,
    topics: Sequence[Topic],
    shares: Sequence[Shares],
    corpus: Corpus | None,
    options: ReportOptions,
    groups: Sequence[Grouped] = (),
) -> dict[str, Any]:
    """The page's data, for `page.page`: all but "texts" goes into the page as JSON.

    Args:
        view: model and documents.
        topics: what to show of each topic, in the order of their numbers.
        shares: fields to show topics over.
        corpus: the documents' texts; None: they have only their names.
        options: see `ReportOptions`.
        groups: of topics, which the map can show in their place, coarse levels first.

    Raises:
        DsltmError: the corpus is not that of the labels.
    """
    typical = documents.typical(view.theta, view.full, _EXAMPLES)
    uncertain = documents.uncertain(view.theta, view.first, _BORDERLINE)
    rows = _sample(view, [*typical, *uncertain], options)
    texts = None if corpus is None else report_texts.read(map(int, rows), corpus, view.labels)
    by_row = None if texts is None else texts.by_row
    place_of = {int(row): i for i, row in enumerate(rows)}
    layout = choose(options.layout)
    places = place(view.theta[rows], view.labels.hidden[rows], layout, options.seed)
    apart = distances(view.model.beta)
    furthest = float(apart.max()) or 1.0
    joins = tree(view.model.beta, view.model.sizes)
    shown = documents.shown(typical, view.theta, view.labels, by_row, _EXAMPLES)
    border = documents.shown(uncertain, view.theta, view.labels, by_row, _BORDERLINE, view.numbers)
    return {
        "title": plain(options.title or "Topics"),
        "documents": int(view.full.sum()),
        "empty": int((~view.full).sum()),
        "shown": len(rows),
        "teacher": plain(str((view.model.header.get("teacher") or {}).get("name", ""))),
        "backbone": plain(str(view.model.header.get("backbone", ""))),
        "layout": NAMES[layout],
        "topics": [
            {
                **_topic(topic),
                "examples": [place_of[e.number] for e in shown[topic.place]],
                "borderline": [place_of[e.number] for e in border[topic.place]],
                "near": _near(apart[topic.place], topic.place),
            }
            for topic in topics
        ],
        "points": _points(places, view.theta[rows]),
        "ids": [plain(view.labels.ids[int(row)]) for row in rows],
        "texts": None if by_row is None else [by_row[int(row)] for row in rows],
        "limit": None if texts is None else texts.limit,
        "distance": _packed(apart.ravel() / furthest, 255, np.uint8),
        "furthest": round(furthest, 4),
        "order": leaves(joins),
        "joins": [[*join.children, round(join.distance, 4)] for join in joins],
        "fields": [_field(each, options.few) for each in shares],
        "levels": _levels(groups, view),
    }


def _topic(topic: Topic) -> dict[str, Any]:
    """What a topic is of itself, whatever its documents and the other topics are."""
    return {
        "id": topic.place,
        "number": topic.topic,
        "label": plain(topic.label) if topic.label else None,
        "words": [plain(word) for word in topic.words],
        "weights": [round(float(weight), 6) for weight in topic.weights],
        "size": topic.size,
        "share": topic.share,
        "coherence": _number(topic.coherence),
    }


def _levels(groups: Sequence[Grouped], view: View) -> list[dict[str, Any]]:
    """For each level its groups: the places of their topics, names and sizes."""
    place = view.model.numbering.place
    return [
        {
            "level": level,
            "groups": [
                {
                    "topics": [place(number) for number in group.topics],
                    "name": plain(group.topic.name),
                    "size": group.topic.size,
                }
                for group in groups
                if group.level == level
            ],
        }
        for level in dict.fromkeys(group.level for group in groups)
    ]


def _sample(view: View, wanted: Sequence[Integers], options: ReportOptions) -> Integers:
    """Rows of documents for the map: all with text, or a random choice and those that topics show."""
    rows = np.flatnonzero(view.full)
    if len(rows) <= options.points:
        return rows
    must = np.unique(np.concatenate([np.empty(0, np.int64), *wanted]))
    # Very many topics show more documents than the map may have: then the spare ones stay away.
    if len(must) > options.points:
        must = np.unique(np.concatenate([each[:_EXAMPLES] for each in wanted]))
    rest = np.setdiff1d(rows, must)
    more = max(options.points - len(must), 0)
    chosen = np.random.default_rng(options.seed).choice(rest, min(more, len(rest)), replace=False)
    return np.sort(np.concatenate([must, chosen]))


def _points(places: NDArray[np.float64], theta: NDArray[np.float32]) -> dict[str, str]:
    """Places, first and second topics and their proportions, in base64."""
    two = np.argsort(-theta, axis=1, kind="stable")[:, :2]
    if theta.shape[1] == 1:
        two = np.repeat(two, 2, axis=1)
    share = np.take_along_axis(theta, two, axis=1)
    return {
        "x": _packed(places[:, 0], 65535, np.uint16),
        "y": _packed(places[:, 1], 65535, np.uint16),
        "first": _base64(two[:, 0].astype("<u2")),
        "second": _base64(two[:, 1].astype("<u2")),
        "p": _packed(share[:, 0], 255, np.uint8),
        "q": _packed(share[:, 1], 255, np.uint8),
    }


def _packed(values: NDArray[Any], most: int, dtype: type[np.unsignedinteger[Any]]) -> str:
    """Values between 0 and 1 as whole numbers up to `most`, little-endian, in base64."""
    whole = np.rint(np.clip(values, 0, 1) * most)
    return _base64(whole.astype(np.dtype(dtype).newbyteorder("<")))


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _near(apart: NDArray[np.float64], topic: int) -> list[list[float]]:
    """The topics nearest to one, with their distances."""
    order = [int(other) for other in np.argsort(apart, kind="stable") if other != topic]
    return [[other, round(float(apart[other]), 3)] for other in order[:_NEAR]]


def _number(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(value, 4)


def _field(shares: Shares, few: int) -> dict[str, Any]:
    """A field for the page; of very many classes the most frequent."""
    shown = slice(None) if shares.every else slice(_CLASSES)
    low, high = shares.interval()
    trend = shares.trend()
    return {
        "name": plain(shares.field),
        "every": shares.every,
        "values": [plain(value) for value in shares.values[shown]],
        "left": max(len(shares.values) - _CLASSES, 0) if shares.every is None else 0,
        "counts": shares.counts[shown].T.tolist(),
        "totals": shares.totals[shown].tolist(),
        "low": _rounded(low[shown].T),
        "high": _rounded(high[shown].T),
        "trend": None if trend is None else _rounded(trend),
        "changing": shares.changing().tolist(),
        "events": None if shares.events is None else [_events(each) for each in shares.events],
        "words": _words(shares),
        "few": few,
    }


def _events(events: Events) -> dict[str, Any]:
    return {"since": events.since, "until": events.until, "bursts": events.bursts}


def _words(shares: Shares) -> list[list[str]] | None:
    """The first words of each topic in each period; None where there are none, or too many."""
    if shares.words is None or len(shares.values) * len(shares.numbers) > _CELLS:
        return None
    return [[plain(" ".join(words[:_OF_PERIOD])) for words in topic] for topic in shares.words]


def _rounded(values: NDArray[np.float64]) -> list[Any]:
    """To four places; orjson writes NaN as null."""
    return list(np.round(values, 4).tolist())
