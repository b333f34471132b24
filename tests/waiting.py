"""Waiting in tests: until something has happened, never for a while; and a clock that nobody has to wait for."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_S = 300.0
"""No machine is so busy; what has not happened by then is a defect."""


def until(is_true: Callable[[], bool], every_s: float = 0.005) -> None:
    """Wait for what another thread or process does; look less often where looking takes time."""
    end = time.monotonic() + LONGEST_S
    while not is_true():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(every_s)


class _Selector(selectors.DefaultSelector):
    """Moves the clock on instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += max(timeout or 0.0, 0.0)
        return super().select(None if timeout is None else 0)


class _FastLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def in_no_time(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine whose waits take no time: `loop.time()` begins at 0 and goes on by what is waited for."""
    with asyncio.Runner(loop_factory=_FastLoop) as runner:
        return runner.run(work)
