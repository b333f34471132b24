"""Memory and CPU of a process and all that descend from it: a server and its workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from evalkit.meters.clock import now_ns
from evalkit.meters.process import ProcessFacts, ProcessSource, default_source
from evalkit.records import NS_PER_S

_WALK_SHARE = 0.0025
"""Share of a core that is spent on looking for new processes."""
_ROUNDING_S = 0.02
"""User and system time are each cut to 10 ms, so a parent may seem to receive this much less than its child had."""


@dataclass(frozen=True, slots=True)
class TreeReading:
    """Resident memory in bytes, its highest reading, and CPU seconds (user + system), the last two since `reset`."""

    rss_bytes: int
    rss_peak_bytes: int
    cpu_s: float


class TreeProbe:
    """Reads the tree of one process; `reset` starts a new peak and a new CPU time.

    Memory is the sum of the processes' resident memory, so pages that several of them share (libraries, weights after
    a fork) count once per process. The peak is the highest reading: memory held between two readings only is missed.

    CPU time never goes backwards: a process that ended leaves its time to the parent that waits for it, and where
    nobody in the tree does, what was last read is kept. A process stays in the tree when its parent ends; one that left
    the tree before it was ever seen is missed.

    Descendants are looked for every `walk_interval_s`, or less often where there are so many threads that looking would
    take more than 0.25 % of a core; 0 looks at every reading.
    """

    def __init__(
        self,
        pid: int,
        walk_interval_s: float = 1.0,
        source: ProcessSource | None = None,
        clock: Callable[[], int] = now_ns,
    ) -> None:
        self._pid = pid
        self._walk_interval_ns = int(walk_interval_s * NS_PER_S)
        self._source = source or default_source()
        self._clock = clock
        self._next_walk_ns = 0
        root = self._source.read(pid)
        self._members: dict[int, ProcessFacts] = {} if root is None else {pid: root}
        self.reset()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of the tree at the last reading; none when the root is gone."""
        return tuple(self._members)

    def reset(self) -> None:
        """Forget the peak and the CPU time so far."""
        self._peak_bytes = 0
        self._ended_cpu_s = self._cpu_s = self._cpu_start_s = 0.0
        self._next_walk_ns = 0
        self._update()
        self._ended_cpu_s = 0.0
        self._cpu_start_s = _cpu_s(self._members.values())

    def read(self) -> TreeReading | None:
        """Read memory and CPU time now; None from the moment the root has ended."""
        self._update()
        if not self._members:
            return None
        rss = sum(m.rss_bytes for m in self._members.values())
        self._peak_bytes = max(self._peak_bytes, rss)
        total = self._ended_cpu_s + _cpu_s(self._members.values()) - self._cpu_start_s
        self._cpu_s = max(self._cpu_s, total)
        return TreeReading(rss, self._peak_bytes, self._cpu_s)

    def _update(self) -> None:
        """Read the known processes again, and look for new ones when it is time."""
        before = self._members
        after = {pid: m for pid in before if (m := self._same(pid, before[pid])) is not None}
        if self._pid not in after or after[self._pid].is_zombie:
            self._members = {}
            return
        now = self._clock()
        if now >= self._next_walk_ns:
            began = time.thread_time_ns()
            after |= self._newcomers(after)
            cost_ns = time.thread_time_ns() - began
            self._next_walk_ns = now + self._pause_ns(cost_ns)
        self._ended_cpu_s += _lost_cpu_s(before, after)
        self._members = after

    def _pause_ns(self, cost_ns: int) -> int:
        """Return how long to wait before descendants are looked for again."""
        if self._walk_interval_ns == 0:
            return 0
        return max(self._walk_interval_ns, round(cost_ns / _WALK_SHARE))

    def _same(self, pid: int, known: ProcessFacts) -> ProcessFacts | None:
        """Read a process again; None when it ended, even if its pid was given to another."""
        facts = self._source.read(pid)
        return facts if facts is not None and facts.started == known.started else None

    def _newcomers(self, known: Mapping[int, ProcessFacts]) -> dict[int, ProcessFacts]:
        found: dict[int, ProcessFacts] = {}
        parents = list(known)
        while parents:
            parent = parents.pop()
            for pid in self._source.children(parent):
                if pid in known or pid in found:
                    continue
                facts = self._source.read(pid)
                if facts is not None:
                    found[pid] = facts
                    parents.append(pid)
        return found


def _cpu_s(processes: Iterable[ProcessFacts]) -> float:
    return sum(p.cpu_s for p in processes)


def _lost_cpu_s(before: Mapping[int, ProcessFacts], after: Mapping[int, ProcessFacts]) -> float:
    """Return the CPU time of ended processes that no process of the tree took over.

    A parent that waits for its child receives the child's time. Where the parent ended too, its own parent may have
    received both, so each ended process is booked on its nearest ancestor that lives.
    """
    ended: dict[int | None, list[float]] = {}
    for pid, process in before.items():
        if pid not in after:
            heir: int | None = process.parent
            while heir is not None and heir not in after:
                heir = before[heir].parent if heir in before else None
            ended.setdefault(heir, []).append(process.cpu_s)
    lost_s = 0.0
    for heir, times in ended.items():
        received_s = 0.0
        if heir is not None:
            then = before[heir].waited_cpu_s if heir in before else 0.0
            received_s = after[heir].waited_cpu_s - then
        missing_s = sum(times) - received_s
        if missing_s > _ROUNDING_S * len(times):
            lost_s += missing_s
    return lost_s
