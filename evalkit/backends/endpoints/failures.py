"""What went wrong with one attempt, in words, and how long the server asks to wait before the next."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from evalkit.backends.endpoints.addresses import address_hint
from evalkit.backends.endpoints.error_bodies import parsed, report_of
from evalkit.backends.endpoints.error_classes import RETRYABLE, ErrorClass
from evalkit.backends.endpoints.kinds import kind_of
from evalkit.backends.endpoints.roles import refused_turns
from evalkit.backends.endpoints.waits import asked_wait_s
from evalkit.backends.endpoints.wire import Exchange, NoHeadersError, OversizedError, StalledError

_KEPT_HEADERS = (
    "request-id",
    "x-request-id",
    "retry-after",
    "retry-after-ms",
    "server-timing",
    "openai-processing-ms",
)
_LIMITS = "ratelimit-"
"""Headers of limits have this in their name, whatever a vendor writes in front of it."""
_PROXY_STATUSES = {407, 502, 503, 504}
SHORTEST_SECRET = 6
"""Characters; a placeholder such as `x` for a key is no secret, and would tear holes into messages."""
LONGEST_MESSAGE = 300
"""Characters kept of what a server says about an error."""


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
    """Return what the status or the connection says went wrong; None when neither does.

    Args:
        exchange: What went over the wire.
        secrets: Texts that must not get into the message.
    """
    if exchange.status is not None and exchange.status >= 300:
        failed = _of_status(exchange, secrets)
        # any other status is more likely the server's own
        is_of_proxy = exchange.status in _PROXY_STATUSES
    elif exchange.failure is not None:
        failed = _of_connection(exchange.failure, exchange.status is not None, secrets)
        is_of_proxy = True
    else:
        return None
    if exchange.proxy is None or not is_of_proxy:
        return failed
    return replace(failed, message=f"{failed.message}, through the proxy {exchange.proxy}")


def failure_of_error(error: Any, exchange: Exchange, secrets: Collection[str]) -> Failure:
    """Return what an error within a successful response says."""
    report = report_of(error, exchange.headers.get("x-amzn-errortype", ""))
    wait_s = asked_wait_s(exchange.headers, report)
    words = clean(f"{report.label}: {report.message}".strip(": "), secrets)
    found = kind_of(report, None, wait_s)
    hint = refused_turns(report.message, found, None)
    return Failure(ErrorClass.BAD_REQUEST if hint else found, _with_hint(words, hint), wait_s)


def clean(message: str, secrets: Collection[str]) -> str:
    """Return a message on one line, cut short, without secrets."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            message = message.replace(secret, "***")
    message = re.sub(r"://[^/\s'\"]*@", "://", message)  # user and password of a proxy
    return " ".join(message.split())[:LONGEST_MESSAGE]


def is_kept(header: str) -> bool:
    """Tell whether a response's header is worth keeping: it says who answered, how fast, and what the limits are."""
    return header in _KEPT_HEADERS or _LIMITS in header


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


def _of_status(exchange: Exchange, secrets: Collection[str]) -> Failure:
    status = exchange.status or 0
    body = bytes(exchange.error_body).decode("utf-8", "replace").removeprefix("\ufeff")
    is_page = "html" in exchange.headers.get("content-type", "") or body.lstrip()[:1] == "<"
    error = _page_title(body) if is_page else parsed(body)
    report = report_of(error, exchange.headers.get("x-amzn-errortype", ""))
    wait_s = asked_wait_s(exchange.headers, report)
    found = ErrorClass.NOT_FOUND if status < 400 else kind_of(report, status, wait_s)
    label = " ".join(word for word in report.label.split() if word != str(status))
    words = [f"HTTP {status}", label, report.message]
    said = clean(" ".join(w for w in words if w), secrets)
    if hint := refused_turns(report.message, found, status):
        return Failure(ErrorClass.BAD_REQUEST, _with_hint(said, hint), wait_s)
    if found == ErrorClass.NOT_FOUND:
        said = clean(_with_hint(said, address_hint(exchange)), secrets)
    return Failure(found, said, wait_s)


def _with_hint(said: str, hint: str) -> str:
    """Add what to do to what the server says, which is cut before the hint is."""
    return f"{said[: max(0, LONGEST_MESSAGE - len(hint) - 2)]}; {hint}" if hint else said


def _page_title(body: str) -> str:
    found = re.search(r"<title>([^<]{0,200})", body[:20_000], re.IGNORECASE)
    return f"a web page{': ' + found[1].strip() if found else ''}"
