"""`distill`, from a corpus to a labels file."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from itertools import compress, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm import console
from dsltm.distilling.journal import Journal
from dsltm.distilling.reading import read_windows, tell_cut, windows
from dsltm.distilling.rows import table_of
from dsltm.distilling.survey import survey
from dsltm.distilling.texts import Texts
from dsltm.distilling.unsure import sureness
from dsltm.distilling.vocabulary import counted_words, vocabulary_of
from dsltm.formats.inputs import refuse_input
from dsltm.formats.output import descriptor_of, open_output
from dsltm.formats.vectors import Vectors
from dsltm.words.counts import with_phrases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dsltm.distilling.config import DistillConfig
    from dsltm.distilling.sample import Sample
    from dsltm.distilling.survey import Survey
    from dsltm.distilling.texts import Digests
    from dsltm.formats.corpus import Corpus, Document
    from dsltm.teacher.reading.forward import Reader
    from dsltm.teacher.reading.projection import Projection
    from dsltm.teacher.reading.teacher import Teacher


def distill(
    corpus: Corpus,
    teacher: Teacher,
    config: DistillConfig,
    *,
    output: str | None,
    scratch: str | None = None,
    fresh: bool = False,
) -> None:
    """Read a corpus with a teacher and write a labels file.

    Args:
        output: a file, or None or "-" for standard output.
        scratch: folder of the journal; by default `OUTPUT.journal`, or a temporary one for standard output.
        fresh: start over where an unfinished run left a journal.

    Raises:
        DsltmError: the corpus, the vocabulary or the journal are not usable.
        UsageError: the output is, or is in, what is read.
    """
    if descriptor_of(output) is None:
        # Refused now, not after an hour of reading.
        refuse_input(str(output))
    with tempfile.TemporaryDirectory(prefix="dsltm-") as temporary:
        sample = config.sampling()
        seed = 0 if sample is None else sample.seed
        overview = survey(corpus, max_tokens=config.max_tokens, seed=seed, phrases=config.phrases)
        texts = _texts(corpus, config, overview.digests, sample)
        vectors = None if config.vectors is None else Vectors.open(config.vectors, len(overview.work))
        lexicon = config.rules.of(overview.words.texts)
        counts = with_phrases(overview.words, lexicon.stopwords)
        projection = vocabulary_of(counts, lexicon, teacher, config)
        words = counted_words(counts, projection.words, lexicon.stopwords)
        reader = _reader(teacher, config, projection)
        settings = settings_of(
            corpus.digest(), teacher, config, projection, words, lexicon.language, reader
        ) | sample_of(texts)
        width = teacher.hidden_size * len(config.prompts)
        if vectors is not None:
            settings["vectors"], width = vectors.width, 0
        directory = _journal_directory(output, scratch, temporary)
        with Journal(directory, settings, (len(projection.words), width), fresh=fresh) as journal:
            with _going_on_explained(journal, keeps=scratch is not None or descriptor_of(output) is None):
                _read_all(corpus, reader, config, overview, texts, journal, width)
            header = settings | facts_of(projection, overview.skipped, reader)
            index = {word: number for number, word in enumerate(words)}
            table = table_of(_share(corpus, config.shard), index, texts, journal.flags)
            rows = texts.read * config.shard[1] + config.shard[0]
            own = None if vectors is None else vectors.blocks(rows)
            with open_output(output, binary=True) as target:
                journal.export(target, header, table, texts, word_embeddings(teacher, projection), own)
            tell_cut(header["truncated"], len(texts.read), config.max_tokens)
            journal.remove()


def settings_of(
    digest: str,
    teacher: Teacher,
    config: DistillConfig,
    projection: Projection,
    words: list[str],
    language: str,
    reader: Reader,
) -> dict[str, Any]:
    """All settings that decide the rows; they stand in the header of the labels file.

    Args:
        words: those that are counted, the vocabulary first.
        language: of the corpus, by its two letters.
    """
    return {
        "corpus": digest,
        "teacher": {
            "name": teacher.name,
            "revision": teacher.revision,
            "weights_sha256": teacher.weights_sha256,
            "hidden_size": teacher.hidden_size,
            "dtype": str(teacher.dtype).removeprefix("torch."),
        },
        "prompts": [prompt.as_header() for prompt in config.prompts],
        "projection": config.projection,
        "max_tokens": config.max_tokens,
        "batch_tokens": reader.batch_tokens,
        "shard": list(config.shard),
        "language": language,
        "vocabulary": projection.words,
        "words": words,
    }


def sample_of(texts: Texts) -> dict[str, Any]:
    """What the header of a labels file says of a sample; nothing where all texts are read."""
    if texts.sample is None:
        return {}
    sample = texts.sample
    how = {"seed": sample.seed} if sample.unsure_of is None else {"unsure_of": sample.unsure_of}
    return {"sample": {"texts": sample.size(texts.different), "of": texts.different, **how}}


def _texts(corpus: Corpus, config: DistillConfig, digests: Digests, sample: Sample | None) -> Texts:
    """The texts that are read; a message says how many, where they are fewer than the documents."""
    sure = None
    if sample is not None and config.unsure_of is not None:
        model, sure = sureness(config.unsure_of, corpus)
        sample = replace(sample, unsure_of=model)
    texts = Texts.of(digests, sample, config.shard, sure)
    documents = len(texts.numbers)
    if texts.sample is not None:
        console.info(
            f"reading {texts.count:,} of {texts.different:,} different texts, which {len(texts.read):,} of "
            f"{documents:,} documents have"
        )
    elif texts.count < documents:
        console.note(
            f"{documents:,} documents have {texts.count:,} different texts, each of which is read once"
        )
    return texts


def _reader(teacher: Teacher, config: DistillConfig, projection: Projection) -> Reader:
    """What reads documents; messages tell what it does otherwise than one may expect."""
    reader = teacher.reader(
        config.prompts, projection, max_tokens=config.max_tokens, batch_tokens=config.batch_tokens
    )
    if reader.encoder.max_tokens < config.max_tokens:
        console.warn(
            f"{teacher.name} reads {reader.encoder.max_tokens:,} tokens at most: documents are cut there"
        )
    if not reader.way.packs:
        console.note(f"{teacher.name} reads whole prompts: its layers cannot share the instruction's prefix")
    return reader


def facts_of(projection: Projection, skipped: int, reader: Reader) -> dict[str, Any]:
    """The rest of a labels file's header: facts about the run that do not decide its rows."""
    (_, nothing), *_ = reader.read(reader.encoder.encode([""]))
    return {
        "coverage": round(projection.coverage, 4),
        "unsaid": list(projection.split),
        "skipped": skipped,
        "empty_logits": nothing.logits[0].astype(float).round(3).tolist(),
    }


