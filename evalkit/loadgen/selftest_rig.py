"""What the self-test measures with: the scripted server in a process of its own, and a bench's client before it."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from multiprocessing.connection import Connection

import psutil

from evalkit.backends import open_backend
from evalkit.backends.endpoints.loop import LoopThread, tidy
from evalkit.config.run import EndpointSpec, ModelSpec
from evalkit.engine.values import GenerationSettings
from evalkit.errors import ExecutionError
from evalkit.loadgen.chunks import chat_answer, usage
from evalkit.loadgen.driver import Driver, Held, Shot
from evalkit.loadgen.prompts import Conversation, Turn
from evalkit.loadgen.scripted import HOST, START_S, Pause, Plan, Received, Send, serve_forever
from evalkit.loadgen.sizing import Windows
from evalkit.loadgen.target import Target, open_target
from evalkit.meters.clock import now_ns
from evalkit.records import NS_PER_S, EventKind

_TICK_S = 0.001  # uvloop's timers have whole milliseconds
_POLL_S = 0.1
_GIVE_UP_S = 30.0
_STAMPS = "/stamps"


@dataclass(frozen=True, slots=True)
class Load:
    """Streams in a closed loop, and how long they are watched."""

    streams: int
    gap_s: float
    """Time between chunks; 0: as fast as the server can."""
    chunks: int
    """Chunks per answer."""
    settle_s: float
    """Time before the window; half of it is for opening the streams."""
    window_s: float


@dataclass(frozen=True, slots=True)
class Observed:
    """What came of a load."""

    held: Held
    n_ended: int
    """Requests that ended in the window."""
    sent_ns: dict[str, list[int]]
    """Stream → the server's stamps of its chunks."""
    came_ns: dict[str, list[int]]
    """Stream → the client's stamps; the last ones are missing where the stream was cut off."""
    lags_s: list[float]
    """How late timers of the event loop came in the window."""
    server_cpu_share: float | None

    @property
    def window_s(self) -> float:
        """Length of the window as it was."""
        return (self.held.t_cool_ns - self.held.t_steady_ns) / NS_PER_S

    @property
    def client_cpu_share(self) -> float:
        """CPU time of the thread that sends, receives and reads / window."""
        return self.held.loop_cpu_s / self.window_s

    @property
    def chunks_per_s(self) -> float:
        """Chunks that came in the window / window."""
        start, end = self.held.t_steady_ns, self.held.t_cool_ns
        came = (t for stamps in self.came_ns.values() for t in stamps)
        return sum(start <= t < end for t in came) / self.window_s

    @property
    def n_open(self) -> int:
        """Streams whose first chunk came before the window, and to which the server sent at its end."""
        start, end = self.held.t_steady_ns, self.held.t_cool_ns
        begun = [key for key, stamps in self.came_ns.items() if stamps and stamps[0] <= start]
        return sum(self.sent_ns.get(key, [0])[-1] >= end - NS_PER_S // 2 for key in begun)


class Rig:
    """A server and a client that are ready.

    Args:
        target: The client.
        url: Of the server.
        server_pid: Its process.
    """

    def __init__(self, target: Target, url: str, server_pid: int) -> None:
        self.server_pid = server_pid
        self._target = target
        self._url = url
        self._tags = count()

    @property
    def event_loop(self) -> str:
        """The package whose event loop requests run in."""
        return type(self._target.thread.loop).__module__.partition(".")[0]

    def idle_lags_s(self, seconds: float) -> list[float]:
        """Return how late sleeps of the event loop come while nothing is asked."""
        start = now_ns()
        with _ticking(self._target.thread) as ticks:
            time.sleep(seconds)
        return ticks.between(start, now_ns())

    def hold(self, load: Load, *, with_lags: bool) -> Observed:
        """Hold a load with the bench's driver; what is still open at the end is cut off.

        Args:
            load: What to hold.
            with_lags: Time the event loop meanwhile, every millisecond: costs a hundredth of a core.
        """
        most_s = load.settle_s + load.window_s + _GIVE_UP_S
        windows = Windows(load.settle_s, load.window_s, 0.0, most_s, min_requests=0)
        prompts = _Numbered(load, next(self._tags))
        shots: list[Shot] = []
        driver = Driver(self._target, prompts, shots.append, None, load.streams)
        thread, server = self._target.thread, psutil.Process(self.server_pid)
        cpu: list[tuple[int, float]] = []
        with ExitStack() as stack:
            ticks = stack.enter_context(_ticking(thread)) if with_lags else _Ticks()
            work = thread.submit(driver.hold(windows))
            while not work.done():
                time.sleep(_POLL_S)
                tidy()
                times = server.cpu_times()
                cpu.append((now_ns(), times.user + times.system))
        held = work.result()
        start, end = held.t_steady_ns, held.t_cool_ns
        return Observed(
            held=held,
            n_ended=sum(start <= s.outcome.t_end_ns < end for s in shots),
            sent_ns=_stamps(self._url),
            came_ns={prompts.text(s.number): _content_ns(s) for s in shots},
            lags_s=ticks.between(start, end),
            server_cpu_share=cpu_share(cpu, start, end),
        )


def cpu_share(readings: Sequence[tuple[int, float]], start_ns: int, end_ns: int) -> float | None:
    """Return CPU seconds per second between the first and the last reading within a window; None with fewer than two.

    Args:
        readings: Stamp and CPU seconds so far.
        start_ns: The window.
        end_ns: Its end.
    """
    inside = [(t, cpu_s) for t, cpu_s in readings if start_ns <= t <= end_ns]
    if len(inside) < 2:
        return None
    (first, before), (last, after) = inside[0], inside[-1]
    return (after - before) * NS_PER_S / (last - first)


@contextmanager
def open_rig() -> Iterator[Rig]:
    """Start a server and a client; both end with the block.

    Raises:
        ExecutionError: The server did not start.
    """
    with ExitStack() as stack:
        url, pid = stack.enter_context(_serving())
        spec = ModelSpec(
            name="selftest",
            backend="openai",
            source="scripted",
            endpoint=EndpointSpec(base_url=url + "/v1", max_attempts=1),
        )
        target = open_target(stack.enter_context(open_backend(spec)), spec, session=0)
        stack.callback(target.close)
        yield Rig(target, url, pid)


class _Numbered:
    """Prompts that say how to answer, each with a number of its own by which both sides' stamps are matched."""

    def __init__(self, load: Load, tag: int) -> None:
        self._settings = GenerationSettings(max_tokens=load.chunks)
        self._start = f"{load.gap_s:g} {tag}"

    def text(self, number: int) -> str:
        """Return what the n-th request says."""
        return f"{self._start}-{number}"

    def draw(self, number: int) -> Conversation:
        """Return it as a conversation."""
        return Conversation((Turn(self.text(number), self._settings),))


class _Ticks:
    """How late sleeps of an event loop come, and when they came."""

    def __init__(self) -> None:
        self._late: list[tuple[int, int]] = []

    async def run(self) -> None:
        """Measure until cancelled."""
        tick_ns = round(_TICK_S * NS_PER_S)
        while True:
            due = now_ns() + tick_ns
            await asyncio.sleep(_TICK_S)
            now = now_ns()
            self._late.append((now, now - due))

    def between(self, start_ns: int, end_ns: int) -> list[float]:
        """Return seconds."""
        return [late / NS_PER_S for t, late in self._late if start_ns <= t < end_ns]


@contextmanager
def _ticking(thread: LoopThread) -> Iterator[_Ticks]:
    ticks = _Ticks()
    running = thread.submit(ticks.run())
    try:
        yield ticks
    finally:
        running.cancel()


@contextmanager
def _serving() -> Iterator[tuple[str, int]]:
    """Run the server; yields its URL and its process's number."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sender,), daemon=True)
    process.start()
    sender.close()  # the server has its own end: when that closes, waiting ends
    try:
        yield f"http://{HOST}:{_port(receiver)}", process.pid or 0
    finally:
        process.terminate()
        process.join()


def _port(receiver: Connection) -> int:
    try:
        if receiver.poll(START_S):
            return int(receiver.recv())
    except EOFError:
        pass  # it has ended; said below
    raise ExecutionError("the self-test's server did not start.", "Is the machine very busy?")


def _serve(ready: Connection) -> None:
    """Answer as each prompt says, and tell at /stamps what was sent when since it was asked last."""
    received: list[Received] = []

    def script(asked: Received) -> Plan:
        if asked.path != _STAMPS:
            return _plan(float(_text(asked).split()[0]), json.loads(asked.body)["max_tokens"])
        body = json.dumps(dict(_sent(received))).encode()
        received.clear()
        return Plan((Send(body),), headers={"Content-Type": "application/json"})

    serve_forever(script, 0, ready.send, received=received)


@lru_cache
def _plan(gap_s: float, chunks: int) -> Plan:
    steps = chat_answer(["word "] * chunks, ttft_s=gap_s, itl_s=gap_s, usage=usage(2, chunks))
    return Plan(tuple(step for step in steps if step != Pause(0.0)))


def _text(received: Received) -> str:
    return str(json.loads(received.body)["messages"][0]["content"])


def _sent(received: Iterable[Received]) -> Iterator[tuple[str, list[int]]]:
    """Yield streams and the stamps of their sends, but for the role; those after the content match no chunk."""
    for one in received:
        if one.body:
            yield _text(one), [sent.t_ns for sent in one.sent[1:]]


def _stamps(url: str) -> dict[str, list[int]]:
    with urllib.request.urlopen(url + _STAMPS, timeout=_GIVE_UP_S) as answer:
        found: dict[str, list[int]] = json.load(answer)
    return found


def _content_ns(shot: Shot) -> list[int]:
    events = shot.outcome.attempts[-1].events
    return [event.t_ns for event in events if event.kind == EventKind.CONTENT]
