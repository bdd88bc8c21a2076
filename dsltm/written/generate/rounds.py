"""`generate`: a language model is shown documents, round after round, and writes the topics it sees."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dsltm import console
from dsltm.endpoint import EndpointError
from dsltm.errors import DsltmError
from dsltm.written.generate.cues import Windows
from dsltm.written.generate.merge import Merger
from dsltm.written.generate.request import AnswerError, Dropped, Request, parse, repair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.endpoint import ChatEndpoint
    from dsltm.formats.corpus import Corpus, Document
    from dsltm.formats.topics import WrittenTopic
    from dsltm.written.generate.config import GenerateConfig


_ROUNDS, _CONTEXT_TOKENS = 8, 8000  # the defaults, with small chat models in mind; chosen, not measured


class Writer(Protocol):
    """Anything that answers requests: a chat model or a local teacher."""

    def vectors(self, documents: Sequence[Document]) -> NDArray[np.float32] | None:
        """Vectors [n, d] by which documents are grouped; None to group them by their words."""

    def answer(self, request: Request) -> str:
        """The answer to a request."""

    def again(self, request: Request, answer: str, error: AnswerError) -> str | None:
        """A second answer, after one that `parse` refused; None where asking again is of no use."""


class EndpointWriter:
    """A chat model behind an OpenAI-compatible endpoint."""

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self._endpoint = endpoint

    def vectors(self, documents: Sequence[Document]) -> None:
        """None, because there are too many documents to send."""

    def answer(self, request: Request) -> str:
        return self._ask([{"role": "user", "content": request.text()}], request)

    def again(self, request: Request, answer: str, error: AnswerError) -> str | None:
        return self._ask(repair(request, answer, error), request)

    def _ask(self, messages: list[dict[str, str]], request: Request) -> str:
        more: dict[str, Any] = {"temperature": 0, "max_tokens": request.answer_tokens}
        return self._endpoint.complete(messages, **more)


def generate(corpus: Corpus, writer: Writer, config: GenerateConfig) -> tuple[list[WrittenTopic], Dropped]:
    """The topics of a corpus, and counts of what was dropped from the answers.

    Raises:
        DsltmError: the corpus has no text, or no round brought a topic.
        EndpointError: the first round was not answered, or the limit of requests was reached without topics.
    """
    documents, rounds = _sample(corpus, config.sample), config.rounds or _ROUNDS
    windows = Windows(
        documents,
        tokens=config.context_tokens or _CONTEXT_TOKENS,
        clusters=max(rounds, 1),
        vectors=writer.vectors(documents),
        field=config.field,
        stopwords=config.stopwords,
        seed=config.seed,
    )
    merger, dropped = Merger(documents), Dropped()
    requests = windows.requests(merger.topics, config.per_round, config.overview)
    with console.progress("generating", rounds, "rounds") as bar:
        for request in islice(requests, rounds):
            try:
                new = _round(writer, request, dropped)
            except EndpointError as error:
                if not merger.topics:
                    raise
                console.warn(f"{error}; going on with the {len(merger.topics):,} topics there are")
                break
            fresh = merger.add(new)
            bar.advance(1, topics=str(len(merger.topics)))
            enough = config.topics is not None and len(merger.topics) >= config.topics
            if enough or (config.topics is None and merger.topics and not fresh):
                break
    return _chosen(merger, config, dropped), dropped


def _round(writer: Writer, request: Request, dropped: Dropped) -> list[WrittenTopic]:
    answer = writer.answer(request)
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


def _sample(corpus: Corpus, most: int) -> list[Document]:
    """Documents with text, evenly spread over the corpus."""
    total = sum(1 for document in corpus if document.text.strip())
    if not total:
        raise DsltmError(f"{corpus.name}: no document has text")
    wanted = set(np.linspace(0, total - 1, min(most, total)).astype(int).tolist())
    with_text = (document for document in corpus if document.text.strip())
    return [document for number, document in enumerate(with_text) if number in wanted]
