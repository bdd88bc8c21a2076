"""A local teacher that writes topics: it chooses the words that the documents make likelier.

A small model that is asked to write copies its instruction, but it judges well. So the form of the answer is
given, and the model chooses label, keywords and documents among those shown. A choice counts by its gain in
log-probability over the same question without documents, because some words are likely anyway.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import orjson

from dsltm import console
from dsltm.endpoint.tokens import estimate
from dsltm.space.axes import document_space
from dsltm.space.inputs import Inputs
from dsltm.teacher.reading.prompts import DEFAULT
from dsltm.topics.names import by_teacher
from dsltm.topics.phrases import Clue
from dsltm.words.bm25 import terms
from dsltm.written.generate.request import excerpt

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Document
    from dsltm.formats.topics import WrittenTopic
    from dsltm.teacher.reading.teacher import Teacher
    from dsltm.written.generate.request import AnswerError, Request

# These numbers were chosen, not measured.
_SHOWN, _LONGEST = 12, 200  # documents that the teacher judges by, and characters of each
_TOKENS = 256  # of a document that are read for its vector
_KEYWORDS, _DOCUMENTS = 10, 5  # of a topic
_CANDIDATES = 40  # words that the teacher chooses keywords among
_QUESTION = "Keywords:"
_SENTENCE = 40  # tokens of a summary
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_SUMMARISE = "Say in one short sentence what all of these texts have in common. Answer with JSON."
_OPENING = "They are about"  # without it, a small model repeats the question


class LocalWriter:
    """Writes one topic for each request; the same request gives the same answer.

    Args:
        teacher: an open teacher.
        stopwords: words that are never keywords, and never begin or end a label.
        summaries: also write a sentence for each topic.
    """

    def __init__(self, teacher: Teacher, stopwords: Collection[str] = (), summaries: bool = False) -> None:
        self._teacher, self._stopwords, self._summaries = teacher, frozenset(stopwords), summaries
        self._likelihood = teacher.likelihood

    def vectors(self, documents: Sequence[Document]) -> NDArray[np.float32]:
        """[n, d] coordinates of the documents, made of the teacher's hidden states."""
        reader = self._teacher.reader(DEFAULT[:1], max_tokens=_TOKENS)
        encoded = reader.encoder.encode([document.text for document in documents])
        hidden = np.empty((len(documents), self._teacher.hidden_size), np.float16)
        with console.progress("reading", len(documents), "documents") as bar:
            for rows, reading in reader.read(encoded):
                hidden[rows] = reading.hidden
                bar.advance(len(rows))
        return document_space(Inputs(hidden, None), np.arange(len(documents)))

    def prepare(self, documents: Sequence[Document], tokens: int) -> None:
        """Nothing, because a local teacher's inputs are short."""

    def length(self, text: str) -> float:
        return estimate(text)

    def same(self, topics: Sequence[WrittenTopic]) -> list[list[int]]:  # noqa: ARG002
        """No groups, because a small model does not know."""
        return []

    def answer(self, request: Request) -> tuple[str, Request]:
        """Valid JSON, whatever the model is like: {"topics": [...]} with one topic."""
        shown = request.documents
        keywords = self._keywords(shown)
        clue = Clue(0, keywords, [document.text for document in shown])
        vocabulary = {term for document in shown for term in terms(document.text)} - self._stopwords
        label = by_teacher([clue], vocabulary, self._likelihood, (), stopwords=self._stopwords)[0]
        summary = self._summary(shown, label) if self._summaries else ""
        typical = _typical(shown, keywords)
        topic = {"label": label, "summary": summary, "keywords": keywords, "documents": typical}
        return orjson.dumps({"topics": [topic]}).decode(), request

    def again(self, request: Request, answer: str, error: AnswerError) -> str | None:  # noqa: ARG002
        """None, because the answer is always valid."""
        return None

    def _summary(self, documents: Sequence[Document], label: str) -> str:
        """A sentence in the place of the answer's "summary"; its grammar is enforced, its truth is not."""
        answer = f'{{"label": {orjson.dumps(label).decode()}, "summary": "'
        question = f"{_SUMMARISE}\n\n{_listed(documents)}"
        written = self._teacher.writing.string(question, answer, _OPENING, _SENTENCE)
        return _SENTENCE_END.split(written, 1)[0]  # a small model says it again and again

    def _keywords(self, documents: Sequence[Document]) -> list[str]:
        """Words that many of the documents have, and that the documents make likelier as keywords."""
        count = Counter(
            term
            for document in documents
            for term in set(terms(document.text)) - self._stopwords
            if len(term) > 2 and not term.isdigit()
        )
        words = sorted(count, key=lambda word: (-count[word], word))[:_CANDIDATES]
        # A word that is misspelt in one document would gain the most, so words of one document are left out.
        several = [word for word in words if count[word] > 1]
        words = several if len(several) >= _KEYWORDS // 2 else words
        if not words:
            return ["document"]
        known = self._likelihood.of(f"{_listed(documents)}\n\n{_QUESTION}", words)
        blind = self._likelihood.of(_QUESTION, words)
        worth = {word: max(k - b, 0.0) * count[word] for word, k, b in zip(words, known, blind, strict=True)}
        return sorted(words, key=lambda word: (-worth[word], -count[word], word))[:_KEYWORDS]


def _listed(documents: Sequence[Document]) -> str:
    """The first documents as the teacher reads them, the beginning of each on a line."""
    return "\n".join(f"- {excerpt(document.text)[:_LONGEST]}" for document in documents[:_SHOWN])


def _typical(documents: Sequence[Document], keywords: Sequence[str]) -> list[int]:
    """Numbers, from 1, of the documents that have the most keywords; at a tie the first ones."""
    have = [len(set(terms(document.text)) & set(keywords)) for document in documents]
    return [place + 1 for place in sorted(range(len(have)), key=lambda i: -have[i])[:_DOCUMENTS]]
