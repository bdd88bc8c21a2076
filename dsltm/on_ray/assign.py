"""`assign` on a cluster: a model and new documents in, a folder of assignments out."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsltm.assigning.documents import WORDS, Assigned, assign_windows, reader_of
from dsltm.assigning.rows import FORMAT, assignment_rows, write_matrix
from dsltm.assigning.vectors import check_teacher_reads
from dsltm.assigning.word_reader import WordReader
from dsltm.assigning.words import placed_by_words
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
    from collections.abc import Callable, Iterator

    from dsltm.assigning.config import RowOptions
    from dsltm.assigning.documents import Block
    from dsltm.formats.corpus import Document, Format
    from dsltm.formats.model import Model
    from dsltm.on_ray.pieces import Cut, Piece
    from dsltm.on_ray.session import Cluster
    from dsltm.on_ray.teacher import TeacherChoice

    # The topics of a part's documents; takes the id of each one that fails, and why.
    Place = Callable[[list[Document], list[tuple[str, str]]], Iterator[Block]]


def assign_on_ray(
    model: str,
    corpus: str,
    teacher: TeacherChoice | None,
    rows: RowOptions,
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
        teacher: who reads the documents; None: they are placed by their words, each worker on one core.
        rows: how assignments are written; nothing stands beside them.
        output: the folder. Parts that an earlier run of the same settings finished in it are kept.
        fresh: start over.

    Raises:
        DsltmError: Ray, the corpus, the teacher or the folder are not usable, or a worker failed.
    """
    try:
        data = Path(model).read_bytes()
    except OSError as error:
        raise DsltmError(f"{model}: {reason(error)}") from error
    # Models of vectors from elsewhere have no such limit; their words are no work worth estimating.
    opened = read_model(model)
    limit = int(opened.header.get("max_tokens", 0))
    if teacher is not None:
        check_teacher_reads(opened)
    with connected(cluster.address):
        files, folder = input_files(corpus, format), Folder(output)
        with folder.alone():
            if teacher is None:
                cluster = replace(cluster, cpus=cluster.cpus or 1, gpus=cluster.gpus or 0)
            workers = room(cluster)
            plan = survey(files, cut, max_tokens=limit, count=False)
            job = Job(output, cut, data, teacher, rows, batch_tokens, workers.cpus)
            manifest = open_manifest(folder, FORMAT, job.settings(plan.digest), len(plan.parts), fresh=fresh)
            write_parts(folder, manifest, plan, cut, workers, partial(Assigner, job), "assigning")


@dataclass(frozen=True)
class Job:
    """What a worker must know."""

    output: str
    cut: Cut
    model: bytes
    teacher: TeacherChoice | None
    rows: RowOptions
    batch_tokens: int | None
    cpus: int

    def settings(self, digest: str) -> dict[str, Any]:
        """All settings that decide the rows."""
        fields = self.cut.fields
        return {
            "corpus": digest,
            "model": hashlib.sha256(self.model).hexdigest(),
            **self._reading(),
            "top": self.rows.top,
            "min_prob": self.rows.min_prob,
            "npz": self.rows.npz,
            "part_documents": self.cut.lines,
            "fields": [fields.text, fields.id],
        }

    def _reading(self) -> dict[str, Any]:
        if self.teacher is None:
            return {"reader": WORDS}
        return {"dtype": self.teacher.dtype, "batch_tokens": self.batch_tokens}


class Assigner:
    """A model that takes one piece after another, each into a part file."""

    def __init__(self, job: Job) -> None:
        self._job, self._folder = job, Folder(job.output)
        with tempfile.NamedTemporaryFile(prefix="dsltm-", suffix=".npz") as file:
            file.write(job.model)
            file.flush()
            # The arrays stay mapped when the file is deleted.
            self._model = read_model(file.name)
        self._place = _by_words(self._model) if job.teacher is None else _by_teacher(self._model, job)

    def work(self, piece: Piece, part: int) -> dict[str, Any]:
        """Write a part; see `Worker`."""
        rows, failed = self._job.rows, list[tuple[str, str]]()
        name = part_name(part, "npz" if rows.npz else "jsonl")
        documents = piece.documents(self._job.cut)
        blocks = self._place(documents, failed)
        with self._folder.writing(name) as stream:
            if rows.npz:
                write_matrix(stream, Assigned(len(documents), self._model.numbering.given, blocks))
            else:
                write_jsonl(stream, assignment_rows(blocks, top=rows.top, min_prob=rows.min_prob))
        return {
            "part": part,
            "file": name,
            "documents": len(documents),
            "bytes": self._folder.size(name),
            **({"failed": failed} if failed else {}),
        }


def _by_words(model: Model) -> Place:
    reader = WordReader.of(model)
    return lambda documents, _: placed_by_words(reader, documents)


def _by_teacher(model: Model, job: Job) -> Place:
    from dsltm.assigning.inference import Inference

    assert job.teacher is not None
    teacher = job.teacher.open(job.cpus, model.header["teacher"]["weights_sha256"])
    reader, inference = reader_of(model, teacher, job.batch_tokens), Inference(model)
    widths = len(model.vocabulary), teacher.hidden_size * len(model.header["prompts"])
    return lambda documents, failed: assign_windows(
        inference, read_carefully(reader, documents, widths, failed)
    )
