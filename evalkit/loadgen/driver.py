"""Holds one setting of load against a target: sends on schedule, stamps, and ends in time whatever the target does."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from evalkit.backends.base import GenerateRequest, Outcome, written
from evalkit.backends.endpoints.error_classes import DEAD
from evalkit.backends.endpoints.loop import LagMeter
from evalkit.errors import EvalkitError
from evalkit.loadgen.prompts import Conversation, Prompts, Turn
from evalkit.loadgen.sizing import Windows
from evalkit.loadgen.target import Message, Target
from evalkit.meters.clock import now_ns
from evalkit.metrics.latency import ttft_s
from evalkit.records import NS_PER_S, TOO_MANY_OPEN

MOST_OPEN = 16_384
"""Requests in flight; with more the step is given up: the target is overloaded beyond measure."""
_DEAD_IN_ROW = 10
_POLL_S = 0.02
_GRACE_S = 10.0
"""Longest wait after everything was told to end."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One request of a step and what became of it."""

    number: int
    """Number of the conversation, from 0."""
    turn: int
    prompt: str
    due_ns: int
    outcome: Outcome


@dataclass(slots=True)
class Live:
    """What is going on now, for whoever watches; numbers since the step began."""

    n_due: int = 0
    n_answered: int = 0
    n_failed: int = 0
    output_tokens: int = 0
    recent_ttft_s: deque[float] = field(default_factory=lambda: deque(maxlen=50))

    @property
    def n_open(self) -> int:
        """Requests due and not yet answered."""
        return self.n_due - self.n_answered - self.n_failed


@dataclass(frozen=True, slots=True)
class Held:
    """When the parts of a step were, and how well evalkit kept time."""

    t_start_ns: int
    t_steady_ns: int
    t_cool_ns: int
    t_end_ns: int
    lags_s: tuple[float, ...]
    loop_cpu_s: float
    client_cpu_s: float
    n_expired: int
    """Requests that were in flight when the step ended, and were given up."""
    reason: str
    """Why it ended early; empty when it did not."""


