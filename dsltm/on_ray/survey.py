"""The first pass over a corpus on a cluster: its pieces, its bytes' digest and the words that it uses."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from dsltm import console
from dsltm.distilling.survey import estimate_tokens
from dsltm.errors import DsltmError
from dsltm.on_ray.flow import by_tasks, result, started
from dsltm.on_ray.pieces import digest
from dsltm.words.counts import Counts, count_words
from dsltm.words.language import thinned

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dsltm.on_ray.pieces import Cut, InputFile, Piece

# So many texts of each piece are looked at for their language; chosen, not measured.
_TEXTS_OF_A_PIECE = 16


@dataclass(frozen=True)
class Planned:
    """A piece that will be a part: the number of its file, its number in the file, documents and work."""

    file: int
    number: int
    documents: int
    work: int


@dataclass(frozen=True)
class Plan:
    """The parts that a run writes.

    Attributes:
        files: in their order, with the lines before each.
        parts: the pieces that have documents, in the order of the corpus: part i is parts[i].
        digest: SHA-256 of a corpus of one file; of several, of their digests in their order.
        words: counts of all words, None where they were not wanted.
        skipped: rows that are not documents.
    """

    files: list[InputFile]
    parts: list[Planned]
    digest: str
    words: Counts | None
    skipped: int

    @property
    def documents(self) -> int:
        return sum(part.documents for part in self.parts)

    @property
    def work(self) -> int:
        """About how many tokens the teacher will read."""
        return sum(part.work for part in self.parts)

    def without(self, done: Collection[int]) -> list[InputFile]:
        """The files that have parts to do, each with its pieces that are not done yet."""
        wanted: dict[int, dict[int, int]] = {}
        for part, planned in enumerate(self.parts):
            if part not in done:
                wanted.setdefault(planned.file, {})[planned.number] = part
        return [replace(self.files[file], wanted=pieces) for file, pieces in wanted.items()]


def survey(
    files: Sequence[InputFile], cut: Cut, *, max_tokens: int, count: bool, phrases: bool = False
) -> Plan:
    """Read a corpus once, on all cores of the cluster.

    Args:
        max_tokens: the longest prompt.
        count: count the words too.
        phrases: and pairs of them.

    Raises:
        DsltmError: a file that cannot be read, a row that is not a document, unless such rows are skipped, or
            no document at all.
    """
    digests = [started(digest, file) for file in files]
    words = Counts()
    answers: dict[tuple[int, int], dict[str, Any]] = {}
    with console.progress("surveying" if not count else "counting words", None, "documents") as bar:
        for answer in by_tasks(files, cut, partial(_look, cut, max_tokens, count, phrases)):
            answers[answer["file"], answer["piece"]] = answer
            words.add(_counts_in(answer))
            bar.advance(answer["documents"])
    words.texts = [text for _, answer in sorted(answers.items()) for text in answer.pop("texts")]
    skipped = sum(answer["skipped"] for answer in answers.values())
    if skipped:
        console.warn(f"skipped {skipped:,} rows that are not documents")
    parts = [
        Planned(file, piece, answer["documents"], answer["work"])
        for (file, piece), answer in sorted(answers.items())
        if answer["documents"]
    ]
    if not parts:
        raise DsltmError(f"{files[0].place}: no documents")
    lines = Counter[int]()
    for (file, _), answer in answers.items():
        lines[file] += answer["lines"]
    befores = accumulate((lines[file.number] for file in files), initial=0)
    placed = [replace(file, before=before) for file, before in zip(files, befores, strict=False)]
    return Plan(placed, parts, _joined([result(each) for each in digests]), words if count else None, skipped)


def _look(cut: Cut, max_tokens: int, count: bool, phrases: bool, piece: Piece, _: int) -> dict[str, Any]:
    documents, skipped = piece.read(cut)
    rows = piece.data.count(b"\n") + 1
    counts = count_words(documents, pairs=phrases) if count else Counts()
    return {
        "file": piece.file.number,
        "piece": piece.number,
        "lines": rows,
        "documents": len(documents),
        "skipped": skipped,
        "work": sum(estimate_tokens(document.text, max_tokens) for document in documents),
        "df": counts.df,
        "tf": counts.tf,
        "pairs": [[*pair, documents, counts.pair_tf[pair]] for pair, documents in counts.pair_df.items()],
        "texts": thinned(counts.texts, _TEXTS_OF_A_PIECE),
    }


def _counts_in(answer: dict[str, Any]) -> Counts:
    """The counts of a piece, taken out of its answer, which came as JSON."""
    pairs = answer.pop("pairs")
    return Counts(
        answer["documents"],
        Counter(answer.pop("df")),
        Counter(answer.pop("tf")),
        Counter({(a, b): documents for a, b, documents, _ in pairs}),
        Counter({(a, b): times for a, b, _, times in pairs}),
    )


def _joined(digests: Sequence[str]) -> str:
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
