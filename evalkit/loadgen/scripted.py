"""A streaming HTTP server that plays a plan per request and stamps what it sends.

evalkit's meter says when an answer arrived; this server says when it was sent, by the same clock
(`evalkit.meters.clock.now_ns`, on Linux comparable over processes). The two must agree. A plan is bytes and pauses, so
the server can play every API, and every way in which an answer breaks.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Self

from aiohttp import web

from evalkit.errors import UsageError
from evalkit.meters.clock import now_ns

HOST = "127.0.0.1"
BACKLOG = 4096
"""Connections the system may hold before they are accepted; Linux caps it at `net.core.somaxconn`."""
START_S = 30.0
"""Longest wait for the server to listen."""
STOP_S = 10.0
"""Longest wait for the server's thread to end."""
_GRACE_S = 2.0  # for answers that are cancelled already; aiohttp waits twice at most
_LOOK_S = 0.001
_SETTLE_S = 0.01  # asyncio loses connections that are being accepted while the server closes
_MODEL_IN_PATH = re.compile(r"/models/(?P<model>[^:]+):\w+$")


@dataclass(frozen=True, slots=True)
class Send:
    """Write bytes, as one HTTP chunk where the body is chunked, and wait while the write buffer is full."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing for a while; never shorter than asked."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    """Send nothing until something has happened, however long that takes: such as what the client does."""

    has_happened: Callable[[Received], bool]
    """Asked every millisecond, about the request that is answered."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Send nothing more until the client goes away or the server stops."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the connection at once, without the terminating chunk.

    A client can tell it from a complete answer only where the body is chunked or has a length.
    """


Step = Send | Pause | Until | Stall | Disconnect


@dataclass(frozen=True, slots=True)
class Plan:
    """How one request is answered: status and headers first, then the steps, then the end of the body."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"Content-Type": "text/event-stream"}
    )
    """A `Content-Length` takes the place of chunks; the steps must then send just so many bytes."""
    pause_before_headers_s: float = 0.0
    """May be `math.inf`: ends when the client goes away or the server stops."""
    is_chunked: bool = True
    """False: `Connection: close`, and the body ends where the connection does."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One `Send` that was played."""

    t_ns: int
    """Clock immediately before the bytes were handed to the transport."""
    n_bytes: int
    """Bytes of the body, without the framing of chunks."""


@dataclass(slots=True)
class Received:
    """One request, listed when its headers are here, and filled as it goes on."""

    path: str
    """Decoded, without the query."""
    headers: dict[str, str] = field(repr=False)
    """Names in lower case; may hold keys, so they are not shown."""
    t_received_ns: int
    """When the headers were here."""
    body: bytes = field(default=b"", repr=False)
    """Empty until all of it is here; the script is asked after that."""
    sent: list[Sent] = field(default_factory=list)
    """The last one may not have gone out when the client is gone."""
    t_closed_ns: int | None = None
    """Read immediately before the body was ended or the connection closed, or when the client was found to be gone."""
    is_client_gone: bool = False
    """The client went away before the plan was played to its end."""


Script = Callable[[Received], Plan]
"""Asked once for every request, in the order in which they are complete; must not block."""


def sequence(*plans: Plan) -> Script:
    """Return a script that plays the plans in order and repeats the last.

    Raises:
        ValueError: No plan is given.
    """
    if not plans:
        raise ValueError("a sequence needs at least one plan")
    waiting = list(reversed(plans))

    def play_next(_received: Received) -> Plan:
        return waiting.pop() if len(waiting) > 1 else waiting[0]

    return play_next


def by_model(plans: Mapping[str, Script | Plan]) -> Script:
    """Return a script that picks by the model asked for; an unknown one is answered with 404 and a JSON error.

    Args:
        plans: What to play, by the `model` of the JSON body, or of a path such as
            `/v1beta/models/MODEL:streamGenerateContent`.
    """

    def pick(received: Received) -> Plan:
        model = _model_of(received)
        chosen = None if model is None else plans.get(model)
        if chosen is None:
            return _not_found(model)
        return chosen if isinstance(chosen, Plan) else chosen(received)

    return pick


def _model_of(received: Received) -> str | None:
    if found := _MODEL_IN_PATH.search(received.path):
        return found["model"]
    try:
        body = json.loads(received.body)
    except ValueError:
        return None
    model = body.get("model") if isinstance(body, dict) else None
    return model if isinstance(model, str) else None


def _not_found(model: str | None) -> Plan:
    message = "the request names no model" if model is None else f"model {model!r} does not exist"
    error = {"error": {"type": "not_found_error", "message": message}}
    body = json.dumps(error).encode()
    return Plan((Send(body),), status=404, headers={"Content-Type": "application/json"})


