"""As many threads as there are free cores, looked at again between batches.

A pass is hundreds of small parallel regions, and each waits for its last thread: one that shares its core with another
program holds up all of them. So threads are chosen from the cores that others leave free. Numbers do not change with
that: oneDNN sums alike for every number of threads, and so does MKL in the mode that the command sets
(`cli/processors.py`, docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from evalkit.meters.cores import Work, free_cores, work_until_now
from evalkit.records import NS_PER_S

T = TypeVar("T")

WINDOW_S = 1.0
"""Shortest time over which the load of others is measured: kernel counters step by 10 ms."""
_STICKY = 0.6
"""Free cores must be farther from the number of threads than this before it changes."""


class FreeCores:
    """Advises a number of threads.

    Args:
        most: Never more than this.
        read: Reads the kernel's counters.
    """

    def __init__(self, most: int, read: Callable[[], Work]) -> None:
        self._most = most
        self._read = read
        self._before = read()
        self._threads = self._within(free_cores(self._before, self._before))

    def advise(self) -> int:
        """Return how many threads to use now; what it was while the last look is not a window ago."""
        now = self._read()
        if now.t_ns - self._before.t_ns < WINDOW_S * NS_PER_S:
            return self._threads
        free = min(self._most, free_cores(self._before, now))
        self._before = now
        if abs(free - self._threads) > _STICKY:
            self._threads = self._within(free)
        return self._threads

    def _within(self, cores: float) -> int:
        return max(1, min(self._most, round(cores)))


class Threads:
    """Sets torch's threads for a model on a CPU; leaves those of other devices alone.

    What torch was allowed when this was made is the most: `OMP_NUM_THREADS` and `torch.set_num_threads` bind.
    """

    def __init__(self, device: torch.device) -> None:
        most = torch.get_num_threads()
        is_cpu = device.type == "cpu" and most > 1
        self._cores = FreeCores(most, work_until_now) if is_cpu else None

    def adjust(self) -> None:
        """Look at the machine again."""
        if self._cores is not None and (n := self._cores.advise()) != torch.get_num_threads():
            torch.set_num_threads(n)

    def between(self, batches: Iterator[T]) -> Iterator[T]:
        """Hand batches on and adjust before each."""
        self.adjust()
        for batch in batches:
            yield batch
            self.adjust()
