"""Whether the queue of an open loop grows: what is left over, against what chance and an idle server leave."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.metrics.chance import SURE_Z, is_more_often
from evalkit.metrics.load_point import Doubt, LoadPoint, window_for
from evalkit.metrics.percentiles import FEW_N
from evalkit.records import TOO_MANY_OPEN, LoadStep
from evalkit.wording import Said, numeral, say

LEAST_COMPLETED = 0.95
"""Share of what was offered that must be completed; less is overload."""
_SEEN_SHARE = 1 / 2
"""Twice the load that a target can do leaves so many of the requests over: a load holds only where that would show."""
_IDLE_SHARE = 0.2
"""A target that is idle for so long, late in the window, is not overloaded."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What of a queue is no backlog."""

    n_young: int
    """Requests in flight at the window's end for no longer than an answer takes."""
    unevenness: float
    """How uneven arrivals and answers are: see `in_flight.unevenness`."""
    idle_share: float
    """Share of the window's second half in which the target was idle."""

    def chance(self, n: int) -> float:
        """Return by how many of n requests a queue strays that neither grows nor shrinks in the long run."""
        return SURE_Z * math.sqrt(self.unevenness * n)


def is_open(step: LoadStep) -> bool:
    """Tell whether requests come whatever the target does: a closed loop can't be overloaded, but it can hang."""
    return step.rate_per_s is not None or step.kind == "trace"


@dataclass(frozen=True, slots=True)
class _Backlog:
    """Requests that were left over, and that the queue grew by, beyond what an idle server has."""

    left: float
    risen: float
    usual: float
    """Requests by which a stable queue varies with what is in flight."""
    allowed: float
    """How many of those left over are no backlog."""

    @property
    def grown(self) -> float:
        """What is more than usual; 0 if nothing is."""
        left = self.left if self.left > self.allowed + self.usual else 0.0
        return max(left, self.risen if self.risen > self.usual else 0.0)


def _backlog(p: LoadPoint, queue: Queue) -> _Backlog:
    # the queue of a stable server varies by about the root of what is in flight
    at_begin = max(p.in_flight_mean - p.growth / 2, 0)
    left = p.n_due * (1 - (p.completed_share or 0.0)) - queue.n_young
    risen = p.growth - max(queue.n_young - at_begin, 0)
    usual = 2 + 2 * math.sqrt(at_begin)
    return _Backlog(left, risen, usual, (1 - LEAST_COMPLETED) * p.n_due)


def _has_unanswered(p: LoadPoint, queue: Queue) -> bool:
    """Tell whether so many failed, or had no answer in time, that it is no chance."""
    return is_more_often(max(p.n_failed - queue.n_young, 0), p.n_due, 1 - LEAST_COMPLETED)


def overloads(p: LoadPoint, step: LoadStep, queue: Queue) -> Iterator[Said]:
    """Say why a load is not sustained."""
    if step.reason == TOO_MANY_OPEN:
        n = numeral(f"{p.in_flight_max}")
        yield say("{n} requests were in flight, and the step was given up", n=n)
    if not p.n_due and p.in_flight_max:
        waiting = numeral(f"{p.in_flight_max}")
        yield say("nothing moved: {n} requests were waiting all along", n=waiting)
    if not (is_open(step) and p.n_due):
        return
    found, chance = _backlog(p, queue), queue.chance(p.n_due)
    is_left = found.left > found.allowed + found.usual
    if is_left and (found.left > chance or _has_unanswered(p, queue)):
        shown = numeral(f"{100 * (p.completed_share or 0.0):.0f}")
        yield say("only {share}% of what was offered was completed", share=shown)
    if found.risen > max(found.usual, chance):
        yield say("the queue grew by {n} requests", n=numeral(f"{p.growth:.0f}"))


def queue_doubts(p: LoadPoint, queue: Queue, *, has_limits: bool) -> Iterator[Doubt]:
    """Say what can not be told of the queue from so few requests.

    Args:
        p: The numbers.
        queue: What of the queue is no backlog.
        has_limits: There are limits on times: then these say whether the load holds, unless the queue may have grown.
    """
    found = _backlog(p, queue)
    grown = found.grown
    if grown and grown <= queue.chance(p.n_due) and not _has_unanswered(p, queue):
        share = min(grown / p.n_due, 1.0)
        needed = max(FEW_N, math.ceil(queue.unevenness * (SURE_Z / share) ** 2))
        yield Doubt(_may_grow(grown, needed, p), needed)
    elif not (grown or has_limits):
        needed = _needed_to_see(found.usual + queue.n_young, queue)
        if p.n_due < needed:
            yield Doubt(_too_few(needed, p), needed)


def _needed_to_see(usual: float, queue: Queue) -> int:
    """Return how many requests would surely show an overload: n · `_SEEN_SHARE` − usual ≥ `chance(n)`."""
    if queue.idle_share >= _IDLE_SHARE:
        return FEW_N
    root = SURE_Z * math.sqrt(queue.unevenness)
    least = (root + math.sqrt(root**2 + 4 * _SEEN_SHARE * usual)) / (2 * _SEEN_SHARE)
    return max(FEW_N, math.ceil(least**2))


def _too_few(needed: int, p: LoadPoint) -> Said:
    return say(
        "too few requests to tell whether the queue would grow ({n} of {needed} needed): a window of about {s} s"
        " (min_requests, max_s) would hold them",
        n=f"{p.n_due}",
        needed=f"{needed}",
        s=window_for(needed, p),
    )


def _may_grow(grown: float, needed: int, p: LoadPoint) -> Said:
    return say(
        "the queue grew by {k} of {n} requests, which may be chance ({needed} would tell): a window of about {s} s"
        " (min_requests, max_s) would hold them",
        k=numeral(f"{grown:.0f}"),
        n=f"{p.n_due}",
        needed=f"{needed}",
        s=window_for(needed, p),
    )
