"""One request to a chat endpoint, and what its failure means."""

import contextlib
import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from dsltm.endpoint.address import OPENAI_KEY, OWN_KEY, Address
from dsltm.errors import DsltmError

# HTTP statuses of servers that are busy or restarting, with those of Cloudflare (52x) and Anthropic (529).
_PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}
# Statuses that no other question would change: a wrong key, address or method, or no money left.
_FATAL = {401, 402, 403, 404, 405}
# An answer of more bytes is no chat completion; chosen, not measured.
_MAX_ANSWER = 1 << 24
# So many characters of a server's error message are repeated; chosen, not measured.
_DETAIL = 300


class EndpointError(DsltmError):
    """A question has no answer.

    Attributes:
        fatal: every other question would fail as well, as with a wrong key.
    """

    def __init__(self, message: str, *, fatal: bool = False, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.fatal = fatal


class RequestError(Exception):
    """One request failed.

    Attributes:
        reason: why, as half a sentence.
        passing: another attempt may succeed.
        fatal: other questions would fail, too.
        retry_after: seconds for which the server wants to be left alone.
        parameter: the field of the request that it does not take.
        hint: what to try.
    """

    def __init__(
        self,
        reason: str,
        *,
        passing: bool = False,
        fatal: bool = False,
        retry_after: float | None = None,
        parameter: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.passing, self.fatal = reason, passing, fatal
        self.retry_after, self.parameter, self.hint = retry_after, parameter, hint


def post(address: Address, body: bytes, timeout: float) -> bytes:
    """Send one request and read the whole answer.

    Args:
        timeout: seconds for the request and its answer.

    Raises:
        RequestError: the server gave no answer, or refused the request.
    """
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "dsltm"}
    if address.key:
        headers["Authorization"] = f"Bearer {address.key}"
    request = urllib.request.Request(address.url, body, headers, method="POST")  # noqa: S310 (checked: http)
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if address.local:
        # Requests to this machine use no proxy, because a proxy elsewhere does not reach it.
        handlers.append(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + timeout
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as response:
            return _read(response, deadline)
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error, deadline, keyless=address.key is None) from error
    except TimeoutError as error:
        raise _slow(timeout) from error
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(error, timeout) from error


def content(body: bytes) -> str:
    """The message in a chat completion.

    Raises:
        RequestError: the answer has no message or an empty one, or an error in its place, which routers to
            other servers write into an answer of status 200.
    """
    try:
        answer = orjson.loads(body)
        _raise_error_in(answer)
        choice = answer["choices"][0]
        _raise_error_in(choice)
        text = choice["message"]["content"]
    except orjson.JSONDecodeError as error:
        raise RequestError("the answer is not JSON, or was cut off", passing=True) from error
    except (KeyError, IndexError, TypeError) as error:
        raise RequestError("the answer is not a chat completion", passing=True) from error
    if isinstance(text, list):  # Some servers write the message in parts.
        text = "".join(str(part.get("text", "")) for part in text if isinstance(part, dict))
    if not isinstance(text, str) or not text.strip():
        ending = choice.get("finish_reason")
        raise RequestError(f"the model answered nothing (finish_reason {ending})", passing=ending != "length")
    return text


def _raise_error_in(answer: Any) -> None:
    """Raise the error that stands in an answer, or in the choice of one, by the status that it names."""
    problem = answer.get("error") if isinstance(answer, dict) else None
    if not problem:
        return
    code = problem.get("code") if isinstance(problem, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        raise _classified(code, Message(), orjson.dumps({"error": problem}), keyless=False)
    message = problem.get("message", problem) if isinstance(problem, dict) else problem
    raise RequestError(f"it answered with an error: {' '.join(str(message).split())[:_DETAIL]}", passing=True)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Refuses redirects, which would carry the key and the documents to wherever the server says."""

    def redirect_request(self, *_: object) -> None:
        return None


def _read(response: Any, deadline: float) -> bytes:
    """The body, read until the deadline, so that a server that sends a byte a second cannot hold a thread."""
    body = bytearray()
    while chunk := response.read1(1 << 16):
        body += chunk
        if len(body) > _MAX_ANSWER:
            raise RequestError(f"the answer is longer than {_MAX_ANSWER >> 20} MiB")
        if time.monotonic() > deadline:
            raise TimeoutError
    return bytes(body)


def _refused(error: urllib.error.HTTPError, deadline: float, *, keyless: bool) -> RequestError:
    with contextlib.suppress(OSError, http.client.HTTPException, RequestError):
        return _classified(error.code, error.headers, _read(error, deadline), keyless=keyless)
    return _classified(error.code, error.headers, b"", keyless=keyless)


def _classified(code: int, headers: Message, body: bytes, *, keyless: bool) -> RequestError:
    problem = _error_object(body)
    detail = " ".join(str(problem.get("message", "")).split())[:_DETAIL]
    reason = f"HTTP {code} {http.client.responses.get(code, '')}".rstrip() + (f": {detail}" if detail else "")
    if 300 <= code < 400:
        return RequestError(f"{reason}: it redirects to {headers.get('Location', 'nowhere')}", fatal=True)
    if code in (401, 403):
        hint = f"a key in {OWN_KEY} ({OPENAI_KEY} goes to openai.com only)" if keyless else None
        return RequestError(reason, fatal=True, hint=hint)
    if code in _FATAL or problem.get("code") == "insufficient_quota":
        return RequestError(reason, fatal=True)
    if code in _PASSING:
        return RequestError(reason, passing=True, retry_after=_retry_after(headers))
    parameter = problem.get("param")
    return RequestError(reason, parameter=parameter if isinstance(parameter, str) else None)


def _error_object(body: bytes) -> Mapping[str, Any]:
    """The error object of an OpenAI-compatible server; empty where the body holds none."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        answer = answer["error"]
    return answer if isinstance(answer, dict) else {}


def _retry_after(headers: Message) -> float | None:
    """Seconds to wait, from a number or a date, in the two headers that are in use."""
    milliseconds, value = headers.get("retry-after-ms", ""), headers.get("Retry-After", "")
    with contextlib.suppress(ValueError):
        return max(0.0, float(milliseconds) / 1000)
    with contextlib.suppress(ValueError):
        return max(0.0, float(value))
    # A date without a time zone cannot be subtracted, which is a TypeError.
    with contextlib.suppress(TypeError, ValueError):
        when = parsedate_to_datetime(value)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    return None


def _unreachable(error: Exception, timeout: float) -> RequestError:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return _slow(timeout)
    if isinstance(cause, socket.gaierror):
        return RequestError("there is no such host", fatal=True)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return RequestError(f"its certificate is not trusted: {cause.verify_message}", fatal=True)
    if isinstance(cause, ConnectionRefusedError):
        return RequestError("nothing answers there (connection refused)", passing=True, fatal=True)
    text = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return RequestError(f"the connection failed: {text or type(cause).__name__}", passing=True)


def _slow(timeout: float) -> RequestError:
    return RequestError(f"no answer within {timeout:g} seconds", passing=True)
