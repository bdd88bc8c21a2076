"""Scores as JSON lines for programs and as tables for people."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dsltm.metrics.compare import Comparison, Group
from dsltm.metrics.evidence import Scores
from dsltm.metrics.names import COUNTS, MEANINGS
from dsltm.metrics.subject import Subject
from dsltm.screen import Column

MOST_COLUMNS = 6  # of models and groups; where there are more, a group stands for its models
TERMINAL_WIDTH = 80  # characters, which nearly every terminal shows


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows for `screen.table`."""

    columns: list[str | Column]
    rows: list[list[str]]


def rows(
    subjects: Sequence[Subject], scores: Sequence[Scores], comparison: Comparison | None, per_topic: bool
) -> Iterator[dict[str, Any]]:
    """One object a model, then one a group, then one a test.

    Keys of a model: "model", "seed" if it has one, the metrics by name, and, if asked for, "reliability",
    "reading" and "per_topic", lists of objects. Of a group: "group", "models", "stability", "mean", "sd". Of
    a test: "welch" (two groups' names), "difference", "t", "df", "p".
    """
    for subject, score in zip(subjects, scores, strict=True):
        row: dict[str, Any] = {"model": subject.name}
        if subject.seed is not None:
            row["seed"] = subject.seed
        row |= {name: score.values[name] for name in _ordered(score.values)}
        if score.reliability:
            row["reliability"] = score.reliability
        if score.reading:
            row["reading"] = score.reading
        if per_topic:
            row["per_topic"] = list(_topics(subject, score))
        yield row
    if comparison is None:
        return
    for group in comparison.groups:
        names = [subjects[i].name for i in group.members]
        summary: dict[str, Any] = {"group": group.name, "models": names}
        if group.stability is not None:
            summary["stability"] = group.stability
        yield {**summary, "mean": group.mean, "sd": group.sd}
    for test in comparison.tests:
        values = {"difference": test.difference, "t": test.t, "df": test.df, "p": test.p}
        yield {"welch": [test.first, test.second], **values}


def _topics(subject: Subject, score: Scores) -> Iterator[dict[str, Any]]:
    for place, words in enumerate(subject.topics or ()):
        values = {name: each[place] for name, each in score.per_topic.items()}
        number = place if subject.numbers is None else subject.numbers[place]
        yield {"topic": number, "words": words, **values}


def tables(
    subjects: Sequence[Subject], scores: Sequence[Scores], comparison: Comparison | None, per_topic: bool
) -> Iterator[Table]:
    """A table of one model with what each number means, or of several side by side, and of their topics."""
    if comparison is None:
        values = scores[0].values
        shown = [[name, _number(values[name]), MEANINGS[name]] for name in _ordered(values)]
        yield Table([Column("metric"), Column("value", "right"), Column("", wrap=True)], shown)
    else:
        yield _side_by_side(subjects, scores, comparison)
    for subject, score in zip(subjects, scores, strict=True):
        if score.reliability:
            yield _of_bins(subject, score, alone=len(subjects) == 1)
        if score.reading:
            yield _of_curve(subject, score, alone=len(subjects) == 1)
    if per_topic:
        for subject, score in zip(subjects, scores, strict=True):
            if subject.topics is not None:
                yield from _of_topics(subject, score, alone=len(subjects) == 1)


def _side_by_side(subjects: Sequence[Subject], scores: Sequence[Scores], comparison: Comparison) -> Table:
    several = [group for group in comparison.groups if len(group.members) > 1]
    alone = [i for group in comparison.groups if len(group.members) == 1 for i in group.members]
    models = list(range(len(subjects))) if len(subjects) + len(several) <= MOST_COLUMNS else alone
    columns: list[str | Column] = [Column("metric")]
    columns += [Column(subjects[i].name, "right", wrap=True) for i in models]
    columns += [Column(f"{group.name} ({len(group.members)} seeds)", "right", wrap=True) for group in several]
    test = comparison.tests[0] if len(comparison.tests) == 1 else None
    if test is not None:
        columns.append(Column("p", "right"))
    lines = []
    for name in _ordered({name for score in scores for name in score.values}):
        line = [name, *(_number(scores[i].values.get(name)) for i in models)]
        line += ["" if name in COUNTS else _spread(group, name) for group in several]
        lines.append(line if test is None else [*line, _number(test.p.get(name))])
    if several:
        blank = [""] * (test is not None)
        lines.append(["stability", *[""] * len(models), *(_number(g.stability) for g in several), *blank])
    return Table(columns, lines)


def _of_topics(subject: Subject, score: Scores, *, alone: bool) -> Iterator[Table]:
    """The topics' words, and their values in as many tables as a terminal's width needs."""
    number = Column("topic" if alone else f"topic of {subject.name}", "right", wrap=True)
    topics = list(_topics(subject, score))
    words = [[str(topic["topic"]), ", ".join(topic["words"])] for topic in topics]
    yield Table([number, Column("words", wrap=True)], words)
    for names in _side_by_side_in(TERMINAL_WIDTH, list(score.per_topic)):
        lines = [[str(topic["topic"]), *(_number(topic[name]) for name in names)] for topic in topics]
        yield Table([number, *(Column(name, "right") for name in names)], lines)


def _side_by_side_in(width: int, names: Sequence[str]) -> list[list[str]]:
    """Names of columns in groups that are no wider than `width` together, with a topic's number in front."""
    groups: list[list[str]] = []
    for name in names:
        if groups and sum(len(other) + 2 for other in [*groups[-1], name, "topic"]) <= width:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def _of_bins(subject: Subject, score: Scores, *, alone: bool) -> Table:
    """Each bin of `ece_topic`: how many documents, how probable their topics, how many of these right."""
    first = "first topic's p" if alone else f"first topic's p, {subject.name}"
    lines = [
        [f"{b['low']:.1f} to {b['high']:.1f}", _number(b["documents"]), _number(b["p"]), _number(b["right"])]
        for b in score.reliability
    ]
    return Table([first, *(Column(name, "right") for name in ("documents", "mean p", "right"))], lines)


def _of_curve(subject: Subject, score: Scores, *, alone: bool) -> Table:
    """Each share of the documents that the teacher reads, and how good the topics are then."""
    first = "read by the teacher" if alone else f"read by the teacher, {subject.name}"
    names = [name for name in score.reading[0] if name != "read"]
    lines = [[f"{point['read']:.0%}", *(_number(point[name]) for name in names)] for point in score.reading]
    return Table([Column(first, "right"), *(Column(name, "right") for name in names)], lines)


def _ordered(names: Iterable[str]) -> list[str]:
    present = set(names)
    return [name for name in MEANINGS if name in present]


def _spread(group: Group, name: str) -> str:
    if name not in group.mean:
        return ""
    return _number(group.mean[name]) + (f" ± {group.sd[name]:.4f}" if name in group.sd else "")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
