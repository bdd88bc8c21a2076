"""Part files and their manifest: a part that was finished is not written again, even by a later run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.formats.parts import Manifest
from dsltm.formats.source import MANIFEST
from dsltm.on_ray.flow import by_actors

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsltm.on_ray.flow import Worker
    from dsltm.on_ray.pieces import Cut
    from dsltm.on_ray.session import Workers
    from dsltm.on_ray.storage import Folder
    from dsltm.on_ray.survey import Plan

# So many of the documents that failed are named in a warning.
_SHOWN = 10


def part_name(part: int, suffix: str) -> str:
    """What a part's file is called, such as "part-00012.npz"."""
    return f"part-{part:05}.{suffix}"


def open_manifest(
    folder: Folder, holds: str, settings: dict[str, Any], total: int, *, fresh: bool
) -> Manifest:
    """The manifest of a run: a new one, or that of an earlier run of the same settings.

    Parts whose files are missing or not whole count as not done.

    Raises:
        DsltmError: the folder holds parts of another run.
    """
    data = None if fresh else folder.read(MANIFEST)
    wanted = Manifest(holds, settings, total)
    if data is None:
        return wanted
    earlier = Manifest.parse(data, f"{folder.place}/{MANIFEST}")
    changed = (
        "kind of parts"
        if earlier.holds != holds
        else earlier.changed(Manifest.parse(wanted.dump(), "").settings)
    )
    if changed is not None or earlier.total != total:
        raise DsltmError(
            f"{folder.place}: holds the parts of a run with another {changed or 'number of parts'}",
            hint="the same command as then, or --fresh to start over",
        )
    for number, part in list(earlier.parts.items()):
        if folder.size(part["file"]) != part["bytes"]:
            console.warn(f"{folder.place}: {part['file']} is missing or not whole, and is done again")
            del earlier.parts[number]
    return earlier


def write_parts(
    folder: Folder,
    manifest: Manifest,
    plan: Plan,
    cut: Cut,
    workers: Workers,
    make: Callable[[], Worker],
    doing: str,
) -> None:
    """Have the parts written that a manifest lacks; it is saved after each.

    Args:
        make: makes an actor's worker, which writes the part and answers with its entry in the manifest. Where
            the entry has "same", its value must be equal in all parts of the run.
        doing: what is being done, such as "distilling".

    Raises:
        DsltmError: a part could not be written, or the workers do not agree.
    """
    left = plan.without(manifest.parts)
    done = [plan.parts[number] for number in manifest.parts]
    if done:
        console.info(f"continuing after {len(done):,} of {manifest.total:,} parts")
    _save(folder, manifest)
    if not left:
        return
    with console.progress(doing, plan.documents, "documents", work_total=plan.work) as bar:
        bar.skip(sum(part.documents for part in done), work=sum(part.work for part in done))
        for entry in by_actors(left, cut, workers, make):
            number = entry.pop("part")
            same = next((part.get("same") for part in manifest.parts.values()), entry.get("same"))
            if entry.get("same") != same:
                raise DsltmError(
                    f"part {number} was read as {entry.get('same')} and others as {same}", hint="--dtype"
                )
            manifest.parts[number] = entry
            _save(folder, manifest)
            bar.advance(plan.parts[number].documents, work=plan.parts[number].work)
    failed = [pair for number in sorted(manifest.parts) for pair in manifest.parts[number].get("failed", ())]
    if failed:
        names = ", ".join(repr(name) for name, _ in failed[:_SHOWN]) + (", …" if len(failed) > _SHOWN else "")
        console.warn(f"the teacher failed on {len(failed):,} documents, whose rows are empty: {names}")
        for name, why in failed:
            console.note(f"{name!r}: {why}")


def _save(folder: Folder, manifest: Manifest) -> None:
    with folder.writing(MANIFEST) as stream:
        stream.write(manifest.dump())