class ScriptedServer:
    """Context manager that serves from a thread of its own while the block runs.

    Records may be read at any time; they are complete once the server has stopped.

    Args:
        script: What to answer.
        port: Port on 127.0.0.1; 0 takes any free one.
        ssl_context: Serve HTTPS with it.
    """

    def __init__(
        self, script: Script, *, port: int = 0, ssl_context: SSLContext | None = None
    ) -> None:
        self.url = ""
        """Address such as `http://127.0.0.1:41234`; empty before the block."""
        self.received: list[Received] = []
        """Every request, in the order of arrival."""
        self._script = script
        self._port = port
        self._ssl_context = ssl_context
        self._bound: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._cancel: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._serve, name="scripted-server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        port = self._bound.result(START_S)
        self.url = f"{'https' if self._ssl_context else 'http'}://{HOST}:{port}"
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close all connections and end the thread. Returns within `STOP_S`; a second call does nothing."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
            self._thread.join(STOP_S)

    def _serve(self) -> None:
        try:
            serve_forever(
                self._script,
                self._port,
                self._is_ready,
                received=self.received,
                ssl_context=self._ssl_context,
            )
        except asyncio.CancelledError:
            pass  # that is how `stop` ends it
        except Exception as error:
            if self._bound.done():
                raise
            self._bound.set_exception(error)  # raised again where the block is entered

    def _is_ready(self, port: int) -> None:
        loop, serving = asyncio.get_running_loop(), asyncio.current_task()
        assert serving is not None
        self._cancel = lambda: _call_in(loop, serving.cancel)
        self._bound.set_result(port)


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Run a call in another thread's loop, if that still runs."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


def serve_forever(
    script: Script,
    port: int,
    ready: Callable[[int], None],
    *,
    received: list[Received] | None = None,
    ssl_context: SSLContext | None = None,
) -> None:
    """Serve on 127.0.0.1 until interrupted, in this thread.

    For a server in a process of its own call it there. The script sees every record and may keep it, so a path of its
    own can answer with the stamps.

    Args:
        script: What to answer.
        port: 0 takes any free one.
        ready: Called with the port once connections are accepted, from the task that serves: to cancel that task ends
            the server.
        received: Where to list requests.
        ssl_context: Serve HTTPS with it.

    Raises:
        UsageError: The port can't be used.
        asyncio.CancelledError: The task that serves was cancelled.
    """
    player = _Player(script, [] if received is None else received)
    asyncio.run(_serve(player, port, ready, ssl_context))


async def _serve(
    player: _Player, port: int, ready: Callable[[int], None], ssl_context: SSLContext | None
) -> None:
    app = web.Application(client_max_size=0)  # 0: prompts may be of any length
    app.router.add_route("*", "/{path:.*}", player.answer)
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=_GRACE_S
    )
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, ssl_context=ssl_context, backlog=BACKLOG)
    try:
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"port {port} of {HOST} can't be used: {error}",
                "Take another port, or 0 for any free one.",
            ) from error
        ready(runner.addresses[0][1])
        await _forever()
    finally:
        await asyncio.sleep(_SETTLE_S)
        player.stop()
        await runner.cleanup()


async def _forever() -> None:
    await asyncio.get_running_loop().create_future()


class _Player:
    """Answers requests by the script, each in a task that aiohttp cancels when the client goes away."""

    def __init__(self, script: Script, received: list[Received]) -> None:
        self._script = script
        self._received = received
        self._answering: set[asyncio.Task[object]] = set()
        self._is_stopping = False

    def stop(self) -> None:
        """Cancel every answer."""
        self._is_stopping = True
        for task in self._answering:
            task.cancel()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Record the request and play its plan."""
        task = asyncio.current_task()
        assert task is not None
        t_received_ns = now_ns()
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.path, headers, t_received_ns)
        self._received.append(received)
        self._answering.add(task)
        try:
            received.body = await request.read()
            return await _play(self._script(received), request, received)
        except asyncio.CancelledError:
            received.is_client_gone = not self._is_stopping
            if request.transport is not None:
                request.transport.abort()  # closing would wait for a client that does not read
            raise
        except ConnectionError:
            received.is_client_gone = True
            return web.Response()  # aiohttp finds out that it can't be sent, and logs nothing
        finally:
            self._answering.discard(task)
            if received.t_closed_ns is None:
                received.t_closed_ns = now_ns()


class _UntilClose(web.StreamResponse):
    """A body without chunks and length. aiohttp chunks every HTTP/1.1 body whose length it can't check."""

    _length_check = False


async def _play(plan: Plan, request: web.Request, received: Received) -> web.StreamResponse:
    await asyncio.sleep(plan.pause_before_headers_s)
    kind = web.StreamResponse if plan.is_chunked else _UntilClose
    response = kind(status=plan.status, headers=plan.headers)
    if not plan.is_chunked:
        response.force_close()
    await response.prepare(request)
    for step in plan.steps:
        match step:
            case Send(data):
                received.sent.append(Sent(now_ns(), len(data)))
                await response.write(data)
                await request.writer.drain()
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Until(has_happened):
                while not has_happened(received):
                    await asyncio.sleep(_LOOK_S)
            case Stall():
                await _forever()
            case Disconnect():
                received.t_closed_ns = now_ns()
                if request.transport is not None:
                    request.transport.abort()
                return response
    received.t_closed_ns = now_ns()
    await response.write_eof()
    return response
