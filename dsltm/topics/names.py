"""Names for topics: one to four words, no name twice, from a small teacher or a chat model.

A small model writes poor names but judges them well. So it is not asked to write: candidates are phrases of
the topic's typical documents and its top words, and the one is taken that the teacher finds most of all more
probable with the topic before its eyes than without, and that many of the documents say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsltm.console import plain
from dsltm.endpoint import ChatEndpoint, EndpointError
from dsltm.topics.phrases import CHARACTERS, LONGEST, Clue, Sayings, candidates, pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from dsltm.teacher.reading.likelihood import Likelihood

_TOGETHER = 32  # phrases that are judged without a topic at a time
_SURE = 5.0  # nats of gain with which a name has half of its worth
_FAR = 0.7  # of the worth of the best name; with less, another name says too little alone
_UNSAID = 0.1  # of its worth has a name that no document says
_QUESTION = "A short name for the topic of these is"
_TASK = (
    "You name the topics that a topic model found in a collection of documents. A topic is given by its most "
    "important words and a few of its documents. Answer with a name of one to four words and nothing else: "
    "specific enough to tell the topic from others, no quotation marks, no full stop."
)


def by_teacher(
    clues: Sequence[Clue],
    vocabulary: Collection[str],
    likelihood: Likelihood,
    taken: Collection[str],
    advance: Callable[[], object] = lambda: None,
    others: Sequence[Clue] = (),
) -> list[str]:
    """Names by a local model's judgement, repeatable and free.

    Args:
        clues: the topics to name.
        vocabulary: words that a name may begin and end with.
        likelihood: the model.
        taken: names that other topics have.
        advance: called as each topic is judged.
        others: topics that have names, from whose documents those of `clues` are told.
    """
    sayings = Sayings([*clues, *others])
    offered = [candidates(clue, vocabulary, sayings) for clue in clues]
    every = sorted({name for names in offered for name in names}, key=lambda name: (len(name), name))
    blindly = [every[start : start + _TOGETHER] for start in range(0, len(every), _TOGETHER)]
    texts = [_QUESTION] * len(blindly) + [f"{clue.told()}\n\n{_QUESTION}" for clue in clues]
    judged = likelihood.of_each(texts, blindly + offered)
    blind = {name: value for names in blindly for name, value in zip(names, next(judged), strict=True)}
    scored = []
    for clue, names, known in zip(clues, offered, judged, strict=True):
        gains = [max(k - blind[name], 0) for k, name in zip(known, names, strict=True)]
        scored.append([_worth(g, n, clue.topic, sayings) for g, n in zip(gains, names, strict=True)])
        advance()
    return unique(clues, offered, scored, taken)


def _worth(gain: float, name: str, topic: int, sayings: Sayings) -> float:
    """How good a name is, in [0, 1].

    Args:
        gain: by how many nats the topic makes it more probable; from a few on it hardly matters by how many,
            because that is a matter of how rare its words are.
        name: the better, the more of the topic's documents say it, and not others.
        topic: its number.
        sayings: what documents say.
    """
    sure = gain / (gain + _SURE)
    if not sayings.of[topic].documents:
        return sure
    lift = sayings.lift(topic, name)
    return sure * (_UNSAID + (1 - _UNSAID) * sayings.share(topic, name) * lift / (1 + lift))


def unique(
    clues: Sequence[Clue],
    names: Sequence[Sequence[str]],
    scores: Sequence[Sequence[float]],
    taken: Collection[str],
) -> list[str]:
    """The best names such that no two are the same or the same words in another order.

    The surest choices are made first. A topic whose best name by far is another's is named as a part of it,
    as in "Magento: payment"; one that is left without a name gets words of its own.
    """
    used = {_key(name) for name in taken}
    offers = [
        (score, i, name) for i, row in enumerate(scores) for score, name in zip(row, names[i], strict=True)
    ]
    chosen: dict[int, str] = {}
    best: dict[int, tuple[float, str]] = {}
    for score, i, name in sorted(offers, key=lambda offer: (-offer[0], offer[1], offer[2])):
        top = best.setdefault(i, (score, name))
        full = _part(top[1], name) if score < _FAR * top[0] else name
        if i not in chosen and full is not None and _key(full) not in used:
            chosen[i] = full
            used.add(_key(full))
    for i, clue in enumerate(clues):
        if i not in chosen:
            chosen[i] = _fallback(clue, used)
            used.add(_key(chosen[i]))
    return [chosen[i] for i in range(len(clues))]


def _part(whole: str, name: str) -> str | None:
    """A name as a part of another topic's, where both are short enough; None where they share a word."""
    if set(_key(whole)) & set(_key(name)):
        return None
    both = f"{whole}: {name}"
    return both if len(both.split()) <= LONGEST and len(both) <= CHARACTERS else name


def _key(name: str) -> tuple[str, ...]:
    """The same for names of the same words, in any order, singular or plural."""
    return tuple(sorted(word.removesuffix("s") or word for word in re.split(r"[\s.:-]+", name.casefold())))


def _fallback(clue: Clue, used: Collection[tuple[str, ...]]) -> str:
    words = [plain(word) for word in clue.words]
    tries = [*pairs(words, ()), *(f"{word} {clue.topic}" for word in words[:1])]
    return next((name for name in tries if _key(name) not in used), f"topic {clue.topic}")


def by_endpoint(
    clues: Sequence[Clue],
    endpoint: ChatEndpoint,
    taken: Collection[str],
    advance: Callable[[], object] = lambda: None,
) -> list[str]:
    """Names that a chat model writes; one that another topic has is asked for again, others ruled out.

    Answers that are no name, and failed requests, leave the topic with words of its own.

    Raises:
        EndpointError: the endpoint cannot be used at all, or answered for no topic.
    """
    answers = endpoint.map(lambda clue: _asked(endpoint, clue, ()), clues, advance)
    failures = [answer for answer in answers if isinstance(answer, EndpointError)]
    if failures and len(failures) == len(answers):
        raise failures[0]
    used = {_key(name) for name in taken}
    names: list[str] = []
    for clue, answer in zip(clues, answers, strict=True):
        name = answer if isinstance(answer, str) else None
        if name is not None and _key(name) in used:
            try:
                name = _asked(endpoint, clue, sorted({*taken, *names}))
            except EndpointError:
                name = None
        if name is None or _key(name) in used:
            name = _fallback(clue, used)
        used.add(_key(name))
        names.append(name)
    return names


def _asked(endpoint: ChatEndpoint, clue: Clue, avoid: Sequence[str]) -> str | None:
    task = f"{_TASK} These names are taken: {'; '.join(avoid)}." if avoid else _TASK
    conversation = [{"role": "system", "content": task}, {"role": "user", "content": clue.told()}]
    return cleaned(endpoint.complete(conversation, temperature=0))


def cleaned(answer: str) -> str | None:
    """The name in an answer, without what models put around it; None if it is none."""
    answer = re.sub(r"<think>.*?</think>", "", answer, flags=re.DOTALL)
    lines = [line for line in answer.splitlines() if line.strip()]
    name = plain(lines[0] if lines else "")
    name = re.sub(
        r"^\W*(?:\d+[.)]\s*)?\W*(?:(?:topic|name|title)\s*(?:name)?\s*:)?\W*|[\s.:*_\"'`”’»]+$",
        "",
        name,
        flags=re.IGNORECASE,
    )
    name = " ".join(name.split())
    return name if 1 <= len(name.split()) <= LONGEST and len(name) <= CHARACTERS else None
