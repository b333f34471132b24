"""Memory and CPU of this process."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from evalkit.meters.process import OpenFile

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_MACHINE = Path("/proc/stat")
_MEMORY = re.compile(rb"VmHWM:\s*(\d+) kB\s*VmRSS:\s*(\d+) kB")
_BUSY = ("user", "nice", "system", "irq", "softirq", "steal")  # guest time is part of user time


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
        self._status = OpenFile(str(_STATUS)) if _STATUS.exists() else None
        self._machine = OpenFile(str(_MACHINE)) if _MACHINE.exists() else None
        self._highest = 0
        self._cpu_start = 0.0
        self._machine_start = 0.0
        self.is_exact_peak = self._status is not None and _CLEAR_REFS.exists()
        self.reset()

    def reset(self) -> None:
        """Forget the peak and the CPU time so far."""
        self._highest = 0
        self._cpu_start = time.process_time()
        self._machine_start = self._machine_cpu_seconds()
        if self.is_exact_peak:
            try:
                _CLEAR_REFS.write_text("5", encoding="ascii")
            except OSError:
                self.is_exact_peak = False

    def read(self) -> HostReading:
        """Read memory and CPU time now."""
        rss, peak = self._memory_bytes()
        self._highest = max(self._highest, rss, peak if self.is_exact_peak else 0)
        own = time.process_time() - self._cpu_start
        others = max(0.0, self._machine_cpu_seconds() - self._machine_start - own)
        return HostReading(rss, self._highest, own, others)

    def _memory_bytes(self) -> tuple[int, int]:
        """Return resident memory and its peak; 0 for a peak the system does not keep."""
        found = _MEMORY.search(self._status.read()) if self._status else None
        if found is None:
            return self._process.memory_info().rss, 0
        return int(found[2]) * 1024, int(found[1]) * 1024

    def _machine_cpu_seconds(self) -> float:
        """Return the time all cores have been busy, whoever kept them busy."""
        if self._machine is None:
            times = psutil.cpu_times()
            return float(sum(getattr(times, name, 0.0) for name in _BUSY))
        # cpu user nice system idle iowait irq softirq steal … (man 5 proc)
        user, nice, system, _idle, _iowait, irq, softirq, steal = (
            int(ticks) for ticks in self._machine.read().split(None, 9)[1:9]
        )
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
