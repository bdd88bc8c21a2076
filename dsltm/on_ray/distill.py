"""`distill` on a cluster: a corpus in, a folder of labels files out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsltm import console
from dsltm.distilling.journal import Journal
from dsltm.distilling.rows import table_of
from dsltm.distilling.run import facts_of, settings_of, word_embeddings
from dsltm.distilling.texts import Digests, Texts
from dsltm.distilling.vocabulary import counted_words, report_coverage, wanted_words
from dsltm.errors import DsltmError
from dsltm.formats.labels import FORMAT
from dsltm.on_ray.careful import read_carefully
from dsltm.on_ray.flow import Resident, result, started
from dsltm.on_ray.pieces import input_files, texts_of
from dsltm.on_ray.session import connected, room
from dsltm.on_ray.storage import Folder
from dsltm.on_ray.survey import survey
from dsltm.on_ray.teacher import open_tokenizer, spell
from dsltm.on_ray.writing import open_manifest, part_name, write_parts
from dsltm.words.config import ENGLISH
from dsltm.words.counts import with_phrases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsltm.distilling.config import DistillConfig
    from dsltm.formats.corpus import Format
    from dsltm.on_ray.pieces import Cut, InputFile, Piece
    from dsltm.on_ray.session import Cluster, Workers
    from dsltm.on_ray.survey import Plan
    from dsltm.on_ray.teacher import Spelling, TeacherChoice
    from dsltm.teacher.reading.prompts import Prompt


def distill_on_ray(
    corpus: str,
    teacher: TeacherChoice,
    config: DistillConfig,
    cut: Cut,
    cluster: Cluster,
    *,
    output: str,
    format: Format = "auto",  # noqa: A002
    choose: bool = False,
    fresh: bool = False,
) -> None:
    """Read a corpus with the teachers of many workers and write a folder of labels files.

    Together they hold the rows of a run on one machine, in the corpus's order.

    Args:
        corpus: a file or a folder, path or URI.
        output: the folder. Parts that an earlier run of the same settings finished in it are kept.
        choose: choose the prompts by the corpus, whatever `config` says.
        fresh: start over.

    Raises:
        DsltmError: Ray, the corpus, the teacher or the folder are not usable, or a worker failed.
    """
    with connected(cluster.address):
        files, folder = input_files(corpus, format), Folder(output)
        with folder.alone():
            workers = room(cluster)
            plan, job = _planned(output, files, cut, teacher, config, workers, choose=choose)
            manifest = open_manifest(folder, FORMAT, job.settings(), len(plan.parts), fresh=fresh)
            write_parts(folder, manifest, plan, cut, workers, partial(Distiller, job), "distilling")


def _planned(
    output: str,
    files: Sequence[InputFile],
    cut: Cut,
    teacher: TeacherChoice,
    config: DistillConfig,
    workers: Workers,
    *,
    choose: bool,
) -> tuple[Plan, Job]:
    """Survey the corpus, and settle the prompts, the vocabulary, the words that are counted and the language.

    The process that holds the tokenizer ends with this function: it must not take time from the workers.
    """
    speller = Resident(partial(open_tokenizer, teacher))
    plan = survey(files, cut, max_tokens=config.max_tokens, count=True, phrases=config.phrases)
    assert plan.words is not None
    lexicon = config.rules.of(plan.words.texts)
    counts = with_phrases(plan.words, lexicon.stopwords)
    wanted = wanted_words(config, counts, lexicon)
    if choose:
        chosen = started(_choose, teacher, files, cut, config, workers.cpus, workers=workers)
        config = replace(config, prompts=result(chosen))
        console.info("prompts: " + ", ".join(prompt.name for prompt in config.prompts))
    spelling = result(speller.started(spell, wanted, config.projection))
    report_coverage(spelling.projection, len(wanted), teacher.spec, config.projection)
    counted = counted_words(counts, spelling.words, lexicon.stopwords)
    # The workers need no stop words, which may be many.
    config = replace(config, words=spelling.words, rules=ENGLISH)
    return plan, Job(
        output=output,
        cut=cut,
        digest=plan.digest,
        config=config,
        teacher=teacher,
        spelling=spelling,
        counted=counted,
        language=lexicon.language,
        cpus=workers.cpus,
        skipped=plan.skipped,
    )


@dataclass(frozen=True)
class Job:
    """What a worker must know."""

    output: str
    cut: Cut
    digest: str
    config: DistillConfig
    teacher: TeacherChoice
    spelling: Spelling
    counted: list[str]
    language: str
    cpus: int
    skipped: int

    def settings(self) -> dict[str, Any]:
        """All settings that decide the rows and are known without a worker."""
        return {
            "corpus": self.digest,
            "teacher": {
                "name": self.teacher.spec,
                "revision": self.spelling.revision,
                "weights_sha256": self.spelling.weights_sha256,
            },
            "dtype": self.teacher.dtype,
            "device": self.teacher.device,
            "prompts": [prompt.as_header() for prompt in self.config.prompts],
            "projection": self.config.projection,
            "max_tokens": self.config.max_tokens,
            "batch_tokens": self.config.batch_tokens,
            "part_documents": self.cut.lines,
            "fields": [self.cut.fields.text, self.cut.fields.id, self.cut.fields.label],
            "language": self.language,
            "vocabulary": list(self.spelling.words),
            "words": self.counted,
        }


class Distiller:
    """A teacher that reads one piece after another, each into a part file."""

    def __init__(self, job: Job) -> None:
        from dsltm.teacher.reading.projection import project

        self._job, self._folder = job, Folder(job.output)
        teacher = job.teacher.open(job.cpus)
        if teacher.weights_sha256 != job.spelling.weights_sha256:
            raise DsltmError(f"the machines of the cluster have different weights of {job.teacher.spec}")
        projection = project(teacher.tokenizer, job.spelling.words, job.config.projection)
        self._reader = teacher.reader(
            job.config.prompts,
            projection,
            max_tokens=job.config.max_tokens,
            batch_tokens=job.config.batch_tokens,
        )
        self._settings = settings_of(
            job.digest, teacher, job.config, projection, job.counted, job.language, self._reader
        )
        self._facts = facts_of(job.spelling.projection, job.skipped, self._reader)
        self._embeddings = word_embeddings(teacher, projection)
        self._index = {word: number for number, word in enumerate(job.counted)}
        self._widths = len(projection.words), teacher.hidden_size * len(job.config.prompts)

    def work(self, piece: Piece, part: int) -> dict[str, Any]:
        """Write a part; see `Worker`."""
        name, failed = part_name(part, "npz"), list[tuple[str, str]]()
        documents, digests = piece.documents(self._job.cut), Digests()
        for document in documents:
            digests.add(document.text)
        texts = Texts.of(digests)
        different = list(compress(documents, texts.first))
        with (
            tempfile.TemporaryDirectory(prefix="dsltm-") as scratch,
            Journal(Path(scratch) / "journal", self._settings, self._widths) as journal,
        ):
            for window in read_carefully(self._reader, different, self._widths, failed):
                journal.append(window.logits, window.hidden, window.flags)
            header = self._settings | self._facts
            table = table_of(documents, self._index, texts, journal.flags)
            with self._folder.writing(name) as stream:
                journal.export(stream, header, table, texts, self._embeddings)
        return {
            "part": part,
            "file": name,
            "documents": len(documents),
            "bytes": self._folder.size(name),
            "same": {"dtype": self._settings["teacher"]["dtype"], "batch_tokens": self._reader.batch_tokens},
            **({"failed": failed} if failed else {}),
        }


def _choose(
    teacher: TeacherChoice, files: Sequence[InputFile], cut: Cut, config: DistillConfig, cpus: int
) -> tuple[Prompt, ...]:
    from dsltm.distilling.choose import choose_prompts

    return choose_prompts(
        texts_of(files, cut),
        teacher.open(cpus),
        max_tokens=config.max_tokens,
        batch_tokens=config.batch_tokens,
    )
