"""Options that several subcommands share, so that they are called and explained alike everywhere.

Arguments and single options are types for a parameter. Groups are dataclasses: a parameter of such a type has
all of their options, and their methods open what the options are about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsltm import console
from dsltm.errors import UsageError
from dsltm.formats.corpus import Corpus, Fields, Format, OnError, Reading
from dsltm.formats.output import is_stdout
from dsltm.formats.source import STDIN
from dsltm.formats.tables import TableForm
from dsltm.option import option
from dsltm.teacher.files.registry import ALIASES, DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dsltm.on_ray.pieces import Cut
    from dsltm.on_ray.session import Cluster
    from dsltm.on_ray.teacher import TeacherChoice
    from dsltm.teacher.reading.teacher import Teacher

# The headings of the options in help and manual.
CORPUS, TEACHER, RAY = "Corpus", "Teacher", "Many machines"
# The documents of a part file; chosen, not measured.
PART_DOCUMENTS = 16384
PARAMETER_TYPES = ("auto", "float32", "bfloat16", "float16")

CorpusFile = Annotated[
    str,
    typer.Argument(
        metavar="CORPUS", help="Documents: a file, a folder, a pattern or an address; - is standard input."
    ),
]
CorpusFiles = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CORPUS...",
        help="Documents: files, folders, patterns or addresses, one after another; - is standard input.",
        show_default="-",
    ),
]
ModelFile = Annotated[
    str, typer.Argument(metavar="MODEL", help="Model file from `dsltm train`; - is standard input.")
]
TopicsFile = Annotated[
    str,
    typer.Argument(
        metavar="TOPICS",
        help='A label a line, or JSON lines with "label", as from dsltm generate; - is standard input.',
    ),
]
Output = Annotated[
    str | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write here instead of to standard output."),
]
OutputFormat = Annotated[
    TableForm | None,
    typer.Option(
        "--output-format",
        help="What is written: JSON lines, CSV, TSV or Parquet.",
        show_default="by the name of the output, else jsonl",
    ),
]
LabelsOption = Annotated[
    str | None,
    typer.Option("--labels", metavar="FILE", help="The corpus's labels file, not to distil it again."),
]


@dataclass(frozen=True)
class CorpusOptions:
    """How a corpus is read: its form and the field of the text."""

    text_field: str = option("text", "Field or column of the text.", metavar="NAME", heading=CORPUS)
    format: Format = option(
        "auto",
        "What the corpus is: objects a line (jsonl) or in an array (json), a text a line (lines) or a file "
        "(text), or a table with a heading; auto goes by content and name.",
        heading=CORPUS,
    )
    encoding: str | None = option(
        None,
        "What the text is encoded in, such as latin-1, cp1252 or utf-16-le.",
        metavar="NAME",
        words=("utf-8", "utf-16", "latin-1", "cp1252", "shift_jis", "gb18030"),
        heading=CORPUS,
        shown="utf-8, or what a byte order mark tells",
    )
    on_error: OnError = option(
        "fail", "At a row that is not a document: fail, or skip and count it.", heading=CORPUS
    )

    @property
    def fields(self) -> Fields:
        """The names of the fields; None for those that the command does not ask for."""
        return Fields(self.text_field, getattr(self, "id_field", None), getattr(self, "label_field", None))

    def open(self, path: str | Sequence[str], fields: Fields | None = None) -> Corpus:
        """The corpus in a file, or in several; `fields` where they are others than those of the options."""
        return Corpus(path, fields or self.fields, Reading(self.format, self.encoding, self.on_error))


@dataclass(frozen=True)
class CorpusWithIds(CorpusOptions):
    """The same where documents are known by their ids."""

    id_field: str = option(
        "id",
        "Field of the document's id; without one, its 0-based line number.",
        metavar="NAME",
        heading=CORPUS,
    )


@dataclass(frozen=True)
class CorpusWithLabels(CorpusWithIds):
    """The same where their classes count, too."""

    label_field: str = option("label", "Field of the document's class.", metavar="NAME", heading=CORPUS)


@dataclass(frozen=True)
class TeacherOptions:
    """Which teacher, and how it runs."""

    teacher: str | None = option(
        DEFAULT,
        "Alias (see dsltm teachers), hub id (org/name[@revision]), directory or .gguf file.",
        metavar="NAME|FILE",
        words=tuple(ALIASES),
        heading=TEACHER,
    )
    dtype: str = option(
        "auto",
        "auto, float32, bfloat16 or float16; auto: the fast one.",
        metavar="TYPE",
        words=PARAMETER_TYPES,
        heading=TEACHER,
    )
    device: str = option(
        "auto",
        "auto, cpu, cuda, cuda:1 or mps.",
        metavar="NAME",
        words=("auto", "cpu", "cuda", "mps"),
        heading=TEACHER,
    )
    trust_remote_code: bool = option(False, "Run Python code that comes with the teacher.", heading=TEACHER)

    def open(self, recorded: Mapping[str, Any] | None = None) -> Teacher:
        """The teacher that was chosen, else the one that a file's header records, else the default."""
        from dsltm.teacher.files.load import load_teacher

        return load_teacher(
            self.name_or(recorded),
            weights_sha256=recorded["weights_sha256"] if recorded and not self.teacher else None,
            dtype=self.dtype,
            device=self.device,
            trust_remote_code=self.trust_remote_code,
            notify=console.info,
        )

    def name_or(self, recorded: Mapping[str, Any] | None) -> str:
        """The name of the chosen teacher, else of the recorded one, else of the default."""
        return self.teacher or (str(recorded["name"]) if recorded else DEFAULT)

    def on_workers(self, recorded: Mapping[str, Any] | None = None) -> TeacherChoice:
        """The same teacher for the workers of a cluster to open."""
        from dsltm.on_ray.teacher import TeacherChoice

        return TeacherChoice(self.name_or(recorded), self.dtype, self.device, self.trust_remote_code)


