"""What a file or folder that dsltm wrote is, by its header, without reading an array."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from dsltm.errors import DsltmError
from dsltm.formats import labels, model
from dsltm.formats.npz import header_of
from dsltm.formats.output import reason
from dsltm.formats.parts import Manifest
from dsltm.formats.source import MANIFEST, is_folder_of_parts
from dsltm.formats.window_log import WINDOW_LOG, documents_kept

if TYPE_CHECKING:
    from collections.abc import Mapping

# The newest version of each format that is read.
_NEWEST = {labels.FORMAT: labels.VERSION, model.FORMAT: model.VERSION}
# A folder with this file is the journal of an unfinished run.
_STATE = "state.json"


def header(path: str) -> dict[str, Any]:
    """What a labels file, a model, or a folder of parts says of itself.

    Raises:
        DsltmError: it is none of them.
    """
    try:
        if is_folder_of_parts(path):
            manifest = Manifest.parse((Path(path) / MANIFEST).read_bytes(), path)
            documents = sum(int(part.get("documents", 0)) for part in manifest.parts.values())
            parts = f"{len(manifest.parts):,} of {manifest.total:,}"
            return manifest.settings | {"format": manifest.holds, "documents": documents, "parts": parts}
        if (state := Path(path) / _STATE).is_file():
            journal = orjson.loads(state.read_bytes())
            unfinished = documents_kept(Path(path) / WINDOW_LOG, journal["rows"])
            return {"format": "dsltm.journal", "texts": journal["rows"] + unfinished}
        os.stat(path)
    except OSError as error:
        raise DsltmError(f"{path}: {reason(error)}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DsltmError(f"{path}: its {_STATE} cannot be read") from error
    about = header_of(path)
    if about is None or not str(about.get("format", "")).startswith("dsltm."):
        raise DsltmError(f"{path}: is no labels file, model, folder of parts or journal of dsltm")
    return about


def facts(path: str) -> dict[str, Any]:
    """At most ten things to know of a file, by their names.

    Raises:
        DsltmError: as `header`.
    """
    about = header(path)
    kind = str(about["format"]).removeprefix("dsltm.")
    out: dict[str, Any] = {"file": path, "is": kind}
    if kind == "journal":
        out["texts read"] = about["texts"]
        return out | {"go on": "the same dsltm distill command again"}
    options, training = _table(about, "hyperparameters"), _table(about, "training")
    teacher, edit = _table(about, "teacher"), about.get("edit")
    out |= {
        "documents": about.get("documents", training.get("documents")),
        "of them read": about.get("read"),
        "parts": about.get("parts"),
        "topics": options.get("topics", about.get("topics")),
        "edited": None if edit is None else "topics were merged or dropped",
        "made by": about.get("backbone"),
        "teacher": _teacher(teacher) if teacher else None,
        "prompts": ", ".join(str(prompt.get("name")) for prompt in about.get("prompts") or []) or None,
        "vocabulary": len(about.get("vocabulary") or ()) or None,
        "classes": len(about.get("gold_names") or ()) or None,
        "read by": _readers(about),
    }
    return {key: value for key, value in out.items() if value is not None}


def fit(first: str, second: str) -> str | None:
    """Why a model and labels do not belong together, or two labels files; None where they do.

    Raises:
        DsltmError: as `header`.
    """
    headers = sorted((header(first), header(second)), key=lambda about: str(about["format"]), reverse=True)
    try:
        model.check_compatible(*headers)
    except DsltmError as error:
        return str(error)
    return None


def _table(about: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = about.get(key)
    return value if isinstance(value, dict) else {}


def _teacher(teacher: Mapping[str, Any]) -> str:
    revision = str(teacher.get("revision") or "")[:12]
    weights = str(teacher.get("weights_sha256") or "")[:12]
    return " ".join(
        filter(None, (str(teacher.get("name")), revision, f"weights {weights}" if weights else ""))
    )


def _readers(about: Mapping[str, Any]) -> str | None:
    """Which versions of dsltm read a file: those that know its format's version."""
    newest, version = _NEWEST.get(str(about["format"])), about.get("version")
    if newest is None or not isinstance(version, int):
        return None
    if version > newest:
        return f"a newer dsltm: its format has version {version}, and this one reads up to {newest}"
    return f"every dsltm that knows version {version} of the format, as this one does"
