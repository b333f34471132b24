"""Energy of the CPU packages from Linux powercap (RAPL, Intel and AMD); a null object where it can't be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

POWERCAP = Path("/sys/class/powercap")
_UJ_PER_J = 1_000_000


@dataclass(frozen=True, slots=True)
class RaplReading:
    """Energy counter of one CPU package: only differences mean anything."""

    index: int
    """The zone's number: 0 for `intel-rapl:0`."""
    energy_j: float | None
    """Never goes backwards. None: not readable now, or the counter was reset and the energy in between is lost."""


class RaplProbe(Protocol):
    """Reads the CPU packages of this machine."""

    reason: str
    """Why there is nothing to read; empty when there is."""

    def read(self) -> tuple[RaplReading, ...]:
        """Read every package now."""
        ...


class NoRapl:
    """A machine whose CPU energy can't be read: reads nothing and says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def read(self) -> tuple[RaplReading, ...]:
        """Return no reading."""
        return ()


class PowercapProbe:
    """The package zones of a powercap folder.

    Counters wrap after some minutes (at 60 to 260 kJ), so `read` must be called more often than that.
    """

    reason = ""

    def __init__(self, zones: list[Path]) -> None:
        self._packages = [_Package(zone) for zone in zones]

    def read(self) -> tuple[RaplReading, ...]:
        """Read every package now."""
        return tuple(RaplReading(p.index, p.read_j()) for p in self._packages)


class _Package:
    """One zone, its counter unwrapped."""

    def __init__(self, zone: Path) -> None:
        self.index = int(zone.name.rpartition(":")[2])
        self._counter = zone / "energy_uj"
        self._range_uj = int((zone / "max_energy_range_uj").read_text(encoding="ascii"))
        self._last_uj: int | None = None
        self._wrapped_uj = 0
        self._is_reset = False

    def read_j(self) -> float | None:
        try:
            now_uj = int(self._counter.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        if self._last_uj is not None and now_uj < self._last_uj:
            # A wrap begins near the end of the range. A smaller counter from elsewhere was reset (suspend, module
            # reload), and what it had counted by then is unknown.
            self._is_reset |= self._range_uj - self._last_uj + now_uj > self._range_uj / 2
            self._wrapped_uj += self._range_uj
        self._last_uj = now_uj
        return None if self._is_reset else (self._wrapped_uj + now_uj) / _UJ_PER_J


def open_rapl(root: Path = POWERCAP) -> RaplProbe:
    """Return a probe of the CPU packages, or a null probe that says why their energy can't be read.

    Sub-domains (core, uncore, dram) are left out because they are parts of a package, `psys` because it contains the
    packages, and `intel-rapl-mmio` because it is a second door to the same counters.
    """
    zones = sorted(root.glob("intel-rapl:*"), key=lambda zone: (len(zone.name), zone.name))
    try:
        packages = [zone for zone in zones if _is_package(zone)]
        for zone in packages:
            (zone / "energy_uj").read_text(encoding="ascii")
        if packages:
            return PowercapProbe(packages)
    except PermissionError:
        return NoRapl("CPU energy counters (RAPL) can be read by root only")
    except (OSError, ValueError) as error:
        return NoRapl(f"CPU energy counters (RAPL) can't be read: {error}")
    return NoRapl("this machine shows no CPU energy counters (RAPL)")


def _is_package(zone: Path) -> bool:
    if zone.name.count(":") != 1:
        return False
    return (zone / "name").read_text(encoding="ascii").startswith("package")
