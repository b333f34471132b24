"""How many requests are due and not ended: over a window, and what of it is no backlog."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import fmean

from evalkit.metrics.percentiles import percentile
from evalkit.metrics.request_times import due_ns, is_ok
from evalkit.records import Request

_PRIOR = 1
"""Runs that vary as those of a Poisson process, added to those seen: few of them say little of how they vary."""
_MOST_DISPERSION = 4.0


@dataclass(frozen=True, slots=True)
class InFlight:
    """The number in flight between two moments, in ns; constant between changes."""

    start: int
    end: int
    times: tuple[int, ...]
    """When it changes; the first is `start`."""
    counts: tuple[int, ...]

    @property
    def most(self) -> int:
        """The highest number."""
        return max(self.counts, default=0)

    @property
    def mean(self) -> float:
        """Over time."""
        return sum(n * (b - a) for n, a, b in self._pieces()) / max(self.end - self.start, 1)

    @property
    def growth(self) -> float:
        """Rise of the least-squares line through it, over the window.

        With n(t) constant between changes, slope·T = 12/T² · ∫ n(t)·(t − T/2) dt.
        """
        length = max(self.end - self.start, 1)
        middle = self.start + length / 2
        moment = sum(n * ((b - middle) ** 2 - (a - middle) ** 2) / 2 for n, a, b in self._pieces())
        return 12 * moment / length**2

    @property
    def idle_share(self) -> float:
        """Share of the window's second half in which nothing is in flight."""
        middle = (self.start + self.end) // 2
        idle = sum(b - max(a, middle) for n, a, b in self._pieces() if not n and b > middle)
        return idle / max(self.end - middle, 1)

    def _pieces(self) -> Iterable[tuple[int, int, int]]:
        return zip(self.counts, self.times, (*self.times[1:], self.end), strict=True)


def in_flight(requests: Iterable[Request], start: int, end: int) -> InFlight:
    """Return the number in flight within a window."""
    some = list(requests)
    changes = [(due_ns(r), 1) for r in some]
    changes += [(r.attempts[-1].t_end_ns, -1) for r in some]
    changes.sort()
    before = sum(step for t, step in changes if t < start)
    inside = [(t, step) for t, step in changes if start <= t < end]
    counts = accumulate((step for _, step in inside), initial=before)
    return InFlight(start, end, (start, *(t for t, _ in inside)), tuple(counts))


def n_young(due: Iterable[Request], all_of_it: Iterable[Request], end: int) -> int:
    """Return how many requests were in flight at the window's end for no longer than the step's first answers took.

    They are no backlog: an idle server has them, too.
    """
    answered = sorted((r for r in all_of_it if is_ok(r)), key=due_ns)
    first = [r.attempts[-1].t_end_ns - due_ns(r) for r in answered[: max(1, len(answered) // 4)]]
    usual = percentile(first, 50).value or 0.0
    return sum(r.attempts[-1].t_end_ns >= end and end - due_ns(r) <= usual for r in due)


def unevenness(due: Iterable[Request], all_of_it: Iterable[Request], start: int, end: int) -> float:
    """Return by how much arrivals and answers vary in the long run: Poisson arrivals and random service have 2.

    It is the sum of both's index of dispersion: variance of the time that k in a row take / (k · mean gap²). A queue
    that neither grows nor shrinks in the long run strays within n requests by about the root of this times n.
    """
    ends = [t for r in all_of_it if start <= (t := r.attempts[-1].t_end_ns) < end]
    arrivals = sorted(map(due_ns, due))
    return min(_dispersion(arrivals) + _dispersion(sorted(ends)), _MOST_DISPERSION)


def _dispersion(moments: Sequence[int]) -> float:
    """Return the index of dispersion over runs of about the root of all: long enough that a batch counts as even."""
    n = len(moments) - 1
    k = max(1, round(math.sqrt(max(n, 0))))
    spans = [b - a for a, b in zip(moments, moments[k:], strict=False)]
    mean = fmean(spans) if spans else 0.0
    if not mean:
        return 1.0
    found = k * fmean((span / mean - 1) ** 2 for span in spans)
    n_apart = n / k
    return (n_apart * found + _PRIOR) / (n_apart + _PRIOR)
