"""A folder of part files, which many machines wrote, and the manifest that says which there are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from dsltm.errors import DsltmError
from dsltm.formats import labels
from dsltm.formats.output import reason
from dsltm.formats.source import MANIFEST
from dsltm.formats.stacked import stacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsltm.formats.labels import Labels

FORMAT = "dsltm.parts"
VERSION = 1
NOTHING = "empty_logits"  # which machines may round differently; the first part's is kept
PER_PART = ("documents", "empty", "truncated", "gold_names")  # what parts of one run may differ in
_PART = re.compile(r"part-\d{5,}\.[a-z]+")


@dataclass
class Manifest:
    """What a folder of parts holds.

    Attributes:
        holds: the format of the parts, such as "dsltm.labels".
        settings: all that decides their rows.
        total: how many parts there will be.
        parts: of the finished ones by number: "file", "documents", "bytes" and what else is to be told.
    """

    holds: str
    settings: dict[str, Any]
    total: int
    parts: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.parts) == self.total

    def changed(self, settings: dict[str, Any]) -> str | None:
        """The first setting that is another here, in words."""
        keys = [*settings, *self.settings]
        found = next((key for key in keys if self.settings.get(key) != settings.get(key)), None)
        return None if found is None else found.replace("_", " ")

    def dump(self) -> bytes:
        """As JSON."""
        parts = [{"part": number, **self.parts[number]} for number in sorted(self.parts)]
        about = {"format": FORMAT, "version": VERSION, "holds": self.holds, "total": self.total}
        return orjson.dumps(about | {"settings": self.settings, "parts": parts}, option=orjson.OPT_INDENT_2)

    @classmethod
    def parse(cls, data: bytes, name: str) -> Manifest:
        """From JSON.

        Raises:
            DsltmError: not a manifest, or of a newer version.
        """
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise DsltmError(f"{name}: is cut off or altered ({error.msg})") from error
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise DsltmError(f"{name}: is not the manifest of a folder of parts")
        version = found.get("version")
        if not isinstance(version, int) or version > VERSION:
            raise DsltmError(
                f"{name}: was written by a newer dsltm (version {version}; this one reads {VERSION})"
            )
        holds, settings, total, parts = (found.get(key) for key in ("holds", "settings", "total", "parts"))
        if (
            not (isinstance(holds, str) and isinstance(settings, dict) and isinstance(total, int))
            or not isinstance(parts, list)
            or not all(isinstance(part, dict) and _is_part(part, total) for part in parts)
        ):
            raise DsltmError(f"{name}: lists parts that cannot be")
        return cls(holds, settings, total, {part.pop("part"): part for part in parts})


def _is_part(part: dict[str, Any], total: int) -> bool:
    number, file, documents, size = (part.get(key) for key in ("part", "file", "documents", "bytes"))
    whole = all(type(value) is int and value >= 0 for value in (number, documents, size))
    return whole and number < total and isinstance(file, str) and bool(_PART.fullmatch(file))  # type: ignore[operator]


def read_parts(path: str) -> Labels:
    """Open a folder of labels files as one, memory-mapped: rows are read from the parts when they are needed.

    Raises:
        DsltmError: there is no manifest, it is not complete, or a part is missing, damaged or of another run.
    """
    folder = Path(path)
    if not (folder / MANIFEST).exists():
        raise DsltmError(f"{path}: is a directory without a {MANIFEST}, not a labels file")
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise DsltmError(f"{folder / MANIFEST}: {reason(error)}") from error
    manifest = Manifest.parse(data, str(folder / MANIFEST))
    if manifest.holds != labels.FORMAT:
        kind = manifest.holds.removeprefix("dsltm.")
        raise DsltmError(f"{path}: holds parts of {kind} where labels are needed")
    if not manifest.complete or not manifest.total:
        raise DsltmError(
            f"{path}: only {len(manifest.parts):,} of its {manifest.total:,} parts are finished",
            hint="the command that writes it again, which does the others",
        )
    return _stack([_open_part(folder, manifest.parts[number]) for number in range(manifest.total)], path)


def _open_part(folder: Path, part: dict[str, Any]) -> Labels:
    place = folder / part["file"]
    try:
        found = labels.read_labels(str(place))
    except OSError as error:
        raise DsltmError(f"{place}: {reason(error)}") from error
    except DsltmError as error:
        raise DsltmError(
            str(error), hint="without that file the command that writes the folder again"
        ) from error
    if len(found) != part["documents"]:
        raise DsltmError(f"{place}: has {len(found):,} documents, and {part['documents']:,} in the manifest")
    return found


def _stack(parts: list[Labels], path: str) -> Labels:
    first = {key: value for key, value in parts[0].header.items() if key not in PER_PART}
    names: dict[str, int] = {}
    tables: list[NDArray[np.int32]] = []
    counts = dict.fromkeys(("documents", "empty", "truncated"), 0)
    for number, part in enumerate(parts):
        for key in (key for key in first if key != NOTHING):
            if part.header.get(key) != first[key]:
                raise DsltmError(f"{path}: part {number} is of another run: its {key} is not that of part 0")
        own = [names.setdefault(name, len(names)) for name in part.header.get("gold_names", [])]
        tables.append(np.array([*own, -1], np.int32))
        for key in counts:
            counts[key] += int(part.header.get(key, 0))
        part.header.clear()  # thousands of equal vocabularies are gigabytes
    return labels.Labels(
        header={**first, **counts, "gold_names": list(names)},
        ids=labels.Strings(
            stacked([part.ids.data for part in parts]),
            labels.pointers([part.ids.indptr for part in parts]),
        ),
        logits=stacked([part.logits for part in parts]),
        hidden=stacked([part.hidden for part in parts]),
        bow_indptr=labels.pointers([part.bow_indptr for part in parts]),
        bow_indices=stacked([part.bow_indices for part in parts]),
        bow_data=stacked([part.bow_data for part in parts]),
        gold_codes=np.concatenate([tables[n][part.gold_codes] for n, part in enumerate(parts)]),
        flags=np.concatenate([part.flags for part in parts]),
        word_embeddings=parts[0].word_embeddings,
    )
