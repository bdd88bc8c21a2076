"""Names for topics: one to four words, no name twice, from a small teacher or a chat model.

A small model writes poor names but judges them well. So it is not asked to write: candidates are phrases of
the topic's typical documents and its top words, and the one is taken that the teacher finds most of all more
probable with the topic before its eyes than without, and that many of the documents say.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dsltm.console import plain
from dsltm.endpoint import ChatEndpoint, EndpointError
from dsltm.vocabulary import WORD

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from dsltm.topics.likelihood import Likelihood

WORDS = 12  # of a topic that are shown to the model
DOCUMENTS = 4  # that are shown to the model
SOURCES = 40  # typical documents whose phrases are candidates
_CANDIDATES = 16
_TOGETHER = 32  # phrases that are judged without a topic at a time
_LONGEST = 4  # words of a name
_CHARACTERS = 60
_SHOWN = 120  # characters of a document
_QUESTION = "A short name for the topic of these is"
_TASK = (
    "You name the topics that a topic model found in a collection of documents. A topic is given by its most "
    "important words and a few of its documents. Answer with a name of one to four words and nothing else: "
    "specific enough to tell the topic from others, no quotation marks, no full stop."
)


@dataclass(frozen=True, slots=True)
class Clue:
    """What a topic is named by.

    Args:
        topic: its number.
        words: its words, the most its own first.
        texts: typical documents, the most typical first; none where there is no corpus.
    """

    topic: int
    words: Sequence[str]
    texts: Sequence[str] = field(default_factory=list)

    def told(self) -> str:
        """The topic as a model is told of it."""
        documents = [f"- {' '.join(text.split())[:_SHOWN]}" for text in self.texts[:DOCUMENTS]]
        return "\n".join(
            [f"Words: {', '.join(self.words[:WORDS])}", *(["Documents:", *documents] if documents else [])]
        )


def candidates(clue: Clue, vocabulary: Collection[str]) -> list[str]:
    """Names that the topic could have: phrases that its documents repeat, and its own first words.

    A phrase has one to four words, begins and ends with a word of the vocabulary, so with no stop word, and
    has one of the topic's words in it. It is written as the documents mostly write it.
    """
    own = {word.casefold() for word in clue.words}
    spellings: dict[str, Counter[str]] = {}
    for text in clue.texts[:SOURCES]:
        for phrase in {plain(phrase) for phrase in _phrases(text, vocabulary, own)}:
            spellings.setdefault(phrase.casefold(), Counter())[phrase] += 1
    least = 2 if len(clue.texts) > 2 else 1
    repeated = sorted(
        (each for each in spellings.values() if each.total() >= least), key=lambda each: -each.total()
    )
    found = [max(each, key=lambda name: (each[name], name)) for each in repeated[:_CANDIDATES]]
    known = {name.casefold() for name in found}
    return (
        found
        + [plain(word) for word in clue.words[:4] if word.casefold() not in known]
        + _pairs(clue.words[:3], known)
    )


def _phrases(text: str, vocabulary: Collection[str], own: Collection[str]) -> list[str]:
    found = list(WORD.finditer(text))
    phrases = []
    for i, first in enumerate(found):
        if first[0].lower() not in vocabulary:
            continue
        hit = False
        for j in range(i, min(i + _LONGEST, len(found))):
            if j > i and text[found[j - 1].end() : found[j].start()] not in (" ", "-"):
                break
            hit = hit or found[j][0].casefold() in own
            if hit and found[j][0].lower() in vocabulary:
                phrases.append(text[first.start() : found[j].end()])
    return [phrase for phrase in phrases if len(phrase) <= _CHARACTERS]


def _pairs(words: Sequence[str], known: Collection[str]) -> list[str]:
    """Two words that are not forms of one another."""
    pairs = [
        (a, b) for i, a in enumerate(words) for b in words[i + 1 :] if a[:4].casefold() != b[:4].casefold()
    ]
    return [plain(f"{a} {b}") for a, b in pairs if f"{a} {b}".casefold() not in known]


def by_teacher(
    clues: Sequence[Clue],
    vocabulary: Collection[str],
    likelihood: Likelihood,
    taken: Collection[str],
    advance: Callable[[], object] = lambda: None,
) -> list[str]:
    """Names by a local model's judgement, repeatable and free.

    Args:
        clues: the topics to name.
        vocabulary: words that a name may begin and end with.
        likelihood: the model.
        taken: names that other topics have.
        advance: called as each topic is judged.
    """
    offered = [candidates(clue, vocabulary) for clue in clues]
    every = sorted({name for names in offered for name in names})
    blindly = [every[start : start + _TOGETHER] for start in range(0, len(every), _TOGETHER)]
    texts = [_QUESTION] * len(blindly) + [f"{clue.told()}\n\n{_QUESTION}" for clue in clues]
    judged = likelihood.of_each(texts, blindly + offered)
    blind = {name: value for names in blindly for name, value in zip(names, next(judged), strict=True)}
    scored = []
    for clue, names, known in zip(clues, offered, judged, strict=True):
        gains = [max(k - blind[n], 0) / len(n.split()) ** 0.5 for k, n in zip(known, names, strict=True)]
        scored.append([gain * _coverage(name, clue.texts) for gain, name in zip(gains, names, strict=True)])
        advance()
    return unique(clues, offered, scored, taken)


def _coverage(name: str, texts: Sequence[str]) -> float:
    """How much a name counts for being said: 0.25 where no document says it, 1.25 where all do."""
    if not texts:
        return 1.0
    return 0.25 + sum(name.casefold() in text.casefold() for text in texts) / len(texts)


def unique(
    clues: Sequence[Clue],
    names: Sequence[Sequence[str]],
    scores: Sequence[Sequence[float]],
    taken: Collection[str],
) -> list[str]:
    """The best names such that no two are the same or the same words in another order.

    The surest choices are made first; a topic that is left without a name gets words of its own.
    """
    used = {_key(name) for name in taken}
    offers = [
        (score, i, name) for i, row in enumerate(scores) for score, name in zip(row, names[i], strict=True)
    ]
    chosen: dict[int, str] = {}
    for _, i, name in sorted(offers, key=lambda offer: (-offer[0], offer[1], offer[2])):
        if i not in chosen and _key(name) not in used:
            chosen[i] = name
            used.add(_key(name))
    for i, clue in enumerate(clues):
        if i not in chosen:
            chosen[i] = _fallback(clue, used)
            used.add(_key(chosen[i]))
    return [chosen[i] for i in range(len(clues))]


def _key(name: str) -> tuple[str, ...]:
    return tuple(sorted(re.split(r"[\s-]+", name.casefold())))


def _fallback(clue: Clue, used: Collection[tuple[str, ...]]) -> str:
    words = [plain(word) for word in clue.words]
    tries = [*_pairs(words, ()), *(f"{word} {clue.topic}" for word in words[:1])]
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
    return name if 1 <= len(name.split()) <= _LONGEST and len(name) <= _CHARACTERS else None
