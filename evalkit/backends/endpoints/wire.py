"""The transport under every vendor's SDK: sends through aiohttp and stamps each chunk before anything parses it.

Headers are evalkit's own and those of the vendor that it names; what an SDK writes into a request is left out but for
its body, since SDKs take organisations, headers and even other keys from variables, and tell about this machine.

All SDKs used here take an httpx2 client. Its own transport costs about 0.2 ms per chunk in Python, which at 500 streams
makes the event loop late by 50 ms; aiohttp parses in C. SDKs wrap errors in classes of their own, so what happened is
noted here, in the `Exchange`, and SDK exceptions are never interpreted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
import httpx2
from yarl import URL

from evalkit import __version__
from evalkit.backends.endpoints.proxies import proxy_for
from evalkit.config.run import EndpointSpec
from evalkit.meters.clock import now_ns

LARGEST_BODY = 128_000_000
"""Bytes of one response; a longer one is a defect of the server and is cut off."""
LARGEST_ERROR_BODY = 64_000
"""Bytes kept of a response with an error status."""
_READ_BUFFER = 1 << 20
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": f"evalkit/{__version__}",
}
_HOP_BY_HOP = {"content-encoding", "content-length", "transfer-encoding"}


class NoHeadersError(Exception):
    """The response did not begin in time."""


class StalledError(Exception):
    """The response fell silent."""


class StrayError(Exception):
    """A request was for another host than the configured one, and was not sent."""


class OversizedError(Exception):
    """The response is longer than `LARGEST_BODY`."""


@dataclass(slots=True)
class Exchange:
    """What went over the wire for one attempt; the transport fills it while the SDK waits."""

    url: str = ""
    """Where the request went."""
    t_send_ns: int | None = None
    """The moment before the request is handed to the connection, a new one included."""
    t_headers_ns: int | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Lower-case names."""
    bytes_sent: int | None = None
    bytes_received: int = 0
    is_new_connection: bool = False
    chunks: deque[tuple[int, bytes]] = field(default_factory=deque)
    """Stamp and bytes of what came and has not been parsed yet; empty for error statuses."""
    error_body: bytearray = field(default_factory=bytearray)
    proxy: str | None = None
    """Through which it went, without its password."""
    failure: BaseException | None = None
    """What the connection did wrong, before any SDK wrapped it."""


EXCHANGE: ContextVar[Exchange] = ContextVar("exchange")
"""Set by the task that makes an attempt; the transport runs in the same task."""


def host_of(url: str) -> str:
    """Return host and port of a URL."""
    return urlsplit(url).netloc


class StampingTransport(httpx2.AsyncBaseTransport):
    """One aiohttp session: connections are kept and reused, their number is not limited here.

    Args:
        spec: Time-outs.
        url: Where requests will go, and nowhere else; proxies from the environment are used unless it is this machine.
        headers: The vendor's, with the key.
    """

    def __init__(self, spec: EndpointSpec, url: str, headers: Mapping[str, str]) -> None:
        self._spec = spec
        self._origin = URL(url).origin()
        self._headers = {**_HEADERS, **headers}
        self._proxy = proxy_for(url)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; returns when the response's headers are there."""
        exchange = EXCHANGE.get()
        body = await request.aread()
        exchange.bytes_sent = len(body)
        exchange.url = str(request.url)
        exchange.proxy = str(self._proxy) if self._proxy else None
        exchange.t_send_ns = now_ns()
        if URL(exchange.url).origin() != self._origin:
            exchange.failure = StrayError(f"not sent: the config names {self._origin}")
            raise httpx2.ConnectError("another host")
        try:
            async with asyncio.timeout(self._spec.headers_timeout_s):
                response = await self._opened().request(
                    request.method,
                    URL(str(request.url), encoded=True),
                    headers=self._headers,
                    data=body,
                    proxy=self._proxy.url if self._proxy else None,
                    allow_redirects=False,
                    trace_request_ctx=exchange,
                )
        except TimeoutError as error:
            is_connect = isinstance(error, aiohttp.ConnectionTimeoutError)
            exchange.failure = error if is_connect else NoHeadersError()
            raise httpx2.ReadTimeout("no response in time") from error
        except (aiohttp.ClientError, OSError) as error:
            exchange.failure = error
            raise httpx2.ConnectError(type(error).__name__) from error
        exchange.t_headers_ns = now_ns()
        exchange.status = response.status
        exchange.headers = {k.lower(): v for k, v in response.headers.items()}
        shown = [(k, v) for k, v in exchange.headers.items() if k not in _HOP_BY_HOP]
        stream = ResponseBody(response, exchange, self._spec.stall_timeout_s)
        return httpx2.Response(response.status, headers=shown, stream=stream)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_connection_create_end.append(_note_new_connection)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._spec.connect_timeout_s
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=_READ_BUFFER,
                trace_configs=[trace],
            )
        return self._session


async def _note_new_connection(_session: object, context: object, _params: object) -> None:
    exchange = getattr(context, "trace_request_ctx", None)
    if isinstance(exchange, Exchange):
        exchange.is_new_connection = True


class ResponseBody(httpx2.AsyncByteStream):
    """The response's body; what comes is stamped and put into the exchange before it is handed on.

    Args:
        response: Whose body it is.
        exchange: Where to note what comes.
        stall_s: How long it may be silent; up to a tenth longer.
    """

    def __init__(
        self, response: aiohttp.ClientResponse, exchange: Exchange, stall_s: float
    ) -> None:
        self._response = response
        self.exchange = exchange
        self._stall_s = stall_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange, content = self.exchange, self._response.content
        is_error = (exchange.status or 0) >= 400
        loop = asyncio.get_running_loop()
        slack_s = self._stall_s / 10
        try:
            async with asyncio.timeout(self._stall_s) as silence:
                extend_at = 0.0
                while data := await content.readany():
                    self.note(now_ns(), data, is_error=is_error)
                    now = loop.time()
                    if now >= extend_at:  # not for every chunk: a timer costs more than a chunk
                        silence.reschedule(now + self._stall_s + slack_s)
                        extend_at = now + slack_s
                    yield data
                    if len(exchange.error_body) >= LARGEST_ERROR_BODY:
                        return
        except TimeoutError as error:
            exchange.failure = StalledError()
            raise httpx2.ReadTimeout("the response fell silent") from error
        except (aiohttp.ClientError, OSError) as error:
            exchange.failure = error
            raise httpx2.ReadError(type(error).__name__) from error

    def note(self, t_ns: int, data: bytes, *, is_error: bool) -> None:
        """Put what has come into the exchange."""
        exchange = self.exchange
        exchange.bytes_received += len(data)
        if exchange.bytes_received > LARGEST_BODY:
            exchange.failure = OversizedError()
            raise httpx2.ReadError("the response is too long")
        if is_error:
            exchange.error_body += data[: LARGEST_ERROR_BODY - len(exchange.error_body)]
        else:
            exchange.chunks.append((t_ns, data))

    async def aclose(self) -> None:
        """Give the connection back, or close it when the body was not read to its end."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()
