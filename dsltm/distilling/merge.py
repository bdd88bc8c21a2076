"""Joining shards into the labels file that one machine would have written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, vstack

from dsltm.distilling.merge_samples import are_samples, merge_samples
from dsltm.errors import DsltmError
from dsltm.formats.labels import EMPTY_LOGITS, PER_PART, Labels, read_labels, write_labels
from dsltm.formats.npz import Blocks
from dsltm.formats.strings import Strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

    from dsltm.formats.stacked import Rows

# So many rows of each shard are in memory at a time; chosen, not measured.
_BLOCK_ROWS = 4096
_PER_SHARD = ("shard", *PER_PART)


def merge(paths: Sequence[str], target: BinaryIO) -> int:
    """Write the shards of one corpus, or samples of it, as one labels file, rows in the corpus's order.

    Args:
        paths: labels files of `distill --shard`, all shares of one run, in any order; or of `--sample`.

    Returns:
        The number of documents.

    Raises:
        DsltmError: a shard is missing or given twice, or they do not belong together.
    """
    files = [read_labels(path) for path in paths]
    if are_samples(files):
        return merge_samples(paths, files, target)
    shards = _in_order(paths, files)
    order = len(shards)
    total = sum(map(len, shards))
    names = _gold_names(shards)
    header = {key: value for key, value in shards[0].header.items() if key not in _PER_SHARD}
    header |= {
        "shard": [0, 1],
        "documents": total,
        "empty": sum(shard.header["empty"] for shard in shards),
        "truncated": sum(shard.header["truncated"] for shard in shards),
        **({"read": sum(shard.read_count for shard in shards)} if "sample" in header else {}),
        "gold_names": names,
    }
    ids = Strings.pack(shards[row % order].ids[row // order] for row in range(total))
    members: dict[str, Rows | Blocks] = {
        "ids": ids.data,
        "ids_indptr": ids.indptr,
        "gold": _interleave([_recode(shard, names) for shard in shards]),
        "flags": _interleave([shard.flags for shard in shards]),
        "word_embeddings": shards[0].word_embeddings,
        "logits": _rows(shards, lambda shard: shard.logits),
        "hidden": _rows(shards, lambda shard: shard.hidden),
        **_bow(shards),
    }
    write_labels(target, header, members)
    return total


def _in_order(paths: Sequence[str], shards: Sequence[Labels]) -> list[Labels]:
    """The shards in the order of their numbers, after a check that none is missing and all are of one run."""
    first = shards[0].header
    for path, shard in zip(paths, shards, strict=True):
        for key in (key for key in first if key != EMPTY_LOGITS):
            if key not in _PER_SHARD and shard.header.get(key) != first[key]:
                raise DsltmError(f"{path} and {paths[0]} do not belong together: they differ in {key!r}")
        if shard.header.get("shard", [0, 1])[1] != first["shard"][1]:
            raise DsltmError(f"{path} and {paths[0]} do not belong together: they are not of one run")
    count = first["shard"][1]
    by_number = {shard.header["shard"][0]: shard for shard in shards}
    missing = [f"{number + 1}/{count}" for number in range(count) if number not in by_number]
    if missing:
        raise DsltmError(f"shard {', '.join(missing)} is missing")
    if len(shards) != count:
        raise DsltmError(f"of {count} shards {len(shards)} files were given: one is given twice")
    ordered = [by_number[number] for number in range(count)]
    total = sum(map(len, ordered))
    if any(len(shard) != len(range(number, total, count)) for number, shard in enumerate(ordered)):
        raise DsltmError("the shards' numbers of documents do not fit each other")
    return ordered


def _gold_names(shards: Sequence[Labels]) -> list[str]:
    """The classes in the order in which the whole corpus names them."""
    first: dict[str, int] = {}
    for number, shard in enumerate(shards):
        codes, rows = np.unique(shard.gold_codes, return_index=True)
        for code, row in zip(codes, rows, strict=True):
            if code >= 0:
                name, place = shard.header["gold_names"][code], int(row) * len(shards) + number
                first[name] = min(place, first.get(name, place))
    return sorted(first, key=lambda name: first[name])


def _recode(shard: Labels, names: list[str]) -> NDArray[np.int32]:
    codes = {name: code for code, name in enumerate(names)}
    table = np.array([*(codes.get(name, -1) for name in shard.header["gold_names"]), -1], np.int32)
    return table[shard.gold_codes]


def _interleave(parts: Sequence[Rows]) -> NDArray[Any]:
    """[N] or [N, …] from shards whose rows take turns."""
    out = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for number, part in enumerate(parts):
        out[number :: len(parts)] = part
    return out


def _rows(shards: Sequence[Labels], array: Callable[[Labels], Rows]) -> Blocks:
    """The rows of the documents that were read."""
    read = [np.arange(len(shard)) if shard.read is None else shard.read for shard in shards]

    def blocks() -> Iterator[NDArray[np.float16]]:
        for start in range(0, max(map(len, shards)), _BLOCK_ROWS):
            taken, places = [], []
            for number, shard in enumerate(shards):
                some = slice(*np.searchsorted(read[number], (start, start + _BLOCK_ROWS)))
                taken.append(array(shard)[some])
                places.append(read[number][some] * len(shards) + number)
            yield np.concatenate(taken)[np.argsort(np.concatenate(places))]

    width = array(shards[0]).shape[1]
    return Blocks((sum(map(len, read)), width), np.dtype(np.float16), blocks())


def _bow(shards: Sequence[Labels]) -> dict[str, NDArray[Any]]:
    """The word counts of all shards, in CSR form."""
    places = np.concatenate([np.arange(len(shard)) * len(shards) + n for n, shard in enumerate(shards)])
    counts = csr_array(vstack([shard.counts for shard in shards]))[np.argsort(places)]
    return {
        "bow_indptr": counts.indptr.astype(np.int64),
        "bow_indices": counts.indices.astype(np.int32),
        "bow_data": counts.data,
    }
