"""How fast an endpoint may be asked: concurrency, limits per minute, and backing off when it is overloaded."""

from __future__ import annotations

import asyncio
import random
from collections import deque

from evalkit.config.run import EndpointSpec

STARTS_PER_S = 200.0
"""Requests started per second at most: starting costs a millisecond of CPU, a burst would delay every stamp."""
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0
LONGEST_RETRY_AFTER_S = 600.0
"""An endpoint that asks for a longer wait is treated as failing."""


class Pacer:
    """Spaces amounts evenly: never more than the rate, and no burst that a vendor's shorter window would refuse.

    Args:
        per_s: Amount per second; None: no limit.
    """

    def __init__(self, per_s: float | None) -> None:
        self._per_s = per_s
        self._free_at = 0.0

    def reserve(self, amount: float, now: float) -> float:
        """Return seconds to wait until this amount may go."""
        if self._per_s is None:
            return 0.0
        start = max(now, self._free_at)
        self._free_at = start + amount / self._per_s
        return start - now

    def give_back(self, amount: float) -> None:
        """Correct an amount that was estimated too high (or, when negative, too low)."""
        if self._per_s is not None:
            self._free_at -= amount / self._per_s


class Flow:
    """Lets requests of one endpoint through. Lives in one event loop.

    Concurrency is halved whenever the endpoint is overloaded and grows again by one per round of successes (additive
    increase, multiplicative decrease, as TCP does); a wait the endpoint asks for holds for all its requests.
    """

    def __init__(self, spec: EndpointSpec, rng: random.Random) -> None:
        self._most = spec.concurrency
        self._limit = float(spec.concurrency)
        self._active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._paused_until = 0.0
        self._rng = rng
        self._starts = Pacer(STARTS_PER_S)
        self._requests = Pacer(_per_second(spec.requests_per_minute))
        self._tokens = Pacer(_per_second(spec.tokens_per_minute))

    @property
    def limit(self) -> int:
        """Requests at once that are allowed now."""
        return max(1, int(self._limit))

    async def admit(self, tokens: int) -> None:
        """Return when a request of so many tokens may be sent; it must `leave` afterwards."""
        await self._slot()
        try:
            now = asyncio.get_running_loop().time()
            pacers = ((self._starts, 1), (self._requests, 1), (self._tokens, tokens))
            wait = max(pacer.reserve(amount, now) for pacer, amount in pacers)
            wait = max(wait, self._paused_until - now)
            while wait > 0:
                await asyncio.sleep(wait)
                wait = self._paused_until - asyncio.get_running_loop().time()
        except asyncio.CancelledError:
            self.leave()
            raise

    def leave(self) -> None:
        """Free the slot of a request that has ended."""
        self._active -= 1
        self._wake()

    def used(self, estimated: int, real: int) -> None:
        """Correct the tokens a request was let through with."""
        self._tokens.give_back(estimated - real)

    def succeeded(self) -> None:
        """Allow a little more concurrency."""
        self._limit = min(self._most, self._limit + 1 / self._limit)
        self._wake()

    def overloaded(self, wait_s: float) -> None:
        """Halve concurrency, and let nobody through for a while; several refusals at once count as one."""
        now = asyncio.get_running_loop().time()
        if now >= self._paused_until:
            self._limit = max(1.0, self._limit / 2)
        self._paused_until = max(self._paused_until, now + wait_s)

    def backoff_s(self, number: int, retry_after_s: float | None) -> float:
        """Return seconds to wait before trying again: what the endpoint asks for, else exponential with jitter.

        Args:
            number: Of the attempt that failed, from 0.
            retry_after_s: What the endpoint asked for.
        """
        if retry_after_s is not None:
            return retry_after_s + self._rng.uniform(0, 0.25)
        longest = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**number)
        return self._rng.uniform(longest / 2, longest)

    async def _slot(self) -> None:
        if self._active < self.limit and not self._waiting:
            self._active += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def _wake(self) -> None:
        while self._waiting and self._active < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._active += 1
                turn.set_result(None)


def _per_second(per_minute: int | None) -> float | None:
    return None if per_minute is None else per_minute / 60
