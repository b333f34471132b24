"""How many processor cores this process may use, and how many of them others leave free.

A machine's core count says little: a container has a quota, a job an affinity mask, a laptop other programs. Sources:
sched_getaffinity(2); Linux Documentation/admin-guide/cgroup-v2.rst (`cpu.max`) and scheduler/sched-bwc.rst
(`cpu.cfs_quota_us`). A quota of any group above the process binds, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from evalkit.meters.clock import now_ns
from evalkit.records import NS_PER_S

_MEMBERSHIP = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")


def allotted_cores() -> float:
    """Return how many cores this process may use at most: affinity and quota; a quota may be a fraction."""
    return min(float(len(usable_cpus())), cgroup_quota() or float("inf"))


def usable_cpus() -> frozenset[int]:
    """Return the numbers of the processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(psutil.cpu_count() or 1))


def cgroup_quota(membership: Path = _MEMBERSHIP, mount: Path = _MOUNT) -> float | None:
    """Return the narrowest CPU quota of the control groups this process is in, in cores; None without one.

    Args:
        membership: Lists the groups of a process, `/proc/self/cgroup`.
        mount: Where control groups are mounted.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    quotas = [q for line in lines for q in _quotas(line, mount)]
    return min(quotas, default=None)


def _quotas(line: str, mount: Path) -> Iterator[float]:
    """Yield the quotas of a group and of all above it; `line` is `number:controllers:path`."""
    _, _, rest = line.partition(":")
    controllers, _, path = rest.partition(":")
    if controllers:
        if "cpu" not in controllers.split(","):
            return
        roots = [mount / name for name in (controllers, "cpu,cpuacct", "cpu")]
        root = next((r for r in roots if r.is_dir()), roots[0])
        read = _quota_v1
    else:
        root = mount / "unified" if (mount / "unified").is_dir() else mount
        read = _quota_v2
    # inside a container the path may be the host's, which is not mounted here: what is there is still asked
    parts = [p for p in path.split("/") if p not in {"", ".."}]
    for depth in range(len(parts), -1, -1):
        quota = read(root.joinpath(*parts[:depth]))
        if quota is not None:
            yield quota


def _quota_v2(group: Path) -> float | None:
    words = _words(group / "cpu.max")
    return _ratio(words[0], words[1]) if len(words) == 2 else None


def _quota_v1(group: Path) -> float | None:
    quota, period = _words(group / "cpu.cfs_quota_us"), _words(group / "cpu.cfs_period_us")
    return _ratio(quota[0], period[0]) if quota and period else None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split()
    except OSError:
        return []


def _ratio(quota: str, period: str) -> float | None:
    """Return quota / period; None for `max`, -1 and what is no number."""
    try:
        amount, span = int(quota), int(period)
    except ValueError:
        return None
    return amount / span if amount > 0 and span > 0 else None


@dataclass(frozen=True, slots=True)
class Work:
    """CPU time until a moment, and what this process may use then."""

    t_ns: int
    n_cpus: int
    """Processors this process may run on."""
    quota: float | None
    """Quota of CPU time, in cores."""
    all_s: float
    """CPU time of everybody, on the processors this process may use; stolen time counts."""
    own_s: float


def work_until_now() -> Work:
    """Read the counters of the kernel."""
    usable = usable_cpus()
    times = [t for i, t in enumerate(psutil.cpu_times(percpu=True)) if i in usable]
    own = psutil.Process().cpu_times()
    busy = sum(sum(t) - t.idle - getattr(t, "iowait", 0.0) - _guest(t) for t in times)
    own_s = own.user + own.system + own.children_user + own.children_system
    return Work(now_ns(), len(usable), cgroup_quota(), busy, own_s)


def _guest(times: object) -> float:
    """Return time that Linux counts twice: as guest and as user."""
    return float(getattr(times, "guest", 0.0)) + float(getattr(times, "guest_nice", 0.0))


def free_cores(before: Work, after: Work) -> float:
    """Return how many cores others left free between two readings, within the quota."""
    seconds = (after.t_ns - before.t_ns) / NS_PER_S
    others = (after.all_s - before.all_s) - (after.own_s - before.own_s)
    free = after.n_cpus - max(0.0, others / seconds if seconds > 0 else 0.0)
    return free if after.quota is None else min(free, after.quota)
