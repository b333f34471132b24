"""What can go wrong with one attempt: a class for each, whether to try again, and how long to wait first."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import aiohttp

from evalkit.backends.endpoints.wire import Exchange, NoHeadersError, OversizedError, StalledError

SHORTEST_SECRET = 6
"""Characters; a placeholder such as `x` for a key is no secret, and would tear holes into messages."""
LONGEST_MESSAGE = 300
"""Characters kept of what a server says about an error."""


class ErrorClass(StrEnum):
    """Why an attempt failed."""

    REFUSED = "connection_refused"
    DNS = "dns"
    TLS = "tls"
    CONNECT = "connect"
    """No connection for another reason: unreachable, or not in time."""
    TIMEOUT = "timeout"
    """The response did not begin in time, or the attempt took too long."""
    STALLED = "stalled"
    """The response began and fell silent."""
    DISCONNECTED = "disconnected"
    """The response ended before the answer was complete."""
    MALFORMED = "malformed"
    """The response is not what the API promises: broken JSON."""
    NOT_A_STREAM = "not_a_stream"
    """A web page instead of an answer: a proxy or a wrong address."""
    EMPTY = "empty"
    """A successful response with nothing in it."""
    STOPPED_EARLY = "stopped_early"
    """A stop string ended the answer before it began: in its thoughts, or in white space."""
    OVERSIZED = "oversized"
    BAD_REQUEST = "bad_request"
    AUTH = "auth"
    NOT_FOUND = "not_found"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    """The account has no credit left: waiting does not help."""
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"


RETRYABLE = frozenset(
    {
        ErrorClass.REFUSED,
        ErrorClass.DNS,
        ErrorClass.CONNECT,
        ErrorClass.TIMEOUT,
        ErrorClass.STALLED,
        ErrorClass.DISCONNECTED,
        ErrorClass.MALFORMED,
        ErrorClass.NOT_A_STREAM,
        ErrorClass.EMPTY,
        ErrorClass.RATE_LIMITED,
        ErrorClass.OVERLOADED,
        ErrorClass.SERVER_ERROR,
    }
)
"""Classes that may be gone the next time."""
BUSY = frozenset({ErrorClass.RATE_LIMITED, ErrorClass.OVERLOADED})
"""Classes that tell every request of the endpoint to wait."""
ABOUT_THE_DOC = frozenset(
    {ErrorClass.BAD_REQUEST, ErrorClass.CONTEXT_LENGTH, ErrorClass.CONTENT_FILTER}
)
"""Classes that blame one prompt, not the endpoint: they do not count towards giving up on it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one attempt failed."""

    error_class: ErrorClass
    message: str
    retry_after_s: float | None = None
    """What the server asks to wait."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may work the next time."""
        return self.error_class in RETRYABLE


def failure_of(exchange: Exchange, secrets: Collection[str]) -> Failure | None:
    """Return what the connection or the status says went wrong; None when neither does.

    Args:
        exchange: What went over the wire.
        secrets: Texts that must not get into the message.
    """
    if exchange.failure is not None:
        return _of_connection(exchange.failure, exchange.status is not None, secrets)
    if exchange.status is not None and exchange.status >= 300:
        return _of_status(exchange, secrets)
    return None


def failure_of_error(error: Any, secrets: Collection[str]) -> Failure:
    """Return what an error object within a stream says: OpenAI's, Anthropic's or Google's form."""
    kind, message = _error_words(error)
    found = _of_words(f"{kind} {message}") or ErrorClass.SERVER_ERROR
    return Failure(found, clean(f"{kind}: {message}".strip(": "), secrets))


