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
# A phrase that so large a part of its documents have within a longer phrase is left to the longer one, and is
# no name where the longer one is none, either.
_WHOLE = 0.75
# A word here may be shorter than one of a vocabulary, and end with signs: Qt, C++, C#.
_WORD = re.compile(r"\b[^\W\d_]\w*[+#]{0,2}")
# What may stand between the words of a phrase: Visual Studio, ASP.NET.
_JOINT = re.compile(r"[ .-]")
# What stands between the words of a name that is no phrase of the documents.
_LISTED = ", "


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
    """Phrases of one to five words, by their case-folded form.

    Args:
        documents: the phrases of each document that was looked at.
        spellings: how many documents have each phrase, as they write it.
    """

    documents: Sequence[Collection[str]]
    spellings: dict[str, Counter[str]]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Phrases:
        """The phrases of these documents, or of their beginnings; copies of a text count once."""
        spellings: dict[str, Counter[str]] = {}
        documents = []
        for text in dict.fromkeys(text[:_READ].strip() for text in texts[:SOURCES]):
            written = {plain(phrase) for phrase in _phrases(text)}
            for phrase in written:
                spellings.setdefault(phrase.casefold(), Counter())[phrase] += 1
            documents.append({phrase.casefold() for phrase in written})
        return cls(documents, spellings)

    def count(self, name: str) -> int:
        """How many documents have a phrase, in whatever spelling, or at least one word of a list of words."""
        parts = name.casefold().split(_LISTED)
        if len(parts) == 1:
            return self.spellings[parts[0]].total() if parts[0] in self.spellings else 0
        return sum(any(part in document for part in parts) for document in self.documents)

    def written(self, phrase: str) -> str:
        """The spelling that most documents use."""
        spellings = self.spellings[phrase]
        return max(spellings, key=lambda name: (spellings[name], name))


class PhrasesByTopic:
    """The phrases of each topic's documents, compared with those of the other topics' documents."""

    def __init__(self, clues: Sequence[Clue]) -> None:
        self.of = {clue.topic: Phrases.of(clue.texts) for clue in clues}
        self._documents = sum(len(phrases.documents) for phrases in self.of.values())
        self._all: Counter[str] = Counter()
        for phrases in self.of.values():
            self._all.update({phrase: counts.total() for phrase, counts in phrases.spellings.items()})

    def share(self, topic: int, name: str) -> float:
        """The part of a topic's documents that have a phrase."""
        own = self.of[topic]
        return own.count(name) / max(len(own.documents), 1)

    def lift(self, topic: int, name: str) -> float:
        """How many times as often a topic's documents have a phrase as others do; 1 where there are none."""
        elsewhere = self.elsewhere(topic, name)
        return 1.0 if elsewhere is None else self.share(topic, name) / elsewhere

    def excess(self, topic: int, name: str) -> float:
        """How much more often a topic's documents have a phrase than others do, divided by how often they do.

        1 - 1 / lift, but at least 0, as for a sentence that a program put into every document.
        """
        elsewhere, share = self.elsewhere(topic, name), self.share(topic, name)
        if elsewhere is None:
            return 1.0
        return max(0.0, 1 - elsewhere / share) if share else 0.0

    def elsewhere(self, topic: int, name: str) -> float | None:
        """The part of the other topics' documents that have a phrase, never 0; None where there are none."""
        own = self.of[topic]
        others = self._documents - len(own.documents)
        if not others:
            return None
        listed = _LISTED in name
        every = (
            sum(phrases.count(name) for phrases in self.of.values()) if listed else self._all[name.casefold()]
        )
        return (every - own.count(name) + 0.5) / others


def candidates(
    clue: Clue, vocabulary: Collection[str], by_topic: PhrasesByTopic, stopwords: Collection[str] = ()
) -> list[str]:
    """Names that the topic could have: phrases that its documents repeat, and its own first words.

    A phrase begins and ends with a word of the vocabulary, or with a word, no stop word, that only the
    topic's documents use much, because names of things are often missing from a vocabulary. The phrase
    contains one of the topic's words, or the topic's documents have it far more often than others do. It is
    spelt as most of the documents spell it. What is a piece of a longer phrase, or of a sentence that
    documents repeat, is no candidate.
    """
    own, phrases = {word.casefold() for word in clue.words}, by_topic.of[clue.topic]
    least = 2 if len(phrases.documents) > 2 else 1

    def marks(phrase: str) -> bool:
        return by_topic.lift(clue.topic, phrase) >= _MARKED

    def can_be_edge(word: str) -> bool:
        if word in vocabulary or word in stopwords:
            return word not in stopwords
        rare = (by_topic.elsewhere(clue.topic, word) or 1) < _RARE
        return len(word) > 1 and phrases.count(word) >= least and rare and marks(word)

    by_phrase: dict[str, float] = {}
    for phrase, spellings in phrases.spellings.items():
        words = _JOINT.split(phrase)
        if (
            len(words) > LONGEST
            or spellings.total() < least
            or not (own.intersection(words) or marks(phrase))
        ):
            continue
        if can_be_edge(words[0]) and can_be_edge(words[-1]):
            by_phrase[phrase] = spellings.total() * math.log1p(by_topic.lift(clue.topic, phrase))
    pieces = _pieces(phrases, by_phrase)
    best = sorted(by_phrase.keys() - pieces, key=lambda phrase: (-by_phrase[phrase], phrase))
    names = [phrases.written(phrase) for phrase in best[:_CANDIDATES]]
    known = pieces | {name.casefold() for name in names}
    words = [plain(word) for word in clue.words[:4] if word.casefold() not in known]
    return names + words + lists(clue.words[:3])


def _pieces(phrases: Phrases, names: Collection[str]) -> set[str]:
    """Those of the names that most of their documents have within a longer phrase.

    Several words that mostly go on alike are the beginning of a sentence. A single word is left to a
    longer name only, because what often stands beside it, as in "in Magento", says nothing of it.
    """

    def within(longer: Collection[str], names: Collection[str]) -> set[tuple[str, str]]:
        return {
            (piece, phrase)
            for phrase in longer
            for piece in _parts(phrase)
            if piece in names and phrases.count(phrase) >= _WHOLE * phrases.count(piece)
        }

    beginnings = {
        piece
        for piece, phrase in within(phrases.spellings, names)
        if phrase.startswith(piece) and _JOINT.search(piece) and phrase not in names
    }
    rest = set(names) - beginnings
    return beginnings | {piece for piece, _ in within(rest, rest)}


def _parts(phrase: str) -> Iterator[str]:
    """The shorter phrases that begin or end a phrase."""
    for joint in _JOINT.finditer(phrase):
        yield phrase[: joint.start()]
        yield phrase[joint.end() :]


def _phrases(text: str) -> Iterator[str]:
    for run in runs(text, _WORD, _JOINT):
        for i, first in enumerate(run):
            for last in run[i : i + LONGEST + 1]:
                if last.end() - first.start() <= CHARACTERS:
                    yield text[first.start() : last.end()]


def lists(words: Sequence[str]) -> list[str]:
    """Two words each, with a comma between, that do not begin alike and so are not forms of one another."""
    return [
        plain(f"{a}{_LISTED}{b}")
        for i, a in enumerate(words)
        for b in words[i + 1 :]
        if a[:4].casefold() != b[:4].casefold()
    ]


def is_list(name: str) -> bool:
    """Whether a name is one of `lists`, which no document has as it is."""
    return _LISTED in name
