"""`generate`: a language model is shown documents, round after round, and writes the topics it sees."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.endpoint import EndpointError
from dsltm.endpoint.tokens import estimate
from dsltm.errors import DsltmError
from dsltm.written.generate.cues import Windows
from dsltm.written.generate.merge import Merger
from dsltm.written.generate.reduce import TOGETHER
from dsltm.written.generate.request import AnswerError, Dropped, Request, excerpt, parse

if TYPE_CHECKING:
    from dsltm.formats.corpus import Corpus, Document
    from dsltm.formats.topics import WrittenTopic
    from dsltm.written.generate.config import GenerateConfig
    from dsltm.written.generate.writer import Writer


_ROUNDS, _CONTEXT_TOKENS = 8, 8000  # the defaults, with small chat models in mind; chosen, not measured
_LEAST, _INPUTS = 2000, 2  # documents that are looked at, or those of so many inputs; chosen, not measured


def generate(corpus: Corpus, writer: Writer, config: GenerateConfig) -> tuple[list[WrittenTopic], Dropped]:
    """The topics of a corpus, and counts of what was dropped from the answers.

    Raises:
        DsltmError: the corpus has no text, or no round brought a topic.
        EndpointError: the first round was not answered, or the limit of requests was reached without topics.
    """
    rounds, tokens = config.rounds or _ROUNDS, config.context_tokens or _CONTEXT_TOKENS
    documents = _sample(corpus, config.sample, tokens)
    writer.prepare(documents, tokens)
    windows = Windows(
        documents,
        tokens=tokens,
        length=writer.length,
        groups=rounds,
        vectors=writer.vectors(documents),
        field=config.field,
        stopwords=config.stopwords,
        seed=config.seed,
    )
    merger, dropped = Merger(documents), Dropped()
    requests = windows.requests(merger.topics, config.per_round, config.overview)
    fruitful = 0
    with console.progress("generating", rounds, "rounds") as bar:
        for request in islice(requests, rounds):
            try:
                fresh = merger.add(_round(writer, request, dropped))
            except EndpointError as error:
                if not merger.topics:
                    raise
                console.warn(f"{error}; going on with the {len(merger.topics):,} topics there are")
                break
            fruitful += fresh > 0
            if _enough(merger, config) and fruitful > 1:
                # Fewer may be left, and then other rounds bring more.
                fruitful = _merge_same(writer, merger)
            bar.advance(1, topics=str(len(merger.topics)))
            if _enough(merger, config) or (config.topics is None and merger.topics and not fresh):
                break
    if fruitful > 1:
        _merge_same(writer, merger)
    return _chosen(merger, config, dropped), dropped


def _enough(merger: Merger, config: GenerateConfig) -> bool:
    return config.topics is not None and len(merger.topics) >= config.topics


def _merge_same(writer: Writer, merger: Merger) -> int:
    """Join topics that the writer calls the same; those of one answer were told apart when it was written.

    Returns:
        How many groups of topics have been told apart: one.
    """
    try:
        for start in range(0, len(merger.topics), TOGETHER):
            some = merger.topics[start : start + TOGETHER]
            merger.join([[start + place for place in group] for group in writer.same(some)])
    except EndpointError as error:
        console.warn(f"{error}; topics under two labels may be left")
    return 1


def _round(writer: Writer, request: Request, dropped: Dropped) -> list[WrittenTopic]:
    answer, request = writer.answer(request)
    try:
        return parse(answer, request, dropped)
    except AnswerError as error:
        dropped.repairs += 1
        second = writer.again(request, answer, error)
    try:
        return parse(second, request, dropped) if second is not None else []
    except AnswerError as error:
        dropped.failures += 1
        console.warn(f"a round is lost: {error}".rstrip("."))
        return []


def _chosen(merger: Merger, config: GenerateConfig, dropped: Dropped) -> list[WrittenTopic]:
    if not merger.topics:
        raise DsltmError(f"no round brought a usable topic (dropped: {dropped})", hint="another model")
    if config.topics is None or len(merger.topics) <= config.topics:
        if config.topics is not None and len(merger.topics) < config.topics:
            console.warn(f"{len(merger.topics):,} topics instead of {config.topics:,}: no round brought more")
        return merger.topics
    return merger.best(config.topics)


def _sample(corpus: Corpus, most: int | None, tokens: int) -> list[Document]:
    """Documents with text, evenly spread over the corpus: `most`, or as many as fill some inputs."""
    total, size = 0, 0.0
    for document in corpus:
        if document.text.strip():
            total += 1
            size += estimate(excerpt(document.text))
    if not total:
        raise DsltmError(f"{corpus.name}: no document has text")
    if most is None:
        most = max(_LEAST, int(_INPUTS * tokens * total / max(size, 1)))
    wanted = set(np.linspace(0, total - 1, min(most, total)).astype(int).tolist())
    with_text = (document for document in corpus if document.text.strip())
    return [document for number, document in enumerate(with_text) if number in wanted]
