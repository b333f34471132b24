"""Memory and CPU of this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class HostReading:
    """Resident memory in bytes and CPU seconds (user + system) since the probe was reset."""

    rss_bytes: int
    rss_peak_bytes: int
    cpu_s: float
    others_cpu_s: float
    """CPU seconds of all other processes, summed over cores."""


class HostProbe:
    """Reads this process; `reset` starts a new peak.

    Linux keeps the exact peak (VmHWM) and lets a process reset it. Elsewhere the peak is the highest reading, so short
    peaks between two readings are missed; `is_exact_peak` says which.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._highest = 0
        self._cpu_start = 0.0
        self._machine_start = 0.0
        self.is_exact_peak = _STATUS.exists() and _CLEAR_REFS.exists()
        self.reset()

    def reset(self) -> None:
        """Forget the peak and the CPU time so far."""
        self._highest = 0
        self._cpu_start = self._cpu_seconds()
        self._machine_start = _machine_cpu_seconds()
        if self.is_exact_peak:
            try:
                _CLEAR_REFS.write_text("5", encoding="ascii")
            except OSError:
                self.is_exact_peak = False

    def read(self) -> HostReading:
        """Read memory and CPU time now."""
        rss = self._process.memory_info().rss
        self._highest = max(self._highest, rss, _peak_bytes() if self.is_exact_peak else 0)
        own = self._cpu_seconds() - self._cpu_start
        others = max(0.0, _machine_cpu_seconds() - self._machine_start - own)
        return HostReading(rss, self._highest, own, others)

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def _machine_cpu_seconds() -> float:
    """Return the time all cores have been busy, whoever kept them busy."""
    times = psutil.cpu_times()
    names = ("user", "nice", "system", "irq", "softirq", "steal")  # guest time is part of user time
    return float(sum(getattr(times, name, 0.0) for name in names))


def _peak_bytes() -> int:
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