def _journal_directory(output: str | None, scratch: str | None, temporary: str) -> Path:
    if scratch is not None:
        return Path(scratch)
    passed_on = descriptor_of(output) is not None
    return Path(temporary) / "journal" if passed_on else Path(f"{output}.journal")


@contextlib.contextmanager
def _going_on_explained(journal: Journal, *, keeps: bool) -> Iterator[None]:
    """If the run is interrupted, say what is kept of it and how to go on.

    Args:
        keeps: whether the journal outlives this process.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if not keeps:
            console.info("nothing is kept of a run to standard output: -o FILE or --scratch DIR keeps it")
        elif texts_read := len(journal.read):
            console.info(
                f"{texts_read:,} texts are kept in {journal.directory}: the same command goes on after them"
            )
        raise


def _share(corpus: Corpus, shard: tuple[int, int]) -> Iterator[Document]:
    return islice(corpus, shard[0], None, shard[1])


def _read_all(
    corpus: Corpus,
    reader: Reader,
    config: DistillConfig,
    overview: Survey,
    texts: Texts,
    journal: Journal,
    width: int,
) -> None:
    """Read each text once, with the first document that has it.

    Args:
        width: how much of each hidden state is kept.
    """
    work = overview.work[config.shard[0] :: config.shard[1]][texts.first].astype(np.int64)
    read = journal.read
    if len(read):
        console.info(f"continuing after {len(read):,} of {texts.count:,} texts")
    with console.progress("distilling", texts.count, "texts", work_total=int(work.sum())) as bar:
        bar.skip(len(read), work=int(work[read].sum()))
        tokens_read = 0

        def advance(documents: int, tokens: int, work: int) -> None:
            nonlocal tokens_read
            tokens_read += tokens
            bar.advance(documents, work=work, tokens=f"{tokens_read / bar.elapsed():,.0f}/s")

        first = compress(_share(corpus, config.shard), texts.first)
        remaining = windows(islice(first, journal.rows, None), config.max_tokens)
        for window in read_windows(reader, remaining, advance, journal.window):
            journal.append(window.logits, window.hidden[:, :width], window.flags)


def word_embeddings(teacher: Teacher, projection: Projection) -> NDArray[np.float16]:
    """[V, H] the rows of the teacher's output embedding that stand for the vocabulary, means over tokens."""
    weight = teacher.network.output.weight
    pieces = projection.pieces()
    rows: NDArray[np.float16] = (
        weight[[tokens[0] for tokens in pieces]].float().cpu().numpy().astype(np.float16)
    )
    for number, tokens in enumerate(pieces):
        if len(tokens) > 1:
            rows[number] = weight[list(tokens)].float().mean(0).cpu().numpy()
    return rows