@dataclass(frozen=True)
class TeacherOfFile(TeacherOptions):
    """The same where a labels or model file names its teacher already."""

    teacher: str | None = option(
        None,
        "Alias, hub id, directory or .gguf file, as for dsltm distill.",
        metavar="NAME|FILE",
        words=tuple(ALIASES),
        heading=TEACHER,
        shown="the one that the labels or the model were made with",
    )


@dataclass(frozen=True)
class RayOptions:
    """Work on the machines of a Ray cluster."""

    ray: str | None = option(
        None,
        "Work on a Ray cluster, into a folder of part files: its address, auto for the one of this machine "
        "or of RAY_ADDRESS, or local to start one here.",
        metavar="ADDRESS",
        heading=RAY,
    )
    workers: int | None = option(
        None, "How many teachers work at once.", metavar="N", min=1, shown="as there is room", heading=RAY
    )
    cpus_per_worker: int | None = option(
        None, "Cores of a worker.", metavar="N", min=1, shown="up to 4; with a GPU, 1", heading=RAY
    )
    gpus_per_worker: float | None = option(
        None,
        "GPUs of a worker; 0.5: two share one.",
        metavar="N",
        min=0,
        shown="1 where there are any",
        heading=RAY,
    )
    part_documents: int | None = option(
        None, "Documents of a part file.", metavar="N", min=1, shown=f"{PART_DOCUMENTS:,}", heading=RAY
    )

    def check(
        self,
        output: str | None,
        corpus: str,
        *,
        needing: Mapping[str, object] | None = None,
        refusing: Mapping[str, object] | None = None,
    ) -> None:
        """Refuse what makes no sense with Ray, or without it.

        Args:
            needing: further options that mean something only with Ray, and their values.
            refusing: options that mean nothing with Ray, and their values.

        Raises:
            UsageError: one of them is given.
        """
        if self.ray is None:
            own = {
                name.replace("_", "-"): getattr(self, name)
                for name in ("workers", "cpus_per_worker", "gpus_per_worker", "part_documents")
            }
            for name, value in {**own, **(needing or {})}.items():
                if value is not None and value is not False:
                    raise UsageError(f"--{name} is of --ray, which is not given")
            return
        for name, value in (refusing or {}).items():
            if value:
                raise UsageError(f"--{name} does not go with --ray")
        if is_stdout(output):
            raise UsageError("--ray writes a folder of parts", hint="-o FOLDER")
        if corpus == STDIN:
            raise UsageError("--ray reads files that all machines reach, not standard input")

    def cluster(self) -> Cluster:
        """The cluster that was asked for."""
        from dsltm.on_ray.session import Cluster

        assert self.ray is not None
        return Cluster(self.ray, self.workers, self.cpus_per_worker, self.gpus_per_worker)

    def cut(self, corpus: CorpusOptions) -> Cut:
        """How a corpus is cut into parts."""
        from dsltm.on_ray.pieces import Cut

        return Cut(corpus.fields, corpus.on_error, self.part_documents or PART_DOCUMENTS, corpus.encoding)
