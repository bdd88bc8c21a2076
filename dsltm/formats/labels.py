"""Labels files: what the teacher said of every document."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO, overload

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.npz import VERSION, Blocks, open_npz, write_npz

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

FORMAT = "dsltm.labels"
EMPTY, TRUNCATED, FAILED = 1, 2, 4
_BLOCK = 1 << 14


class Strings(Sequence[str]):
    """Strings in one block of UTF-8 bytes, so that a million ids need no million objects.

    Args:
        data: uint8 [bytes], the strings one after another.
        indptr: int64 [N + 1], string i is `data[indptr[i]:indptr[i + 1]]`.
    """

    def __init__(self, data: NDArray[np.uint8], indptr: NDArray[np.int64]) -> None:
        self.data, self.indptr = data, indptr

    @classmethod
    def pack(cls, strings: Iterable[str]) -> Strings:
        encoded = [string.encode() for string in strings]
        indptr = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(string) for string in encoded], out=indptr[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), indptr)

    @classmethod
    def joined(cls, parts: Sequence[Strings]) -> Strings:
        """The strings of all parts, one part's after another's."""
        data = [np.empty(0, np.uint8), *(part.data for part in parts)]
        return cls(np.concatenate(data), pointers([part.indptr for part in parts]))

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._between(start, stop) if step == 1 else [self[i] for i in range(start, stop, step)]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._between(index, index + 1)[0]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _BLOCK):
            yield from self._between(start, min(start + _BLOCK, len(self)))

    def _between(self, start: int, stop: int) -> list[str]:
        ends = self.indptr[start : stop + 1].tolist() or [0]
        data = self.data[ends[0] : ends[-1]].tobytes()
        try:
            return [data[i - ends[0] : j - ends[0]].decode() for i, j in pairwise(ends)]
        except UnicodeDecodeError as exc:
            raise DsltmError(f"an id among the rows {start} to {stop - 1} is not UTF-8") from exc


def pointers(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The indptr of CSR matrices, or of strings, under each other, from their own."""
    starts = np.cumsum([0, *(int(part[-1]) for part in parts)])
    shifted = (part[1:] + start for part, start in zip(parts, starts[:-1], strict=True))
    return np.concatenate([np.zeros(1, np.int64), *shifted])


@dataclass(frozen=True)
class Labels:
    """One row a document, in the order of the corpus; N documents, V words, H hidden units.

    Attributes:
        header: JSON object: teacher, prompts, projection, vocabulary, counts, gold_names.
        ids: N strings.
        logits: [N, V] float16, the teacher's logits of the vocabulary at the last prompt position.
        hidden: [N, H] float16, the post-norm hidden state there; prompts side by side.
        bow_indptr, bow_indices, bow_data: [N, V] word counts in CSR form.
        gold_codes: [N] int32 into header["gold_names"], -1 where a document has no label.
        flags: [N] uint8, bits EMPTY (1), TRUNCATED (2), and FAILED (4), which is EMPTY too.
        word_embeddings: [V, E] float16, the teacher's output embeddings of the vocabulary.
    """

    header: dict[str, Any]
    ids: Strings
    logits: NDArray[np.float16]
    hidden: NDArray[np.float16]
    bow_indptr: NDArray[np.int64]
    bow_indices: NDArray[np.int32]
    bow_data: NDArray[np.int32]
    gold_codes: NDArray[np.int32]
    flags: NDArray[np.uint8]
    word_embeddings: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.logits)

    @property
    def vocabulary(self) -> list[str]:
        return list(self.header["vocabulary"])

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


_DTYPES: dict[str, tuple[type[np.generic], int]] = {
    "ids": (np.uint8, 1),
    "ids_indptr": (np.int64, 1),
    "logits": (np.float16, 2),
    "hidden": (np.float16, 2),
    "bow_indptr": (np.int64, 1),
    "bow_indices": (np.int32, 1),
    "bow_data": (np.int32, 1),
    "gold": (np.int32, 1),
    "flags": (np.uint8, 1),
    "word_embeddings": (np.float16, 2),
}


def write_labels(target: BinaryIO, header: dict[str, Any], members: dict[str, NDArray[Any] | Blocks]) -> None:
    """Stream a labels file to `target`; `members` are the arrays of `Labels` by their names on disk."""
    write_npz(
        target, {"format": FORMAT, "version": VERSION, **header}, ((name, members[name]) for name in _DTYPES)
    )


def read_labels(path: str) -> Labels:
    """Open a labels file (`-`: standard input), or a folder of them with a manifest, memory-mapped.

    Raises:
        DsltmError: not a labels file, or its parts do not fit each other.
    """
    if path != "-" and os.path.isdir(path):
        from dsltm.formats.parts import read_parts

        return read_parts(path)
    header, arrays = open_npz(path, expect=FORMAT)
    name = "standard input" if path == "-" else path
    for key, (dtype, dimensions) in _DTYPES.items():
        if key not in arrays or arrays[key].dtype != dtype or arrays[key].ndim != dimensions:
            raise DsltmError(f"{name}: its array {key!r} is missing or of another type")
    labels = Labels(
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
    _check_shapes(labels, name)
    return labels


def _check_shapes(labels: Labels, name: str) -> None:
    vocabulary = labels.header.get("vocabulary")
    if not isinstance(vocabulary, list) or not all(isinstance(word, str) for word in vocabulary):
        raise DsltmError(f"{name}: its header has no vocabulary")
    rows, words = labels.logits.shape
    if not (
        words == len(vocabulary) == len(labels.word_embeddings)
        and rows == len(labels.hidden) == len(labels.gold_codes) == len(labels.flags) == len(labels.ids)
        and _is_csr(labels.ids.indptr, len(labels.ids.data), rows)
        and _is_csr(labels.bow_indptr, len(labels.bow_data), rows)
        and len(labels.bow_indices) == len(labels.bow_data)
    ):
        raise DsltmError(f"{name}: its arrays do not fit each other")
    codes, names = labels.gold_codes, labels.header.get("gold_names", [])
    if not isinstance(names, list) or (rows and not -1 <= codes.min() <= codes.max() < max(len(names), 1)):
        raise DsltmError(f"{name}: its gold labels do not fit their names")
    if len(labels.bow_indices) and not 0 <= labels.bow_indices.min() <= labels.bow_indices.max() < words:
        raise DsltmError(f"{name}: its word counts name words outside the vocabulary")


def _is_csr(indptr: NDArray[np.int64], size: int, rows: int) -> bool:
    return (
        len(indptr) == rows + 1
        and indptr[0] == 0
        and indptr[-1] == size
        and bool((np.diff(indptr) >= 0).all())
    )
