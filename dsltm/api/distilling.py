"""Texts in, labels out: what `dsltm distill` does."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.api.corpora import corpus_of, open_teacher
from dsltm.distilling.config import NO_TEACHER, DistillConfig
from dsltm.formats.fields import Fields
from dsltm.formats.inputs import one_run
from dsltm.formats.labels import read_labels
from dsltm.teacher.files.registry import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsltm.api.corpora import Path, TextsLike
    from dsltm.formats.labels import Labels
    from dsltm.teacher.reading.prompts import Prompt
    from dsltm.teacher.reading.teacher import Teacher


def distill(
    texts: TextsLike,
    *,
    teacher: str | Teacher = DEFAULT,
    prompts: str | Sequence[str] | None = None,
    vocabulary: Path | Iterable[str] | None = None,
    language: str = "auto",
    stopwords: str = "auto",
    text_field: str = "text",
    id_field: str = "id",
    label_field: str = "label",
    output: Path | None = None,
    config: DistillConfig | None = None,
    progress: bool = False,
) -> Labels:
    """Have the teacher read every text once: soft labels, document vectors and word counts.

    Rows out are rows in, in order; an empty text keeps its row. With `output` a run that was stopped goes on
    where it was when it is called again.

    Args:
        texts: strings; or rows with a text and, where known, an id and a class, such as a data frame's
            `to_dict("records")`; or the path of a corpus in any form that the command reads.
        teacher: an alias, hub id, directory or .gguf file, or one from `open_teacher`; "none" with
            `config.vectors`: nothing is read, and models of word counts can be trained.
        prompts: instructions by name (`dsltm prompts` lists them), or of your own, with {document} once;
            "auto" chooses them by the texts; None for the default ones.
        vocabulary: the words that topics are made of, or the path of a vocabulary or a model that has them;
            None: chosen from the texts.
        language: of the texts, by its two letters; "auto": found by a sample of them.
        stopwords: words that say nothing: "auto", those of the texts' language; those of a language or a file
            instead ("de"); several together ("auto,my.txt"); or "none".
        text_field, id_field, label_field: the names of a row's text, id and class.
        output: where the labels file is written; None: to a temporary file, which goes with the result.
        config: what else can be chosen; its prompts, words and stop words are set by the arguments above.
        progress: show on standard error how far it has come.

    Returns:
        The labels, memory-mapped.

    Raises:
        DsltmError: the texts or the teacher cannot be used.
        UsageError: options that do not fit each other, or an output that is the corpus.

    >>> labels = dsltm.distill("corpus.jsonl", teacher="teacher")
    >>> len(labels), labels.ids[0]
    (120, 'd0')
    """
    from dsltm.distilling.choose import choose_prompts
    from dsltm.distilling.run import distill as run
    from dsltm.distilling.untaught import distill_untaught
    from dsltm.words.config import WordConfig

    with (
        console.called_by_a_program(progress=progress),
        one_run(),
        tempfile.TemporaryDirectory(prefix="dsltm-") as folder,
    ):
        corpus = corpus_of(texts, Fields(text_field, id_field, label_field))
        config = replace(
            config or DistillConfig(),
            words=None if vocabulary is None else _words(vocabulary),
            rules=WordConfig(language, stopwords).rules(),
        )
        place = os.fspath(output) if output is not None else os.path.join(folder, "labels.npz")
        if teacher == NO_TEACHER:
            distill_untaught(corpus, config, output=place)
            return read_labels(place)
        opened = open_teacher(teacher, progress=progress)
        chosen = (
            choose_prompts(corpus, opened, max_tokens=config.max_tokens, batch_tokens=config.batch_tokens)
            if prompts == "auto"
            else _prompts(prompts)
        )
        # The map of a file stays after its name is gone.
        run(corpus, opened, replace(config, prompts=chosen), output=place)
        return read_labels(place)


def _words(vocabulary: Path | Iterable[str]) -> tuple[str, ...]:
    from dsltm.words.vocabulary import read_vocabulary

    if isinstance(vocabulary, str | os.PathLike):
        return tuple(entry.word for entry in read_vocabulary(os.fspath(vocabulary)))
    return tuple(vocabulary)


def _prompts(prompts: str | Sequence[str] | None) -> tuple[Prompt, ...]:
    from dsltm.teacher.reading.prompts import DEFAULT as USUAL
    from dsltm.teacher.reading.prompts import SLOT, Prompt, named

    if prompts is None:
        return USUAL
    listed = [prompts] if isinstance(prompts, str) else prompts
    return tuple(Prompt("own", each) if SLOT in each else named(each) for each in listed)
