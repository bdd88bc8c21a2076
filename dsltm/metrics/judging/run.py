"""The judges that were asked for, and all their judgements of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsltm import console
from dsltm.metrics.evidence import Scores
from dsltm.metrics.judging.asked import Asked
from dsltm.metrics.judging.documents import documents
from dsltm.metrics.judging.intrusion import intrusion
from dsltm.metrics.judging.mixing import mixing
from dsltm.metrics.judging.rating import published, rating

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsltm.formats.corpus import Corpus
    from dsltm.metrics.config import EvalOptions, RatingOptions
    from dsltm.metrics.judging.judge import Judge
    from dsltm.metrics.subject import Subject

KINDS: dict[str, Callable[[Asked], Scores]] = {
    "rating": rating,
    "published": published,
    "intrusion": intrusion,
    "mixing": mixing,
    "documents": documents,
}
"""By the names of `metrics.config.JUDGEMENTS`."""


def judges(options: RatingOptions) -> list[Judge]:
    """The judges that were chosen; a local teacher is opened when it is first asked."""
    chosen: list[Judge] = []
    if options.rater is not None and options.rater_model is not None:
        from dsltm.endpoint import ChatEndpoint
        from dsltm.metrics.judging.chat_model import ChatModel
        from dsltm.teacher.files.cache import cache_dir

        endpoint = ChatEndpoint(
            options.rater,
            options.rater_model,
            cache_dir=cache_dir() / "answers",
            max_requests=options.max_requests,
            budget=options.judge_budget,
        )
        chosen.append(ChatModel(endpoint))
    if options.rater_teacher is not None:
        from dsltm.metrics.judging.local_teacher import LocalTeacher

        chosen.append(LocalTeacher.named(options.rater_teacher))
    return chosen


def judged(
    subject: Subject,
    judges: Sequence[Judge],
    options: RatingOptions,
    measured: EvalOptions,
    corpus: Corpus | None,
) -> Scores:
    """The judges' opinions of a model; none of a model without topics' words."""
    scores = Scores()
    for judge in judges if subject.topics else ():
        before = judge.failures.reasons.copy()
        asked = Asked(subject, judge, measured.topn, measured.shown, options.judge_repeats, corpus)
        for kind in options.kinds:
            if kind in judge.kinds:
                scores.add(KINDS[kind](asked))
        failed = judge.failures.reasons - before
        if failed:
            scores.values["unanswered_questions"] = failed.total()
            scores.failures.extend(failed)
        if cost := judge.cost():
            console.note(cost)
    return scores
