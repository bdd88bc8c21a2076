"""Labels files: the teacher's logits and hidden state of documents that it read, and the words of all."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.formats.counts import csr, first_columns
from dsltm.formats.inputs import name_of
from dsltm.formats.labels_check import MEMBERS, check_shapes, check_types
from dsltm.formats.npz import Blocks, open_npz, write_npz
from dsltm.formats.output import reason
from dsltm.formats.parts import finished_parts
from dsltm.formats.stacked import stacked, whole
from dsltm.formats.strings import Strings, pointers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from dsltm.formats.stacked import Rows

T = TypeVar("T")
FORMAT, VERSION = "dsltm.labels", 3
# The version of a file in which every document was read, for versions of dsltm that know no others.
_ALL_READ = 2
EMPTY, TRUNCATED, FAILED, UNREAD = 1, 2, 4, 8
# The logits of an empty document, which machines may round differently: the first part's are taken for all.
EMPTY_LOGITS = "empty_logits"
# The keys of a header in which parts of one run may differ.
PER_PART = ("documents", "empty", "truncated", "read", "gold_names")


@dataclass(frozen=True)
class Labels:
    """One row a document, in the order of the corpus; N documents, of which R were read; H hidden units.

    The teacher was asked for the V words of the vocabulary. W words are counted, of which the first V are the
    vocabulary; files of version 1 count no others.

    Where only a sample was read, R is less than N, and row i of `logits` and `hidden` is of document
    `read[i]`. Whoever computes with them begins with `only_read()`.

    Attributes:
        header: JSON object: teacher, prompts, projection, vocabulary, words, how many documents are empty or
            cut, gold_names; where not all were read, how many were, and how the sample was drawn.
        ids: N strings.
        logits: [R, V] float16, the teacher's logits of the vocabulary at the last prompt position; [N, 0]
            where no teacher read, so that header["teacher"] is null.
        hidden: [R, H] float16, the post-norm hidden state at that position; prompts side by side. Where
            header["vectors"] is H they are vectors of the user's.
        bow_indptr, bow_indices, bow_data: [N, W] word counts in CSR form; see `counts`.
        gold_codes: [N] int32 into header["gold_names"], -1 where a document has no label.
        flags: [N] uint8, bits EMPTY (1), TRUNCATED (2), FAILED (4), which is EMPTY too, and UNREAD (8).
        word_embeddings: [V, E] float16, the teacher's output embeddings of the vocabulary; without teacher
            [V, 0].
        rows: [N] int64, which rows of the corpus the documents are; None where they are all of it.
    """

    header: dict[str, Any]
    ids: Strings
    logits: Rows
    hidden: Rows
    bow_indptr: NDArray[np.int64]
    bow_indices: Rows
    bow_data: Rows
    gold_codes: NDArray[np.int32]
    flags: NDArray[np.uint8]
    word_embeddings: NDArray[np.float16]
    rows: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.flags)

    @property
    def read_count(self) -> int:
        """R, how many of them the teacher read."""
        return len(self.logits)

    @cached_property
    def read(self) -> NDArray[np.int64] | None:
        """[R] the documents that were read, ascending; None where all were."""
        return None if self.read_count == len(self) else np.flatnonzero(~self.unread)

    @property
    def unread(self) -> NDArray[np.bool_]:
        """[N] True where the document was not read."""
        return _unread(self.flags)

    def among(self, documents: Iterable[T]) -> Iterator[T]:
        """What belongs to these documents, of what has an item for each document of the whole corpus."""
        if self.rows is None:
            yield from documents
            return
        rows = iter(self.rows.tolist())
        wanted = next(rows, None)
        for row, document in enumerate(documents):
            if row == wanted:
                yield document
                wanted = next(rows, None)

    def only_read(self) -> Labels:
        """The R documents that were read, as labels of their own; `rows` tells which they are."""
        if self.read is None:
            return self
        return replace(
            self.with_counts(self.counts[self.read]),
            ids=Strings.pack(self.ids[row] for row in self.read.tolist()),
            gold_codes=self.gold_codes[self.read],
            flags=self.flags[self.read],
            rows=self.read if self.rows is None else self.rows[self.read],
        )

    def with_counts(self, counts: csr_array) -> Labels:
        """The labels with other word counts."""
        return replace(
            self,
            bow_indptr=counts.indptr.astype(np.int64),
            bow_indices=counts.indices.astype(np.int32),
            bow_data=counts.data,
        )

    @property
    def vocabulary(self) -> list[str]:
        """The V words that have logits."""
        return list(self.header["vocabulary"])

    @property
    def words(self) -> list[str]:
        """The W words that were counted, the vocabulary first."""
        return list(_words(self.header))

    @cached_property
    def counts(self) -> csr_array:
        """[N, W] int32 how often each word comes in each document; the arrays of a file, not copies."""
        return csr(whole(self.bow_data), whole(self.bow_indices), self.bow_indptr, len(_words(self.header)))

    @cached_property
    def vocabulary_counts(self) -> csr_array:
        """[N, V] int32 how often each word of the vocabulary comes in each document."""
        return first_columns(self.counts, len(self.header["vocabulary"]))

    @property
    def own_logit(self) -> NDArray[np.bool_]:
        """[V] whether a word's logit is its own, or only that of the token which begins it."""
        own = np.ones(len(self.header["vocabulary"]), bool)
        own[self.header.get("unsaid", [])] = False
        return own

    @property
    def language(self) -> str:
        """Of the documents, by its two letters; older files do not tell and are English."""
        return str(self.header.get("language", "en"))

    @property
    def has_gold(self) -> bool:
        return bool(self.header.get("gold_names"))

    def gold(self) -> list[str | None]:
        """Each document's label, None where it has none."""
        names = [*self.header.get("gold_names", []), None]
        return [names[code] for code in self.gold_codes]

    @property
    def empty(self) -> NDArray[np.bool_]:
        """[N] True where the document has no text."""
        return np.asarray(self.flags & EMPTY, bool)


