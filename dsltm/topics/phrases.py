"""What topics could be called: phrases of their typical documents, told from what other topics' say."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dsltm.console import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

WORDS = 12  # of a topic that are shown to the model
DOCUMENTS = 4  # that are shown to the model
SOURCES = 40  # typical documents whose phrases are candidates
LONGEST = 4  # words of a name
CHARACTERS = 60  # of a name
_CANDIDATES = 16
_SHOWN = 120  # characters of a document that are shown to the model
_READ = 600  # characters of a document whose phrases are candidates
_RARE = 0.05  # of other topics' documents: more of them have the stop words
_MARKED = 3.0  # times as often in the topic's documents as in others, so that a word is the topic's
_WHOLE = 0.75  # of a phrase's documents say it as a part of a longer one, which then stands for it
_WORD = re.compile(r"\b[^\W\d_]\w*[+#]{0,2}")  # shorter ones than a vocabulary has: Qt, C++, C#
_JOINT = re.compile(r"[ .-]")  # between the words of a phrase: Visual Studio, ASP.NET


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


@dataclass(frozen=True)
class Said:
    """Phrases of one to four words, by their case-folded form.

    Args:
        documents: how many were looked at.
        spellings: how many documents have each phrase, as they write it.
    """

    documents: int
    spellings: dict[str, Counter[str]]

    @classmethod
    def by(cls, texts: Sequence[str]) -> Said:
        """What these documents, or their beginnings, say."""
        spellings: dict[str, Counter[str]] = {}
        for text in texts[:SOURCES]:
            for phrase in {plain(phrase) for phrase in _phrases(text[:_READ])}:
                spellings.setdefault(phrase.casefold(), Counter())[phrase] += 1
        return cls(len(texts[:SOURCES]), spellings)

    def count(self, phrase: str) -> int:
        """In how many documents it is, however it is written."""
        found = self.spellings.get(phrase.casefold())
        return 0 if found is None else found.total()

    def written(self, phrase: str) -> str:
        """As the documents mostly write it."""
        found = self.spellings[phrase]
        return max(found, key=lambda name: (found[name], name))


class Sayings:
    """What the documents of each topic say, beside those of the others."""

    def __init__(self, clues: Sequence[Clue]) -> None:
        self.of = {clue.topic: Said.by(clue.texts) for clue in clues}
        self._documents = sum(said.documents for said in self.of.values())
        self._all: Counter[str] = Counter()
        for said in self.of.values():
            self._all.update({phrase: found.total() for phrase, found in said.spellings.items()})

    def share(self, topic: int, phrase: str) -> float:
        """The part of a topic's documents that have a phrase."""
        said = self.of[topic]
        return said.count(phrase) / max(said.documents, 1)

    def lift(self, topic: int, phrase: str) -> float:
        """How many times as often a topic's documents have a phrase as others do; 1 where there are none."""
        elsewhere = self.elsewhere(topic, phrase)
        return 1.0 if elsewhere is None else self.share(topic, phrase) / elsewhere

    def elsewhere(self, topic: int, phrase: str) -> float | None:
        """The part of the other topics' documents that have a phrase, never 0; None where there are none."""
        said = self.of[topic]
        others = self._documents - said.documents
        return (self._all[phrase.casefold()] - said.count(phrase) + 0.5) / others if others else None


def candidates(clue: Clue, vocabulary: Collection[str], sayings: Sayings) -> list[str]:
    """Names that the topic could have: phrases that its documents repeat, and its own first words.

    A phrase begins and ends with a word of the vocabulary, so no stop word, or with one that is rare but in
    the topic's documents: names of things are often missing from a vocabulary. They have it far more often
    than others, or it has one of the topic's words in it. It is written as the documents mostly write it.
    """
    own, said = {word.casefold() for word in clue.words}, sayings.of[clue.topic]
    least = 2 if said.documents > 2 else 1

    def marks(phrase: str) -> bool:
        return sayings.lift(clue.topic, phrase) >= _MARKED

    def can_be_edge(word: str) -> bool:
        if word in vocabulary:
            return True
        rare = (sayings.elsewhere(clue.topic, word) or 1) < _RARE
        return len(word) > 1 and said.count(word) >= least and rare and marks(word)

    found: dict[str, float] = {}
    for phrase, spellings in said.spellings.items():
        words = _JOINT.split(phrase)
        if spellings.total() < least or not (own.intersection(words) or marks(phrase)):
            continue
        if can_be_edge(words[0]) and can_be_edge(words[-1]):
            found[phrase] = spellings.total() * math.log1p(sayings.lift(clue.topic, phrase))
    parts = {
        part
        for phrase in found
        for part in _parts(phrase)
        if part in found and said.count(phrase) >= _WHOLE * said.count(part)
    }
    best = sorted(found.keys() - parts, key=lambda phrase: (-found[phrase], phrase))
    names = [said.written(phrase) for phrase in best[:_CANDIDATES]]
    known = {name.casefold() for name in names}
    return (
        names
        + [plain(word) for word in clue.words[:4] if word.casefold() not in known]
        + pairs(clue.words[:3], known)
    )


def _parts(phrase: str) -> Iterator[str]:
    """What stands at the beginning and at the end of a phrase, by one word or more shorter."""
    for joint in _JOINT.finditer(phrase):
        yield phrase[: joint.start()]
        yield phrase[joint.end() :]


def _phrases(text: str) -> Iterator[str]:
    found = list(_WORD.finditer(text))
    for i, first in enumerate(found):
        for j in range(i, min(i + LONGEST, len(found))):
            if j > i and not _JOINT.fullmatch(text, found[j - 1].end(), found[j].start()):
                break
            if found[j].end() - first.start() <= CHARACTERS:
                yield text[first.start() : found[j].end()]


def pairs(words: Sequence[str], known: Collection[str]) -> list[str]:
    """Two words that are not forms of one another."""
    found = [
        (a, b) for i, a in enumerate(words) for b in words[i + 1 :] if a[:4].casefold() != b[:4].casefold()
    ]
    return [plain(f"{a} {b}") for a, b in found if f"{a} {b}".casefold() not in known]
