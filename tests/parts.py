"""A folder of parts made of one labels file, without any Ray."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.formats.labels import FORMAT, read_labels, write_labels
from dsltm.formats.parts import Manifest
from dsltm.formats.strings import Strings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dsltm.formats.labels import Labels


def members_of(labels: Labels) -> dict[str, Any]:
    """What `write_labels` writes of labels, beside their header."""
    same = ("logits", "hidden", "bow_indptr", "bow_indices", "bow_data", "flags", "word_embeddings")
    return {name: getattr(labels, name) for name in same} | {
        "ids": labels.ids.data,
        "ids_indptr": labels.ids.indptr,
        "gold": labels.gold_codes,
    }


def split(source: Path, folder: Path, ends: Sequence[int]) -> Path:
    """Cut a labels file at these rows."""
    labels = read_labels(str(source))
    folder.mkdir()
    manifest = Manifest(FORMAT, {}, len(ends) + 1)
    for number, (start, stop) in enumerate(pairwise([0, *ends, len(labels)])):
        rows = slice(start, stop)
        ids, gold = Strings.pack(labels.ids[rows]), labels.gold()[rows]
        names = list(dict.fromkeys(name for name in gold if name is not None))
        pointers = labels.bow_indptr[start : stop + 1]
        counts = slice(pointers[0], pointers[-1])
        header = {key: value for key, value in labels.header.items() if key not in ("format", "version")}
        header |= {"documents": stop - start, "gold_names": names}
        header |= {
            "empty": int((labels.flags[rows] & 1).sum()),
            "truncated": int((labels.flags[rows] >> 1).sum()),
        }
        members = members_of(labels) | {
            "ids": ids.data,
            "ids_indptr": ids.indptr,
            "logits": labels.logits[rows],
            "hidden": labels.hidden[rows],
            "bow_indptr": pointers - pointers[0],
            "bow_indices": labels.bow_indices[counts],
            "bow_data": labels.bow_data[counts],
            "gold": np.array([-1 if name is None else names.index(name) for name in gold], np.int32),
            "flags": labels.flags[rows],
        }
        place = folder / f"part-{number:05}.npz"
        with place.open("wb") as file:
            write_labels(file, header, members)
        manifest.parts[number] = {
            "file": place.name,
            "documents": stop - start,
            "bytes": place.stat().st_size,
        }
    (folder / "manifest.json").write_bytes(manifest.dump())
    return folder
