"""What the machine did in the steady window of a load step: energy, power, memory, cores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from evalkit.metrics.energy import counter_energy_j, integrated_energy_j, mean_power_w
from evalkit.records import LoadStep, Telemetry

MOST_DIFFERENCE = 0.05
"""Between a board's energy counter and its integrated power, before a reader is warned."""


def _by_device(readings: Sequence[Telemetry], kind: str) -> dict[str, list[Telemetry]]:
    found: dict[str, list[Telemetry]] = defaultdict(list)
    for t in readings:
        if t.device.startswith(kind):
            found[t.device].append(t)
    return found


def energy_j(step: LoadStep, readings: Sequence[Telemetry], kind: str) -> float | None:
    """Return the sum over boards (or packages); None when one of them does not tell."""
    start, end = step.t_steady_ns or 0, step.t_cool_ns or 0
    each = [counter_energy_j(some, start, end) for some in _by_device(readings, kind).values()]
    return sum(e for e in each if e is not None) if each and None not in each else None


def power_w(step: LoadStep, readings: Sequence[Telemetry]) -> float | None:
    """Return the mean power of all boards; None when one of them does not tell."""
    start, end = step.t_steady_ns or 0, step.t_cool_ns or 0
    each = [mean_power_w(some, start, end) for some in _by_device(readings, "gpu").values()]
    return sum(p for p in each if p is not None) if each and None not in each else None


def is_consistent(step: LoadStep, readings: Sequence[Telemetry]) -> bool | None:
    """Tell whether every board's counter agrees with its integrated power; None where one of the two is missing."""
    start, end = step.t_steady_ns or 0, step.t_cool_ns or 0
    pairs = [
        (counter_energy_j(some, start, end), integrated_energy_j(some, start, end))
        for some in _by_device(readings, "gpu").values()
    ]
    known = [(a, b) for a, b in pairs if a is not None and b]
    if not known:
        return None
    return all(abs(a / b - 1) <= MOST_DIFFERENCE for a, b in known)


def peak(readings: Sequence[Telemetry], kind: str, field: str) -> int | None:
    """Return the highest sum over devices of one kind, each at its own highest."""
    peaks = []
    for some in _by_device(readings, kind).values():
        values = [v for t in some if (v := getattr(t, field)) is not None]
        if values:
            peaks.append(max(values))
    return sum(peaks) if peaks else None


def cores(readings: Sequence[Telemetry], device: str) -> float | None:
    """Return how many cores a device's processes kept busy; None where it was not read twice."""
    some = [t for t in readings if t.device == device and t.cpu_s is not None]
    if len(some) < 2 or some[-1].t_ns == some[0].t_ns:
        return None
    first, last = some[0], some[-1]
    assert first.cpu_s is not None
    assert last.cpu_s is not None
    return (last.cpu_s - first.cpu_s) * 1e9 / (last.t_ns - first.t_ns)


def throttled(readings: Sequence[Telemetry]) -> tuple[str, ...]:
    """Return why a board was slowed down, if one was."""
    names = {n for t in readings for n in (t.throttle_reasons or "").split(", ") if n}
    return tuple(sorted(names))
