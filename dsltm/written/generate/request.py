"""The question that a writer is asked, and the check of its answer."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from dsltm.errors import DsltmError
from dsltm.formats.topics import WrittenTopic
from dsltm.words.bm25 import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dsltm.formats.corpus import Document

# These numbers were chosen, not measured.
_TRIES = 100  # places in an answer that are tried as the beginning of its JSON
_LONGEST_DOCUMENT = 600  # characters of one document in an input that does not hold all documents whole
_LONGEST_ANSWER = 16_000  # tokens; some 200 topics
_LONGEST_LABEL, _LONGEST_SUMMARY = 80, 400  # characters

INSTRUCTION = """You are given numbered documents from a larger collection. Find the topics of the documents.
Answer with one JSON object and nothing else:
{"topics": [{"label": "two or three words", "summary": "one sentence", "keywords": ["word", "word"], \
"documents": [1, 2]}]}
Write COUNT. Each topic has five to ten keywords, taken from the documents, and the numbers of up to five \
documents that are typical of it."""


class AnswerError(DsltmError):
    """An answer without usable topics; its message is what the writer is told about it."""


@dataclass(frozen=True)
class Request:
    """One round's question.

    Attributes:
        documents: the documents shown, in order.
        cue: a sentence that sets this round apart from the others.
        count: how many topics are wanted, None for as many as there are.
        known: labels of the topics so far, which are not wanted again.
        answer_tokens: how long the answer may be.
        longest: so many characters of a document are shown.
    """

    documents: list[Document]
    cue: str = ""
    count: int | None = None
    known: list[str] = field(default_factory=list)
    answer_tokens: int = 2000
    longest: int = _LONGEST_DOCUMENT

    def text(self) -> str:
        """The whole question."""
        wanted = {None: "as many topics as there are", 1: "one topic"}.get(self.count, f"{self.count} topics")
        parts = [INSTRUCTION.replace("COUNT", wanted)]
        if self.cue:
            parts.append(self.cue)
        if self.known:
            parts.append("These topics are known already, find others than these: " + "; ".join(self.known))
        return "\n\n".join([*parts, self.shown()])

    def shown(self) -> str:
        """The documents, one a line, numbered from 1."""
        return "\n".join(_line(i, d, self.longest) for i, d in enumerate(self.documents, 1))

    def showing(self, documents: Sequence[Document], tokens: int, length: Callable[[str], float]) -> Request:
        """The same question with as many of the first documents as fit, but one at least.

        Where all of them fit, and some are cut, less is cut of each as long as they fit.

        Args:
            tokens: what question and answer may come to together.
            length: about how many tokens a text has.
        """
        room = tokens - self.answer_tokens - length(self.text())
        kept, longest = _fitting(documents, room, length, self.longest), self.longest
        while len(kept) == len(documents) > 0 and any(len(d.text) > longest for d in kept):
            if len(_fitting(documents, room, length, 2 * longest, least=0)) < len(documents):
                break
            longest *= 2
        return replace(self, documents=kept, longest=longest)


@dataclass
class Dropped:
    """How much of the answers was dropped, because the documents shown do not bear it out.

    Attributes:
        documents: numbers of documents that were not shown.
        keywords: keywords that occur in none of the documents shown.
        topics: topics without a usable label, or without a keyword that occurs in the documents.
        repairs: answers that had to be asked for again.
        failures: rounds without a usable answer.
    """

    documents: int = 0
    keywords: int = 0
    topics: int = 0
    repairs: int = 0
    failures: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in self.__dict__.items() if count) or "nothing"


def answer_room(tokens: int) -> int:
    """How many of an input's tokens are left for the answer."""
    return min(tokens // 4, _LONGEST_ANSWER)


def excerpt(text: str, longest: int = _LONGEST_DOCUMENT) -> str:
    """A document on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[:longest].rsplit(" ", 1)[0] + " ..."


def _line(number: int, document: Document, longest: int) -> str:
    return f"[{number}] {excerpt(document.text, longest)}"


def _fitting(
    documents: Sequence[Document],
    room: float,
    length: Callable[[str], float],
    longest: int,
    least: int = 1,
) -> list[Document]:
    for number, document in enumerate(documents, 1):
        room -= length(_line(number, document, longest) + "\n")
        if room < 0:
            return list(documents[: max(number - 1, least)])
    return list(documents)


def parse(answer: str, request: Request, dropped: Dropped) -> list[WrittenTopic]:
    """The topics of an answer, without anything that the documents shown do not bear out.

    Args:
        answer: JSON, possibly with prose or a code fence around it.
        dropped: counts what was left out.

    Raises:
        AnswerError: there is no JSON object with topics in it.
    """
    rows = _rows(answer)
    frequency = Counter(term for document in request.documents for term in set(terms(document.text)))
    topics = []
    for row in rows:
        topic = _topic(row, request, frequency, dropped)
        if topic is None:
            dropped.topics += 1
        else:
            topics.append(topic)
    return topics


def _rows(answer: str) -> list[Any]:
    """The list of topics in an answer, which may have thoughts, quotations and explanations before it."""
    complaints: list[str] = []
    for value in json_in(answer, complaints):
        rows = value.get("topics") if isinstance(value, dict) else value
        if isinstance(rows, list) and (rows is not value or any(isinstance(row, dict) for row in rows)):
            return rows
        complaints.append('The JSON has no list "topics".')
    raise AnswerError(complaints[0] if complaints else "The answer holds no JSON.")


def json_in(answer: str, complaints: list[str]) -> Iterator[Any]:
    """The JSON objects and lists that begin anywhere in an answer, also within others.

    Args:
        complaints: what is wrong with those that cannot be read is added to it.
    """
    answer = re.sub(r"<think>.*?</think>", "", answer, flags=re.DOTALL)
    for match in islice(re.finditer(r"[{\[]", answer), _TRIES):
        try:
            value, _ = json.JSONDecoder().raw_decode(answer, match.start())
        except json.JSONDecodeError as exc:
            detail = f"{exc.msg} at character {exc.pos}"
            complaints.append(f"The answer is not valid JSON, or was cut off: {detail}.")
        except RecursionError:
            complaints.append("The answer is not valid JSON: it is too deep.")
        else:
            yield value


def _topic(row: Any, request: Request, frequency: Counter[str], dropped: Dropped) -> WrittenTopic | None:
    if not isinstance(row, dict) or not isinstance(row.get("label"), str):
        return None
    label = _clean(row["label"], _LONGEST_LABEL)
    listed = row.get("keywords")
    wanted = (
        [_clean(word, 40) for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
    )
    keywords = [word for word in dict.fromkeys(wanted) if _occurs(word, frequency)]
    dropped.keywords += len(set(wanted)) - len(keywords)
    if not label or not keywords:
        return None
    numbers = row.get("documents")
    documents = []
    for number in numbers if isinstance(numbers, list) else []:
        place = int(number) if isinstance(number, int) or str(number).isdecimal() else 0
        if isinstance(number, bool) or not 1 <= place <= len(request.documents):
            dropped.documents += 1
        else:
            documents.append(request.documents[place - 1].id)
    summary = row.get("summary")
    return WrittenTopic(
        label,
        _clean(summary, _LONGEST_SUMMARY) if isinstance(summary, str) else "",
        tuple(keywords),
        tuple(dict.fromkeys(documents)),
    )


def _occurs(keyword: str, frequency: Counter[str]) -> bool:
    wanted = terms(keyword)
    return bool(wanted) and all(term in frequency for term in wanted)


def _clean(text: str, longest: int) -> str:
    text = "".join(character if character.isprintable() else " " for character in text)
    # Lone surrogates are replaced, because they cannot be written.
    text = orjson.dumps(text.encode("utf-8", "replace").decode()).decode()
    return " ".join(orjson.loads(text).split())[:longest].strip()


def repair(request: Request, answer: str, error: AnswerError) -> list[dict[str, str]]:
    """The conversation that asks for an answer once more."""
    return [
        {"role": "user", "content": request.text()},
        {"role": "assistant", "content": answer[:4000]},
        {"role": "user", "content": f"{error} Answer again, shorter, with the JSON object and nothing else."},
    ]
