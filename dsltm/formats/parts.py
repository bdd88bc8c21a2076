"""A folder of part files, which several machines wrote, and the manifest that lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from dsltm.errors import DsltmError
from dsltm.formats.output import reason
from dsltm.formats.source import MANIFEST

FORMAT = "dsltm.parts"
VERSION = 1
_PART = re.compile(r"part-\d{5,}\.[a-z]+")


@dataclass
class Manifest:
    """What a folder of parts holds.

    Attributes:
        holds: the format of the parts, such as "dsltm.labels".
        settings: all that decides their rows.
        total: how many parts the finished folder has.
        parts: of the finished ones by number: "file", "documents", "bytes" and what else the writer recorded.
    """

    holds: str
    settings: dict[str, Any]
    total: int
    parts: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.parts) == self.total

    def changed(self, settings: dict[str, Any]) -> str | None:
        """The name of the first setting that differs, with spaces; None where all are the same."""
        keys = [*settings, *self.settings]
        other = next((key for key in keys if self.settings.get(key) != settings.get(key)), None)
        return None if other is None else other.replace("_", " ")

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
            manifest = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise DsltmError(f"{name}: is cut off or altered ({error.msg})") from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise DsltmError(f"{name}: is not the manifest of a folder of parts")
        version = manifest.get("version")
        if not isinstance(version, int) or version > VERSION:
            raise DsltmError(
                f"{name}: was written by a newer dsltm (version {version}; this one reads {VERSION})"
            )
        holds, settings, total, parts = (manifest.get(key) for key in ("holds", "settings", "total", "parts"))
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


def finished_parts(path: str, holds: str) -> list[tuple[Path, int]]:
    """The part files of a folder in their order, each with the number of its documents.

    Args:
        path: the folder.
        holds: the format that its parts must have.

    Raises:
        DsltmError: the manifest is missing, is of another format, or is not complete.
    """
    folder, kind = Path(path), holds.removeprefix("dsltm.")
    if not (folder / MANIFEST).exists():
        raise DsltmError(f"{path}: is a directory without a {MANIFEST}, not a {kind} file")
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise DsltmError(f"{folder / MANIFEST}: {reason(error)}") from error
    manifest = Manifest.parse(data, str(folder / MANIFEST))
    if manifest.holds != holds:
        other = manifest.holds.removeprefix("dsltm.")
        raise DsltmError(f"{path}: holds parts of {other} where {kind} are needed")
    if not manifest.complete or not manifest.total:
        raise DsltmError(
            f"{path}: only {len(manifest.parts):,} of its {manifest.total:,} parts are finished",
            hint="the command that writes it again, which does the others",
        )
    parts = [manifest.parts[number] for number in range(manifest.total)]
    return [(folder / part["file"], part["documents"]) for part in parts]
