"""Asking a chat model patiently, once for each question, and within bounds.

A question that fails in a passing way (too many requests, a server error, a time-out, an answer that was cut
off) is asked again after a growing pause, or after as long as the server says. Answers are kept on disk by
the hash of the whole question, so that a run that was stopped goes on for free and repeating one costs
nothing.
"""

import hashlib
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import orjson

from dsltm.endpoint.address import Address
from dsltm.endpoint.request import EndpointError, RequestError, content, post
from dsltm.endpoint.tokens import BYTES_PER_TOKEN, Usage, estimate
from dsltm.formats.output import open_output

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds; each pause is twice the one before it, as the large providers advise."""

LONGEST_RETRY_AFTER = 600.0
"""Seconds: a server that wants to be left alone for longer is not waited for."""

Conversation = Sequence[Mapping[str, str]]
Item = TypeVar("Item")
Result = TypeVar("Result")


class ChatEndpoint:
    """A chat model behind a URL. Its methods may be called from several threads.

    Args:
        url: the API's base ("http://localhost:8000/v1") or the full address of its chat completions.
        model: the name that the endpoint knows the model by.
        key_env: the environment variable that holds the key; None as `address.find_key` says.
        cache_dir: where answers are kept; None keeps none.
        max_requests: at most so many requests are sent, repeated ones included; None for no bound.
        budget: about so many tokens are spent on questions and answers; a question that does not fit into the
            rest is not asked, which is an error of that question alone. None for no bound.
        timeout: seconds until a request counts as lost.
        concurrency: how many requests `map` has under way at once.
        attempts: how often a question is asked before it counts as failed.

    Attributes:
        requests: how many requests were sent.
        from_cache: how many questions were answered from the cache.
        tokens: how many tokens were spent, as the server counts them, else by an estimate.

    Raises:
        UsageError: the URL is not one of http or https, or `key_env` is not set.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key_env: str | None = None,
        cache_dir: Path | None = None,
        max_requests: int | None = None,
        budget: int | None = None,
        timeout: float = 60.0,
        concurrency: int = 4,
        attempts: int = 6,
    ) -> None:
        self.address = Address.parse(url, key_env)
        self.model = model
        self.requests = self.from_cache = 0
        self.tokens = 0.0
        self._cache, self._max_requests, self._budget = cache_dir, max_requests, budget
        # Bytes of the questions whose tokens the server has counted, and these tokens.
        self._counted_bytes = self._counted_tokens = 0
        self._timeout, self._concurrency, self._attempts = timeout, max(1, concurrency), max(1, attempts)
        # Parameters that the server does not take, and what it may call them instead.
        self._refused: dict[str, str | None] = {}
        self._lock, self._thread = threading.Lock(), threading.local()
        # Until this time of the monotonic clock the server wants to be left alone.
        self._not_before = 0.0

    @property
    def bytes_per_token(self) -> float:
        """How long this model's tokens are in the questions so far; else an estimate."""
        return self._counted_bytes / self._counted_tokens if self._counted_tokens else BYTES_PER_TOKEN

    def spent(self) -> str:
        """What the questions so far cost, for people."""
        kept = f"; {self.from_cache:,} answers were kept from before" if self.from_cache else ""
        return f"{self.requests:,} requests, about {self.tokens:,.0f} tokens{kept}"

    def complete(self, messages: Conversation, **params: Any) -> str:
        """The model's next message in a conversation.

        Args:
            messages: objects of "role" and "content".
            params: further fields of the request, such as temperature=0.

        Raises:
            EndpointError: the question has no answer, for the reason that it gives.
        """
        question = {"model": self.model, "messages": list(messages), **params}
        place = None if self._cache is None else self._cache / self._name(question)
        kept = None if place is None else _kept(place)
        if kept is not None:
            with self._lock:
                self.from_cache += 1
        answer, usage = kept or self._ask(question)
        self._learn_length(messages, usage)
        if place is not None and kept is None:
            place.parent.mkdir(parents=True, exist_ok=True)
            tokens = None if usage is None else [usage.question, usage.answer]
            with open_output(str(place)) as file:
                file.write(orjson.dumps({"model": self.model, "answer": answer, "tokens": tokens}))
        return answer

    def map(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        advance: Callable[[], object] = lambda: None,
    ) -> list[Result | EndpointError]:
        """`function`, which asks this endpoint, for each of `items`, several at a time.

        Args:
            advance: called after each item, in the caller's thread.

        Returns:
            In the order of `items` the result, or the `EndpointError` that stands for it.

        Raises:
            EndpointError: a fatal one; the questions that were not asked by then are not asked.
        """
        results: dict[int, Result | EndpointError] = {}
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        stop = threading.Event()
        for number in range(len(items)):
            waiting.put(number)

        def work() -> None:
            self._thread.stop = stop
            try:
                while not stop.is_set():
                    number = waiting.get_nowait()
                    try:
                        results[number] = function(items[number])
                    except EndpointError as error:
                        if error.fatal:
                            raise
                        results[number] = error
                    done.put(None)
            except queue.Empty:
                return
            except BaseException as error:  # noqa: BLE001 (raised again below, in the caller's thread)
                done.put(error)

        # Daemons, so that an interrupted program does not wait for answers that nobody will read.
        for _ in range(min(self._concurrency, len(items))):
            threading.Thread(target=work, daemon=True).start()
        try:
            for _ in items:
                error = done.get()
                if error is not None:
                    raise error
                advance()
        finally:
            stop.set()
        return [results[number] for number in range(len(items))]

    def _name(self, question: Mapping[str, Any]) -> str:
        whole = orjson.dumps([self.address.url, question], option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(whole).hexdigest()
        return f"{digest[:2]}/{digest[2:]}.json"

    def _learn_length(self, messages: Conversation, usage: Usage | None) -> None:
        if usage is not None:
            with self._lock:
                self._counted_bytes += len(_text(messages).encode("utf-8", "replace"))
                self._counted_tokens += usage.question

    def _ask(self, question: Mapping[str, Any]) -> tuple[str, Usage | None]:
        length = estimate(_text(question["messages"]), self.bytes_per_token)
        for attempt in range(1, self._attempts + 1):
            self._take_turn(length)
            try:
                body = post(self.address, self._accepted(question), self._timeout)
                answer, usage = content(body), Usage.reported(body)
                self._spend(estimate(answer) if usage is None else usage.total - length)
                return answer, usage
            except RequestError as failure:
                if self._adapt(failure.parameter, question):
                    continue
                is_last = attempt == self._attempts or (failure.retry_after or 0) > LONGEST_RETRY_AFTER
                if is_last or not failure.passing:
                    raise self._given_up(failure, attempt) from failure
                self._wait(failure, attempt)
        raise AssertionError("the last attempt returns or raises")

    def _take_turn(self, length: float) -> None:
        """Wait while the server wants to be left alone, then count the request and its tokens."""
        self._pause(self._not_before - time.monotonic())
        with self._lock:
            if self._budget is not None and self.tokens + length > self._budget:
                raise EndpointError(
                    f"the budget of {self._budget:,} tokens is used up; answers so far are kept"
                )
            if self._max_requests is not None and self.requests >= self._max_requests:
                raise EndpointError(
                    f"the limit of {self._max_requests:,} requests is used up; answers so far are kept",
                    fatal=True,
                )
            self.requests += 1
            self.tokens += length

    def _spend(self, tokens: float) -> None:
        with self._lock:
            self.tokens += tokens

    def _wait(self, failure: RequestError, attempt: int) -> None:
        if failure.retry_after is not None:
            # The server is too busy for every thread, not only for this one.
            self._not_before = max(self._not_before, time.monotonic() + failure.retry_after)
        else:
            pause = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
            self._pause(pause * random.uniform(0.75, 1.25))  # noqa: S311 (spreads the threads, hides nothing)

    def _pause(self, seconds: float) -> None:
        stop = getattr(self._thread, "stop", None) or threading.Event()
        if seconds > 0 and stop.wait(seconds):
            raise EndpointError("was not asked any more")

    def _accepted(self, question: Mapping[str, Any]) -> bytes:
        names = {name: self._refused.get(name, name) for name in question}
        return orjson.dumps({names[name]: value for name, value in question.items() if names[name]})

    def _adapt(self, parameter: str | None, question: Mapping[str, Any]) -> bool:
        """Servers differ in what they take: rename or leave out the parameter that was refused, once."""
        if parameter not in question or parameter in ("model", "messages") or parameter in self._refused:
            return False
        assert parameter is not None
        self._refused[parameter] = "max_completion_tokens" if parameter == "max_tokens" else None
        return True

    def _given_up(self, failure: RequestError, attempts: int) -> EndpointError:
        again = f" (asked {attempts} times)" if attempts > 1 else ""
        return EndpointError(
            f"{self.address.host}: {self.address.redact(failure.reason)}{again}",
            fatal=failure.fatal,
            hint=failure.hint,
        )


def _text(messages: Conversation) -> str:
    return "".join(message.get("content", "") for message in messages)


def _kept(place: Path) -> tuple[str, Usage | None] | None:
    """The answer in a file of the cache, and what the server counted; None where it is missing or damaged."""
    try:
        kept = orjson.loads(place.read_bytes())
        answer, tokens = kept["answer"], kept.get("tokens")
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(answer, str):
        return None
    counted = isinstance(tokens, list) and len(tokens) == 2 and all(isinstance(n, int) for n in tokens)
    return answer, Usage(*tokens) if counted else None