def clean(message: str, secrets: Collection[str]) -> str:
    """Return a message on one line, cut short, without secrets."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            message = message.replace(secret, "***")
    return " ".join(message.split())[:LONGEST_MESSAGE]


def _of_connection(error: BaseException, had_response: bool, secrets: Collection[str]) -> Failure:
    if isinstance(error, OversizedError):
        return Failure(ErrorClass.OVERSIZED, "the response is longer than evalkit reads")
    if isinstance(error, StalledError):
        return Failure(ErrorClass.STALLED, "the response fell silent")
    if isinstance(error, NoHeadersError):
        return Failure(ErrorClass.TIMEOUT, "no response in time")
    if had_response:
        return Failure(ErrorClass.DISCONNECTED, "the connection broke within the response")
    return Failure(_connect_class(error), clean(str(error) or type(error).__name__, secrets))


def _connect_class(error: BaseException) -> ErrorClass:
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return ErrorClass.TLS
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return ErrorClass.DNS
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionResetError):
        return ErrorClass.DISCONNECTED
    os_error = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return (
        ErrorClass.REFUSED if isinstance(os_error, ConnectionRefusedError) else ErrorClass.CONNECT
    )


_BY_STATUS = {
    401: ErrorClass.AUTH,
    403: ErrorClass.AUTH,
    404: ErrorClass.NOT_FOUND,
    408: ErrorClass.TIMEOUT,
    413: ErrorClass.CONTEXT_LENGTH,
    429: ErrorClass.RATE_LIMITED,
    503: ErrorClass.OVERLOADED,
    529: ErrorClass.OVERLOADED,
}
_SPECIFIC = {400: True, 403: True, 413: True, 422: True, 429: True}
"""Statuses whose text says more than the number."""


def _of_status(exchange: Exchange, secrets: Collection[str]) -> Failure:
    status = exchange.status or 0
    body = bytes(exchange.error_body).decode("utf-8", "replace")
    is_page = "html" in exchange.headers.get("content-type", "")
    kind, message = ("", _page_title(body)) if is_page else _body_words(body)
    default = ErrorClass.SERVER_ERROR if status >= 500 else ErrorClass.BAD_REQUEST
    found = _BY_STATUS.get(status, ErrorClass.NOT_FOUND if status < 400 else default)
    if status in _SPECIFIC:
        found = _of_words(f"{kind} {message}") or found
    words = f"HTTP {status} {kind} {message}"
    return Failure(found, clean(words, secrets), _retry_after_s(exchange.headers, body))


_WORDS = (
    (r"insufficient_quota|exceeded your current quota|billing|credit balance", ErrorClass.QUOTA),
    (
        r"context.?length|context.?window|maximum context|too many tokens|prompt is too long"
        r"|input token count",
        ErrorClass.CONTEXT_LENGTH,
    ),
    (
        r"content.?filter|content.?policy|responsibleai|content management policy|moderation|safety",
        ErrorClass.CONTENT_FILTER,
    ),
    (r"overloaded|unavailable", ErrorClass.OVERLOADED),
    (r"rate.?limit|resource.?exhausted|too many requests", ErrorClass.RATE_LIMITED),
    (r"authentication|permission_(error|denied)|invalid.?api.?key", ErrorClass.AUTH),
    (r"not_found", ErrorClass.NOT_FOUND),
)


def _of_words(text: str) -> ErrorClass | None:
    for pattern, found in _WORDS:
        if re.search(pattern, text[:2000], re.IGNORECASE):
            return found
    return None


def _body_words(body: str) -> tuple[str, str]:
    """Return kind and message of an error body; an unknown form is its own message."""
    try:
        data = json.loads(body)
    except ValueError:
        return "", body
    if isinstance(data, list) and data:
        data = data[0]
    error = data.get("error", data) if isinstance(data, dict) else data
    return _error_words(error)


def _error_words(error: Any) -> tuple[str, str]:
    if not isinstance(error, dict):
        return "", str(error)
    parts = [error.get(key) for key in ("type", "status", "code", "param")]
    kind = " ".join(str(part) for part in parts if part)
    message = error.get("message") or error.get("detail") or error.get("error") or ""
    return kind, str(message) or json.dumps(error)[:LONGEST_MESSAGE]


def _page_title(body: str) -> str:
    found = re.search(r"<title>([^<]{0,200})", body[:20_000], re.IGNORECASE)
    return f"a web page{': ' + found[1].strip() if found else ''}"


def _retry_after_s(headers: dict[str, str], body: str) -> float | None:
    """Return what the server asks to wait: OpenAI's milliseconds, HTTP's seconds or date, Google's RetryInfo."""
    if (ms := _number(headers.get("retry-after-ms"))) is not None:
        return ms / 1000
    value = headers.get("retry-after")
    if (seconds := _number(value)) is not None:
        return seconds
    if value:
        try:
            return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError):
            return None
    found = re.search(r'"retryDelay":\s*"(\d+(?:\.\d+)?)s"', body)
    return float(found[1]) if found else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < 1e9 else None
