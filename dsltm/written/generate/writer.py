"""Who writes topics: anything that answers requests."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from dsltm.endpoint import EndpointError
from dsltm.endpoint.tokens import estimate
from dsltm.written.generate.reduce import groups_in, merging
from dsltm.written.generate.request import AnswerError, Request, repair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsltm.endpoint import ChatEndpoint
    from dsltm.formats.corpus import Document
    from dsltm.formats.topics import WrittenTopic

# How servers call a question that is longer than their model's context: OpenAI, vLLM, llama.cpp and others.
_TOO_LONG = re.compile(
    r"context (?:length|size|window)|too long|too many tokens|maximum.{0,20}tokens", re.IGNORECASE
)
# A question that is too long is asked with so much of its documents, so often; chosen, not measured.
_SMALLER, _TIMES = 0.85, 4
# An input of more tokens is worth a question that tells how long the model's tokens are; its size in bytes.
_WORTH_MEASURING, _MEASURED = 32_000, 8_000
_MARGIN = 1.03  # because other documents may have shorter tokens; chosen, not measured


class Writer(Protocol):
    """Anything that answers requests: a chat model or a local teacher."""

    def vectors(self, documents: Sequence[Document]) -> NDArray[Any] | None:
        """Vectors [n, d] by which documents are grouped; None to group them by their words."""

    def prepare(self, documents: Sequence[Document], tokens: int) -> None:
        """Called once with what will be shown and how long inputs are, before `length` is asked."""

    def length(self, text: str) -> float:
        """About how many tokens a text has."""

    def answer(self, request: Request) -> tuple[str, Request]:
        """The answer to a request, and the request as it was asked, of which documents may be left out."""

    def again(self, request: Request, answer: str, error: AnswerError) -> str | None:
        """A second answer, after one that `parse` refused; None where asking again is of no use."""

    def same(self, topics: Sequence[WrittenTopic]) -> list[list[int]]:
        """Groups of places of topics that are one and the same."""


class EndpointWriter:
    """A chat model behind an OpenAI-compatible endpoint."""

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self.endpoint = endpoint

    def vectors(self, documents: Sequence[Document]) -> None:
        """None, because there are too many documents to send."""

    def prepare(self, documents: Sequence[Document], tokens: int) -> None:
        """Show a little of what will be shown, and learn from the server how many tokens that is."""
        if tokens < _WORTH_MEASURING:
            return
        step = max(len(documents) // 100, 1)
        some = Request(list(documents[::step])).shown()[:_MEASURED]
        question = f"{some}\n\nIn which language is this text? Answer with one word."
        self.endpoint.complete([{"role": "user", "content": question}], temperature=0)

    def length(self, text: str) -> float:
        return _MARGIN * estimate(text, self.endpoint.bytes_per_token)

    def answer(self, request: Request) -> tuple[str, Request]:
        for _ in range(_TIMES):
            try:
                return self._ask(
                    [{"role": "user", "content": request.text()}], request.answer_tokens
                ), request
            except EndpointError as error:
                fewer = int(len(request.documents) * _SMALLER)
                if error.fatal or not fewer or not _TOO_LONG.search(str(error)):
                    raise
                request = replace(request, documents=request.documents[:fewer])
        return self._ask([{"role": "user", "content": request.text()}], request.answer_tokens), request

    def again(self, request: Request, answer: str, error: AnswerError) -> str | None:
        return self._ask(repair(request, answer, error), request.answer_tokens)

    def same(self, topics: Sequence[WrittenTopic]) -> list[list[int]]:
        return groups_in(self._ask([{"role": "user", "content": merging(topics)}], 2000), len(topics))

    def _ask(self, messages: list[dict[str, str]], answer_tokens: int) -> str:
        return self.endpoint.complete(messages, temperature=0, max_tokens=answer_tokens)
