"""Finds the highest rate a target sustains within its service level: doubling until it breaks, then bisection.

Told the same results it asks for the same rates, so a search that was interrupted is replayed from stored steps.
"""

from __future__ import annotations

import math

from evalkit.config.bench import LoadSpec

MOST_STEPS = 40
_LOWEST = 1 / 1024
"""Of the first rate: below it the search gives up."""


class SloSearch:
    """One search.

    Args:
        load: First and highest rate, tolerance.
    """

    def __init__(self, load: LoadSpec) -> None:
        self._first = load.first_rate
        self._most = load.max_rate or math.inf
        self._tolerance = load.tolerance
        self._n = 0
        self._is_over = False
        self.passed: float | None = None
        """Highest rate that was sustained so far."""
        self.failed: float | None = None
        """Lowest rate that was not."""

    def next_rate(self) -> float | None:
        """Return the rate to try next; None when the search is over."""
        if self._is_over or self._n >= MOST_STEPS:
            return None
        if self.passed is None and self.failed is None:
            return min(self._first, self._most)
        if self.failed is None:
            assert self.passed is not None
            return None if self.passed >= self._most else min(self.passed * 2, self._most)
        if self.passed is None:
            lower = self.failed / 2
            return lower if lower >= self._first * _LOWEST else None
        if self.failed / self.passed - 1 <= self._tolerance:
            return None
        return math.sqrt(self.failed * self.passed)

    def tell(self, rate: float, *, passed: bool, is_valid: bool = True) -> None:
        """Note what a step showed.

        Args:
            rate: What was tried.
            passed: Whether it was sustained.
            is_valid: False: evalkit itself was the bottleneck, so higher rates can't be judged; the search is over.
        """
        self._n += 1
        if not is_valid and not passed:
            self._is_over = True
        elif passed:
            self.passed = max(rate, self.passed or 0.0)
        else:
            self.failed = min(rate, self.failed or math.inf)
