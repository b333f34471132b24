"""When requests are due: seconds from the start of a step, without end unless a trace has one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from random import Random


def constant(rate_per_s: float) -> Iterator[float]:
    """Yield evenly spaced times, the first at 0."""
    return (i / rate_per_s for i in itertools.count())


def poisson(rate_per_s: float, rng: Random) -> Iterator[float]:
    """Yield times with exponential gaps.

    The number within a window varies, as in real traffic; gaps are not rescaled to hit the rate exactly.
    """
    at = 0.0
    while True:
        at += rng.expovariate(rate_per_s)
        yield at


def ramp(
    from_per_s: float, to_per_s: float, over_s: float, unit_rate: Iterator[float]
) -> Iterator[float]:
    """Yield times of a rate that grows (or falls) evenly, then stays.

    Args:
        from_per_s: Rate at the start.
        to_per_s: Rate after `over_s`.
        over_s: Seconds.
        unit_rate: Times of a process with rate 1; they are stretched so that the n-th comes when n are due:
            from·t + (to − from)·t²/(2·over) = n.
    """
    slope = (to_per_s - from_per_s) / over_s
    at_end = (from_per_s + to_per_s) / 2 * over_s
    for due in unit_rate:
        if due >= at_end:
            yield over_s + (due - at_end) / to_per_s
        elif slope == 0:
            yield due / from_per_s
        else:
            yield (math.sqrt(from_per_s**2 + 2 * slope * due) - from_per_s) / slope
