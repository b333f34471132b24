"""Finds the highest rate a target sustains within its service level: doubling until it breaks, then bisection.

Told the same results it asks for the same rates, so a search that was interrupted is replayed from stored steps.
"""

from __future__ import annotations

import math

from evalkit.config.bench import LoadSpec

MOST_STEPS = 40
MOST_UNCLEAR = 2
"""Steps with too few requests to judge, after which the search gives up."""
_LOWEST = 1 / 1024
"""Of the first rate: below it the search gives up where nothing was answered."""
_ALONE = 8
"""At one request in so many times an answer takes, nearly every request is alone: lower rates tell nothing new."""


class SloSearch:
    """One search.

    Args:
        load: First and highest rate, tolerance.
    """

    def __init__(self, load: LoadSpec) -> None:
        self._first = load.first_rate
        self._most = load.max_rate or math.inf
        self._tolerance = load.tolerance
        self._most_s = load.max_minutes * 60
        self._n = self._n_unclear = 0
        self._took_s = 0.0
        self._is_over = False
        self.e2e_s: float | None = None
        """Median time to a whole answer, of the fastest step."""
        self.reason = ""
        """Why it ended without a result, or before the tolerance; empty: it did not."""
        self.passed: float | None = None
        """Highest rate that was sustained so far."""
        self.failed: float | None = None
        """Lowest rate that was not."""

    def next_rate(self) -> float | None:
        """Return the rate to try next; None when the search is over."""
        if self._is_over or self._n >= MOST_STEPS:
            return None
        if self._took_s >= self._most_s:
            self._end(
                f"the search took its {self._most_s / 60:g} minutes: raise max_minutes, or tolerance"
            )
            return None
        if self.failed is None:
            return self._higher()
        if self.passed is None:
            return self._lower()
        if self.failed / self.passed - 1 <= self._tolerance:
            return None
        return math.sqrt(self.failed * self.passed)

    def tell(
        self,
        rate: float,
        *,
        passed: bool,
        is_valid: bool = True,
        is_unclear: bool = False,
        e2e_s: float | None = None,
        took_s: float = 0.0,
    ) -> None:
        """Note what a step showed.

        Args:
            rate: What was tried.
            passed: Whether it was sustained.
            is_valid: False: evalkit itself was the bottleneck, so higher rates can't be judged; the search is over.
            is_unclear: There were too few requests to say: no failure.
            e2e_s: Median time to a whole answer.
            took_s: How long the step was.
        """
        self._n += 1
        self._took_s += took_s
        if e2e_s is not None:
            self.e2e_s = min(e2e_s, self.e2e_s or math.inf)
        if not is_valid and not passed:
            self._is_over = True
        elif is_unclear:
            self._unclear(rate)
        elif passed:
            self.passed = max(rate, self.passed or 0.0)
        else:
            self.failed = min(rate, self.failed or math.inf)

    def _higher(self) -> float | None:
        if self.passed is None:
            return min(self._first, self._most)
        return None if self.passed >= self._most else min(self.passed * 2, self._most)

    def _lower(self) -> float | None:
        """Return half the rate that failed; from a rate far above what one at a time would do, that one."""
        assert self.failed is not None
        lower = self.failed / 2
        if self.e2e_s is None:
            if lower >= self._first * _LOWEST:
                return lower
            self._end("no rate was sustained")
            return None
        lower = min(lower, max(1 / self.e2e_s, lower / 8))
        if lower < 1 / (_ALONE * self.e2e_s):
            self._end(
                f"at the lowest rate tried, {self.failed:.3g} requests/s, the service level was not kept; one answer"
                f" took {self.e2e_s:.3g} s (median): relax the limits, or ask for shorter answers"
            )
            return None
        return lower

    def _unclear(self, rate: float) -> None:
        """Take note of a step that can't be judged: a higher rate has more requests in the same time."""
        self._n_unclear += 1
        is_last = self._n_unclear > MOST_UNCLEAR or rate >= self._most
        if is_last or self.failed is not None or self.passed is not None:
            self._is_over = True
            self.reason = (
                f"too few requests in a step at {rate:.3g} requests/s to judge it: raise max_s, or take a lower"
                " percentile"
            )
        else:
            self._first = min(rate * 4, self._most)

    def _end(self, reason: str) -> None:
        self._is_over = True
        self.reason = reason
