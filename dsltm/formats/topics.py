"""Topics that somebody wrote, a person or a language model: JSON lines of a label and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from dsltm.errors import DsltmError
from dsltm.formats.inputs import name_of
from dsltm.formats.records import decode, kind, parse_object, write_jsonl
from dsltm.formats.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# A file of more topics is taken for a corpus that was given by mistake; chosen, not measured.
MOST = 1000


@dataclass(frozen=True, slots=True)
class WrittenTopic:
    """One topic as somebody wrote it, not one that was learnt.

    Attributes:
        label: what it is called; no two topics share one.
        summary: a sentence, or nothing.
        keywords: words and phrases that tell it.
        documents: ids of documents that are typical of it.
        examples: more of them, by their ids or by what they say.
    """

    label: str
    summary: str = ""
    keywords: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    def row(self) -> dict[str, object]:
        """The topic as a line of a file."""
        return {
            "label": self.label,
            "summary": self.summary,
            "keywords": list(self.keywords),
            "documents": list(self.documents),
        }


def write_topics(target: str | BinaryIO | None, topics: Iterable[WrittenTopic]) -> None:
    """Write topics as JSON lines; `target` as in `write_jsonl`."""
    write_jsonl(target, (topic.row() for topic in topics))


def read_topics(path: str, least: int = 2) -> list[WrittenTopic]:
    """Read topics that a person wrote, `dsltm generate` or `dsltm topics`.

    Each line is a label, or each is an object of which only "label" is required; the first line tells
    which. The lines of `dsltm topics` will do, too: their "words" are the keywords, and a topic without a
    label is called by the first three of them.

    Args:
        path: a file of labels or of JSON lines, or "-" for standard input.
        least: so many topics there must be, one or two.

    Raises:
        DsltmError: a line that is not a topic, a label that comes twice, or too few topics.
    """
    return _checked(_rows(path), name_of(path), least)


def written_topics(rows: Iterable[Mapping[str, Any]], name: str, least: int = 2) -> list[WrittenTopic]:
    """The same of objects that a program has.

    Args:
        rows: such as the lines of a file hold.
        name: what they are called in messages.
        least: so many topics there must be, one or two.

    Raises:
        DsltmError: as `read_topics`; rows are counted from 1.
    """
    return _checked(enumerate(rows, 1), name, least)


def _checked(rows: Iterable[tuple[int, Mapping[str, Any]]], name: str, least: int) -> list[WrittenTopic]:
    seen: dict[str, int] = {}
    topics = []
    for number, row in rows:
        topic = _topic(row, f"{name}:{number}")
        earlier = seen.setdefault(topic.label.casefold(), number)
        if earlier != number:
            raise DsltmError(f"{name}:{number}: the label {topic.label!r} is on line {earlier} already")
        topics.append(topic)
        if len(topics) > MOST:
            raise DsltmError(f"{name}: more than {MOST:,} topics")
    if len(topics) < least:
        wanted = "two are" if least > 1 else "one is"
        raise DsltmError(f"{name}: {'one topic' if topics else 'no topics'}, and {wanted} the least")
    return topics


def _rows(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The numbered lines as objects; of a plain line an object is made that has it as its label."""
    source = Source(path)
    plain: bool | None = None
    for number, line in enumerate(source.lines(), 1):
        if not line.strip():
            continue
        if plain is None:
            plain = not line.lstrip().startswith((b"{", b"["))
        where = f"{source.name}:{number}"
        yield number, {"label": decode(line, where)} if plain else parse_object(line, where)


def _topic(row: Mapping[str, Any], where: str) -> WrittenTopic:
    keywords = _strings(row, "keywords", where) or _strings(row, "words", where)
    label = row.get("label")
    if label is None and isinstance(row.get("topic"), str):
        label = row["topic"]
    if label is None and keywords and "words" in row:
        label = ", ".join(keywords[:3])
    if isinstance(label, str) and not label.strip():
        raise DsltmError(f'{where}: "label" is empty')
    if not isinstance(label, str):
        raise DsltmError(f'{where}: no "label" that is a string')
    summary = row.get("summary", "")
    if not isinstance(summary, str):
        raise DsltmError(f'{where}: "summary" is {kind(summary)}, not a string')
    documents, examples = _strings(row, "documents", where), _strings(row, "examples", where)
    return WrittenTopic(_tidy(label), _tidy(summary), keywords, documents, examples)


def _strings(row: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    """A list of strings (ids may be numbers), each once, blank ones left out; of an object its "id"."""
    values = row.get(field, [])
    if not isinstance(values, list | tuple):
        raise DsltmError(f'{where}: "{field}" is {kind(values)}, not a list')
    values = [value["id"] if isinstance(value, dict) and "id" in value else value for value in values]
    for value in values:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise DsltmError(f'{where}: "{field}" holds {kind(value)}, not a string')
    return tuple(dict.fromkeys(text for value in values if (text := _tidy(str(value)))))


def _tidy(text: str) -> str:
    return " ".join(text.split())
