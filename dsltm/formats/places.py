"""Which files make up a corpus: one, several, those of a folder, or what fsspec reaches."""

from __future__ import annotations

import glob
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsltm.errors import DsltmError, UsageError
from dsltm.formats.forms import form_by_name
from dsltm.formats.inputs import copied, note_corpus, note_input
from dsltm.formats.output import reason
from dsltm.formats.source import STDIN, Source, is_folder_of_parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

_INSTALL = "pip install 'dsltm[remote]'"
# The exceptions of libraries under fsspec when the network fails: module and name.
_LIBRARIES = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("httpx", "HTTPError"),  # of huggingface_hub, for hf://, as the next one
    ("httpx2", "HTTPError"),
)
# Forms of plain text: in a folder each such file is a document.
_DOCUMENTS = ("lines", "text")


@dataclass(frozen=True, slots=True)
class Place:
    """A file of a corpus.

    Attributes:
        path: a path, an address that fsspec knows, or "-".
        inside: the path within the folder that was given; empty for a file that was given itself.
    """

    path: str
    inside: str = ""

    def open(self, encoding: str | None) -> Source:
        """Open the file; one that is far away is copied to this machine first.

        Raises:
            DsltmError: it cannot be opened.
        """
        source = _Fetched(self.path, encoding) if is_remote(self.path) else Source(self.path, encoding)
        source.inside = self.inside
        return source


def is_remote(path: str) -> bool:
    """Whether a path is an address such as s3://bucket/file, not of this machine's file system."""
    return "://" in path


def places_of(paths: Sequence[str]) -> list[Place]:
    """The files of a corpus, those of a folder in the order of their names.

    A path may be a pattern such as 'posts/*.csv'. Of a folder those files are taken whose names tell a form
    that is read. Where tables or JSON are among them, texts (.txt, .md) are passed over as notes on them.
    Hidden files, and those whose names begin with an underscore, are always passed over.

    Raises:
        DsltmError: a path does not exist, or a folder holds nothing that is read.
    """
    if len(paths) > 1 and STDIN in paths:
        raise UsageError("standard input stands alone: no other file beside it")
    return [place for path in paths for place in _places(path)]


def _places(path: str) -> list[Place]:
    note_input(path)
    if is_remote(path):
        return _remote(path)
    if os.path.isdir(path):
        note_corpus(path)
        if is_folder_of_parts(path):
            raise DsltmError(f"{path}: holds parts that dsltm wrote, not a corpus")
        names = [
            os.path.relpath(os.path.join(folder, name), path)
            for folder, inner, files in os.walk(path)
            for name in (*files, *_prune(inner))
            if _may_be_read(os.path.join(folder, name))
        ]
        return [Place(os.path.join(path, name), name) for name in chosen_files(names, path)]
    if not os.path.lexists(path) and glob.has_magic(path):
        return [
            Place(match) for match in sorted(glob.glob(path, recursive=True)) if os.path.isfile(match)
        ] or [Place(path)]
    return [Place(path)]


def _may_be_read(path: str) -> bool:
    """Whether a path is a file, or a broken link, which will be an error; a pipe would be waited for."""
    return os.path.isfile(path) or not os.path.exists(path)


def _prune(folders: list[str]) -> list[str]:
    """Keep `os.walk` out of hidden folders; nothing of them is listed."""
    folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
    return []


def chosen_files(names: Sequence[str], folder: str) -> list[str]:
    """Those files of a folder that are read, in order.

    Raises:
        DsltmError: none of its files is read.
    """
    shown = [n for n in names if not any(step.startswith((".", "_")) for step in n.split("/"))]
    forms = {name: form for name in sorted(shown) if (form := form_by_name(name)) is not None}
    tables = [name for name, form in forms.items() if form not in _DOCUMENTS]
    if not forms:
        raise DsltmError(
            f"{folder}: no files that are read, among {len(names):,}",
            hint="names that end in .jsonl, .json, .csv, .tsv, .txt, .md, .parquet, .arrow or .xlsx",
        )
    return tables or list(forms)


def _remote(path: str) -> list[Place]:
    system, root = _reach(path)
    protocol = path.partition("://")[0]
    try:
        if glob.has_magic(root) and protocol not in ("http", "https"):
            return [Place(f"{protocol}://{name}") for name in sorted(system.glob(root))] or [Place(path)]
        if protocol in ("http", "https") or not system.isdir(root):
            return [Place(path)]
        inside = {name: name.removeprefix(root.rstrip("/")).lstrip("/") for name in system.find(root)}
    except remote_failures() as error:
        raise unreachable(path, error) from error
    full = {short: name for name, short in inside.items()}
    return [Place(f"{protocol}://{full[short]}", short) for short in chosen_files(list(full), path)]


def _reach(path: str) -> tuple[Any, str]:
    """The file system of an address, and the path of the address in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise DsltmError(f"{path}: addresses are read by fsspec", hint=_INSTALL) from None
    try:
        system, root = url_to_fs(path)
    except remote_failures() as error:
        raise unreachable(path, error) from error
    return system, str(root)


class _Fetched(Source):
    """A file that fsspec reaches, as a copy on this machine that vanishes when it is closed."""

    def __init__(self, address: str, encoding: str | None) -> None:
        self.name, self.encoding, self._digest, self._start = address, encoding, None, 0
        system, root = _reach(address)
        try:
            with system.open(root, "rb") as stream:
                self._file: BinaryIO = copied(stream)
        except remote_failures() as error:
            raise unreachable(address, error) from error


def remote_failures() -> tuple[type[Exception], ...]:
    """The exceptions of file systems that cannot be reached, as far as their libraries have been imported."""
    failures: list[type[Exception]] = [OSError, ValueError, RuntimeError, ImportError]
    for module, name in _LIBRARIES:
        if (failure := getattr(sys.modules.get(module), name, None)) is not None:
            failures.append(failure)
    return tuple(failures)


def unreachable(address: str, error: Exception) -> DsltmError:
    """The error that says that an address cannot be reached, and why."""
    if isinstance(error, FileNotFoundError) and isinstance(error.__cause__, remote_failures()):
        # To fsspec a server that does not answer has no such file.
        error = error.__cause__
    if isinstance(error, FileNotFoundError):
        return DsltmError(f"{address}: no such file")
    if isinstance(error, ImportError):
        # Most of these messages name the package.
        hint = None if "nstall" in str(error) else _INSTALL
        return DsltmError(f"{address}: cannot be reached: {error}", hint=hint)
    message = reason(error) if isinstance(error, OSError) else str(error)
    why = message.partition("\n")[0] or type(error).__name__
    return DsltmError(f"{address}: cannot be reached: {why[:200]}")
