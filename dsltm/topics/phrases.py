"""Candidates for topics' names: phrases of typical documents that other topics' documents rarely have."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dsltm.console import plain
from dsltm.words.text import runs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

# The numbers here are chosen, not measured one by one; tests/bench/README.md, "Names", says what they yield.
# A model is shown so many words of a topic, and so many of its documents.
WORDS = 12
DOCUMENTS = 4
# Candidates are phrases of so many typical documents.
SOURCES = 40
# A name has at most so many words, and so many characters.
LONGEST = 4
CHARACTERS = 60
# So many phrases of a topic are judged.
_CANDIDATES = 16
# Of a document so many characters are shown to the model, and so many are searched for phrases.
_SHOWN = 120
_READ = 600
# A word that more of the other topics' documents have than this part is common, as stop words are.
_RARE = 0.05
# A word belongs to a topic where its documents have it so many times as often as the others do.
_MARKED = 3.0
# A phrase that so large a part of its documents have within a longer phrase is left to the longer one.
_WHOLE = 0.75
# A word here may be shorter than one of a vocabulary, and end with signs: Qt, C++, C#.
_WORD = re.compile(r"\b[^\W\d_]\w*[+#]{0,2}")
# What may stand between the words of a phrase: Visual Studio, ASP.NET.
_JOINT = re.compile(r"[ .-]")


@dataclass(frozen=True, slots=True)
class Clue:
    """What a topic is named by.

    Args:
        topic: its number.
        words: its words, those that tell it best first.
        texts: typical documents, the most typical first; none where there is no corpus.
    """

    topic: int
    words: Sequence[str]
    texts: Sequence[str] = field(default_factory=list)

    def description(self) -> str:
        """The description of the topic that a model is given."""
        documents = [f"- {' '.join(text.split())[:_SHOWN]}" for text in self.texts[:DOCUMENTS]]
        return "\n".join(
            [f"Words: {', '.join(self.words[:WORDS])}", *(["Documents:", *documents] if documents else [])]
        )


@dataclass(frozen=True)
class Phrases:
    """Phrases of one to four words, by their case-folded form.

    Args:
        documents: how many documents were looked at.
        spellings: how many documents have each phrase, as they write it.
    """

    documents: int
    spellings: dict[str, Counter[str]]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Phrases:
        """The phrases of these documents, or of their beginnings."""
        spellings: dict[str, Counter[str]] = {}
        for text in texts[:SOURCES]:
            for phrase in {plain(phrase) for phrase in _phrases(text[:_READ])}:
                spellings.setdefault(phrase.casefold(), Counter())[phrase] += 1
        return cls(len(texts[:SOURCES]), spellings)

    def count(self, phrase: str) -> int:
        """How many documents have the phrase, in whatever spelling of upper and lower case."""
        spellings = self.spellings.get(phrase.casefold())
        return 0 if spellings is None else spellings.total()

    def written(self, phrase: str) -> str:
        """The spelling that most documents use."""
        spellings = self.spellings[phrase]
        return max(spellings, key=lambda name: (spellings[name], name))


class PhrasesByTopic:
    """The phrases of each topic's documents, compared with those of the other topics' documents."""

    def __init__(self, clues: Sequence[Clue]) -> None:
        self.of = {clue.topic: Phrases.of(clue.texts) for clue in clues}
        self._documents = sum(phrases.documents for phrases in self.of.values())
        self._all: Counter[str] = Counter()
        for phrases in self.of.values():
            self._all.update({phrase: counts.total() for phrase, counts in phrases.spellings.items()})

    def share(self, topic: int, phrase: str) -> float:
        """The part of a topic's documents that have a phrase."""
        own = self.of[topic]
        return own.count(phrase) / max(own.documents, 1)

    def lift(self, topic: int, phrase: str) -> float:
        """How many times as often a topic's documents have a phrase as others do; 1 where there are none."""
        elsewhere = self.elsewhere(topic, phrase)
        return 1.0 if elsewhere is None else self.share(topic, phrase) / elsewhere

    def elsewhere(self, topic: int, phrase: str) -> float | None:
        """The part of the other topics' documents that have a phrase, never 0; None where there are none."""
        own = self.of[topic]
        others = self._documents - own.documents
        return (self._all[phrase.casefold()] - own.count(phrase) + 0.5) / others if others else None


def candidates(clue: Clue, vocabulary: Collection[str], by_topic: PhrasesByTopic) -> list[str]:
    """Names that the topic could have: phrases that its documents repeat, and its own first words.

    A phrase begins and ends with a word of the vocabulary, which has no stop words, or with a word that only
    the topic's documents use much, because names of things are often missing from a vocabulary. The phrase
    contains one of the topic's words, or the topic's documents have it far more often than others do. It is
    spelt as most of the documents spell it.
    """
    own, phrases = {word.casefold() for word in clue.words}, by_topic.of[clue.topic]
    least = 2 if phrases.documents > 2 else 1

    def marks(phrase: str) -> bool:
        return by_topic.lift(clue.topic, phrase) >= _MARKED

    def can_be_edge(word: str) -> bool:
        if word in vocabulary:
            return True
        rare = (by_topic.elsewhere(clue.topic, word) or 1) < _RARE
        return len(word) > 1 and phrases.count(word) >= least and rare and marks(word)

    by_phrase: dict[str, float] = {}
    for phrase, spellings in phrases.spellings.items():
        words = _JOINT.split(phrase)
        if spellings.total() < least or not (own.intersection(words) or marks(phrase)):
            continue
        if can_be_edge(words[0]) and can_be_edge(words[-1]):
            by_phrase[phrase] = spellings.total() * math.log1p(by_topic.lift(clue.topic, phrase))
    parts = {
        part
        for phrase in by_phrase
        for part in _parts(phrase)
        if part in by_phrase and phrases.count(phrase) >= _WHOLE * phrases.count(part)
    }
    best = sorted(by_phrase.keys() - parts, key=lambda phrase: (-by_phrase[phrase], phrase))
    names = [phrases.written(phrase) for phrase in best[:_CANDIDATES]]
    known = {name.casefold() for name in names}
    return (
        names
        + [plain(word) for word in clue.words[:4] if word.casefold() not in known]
        + pairs(clue.words[:3], known)
    )


def _parts(phrase: str) -> Iterator[str]:
    """The shorter phrases that begin or end a phrase."""
    for joint in _JOINT.finditer(phrase):
        yield phrase[: joint.start()]
        yield phrase[joint.end() :]


def _phrases(text: str) -> Iterator[str]:
    for run in runs(text, _WORD, _JOINT):
        for i, first in enumerate(run):
            for last in run[i : i + LONGEST]:
                if last.end() - first.start() <= CHARACTERS:
                    yield text[first.start() : last.end()]


def pairs(words: Sequence[str], known: Collection[str]) -> list[str]:
    """Pairs of words that do not begin alike, and so are not forms of one another."""
    unlike = [
        (a, b) for i, a in enumerate(words) for b in words[i + 1 :] if a[:4].casefold() != b[:4].casefold()
    ]
    return [plain(f"{a} {b}") for a, b in unlike if f"{a} {b}".casefold() not in known]
