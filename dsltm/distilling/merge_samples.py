"""Joining samples of one corpus: what any of them read is read in the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.errors import DsltmError
from dsltm.formats.blocks import slices
from dsltm.formats.labels import EMPTY_LOGITS, PER_PART, TRUNCATED, UNREAD, Labels, write_labels
from dsltm.formats.npz import Blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

    from dsltm.formats.stacked import Rows

# So many rows are in memory at a time; chosen, not measured.
_BLOCK_ROWS = 4096
_PER_SAMPLE = ("sample", EMPTY_LOGITS, *PER_PART)


def are_samples(files: Sequence[Labels]) -> bool:
    """Whether labels files are several samples of the same documents, and not shards of them."""
    shards = [file.header.get("shard") for file in files]
    sampled = any("sample" in file.header for file in files)
    return sampled and len(files) > 1 and shards.count(shards[0]) == len(files)


def merge_samples(paths: Sequence[str], samples: Sequence[Labels], target: BinaryIO) -> int:
    """Write samples of the same N documents as one; of a text that two of them read the first one counts.

    Args:
        paths: what the samples are called.
        samples: labels files of `distill --sample`.

    Returns:
        N.

    Raises:
        DsltmError: they are of different corpora, or were not read in the same way.
    """
    first = samples[0]
    for path, sample in zip(paths, samples, strict=True):
        keys = {*first.header, *sample.header}.difference(_PER_SAMPLE)
        for key in sorted(key for key in keys if sample.header.get(key) != first.header.get(key)):
            raise DsltmError(f"{path} and {paths[0]} do not belong together: they differ in {key!r}")
    read = np.stack([~sample.unread for sample in samples])
    flags = np.bitwise_or.reduce([sample.flags & ~np.uint8(UNREAD) for sample in samples])
    flags[~read.any(axis=0)] |= UNREAD
    header: dict[str, Any] = {
        **first.header,
        "truncated": int(((flags & TRUNCATED) != 0).sum()),
        "read": int(read.any(axis=0).sum()),
        "sample": [sample.header["sample"] for sample in samples if "sample" in sample.header],
    }
    members: dict[str, Rows | Blocks] = {
        "ids": first.ids.data,
        "ids_indptr": first.ids.indptr,
        "gold": first.gold_codes,
        "flags": flags,
        "word_embeddings": first.word_embeddings,
        "logits": _rows(samples, read, lambda sample: sample.logits),
        "hidden": _rows(samples, read, lambda sample: sample.hidden),
        "bow_indptr": first.bow_indptr,
        "bow_indices": first.bow_indices,
        "bow_data": first.bow_data,
    }
    write_labels(target, header, members)
    return len(first)


def _rows(samples: Sequence[Labels], read: NDArray[np.bool_], array: Callable[[Labels], Rows]) -> Blocks:
    """The rows of the documents that a sample read, each of the first sample that did.

    Args:
        read: [S, N] whether a sample read a document.
    """
    documents, owner, places = np.flatnonzero(read.any(axis=0)), read.argmax(axis=0), read.cumsum(axis=1) - 1
    width = array(samples[0]).shape[1]

    def blocks() -> Iterator[NDArray[np.float16]]:
        for block in slices(len(documents), _BLOCK_ROWS):
            some = documents[block]
            rows = np.empty((len(some), width), np.float16)
            for number, sample in enumerate(samples):
                own = owner[some] == number
                rows[own] = array(sample)[places[number, some[own]]]
            yield rows

    return Blocks((len(documents), width), np.dtype(np.float16), blocks())