def write_labels(target: BinaryIO, header: dict[str, Any], members: Mapping[str, Rows | Blocks]) -> None:
    """Stream a labels file to `target`; `members` are the arrays of `Labels` by their names on disk."""
    flags = members["flags"]
    assert not isinstance(flags, Blocks)
    version = VERSION if _unread(np.asarray(flags)).any() else _ALL_READ
    header = {"format": FORMAT, "words": _words(header)} | header | {"version": version}
    write_npz(target, header, ((name, members[name]) for name in MEMBERS))


def _unread(flags: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(flags & UNREAD, bool)


def _words(header: dict[str, Any]) -> list[str]:
    """The words that are counted; headers of version 1 have the vocabulary alone."""
    words: list[str] = header.get("words", header["vocabulary"])
    return words


def read_labels(path: str) -> Labels:
    """Open a labels file (`-`: standard input), or a folder of them with a manifest, memory-mapped.

    Raises:
        DsltmError: not a labels file, or its parts do not fit each other.
    """
    if path != "-" and os.path.isdir(path):
        return _stack([_open_part(place, count) for place, count in finished_parts(path, FORMAT)], path)
    header, arrays = open_npz(path, expect=FORMAT, newest=VERSION)
    name = name_of(path)
    check_types(arrays, name)
    check_shapes(header, arrays, int(_unread(arrays["flags"]).sum()), name)
    return Labels(
        header=header,
        ids=Strings(arrays["ids"], arrays["ids_indptr"]),
        logits=arrays["logits"],
        hidden=arrays["hidden"],
        bow_indptr=arrays["bow_indptr"],
        bow_indices=arrays["bow_indices"],
        bow_data=arrays["bow_data"],
        gold_codes=arrays["gold"],
        flags=arrays["flags"],
        word_embeddings=arrays["word_embeddings"],
    )


def labels_read(path: str, doing: str) -> Labels:
    """Those documents of a labels file that were read, for a command that needs the teacher's reading.

    Where others are left out, a message says how many documents these are.

    Args:
        path: as `read_labels` takes it.
        doing: what is done with the documents, such as "learning from".

    Raises:
        DsltmError: as `read_labels`, or none was read.
    """
    labels = read_labels(path)
    if len(labels) and not labels.read_count:
        raise DsltmError(f"{path}: none of its {len(labels):,} documents was read")
    if labels.read is not None:
        console.info(f"{doing} {labels.read_count:,} of {len(labels):,} documents: the others were not read")
    return labels.only_read()


def _open_part(place: Path, documents: int) -> Labels:
    try:
        part = read_labels(str(place))
    except OSError as error:
        raise DsltmError(f"{place}: {reason(error)}") from error
    except DsltmError as error:
        raise DsltmError(
            str(error), hint="without that file the command that writes the folder again"
        ) from error
    if len(part) != documents:
        raise DsltmError(f"{place}: has {len(part):,} documents, and {documents:,} in the manifest")
    return part


def _stack(parts: list[Labels], path: str) -> Labels:
    first = {key: value for key, value in parts[0].header.items() if key not in PER_PART}
    names: dict[str, int] = {}
    tables: list[NDArray[np.int32]] = []
    counts = dict.fromkeys(("documents", "empty", "truncated"), 0) | (
        {"read": 0} if "sample" in first else {}
    )
    for number, part in enumerate(parts):
        for key in (key for key in first if key != EMPTY_LOGITS):
            if part.header.get(key) != first[key]:
                raise DsltmError(f"{path}: part {number} is of another run: its {key} is not that of part 0")
        own = [names.setdefault(name, len(names)) for name in part.header.get("gold_names", [])]
        tables.append(np.array([*own, -1], np.int32))
        for key in counts:
            counts[key] += int(part.header.get(key, 0))
        # The first part's header speaks for all: thousands of equal vocabularies would take gigabytes.
        part.header.clear()
    codes = np.concatenate([tables[n][part.gold_codes] for n, part in enumerate(parts)])
    return one_after_another(parts, {**first, **counts, "gold_names": list(names)}, codes)


def one_after_another(
    parts: Sequence[Labels], header: dict[str, Any], gold_codes: NDArray[np.int32]
) -> Labels:
    """The documents of all parts, which count the same words, with this header and these classes."""
    return replace(
        parts[0],
        header=header,
        ids=Strings(
            stacked([part.ids.data for part in parts]), pointers([part.ids.indptr for part in parts])
        ),
        logits=stacked([part.logits for part in parts]),
        hidden=stacked([part.hidden for part in parts]),
        bow_indptr=pointers([part.bow_indptr for part in parts]),
        bow_indices=stacked([part.bow_indices for part in parts]),
        bow_data=stacked([part.bow_data for part in parts]),
        gold_codes=gold_codes,
        flags=np.concatenate([part.flags for part in parts]),
        rows=None,
    )
