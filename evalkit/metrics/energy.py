"""Energy and power of one device over a window, from its telemetry.

Every function takes the readings of one device in one session, in the order of time, and a window of that session's
clock. The counter is the better source: it counts what happens between two readings. Integrated power is the check on
it. Counters move in steps of about 100 ms, so a window should hold 5 s or more: a step is then 2 % of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from evalkit.records import NS_PER_S, Telemetry

MAX_GAP_S = 3.0
"""Nothing is assumed about a longer time without a reading."""
STANDSTILL_S = 1.0
"""A working counter moves within 100 ms; one that rests this long is broken."""


class _Point(NamedTuple):
    t_ns: int
    value: float
    power_w: float | None


def counter_energy_j(readings: Sequence[Telemetry], start_ns: int, end_ns: int) -> float | None:
    """Energy by the device's counter.

    Definition: counter at the end − counter at the start, each interpolated linearly between its neighbouring readings.
    Unit: joules.
    Missing when: the counter is missing, went backwards, or stood still for a second while power was drawn or unknown,
        in or next to the window; or an edge has no reading within 3 s on either side.
    Source: docs/metrics.md; NVML `nvmlDeviceGetTotalEnergyConsumption`; Linux powercap `energy_uj`.
    """
    told = [_Point(r.t_ns, r.energy_j, r.power_w) for r in readings if r.energy_j is not None]
    points = _around(told, start_ns, end_ns)
    at_start, at_end = _value_at(points, start_ns), _value_at(points, end_ns)
    if at_start is None or at_end is None or _is_broken(points):
        return None
    return at_end - at_start


def integrated_energy_j(readings: Sequence[Telemetry], start_ns: int, end_ns: int) -> float | None:
    """Energy by integrating power.

    Definition: trapezoids of the power readings over the window, power at both edges interpolated linearly.
    Unit: joules.
    Missing when: there is no power reading at or beyond an edge, or two neighbouring ones are more than 3 s apart.
    Source: docs/metrics.md.
    """
    told = [_Point(r.t_ns, r.power_w, r.power_w) for r in readings if r.power_w is not None]
    points = _around(told, start_ns, end_ns)
    at_start, at_end = _value_at(points, start_ns), _value_at(points, end_ns)
    if at_start is None or at_end is None or any(_is_gap(a, b) for a, b in pairwise(points)):
        return None
    inside = [(p.t_ns, p.value) for p in points if start_ns < p.t_ns < end_ns]
    curve = [(start_ns, at_start), *inside, (end_ns, at_end)]
    return sum((t1 - t0) / NS_PER_S * (w0 + w1) / 2 for (t0, w0), (t1, w1) in pairwise(curve))


def mean_power_w(readings: Sequence[Telemetry], start_ns: int, end_ns: int) -> float | None:
    """Mean power.

    Definition: energy over the window / its length; by the counter, or integrated where that is missing.
    Unit: watts.
    Missing when: both energies are.
    Source: docs/metrics.md.
    """
    energy = counter_energy_j(readings, start_ns, end_ns)
    if energy is None:
        energy = integrated_energy_j(readings, start_ns, end_ns)
    return None if energy is None else energy / ((end_ns - start_ns) / NS_PER_S)


def _around(points: list[_Point], start_ns: int, end_ns: int) -> list[_Point]:
    """Return the points in the window and the nearest ones at or beyond its edges; none when they do not cover it."""
    before = [i for i, point in enumerate(points) if point.t_ns <= start_ns]
    after = [i for i, point in enumerate(points) if point.t_ns >= end_ns]
    if not before or not after or start_ns >= end_ns:
        return []
    return points[before[-1] : after[0] + 1]


def _value_at(points: list[_Point], t_ns: int) -> float | None:
    """Interpolate; None when the points around are too far apart to say anything about the moment between."""
    for a, b in pairwise(points):
        if t_ns == a.t_ns:
            return a.value
        if t_ns == b.t_ns:
            return b.value
        if a.t_ns < t_ns < b.t_ns:
            share = (t_ns - a.t_ns) / (b.t_ns - a.t_ns)
            return None if _is_gap(a, b) else a.value + (b.value - a.value) * share
    return None


def _is_gap(before: _Point, after: _Point) -> bool:
    return after.t_ns - before.t_ns > MAX_GAP_S * NS_PER_S


def _is_broken(points: list[_Point]) -> bool:
    """Tell whether the counter went backwards, or rested although the device drew power or did not tell."""
    moved = points[0]
    for point in points[1:]:
        if point.value < moved.value:
            return True
        if point.value > moved.value or point.power_w == 0:
            moved = point
        elif point.t_ns - moved.t_ns > STANDSTILL_S * NS_PER_S:
            return True
    return moved is points[0]
