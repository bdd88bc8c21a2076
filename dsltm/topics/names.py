"""Names for topics: one to four words, no name twice, from a small teacher or a chat model.

A small model writes poor names but judges them well. So it is not asked to write: candidates are phrases of
the topic's typical documents and its top words. The teacher rates how much more probable a candidate becomes
once the topic is described to it. The best name gains much by that, and is in many of the topic's documents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsltm.console import plain
from dsltm.endpoint import ChatEndpoint, EndpointError
from dsltm.topics.phrases import CHARACTERS, LONGEST, Clue, PhrasesByTopic, candidates, is_list, lists

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from dsltm.teacher.reading.likelihood import Likelihood

# How many phrases the teacher judges at a time where no topic is described to it; chosen, not measured.
_TOGETHER = 32
# A gain of so many nats gives a name half of its worth. tests/bench/README.md, "Names", says why a gain
# beyond a few nats must hardly count; the number itself is chosen, not measured.
_SURE = 5.0
# A name of less than this part of the worth of the topic's best name says too little when it stands alone, so
# the best name is written before it (see `unique`); chosen, not measured.
_FAR = 0.7
# A name that none of the topic's documents has keeps this part of its worth; chosen, not measured.
_ABSENT = 0.1
# And a list of two words this one, so that it names broad topics, of whose documents few share a phrase;
# chosen, not measured.
_LIST = 0.5
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
    stopwords: Collection[str] = (),
) -> list[str]:
    """Names by a local model's judgement, repeatable and free.

    Args:
        clues: the topics to name.
        vocabulary: words that a name may begin and end with.
        likelihood: the model.
        taken: names that other topics have.
        advance: called as each topic is judged.
        others: topics that have names already; their documents count when phrases are compared with those of
            other topics.
        stopwords: words that no name begins or ends with.
    """
    by_topic = PhrasesByTopic([*clues, *others])
    offered = [candidates(clue, vocabulary, by_topic, stopwords) for clue in clues]
    every = sorted({name for names in offered for name in names}, key=lambda name: (len(name), name))
    blindly = [every[start : start + _TOGETHER] for start in range(0, len(every), _TOGETHER)]
    texts = [_QUESTION] * len(blindly) + [f"{clue.description()}\n\n{_QUESTION}" for clue in clues]
    judged = likelihood.of_each(texts, blindly + offered)
    blind = {name: value for names in blindly for name, value in zip(names, next(judged), strict=True)}
    scored = []
    for clue, names, known in zip(clues, offered, judged, strict=True):
        gains = [max(k - blind[name], 0) for k, name in zip(known, names, strict=True)]
        scored.append([_worth(g, n, clue.topic, by_topic) for g, n in zip(gains, names, strict=True)])
        advance()
    return unique(clues, offered, scored, taken)


def _worth(gain: float, name: str, topic: int, by_topic: PhrasesByTopic) -> float:
    """How good a name is, in [0, 1].

    Args:
        gain: by how many nats the topic makes it more probable. Beyond a few nats the gain depends mostly on
            how rare the name's words are, and hardly counts.
        name: it is the better, the more of the topic's documents have it and the fewer of the others. What
            all topics have alike, such as "Add your description here", is as bad as what none has.
        topic: its number.
        by_topic: the phrases of the topics' documents.
    """
    sure = gain / (gain + _SURE) * (_LIST if is_list(name) else 1)
    if not by_topic.of[topic].documents:
        return sure
    return sure * (_ABSENT + (1 - _ABSENT) * by_topic.share(topic, name) * by_topic.excess(topic, name))


def unique(
    clues: Sequence[Clue],
    names: Sequence[Sequence[str]],
    scores: Sequence[Sequence[float]],
    taken: Collection[str],
) -> list[str]:
    """The best names such that no two are the same or the same words in another order.

    The names of highest score are given first. Where another topic has got a topic's best name and its next
    name is far worse, the two are joined, as in "Magento: payment". A topic that is left without a name gets
    words of its own.
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
    return [_capital(chosen[i]) for i in range(len(clues))]


def _capital(name: str) -> str:
    """The name with a capital first letter, as on a list; one with capitals of its own, as iPhone, stays."""
    return name[:1].upper() + name[1:] if name == name.lower() else name


def _part(whole: str, name: str) -> str | None:
    """Both as one name, or `name` alone where that is too long; None where the two share a word."""
    if set(_key(whole)) & set(_key(name)):
        return None
    both = f"{whole}: {name}"
    return both if len(both.split()) <= LONGEST and len(both) <= CHARACTERS else name


def _key(name: str) -> tuple[str, ...]:
    """A key that names of the same words share, in any order, singular or plural."""
    return tuple(sorted(word.removesuffix("s") or word for word in re.split(r"[\s.,:-]+", name.casefold())))


def _fallback(clue: Clue, used: Collection[tuple[str, ...]]) -> str:
    words = [plain(word) for word in clue.words]
    tries = [*lists(words), *(f"{word} {clue.topic}" for word in words[:1])]
    return next((name for name in tries if _key(name) not in used), f"topic {clue.topic}")


def by_endpoint(
    clues: Sequence[Clue],
    endpoint: ChatEndpoint,
    taken: Collection[str],
    advance: Callable[[], object] = lambda: None,
) -> list[str]:
    """Names that a chat model writes.

    Where a name is taken, the model is asked once more and told the taken ones.
    A topic whose answer is no name, or whose request failed, gets words of its own.

    Raises:
        EndpointError: the endpoint cannot be used at all, or answered for no topic.
    """
    answers = endpoint.map(lambda clue: _answer(endpoint, clue, ()), clues, advance)
    failures = [answer for answer in answers if isinstance(answer, EndpointError)]
    if failures and len(failures) == len(answers):
        raise failures[0]
    used = {_key(name) for name in taken}
    names: list[str] = []
    for clue, answer in zip(clues, answers, strict=True):
        name = answer if isinstance(answer, str) else None
        if name is not None and _key(name) in used:
            try:
                name = _answer(endpoint, clue, sorted({*taken, *names}))
            except EndpointError:
                name = None
        if name is None or _key(name) in used:
            name = _fallback(clue, used)
        used.add(_key(name))
        names.append(_capital(name))
    return names


def _answer(endpoint: ChatEndpoint, clue: Clue, avoid: Sequence[str]) -> str | None:
    task = f"{_TASK} These names are taken: {'; '.join(avoid)}." if avoid else _TASK
    conversation = [{"role": "system", "content": task}, {"role": "user", "content": clue.description()}]
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
