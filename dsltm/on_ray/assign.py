"""`assign` on a cluster: a model and new documents in, a folder of assignments out."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsltm.assigning.documents import (
    FORMAT,
    Assigned,
    assign_windows,
    assignment_rows,
    reader_of,
    write_matrix,
)
from dsltm.errors import DsltmError
from dsltm.formats.model import read_model
from dsltm.formats.output import reason
from dsltm.formats.records import write_jsonl
from dsltm.on_ray.careful import read_carefully
from dsltm.on_ray.pieces import input_files
from dsltm.on_ray.session import connected, room
from dsltm.on_ray.storage import Folder
from dsltm.on_ray.survey import survey
from dsltm.on_ray.writing import open_manifest, part_name, write_parts

if TYPE_CHECKING:
    from dsltm.formats.corpus import Format
    from dsltm.on_ray.distill import Cluster, TeacherChoice
    from dsltm.on_ray.pieces import Cut, Piece


@dataclass(frozen=True)
class Written:
    """How assignments are written; see `assignment_rows`."""

    top: int | None
    min_prob: float
    npz: bool


def assign_on_ray(
    model: str,
    corpus: str,
    teacher: TeacherChoice,
    written: Written,
    cut: Cut,
    cluster: Cluster,
    *,
    batch_tokens: int | None,
    output: str,
    format: Format = "auto",  # noqa: A002
    fresh: bool = False,
) -> None:
    """Give the documents of a corpus their topics, and write a folder of assignments.

    Args:
        model: a model file; the machines of the cluster need not reach it.
        corpus: a file or a folder, path or URI.
        output: the folder. Parts that an earlier run of the same settings finished in it are kept.
        fresh: start over.

    Raises:
        DsltmError: Ray, the corpus, the teacher or the folder are not usable, or a worker failed.
    """
    try:
        data = Path(model).read_bytes()
    except OSError as error:
        raise DsltmError(f"{model}: {reason(error)}") from error
    limit = int(read_model(model).header["max_tokens"])
    with connected(cluster.address):
        files, folder = input_files(corpus, format), Folder(output)
        with folder.alone():
            workers = room(cluster.workers, cluster.cpus, cluster.gpus)
            plan = survey(files, cut, max_tokens=limit, count=False)
            job = Job(output, cut, data, teacher, written, batch_tokens, workers.cpus)
            manifest = open_manifest(folder, FORMAT, job.settings(plan.digest), len(plan.parts), fresh=fresh)
            write_parts(folder, manifest, plan, cut, workers, partial(Assigner, job), "assigning")


@dataclass(frozen=True)
class Job:
    """What a worker must know."""

    output: str
    cut: Cut
    model: bytes
    teacher: TeacherChoice
    written: Written
    batch_tokens: int | None
    cpus: int

    def settings(self, digest: str) -> dict[str, Any]:
        """All settings that decide the rows."""
        fields = self.cut.fields
        return {
            "corpus": digest,
            "model": hashlib.sha256(self.model).hexdigest(),
            "dtype": self.teacher.dtype,
            "batch_tokens": self.batch_tokens,
            "top": self.written.top,
            "min_prob": self.written.min_prob,
            "npz": self.written.npz,
            "part_documents": self.cut.lines,
            "fields": [fields.text, fields.id],
        }


class Assigner:
    """A teacher and a model that take one piece after another, each into a part file."""

    def __init__(self, job: Job) -> None:
        from dsltm.assigning.inference import Inference

        self._job, self._folder = job, Folder(job.output)
        with tempfile.NamedTemporaryFile(prefix="dsltm-", suffix=".npz") as file:
            file.write(job.model)
            file.flush()
            # The arrays stay mapped when the file is deleted.
            self._model = read_model(file.name)
        teacher = job.teacher.open(job.cpus, self._model.header["teacher"]["weights_sha256"])
        self._reader = reader_of(self._model, teacher, job.batch_tokens)
        self._inference = Inference(self._model)
        prompts = len(self._model.header["prompts"])
        self._widths = len(self._model.vocabulary), teacher.hidden_size * prompts

    def work(self, piece: Piece, part: int) -> dict[str, Any]:
        """Write a part; see `Worker`."""
        written, failed = self._job.written, list[tuple[str, str]]()
        name = part_name(part, "npz" if written.npz else "jsonl")
        documents = piece.documents(self._job.cut)
        windows = read_carefully(self._reader, documents, self._widths, failed)
        blocks = assign_windows(self._inference, windows)
        with self._folder.writing(name) as stream:
            if written.npz:
                write_matrix(stream, Assigned(len(documents), self._model.numbering.given, blocks))
            else:
                write_jsonl(stream, assignment_rows(blocks, top=written.top, min_prob=written.min_prob))
        return {
            "part": part,
            "file": name,
            "documents": len(documents),
            "bytes": self._folder.size(name),
            **({"failed": failed} if failed else {}),
        }
