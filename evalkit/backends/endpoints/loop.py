"""The event loop that all requests of a model share, in a thread of its own, and how late it runs."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
import threading
from array import array
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from types import FrameType
from typing import Any, TypeVar

from evalkit.meters.clock import now_ns
from evalkit.records import NS_PER_S

T = TypeVar("T")

_SWITCH_S = 0.0001
"""How long another thread may hold the interpreter before the loop's thread gets it."""
_TICK_S = 0.01
_MOST_TICKS = 1_000_000


class LoopThread:
    """Runs coroutines in a thread; connections stay open between them."""

    def __init__(self) -> None:
        self.loop = _new_loop()
        self.reading = asyncio.Lock()
        """Held while an answer is read: one at a time."""
        self._switch_s = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        gc.collect()
        gc.freeze()
        gc.disable()  # a full collection would stop the loop for up to a second; see `tidy`
        self._thread = threading.Thread(target=self._run, name="endpoint", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def close(self) -> None:
        """Stop the loop and wait for its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        gc.enable()
        gc.unfreeze()
        sys.setswitchinterval(self._switch_s)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


def _new_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's event loop, which halves the time a chunk takes; asyncio's own where there is none (Windows)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def tidy() -> None:
    """Collect young garbage and exempt what survives from further searches: takes a millisecond, however long a run."""
    gc.collect(0)
    gc.freeze()


class LagMeter:
    """Measures how late timers of an event loop come, every 10 ms: whatever delays them delays stamps as well."""

    def __init__(self) -> None:
        self.lags_s = array("d")

    async def run(self) -> None:
        """Measure until cancelled."""
        while len(self.lags_s) < _MOST_TICKS:
            due_ns = now_ns() + round(_TICK_S * NS_PER_S)
            await asyncio.sleep(_TICK_S)
            self.lags_s.append((now_ns() - due_ns) / NS_PER_S)


class Interrupts:
    """Counts Ctrl-C and SIGTERM instead of letting them tear apart what is going on."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        """Note one."""
        self.count += 1


@contextlib.contextmanager
def deferred_interrupts() -> Iterator[Interrupts]:
    """Hold signals back until a moment when no answer can be lost; only the main thread gets them."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = {s: signal.signal(s, interrupts) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