class Driver:
    """Holds one step.

    Args:
        target: Who is asked.
        prompts: What is asked.
        keep: Called in the target's thread with every request that has ended; must not block.
        offsets: When conversations are due, in seconds from the start; None: closed loop.
        concurrency: Of the closed loop.
    """

    def __init__(
        self,
        target: Target,
        prompts: Prompts,
        keep: Callable[[Shot], None],
        offsets: Iterator[float] | None,
        concurrency: int | None,
    ) -> None:
        self.live = Live()
        self._target = target
        self._prompts = prompts
        self._keep = keep
        self._offsets = offsets
        self._concurrency = concurrency or 1
        self._numbers = iter(range(1 << 62))
        self._open: dict[asyncio.Timeout, int] = {}
        """Limit of each request in flight → when it was due."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._cool_ns = 1 << 62
        self._n_steady = 0
        self._steady_ns = 0
        self._n_dead = 0
        self._error: BaseException | None = None
        self._stop_reason = ""
        self._over = asyncio.Event()

    def stop(self, reason: str) -> None:
        """End the step as soon as possible; call it in the target's thread."""
        self._stop_reason = self._stop_reason or reason

    async def hold(self, windows: Windows) -> Held:
        """Offer the load until the steady window and the answers to it are complete.

        Raises:
            EvalkitError: Budget or deadline forbid going on, or a request could not be written.
        """
        lag = LagMeter()
        start_ns = now_ns()
        end_s = windows.max_s
        self._steady_ns = start_ns + round(windows.warmup_s * NS_PER_S)
        ticking = asyncio.create_task(lag.run())
        offering = asyncio.create_task(self._offer(start_ns, windows.warmup_s))
        offering.add_done_callback(self._ended)
        try:
            await self._until(lambda: now_ns() >= self._steady_ns)
            n_before, cpu_before = len(lag.lags_s), _cpu_s()
            await self._until(lambda: self._is_measured(start_ns, windows, offering))
            self._cool_ns = now_ns()
            n_after, cpu_after = len(lag.lags_s), _cpu_s()
            cool_s = min(windows.cooldown_s, end_s - (self._cool_ns - start_ns) / NS_PER_S)
            until_ns = self._cool_ns + round(cool_s * NS_PER_S)
            await self._until(lambda: now_ns() >= until_ns or not self._has_steady_open())
        finally:
            n_expired = len(self._open)
            await self._end(offering)
            ticking.cancel()
        if self._error is not None:
            raise self._error
        return Held(
            t_start_ns=start_ns,
            t_steady_ns=min(self._steady_ns, self._cool_ns),
            t_cool_ns=self._cool_ns,
            t_end_ns=now_ns(),
            lags_s=tuple(lag.lags_s[n_before:n_after]),
            loop_cpu_s=cpu_after[0] - cpu_before[0],
            client_cpu_s=cpu_after[1] - cpu_before[1],
            n_expired=n_expired,
            reason=self._stop_reason,
        )

    async def _until(self, is_reached: Callable[[], bool]) -> None:
        """Wait for a moment, or for a reason to stop."""
        while not (is_reached() or self._stop_reason or self._error):
            await asyncio.sleep(_POLL_S)

    def _is_measured(self, start_ns: int, windows: Windows, offering: asyncio.Task[None]) -> bool:
        """Tell whether the steady window is long enough, or can't grow any more."""
        now = now_ns()
        if offering.done():
            return True  # a trace has ended
        most_s = windows.max_s - windows.cooldown_s
        if (now - start_ns) / NS_PER_S >= max(most_s, windows.warmup_s + windows.measure_s):
            return True
        is_long = (now - self._steady_ns) / NS_PER_S >= windows.measure_s
        return is_long and self._n_steady >= windows.min_requests

    def _has_steady_open(self) -> bool:
        return any(self._steady_ns <= due < self._cool_ns for due in self._open.values())

    async def _end(self, offering: asyncio.Task[None]) -> None:
        """Stop offering, let every open request expire, and wait for that."""
        self._over.set()
        offering.cancel()
        now = asyncio.get_running_loop().time()
        for limit in self._open:
            with suppress(RuntimeError):  # it is over: its answer is here and being read
                limit.reschedule(now)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_S)
        for task in self._tasks:
            task.cancel()

    async def _offer(self, start_ns: int, warmup_s: float) -> None:
        if self._offsets is None:
            await self._offer_closed(warmup_s)
            return
        for offset in self._offsets:
            due_ns = start_ns + round(offset * NS_PER_S)
            while (wait_ns := due_ns - now_ns()) > 0:  # timers may fire early by half a millisecond
                await asyncio.sleep(wait_ns / NS_PER_S)
            if len(self._open) >= MOST_OPEN:
                self.stop(TOO_MANY_OPEN)
            self._spawn(self._converse(due_ns))
        await asyncio.wait(self._tasks or {asyncio.create_task(asyncio.sleep(0))})

    async def _offer_closed(self, warmup_s: float) -> None:
        """Start the workers spread over half the warm-up, so that they do not march in step."""
        pause_s = min(warmup_s / 2, 10.0) / self._concurrency
        for _ in range(self._concurrency):
            self._spawn(self._work())
            await asyncio.sleep(pause_s)
        await asyncio.get_running_loop().create_future()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = self._error or error

    async def _work(self) -> None:
        while not (self._over.is_set() or self._stop_reason or self._error):
            await self._converse(now_ns())

    async def _converse(self, due_ns: int) -> None:
        """Hold one conversation; later turns are due when the user has read the answer."""
        number = next(self._numbers)
        conversation = self._prompts.draw(number)
        said: list[Message] = []
        for turn, asked in enumerate(conversation.turns):
            if self._over.is_set() or self._stop_reason:
                return
            prompt = self._prompt(conversation, said, asked)
            outcome = await self._ask(prompt, asked, due_ns)
            if outcome is None:
                return
            self._keep(Shot(number, turn, prompt, due_ns, outcome))
            if not outcome.is_answered:
                return
            said.append({"role": "assistant", "content": written(outcome)})
            due_ns = now_ns() + round(conversation.think_time_s * NS_PER_S)
            if turn + 1 < len(conversation.turns):
                await self._think(conversation.think_time_s)

    async def _think(self, seconds: float) -> None:
        """Let the user read; the end of the step wakes him."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    def _prompt(self, conversation: Conversation, said: list[Message], asked: Turn) -> str:
        if conversation.is_ready:
            return asked.text
        said.append({"role": "user", "content": asked.text})
        return self._target.prompt(said)

    async def _ask(self, prompt: str, asked: Turn, due_ns: int) -> Outcome | None:
        """Return what became of a request; None when it could not even be sent."""
        live = self.live
        live.n_due += 1
        self._n_steady += due_ns >= self._steady_ns
        limit = asyncio.timeout(None)
        self._open[limit] = due_ns
        try:
            outcome = await self._target.ask(GenerateRequest(prompt, asked.settings), due_ns, limit)
        except EvalkitError as error:
            self._error = self._error or error
            live.n_failed += 1
            return None
        finally:
            del self._open[limit]
        self._note(outcome)
        return outcome

    def _note(self, outcome: Outcome) -> None:
        live, last = self.live, outcome.attempts[-1]
        if outcome.is_answered:
            live.n_answered += 1
            live.output_tokens += outcome.output_tokens or 0
            first = ttft_s(last)
            if first is not None:
                live.recent_ttft_s.append(first)
            self._n_dead = 0
            return
        live.n_failed += 1
        self._n_dead = self._n_dead + 1 if last.error_class in DEAD else 0
        if self._n_dead >= _DEAD_IN_ROW:
            self.stop(
                f"{self._n_dead} requests failed in a row, the last with {last.error_class}: {last.error}"
            )


def _cpu_s() -> tuple[float, float]:
    """Return CPU seconds of this thread, and of the whole process."""
    return time.thread_time(), time.process_time()
