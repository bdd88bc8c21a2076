"""Several models side by side: seeds of one configuration together, configurations against each other."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, stdev, variance
from typing import Any

from dsltm.metrics.config import TOP_WORDS
from dsltm.metrics.evidence import Scores
from dsltm.metrics.names import COUNTS
from dsltm.metrics.stability import stability
from dsltm.metrics.subject import Subject

# A metric whose standard error is below this share of itself, or of one, varies by rounding alone.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Group:
    """Models that differ in nothing but their seed.

    Attributes:
        name: in what it differs from the other groups.
        members: indices of the models.
        stability: how much their topics agree; None for one model.
        mean, sd: by metric; the sample standard deviation, only where there are two values or more.
    """

    name: str
    members: list[int]
    stability: float | None
    mean: dict[str, float]
    sd: dict[str, float]


@dataclass(frozen=True, slots=True)
class Welch:
    """A comparison of two groups.

    Attributes:
        first, second: their names.
        difference: by metric, the first mean minus the second.
        t, df, p: by metric, Welch's statistic, its degrees of freedom and the two-sided probability; without
            the metrics that do not vary at all, of which no test is possible.
    """

    first: str
    second: str
    difference: dict[str, float]
    t: dict[str, float]
    df: dict[str, float]
    p: dict[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Groups of models, and the tests between those that have several."""

    groups: list[Group]
    tests: list[Welch]


def compare(
    subjects: Sequence[Subject], scores: Sequence[Scores], topn: int = TOP_WORDS
) -> Comparison | None:
    """Compare several models; one alone is not compared.

    Args:
        subjects: the models; one without a configuration stands alone.
        scores: their metrics.
        topn: words of each topic that count for stability.
    """
    if len(subjects) < 2:
        return None
    values = [score.values for score in scores]
    groups = _groups(subjects, values, topn)
    several = [group for group in groups if len(group.members) > 1]
    return Comparison(groups, [_welch(first, second, values) for first, second in combinations(several, 2)])


def _groups(subjects: Sequence[Subject], values: Sequence[Mapping[str, float]], topn: int) -> list[Group]:
    """Models of equal configuration together, in the order of their first model."""
    members: list[list[int]] = []
    for i, subject in enumerate(subjects):
        for group in members:
            if subject.config is not None and subjects[group[0]].config == subject.config:
                group.append(i)
                break
        else:
            members.append([i])
    names = _names([subjects[group[0]] for group in members])
    return [
        Group(
            name, group, _stability([subjects[i] for i in group], topn), *_summary([values[i] for i in group])
        )
        for name, group in zip(names, members, strict=True)
    ]


def _welch(first: Group, second: Group, values: Sequence[Mapping[str, float]]) -> Welch:
    """Welch's t-test (1947) of every metric.

    It takes the seeds for independent draws of a normal variable: with three of them it finds only large
    differences, and many metrics tested at 0.05 give some by chance.
    """
    from scipy.special import stdtr

    result = Welch(first.name, second.name, {}, {}, {}, {})
    for name in first.mean:
        if name not in second.mean:
            continue
        result.difference[name] = difference = first.mean[name] - second.mean[name]
        samples = [[values[i][name] for i in group.members if name in values[i]] for group in (first, second)]
        if min(map(len, samples)) < 2:
            continue
        parts = [variance(sample) / len(sample) for sample in samples]
        error = math.sqrt(sum(parts))
        if error <= _ROUNDING * max(1.0, abs(first.mean[name]), abs(second.mean[name])):
            continue
        freedom = [part**2 / (len(sample) - 1) for part, sample in zip(parts, samples, strict=True)]
        result.t[name] = difference / error
        result.df[name] = error**4 / sum(freedom)
        result.p[name] = 2 * float(stdtr(result.df[name], -abs(result.t[name])))
    return result


def _summary(values: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    names = [name for name in values[0] if name not in COUNTS]
    samples = {name: [each[name] for each in values if name in each] for name in names}
    return (
        {name: fmean(sample) for name, sample in samples.items()},
        {name: stdev(sample) for name, sample in samples.items() if len(sample) > 1},
    )


def _stability(subjects: Sequence[Subject], topn: int) -> float | None:
    return stability([subject.topics for subject in subjects if subject.topics is not None], topn)


def _names(subjects: Sequence[Subject]) -> list[str]:
    """What tells the groups apart: the model, and those of its settings in which they differ."""
    configs = [subject.config for subject in subjects]
    known = [config for config in configs if config is not None]
    differing = [
        key for key in (known[0] if known else ()) if any(c.get(key) != known[0].get(key) for c in known)
    ]
    names = [
        subject.name if config is None else _name(config, [key for key in differing if key != "model"])
        for subject, config in zip(subjects, configs, strict=True)
    ]
    return [
        name if names.count(name) == 1 else f"{name} ({subject.name})"
        for name, subject in zip(names, subjects, strict=True)
    ]


def _name(config: Mapping[str, Any], keys: Sequence[str]) -> str:
    return " ".join([str(config.get("model")), *(f"{key}={_short(config.get(key))}" for key in keys)])


def _short(value: Any) -> str:
    if isinstance(value, dict):  # a teacher
        return str(value.get("name"))
    if isinstance(value, list):  # prompts
        return "+".join(_short(item) for item in value)
    return str(value)
