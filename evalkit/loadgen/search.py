"""Finds the highest rate a target sustains within its service level: doubling until it breaks, then bisection.

Told the same results it asks for the same rates, so a search that was interrupted is replayed from stored steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.config.bench import LoadSpec
from evalkit.loadgen.sizing import Sizing
from evalkit.records import SearchEnd, SearchEnding

MOST_STEPS = 40
MOST_UNCLEAR = 2
"""Steps with too few requests to judge, after which a search that has found nothing gives up."""
_LOWEST = 1 / 1024
"""Share of the first rate below which the search gives up where nothing was answered."""
_ALONE = 8
"""At one request in so many times an answer takes, nearly every request is alone: lower rates tell nothing new."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a step showed."""

    passed: bool
    """The rate was sustained."""
    is_valid: bool = True
    """False: evalkit itself was the bottleneck, so higher rates can't be judged."""
    is_unclear: bool = False
    """There were too few requests to say: neither sustained nor not."""
    n: int = 0
    """Requests due in the window."""
    n_needed: int | None = None
    """Requests that would tell."""
    e2e_s: float | None = None
    """Median time to a whole answer."""
    took_s: float = 0.0


class SloSearch:
    """One search; `ending` says why it is over, None while it goes on.

    Args:
        load: First and highest rate, tolerance, time limit.
        sizing: How long steps will be.
    """

    def __init__(self, load: LoadSpec, sizing: Sizing) -> None:
        self._first = load.first_rate
        self._most = load.max_rate or math.inf
        self._tolerance = load.tolerance
        self._most_s = load.max_minutes * 60
        self._sizing = sizing
        self._n = self._n_unclear = 0
        self._took_s = 0.0
        self._again: tuple[float, int] | None = None
        """Rate to hold once more, and for how many requests."""
        self._repeated: set[float] = set()
        self._doubted: float | None = None
        """Lowest rate, of those above the sustained ones, of which too little can be said: steered by, not believed."""
        self.ending: SearchEnding | None = None
        self.passed: float | None = None
        """Highest rate that was sustained so far."""
        self.failed: float | None = None
        """Lowest rate that was not."""

    @property
    def left_s(self) -> float:
        """Time that is left for steps."""
        return max(self._most_s - self._took_s, 0.0)

    @property
    def n_wanted(self) -> int:
        """Requests that the next step shall have, where that is more than the profile needs."""
        return self._again[1] if self._again else 0

    def spend(self, seconds: float) -> None:
        """Take note of time that went by outside of steps."""
        self._took_s += seconds

    def wait(self, seconds: float, *, is_settled: bool) -> None:
        """Take note of a wait for a target that works off what was given up: loaded by that, it can't be judged."""
        self.spend(seconds)
        if not is_settled:
            self._end(SearchEnd.UNSETTLED, waited_s=seconds)

    def next_rate(self) -> float | None:
        """Return the rate to try next; None when the search is over."""
        if self.ending is None and self._n >= MOST_STEPS:
            self._end(SearchEnd.STEPS, steps=self._n)
        rate = None if self.ending else self._chosen()
        if rate is None:
            return None
        next_s = self._sizing.step_s(rate, self.n_wanted)
        if next_s <= self.left_s:
            return rate
        minutes = self._most_s / 60
        self._end(SearchEnd.TIME, minutes=minutes, rate=rate, next_s=next_s, left_s=self.left_s)
        return None

    def tell(self, rate: float, shown: Shown) -> None:
        """Note what a step showed."""
        self._n += 1
        self._took_s += shown.took_s
        self._sizing.note(shown.e2e_s)
        self._again = None
        if not shown.is_valid and not shown.passed:
            self._end(SearchEnd.CLIENT, rate=rate)
        elif shown.is_unclear:
            self._unclear(rate, shown)
        elif shown.passed:
            self.passed = max(rate, self.passed or 0.0)
        else:
            self.failed = min(rate, self.failed or math.inf)

    def _chosen(self) -> float | None:
        if self._again is not None:
            return self._again[0]
        above = min(self.failed or math.inf, self._doubted or math.inf)
        if math.isinf(above):
            return self._higher()
        if self.passed is None:
            return self._lower(above)
        if above / self.passed - 1 <= self._tolerance:
            is_known = above == self.failed
            code = SearchEnd.FOUND if is_known else SearchEnd.IN_DOUBT
            self._end(code, passed=self.passed, above=above)
            return None
        return math.sqrt(above * self.passed)

    def _higher(self) -> float | None:
        if self.passed is None:
            return min(self._first, self._most)
        if self.passed >= self._most:
            self._end(SearchEnd.HIGHEST, rate=self.passed)
            return None
        return min(self.passed * 2, self._most)

    def _lower(self, failed: float) -> float | None:
        """Return half the rate that failed; from a rate far above what one at a time would do, that one."""
        lower, e2e_s = failed / 2, self._sizing.e2e_s
        if e2e_s is None:
            if lower >= self._first * _LOWEST:
                return lower
            self._end(SearchEnd.NO_ANSWER, rate=failed)
            return None
        lower = min(lower, max(1 / e2e_s, lower / 8))
        if lower < 1 / (_ALONE * e2e_s):
            self._end(SearchEnd.NONE_HELD, rate=failed, e2e_s=e2e_s)
            return None
        return lower

    def _unclear(self, rate: float, shown: Shown) -> None:
        """Hold the rate once more, for longer, where that fits; else go where more can be said, or give up."""
        needed = shown.n_needed
        is_new = rate not in self._repeated
        if needed and is_new and shown.n < needed <= self._sizing.most_requests(rate):
            self._repeated.add(rate)
            self._again = rate, needed
            return
        if self.passed is not None and rate > self.passed:
            self._doubted = min(rate, self._doubted or math.inf)
            return
        self._n_unclear += 1
        is_last = self._n_unclear > MOST_UNCLEAR or rate >= self._most or self.failed is not None
        if is_last or needed is None:
            self._end(SearchEnd.TOO_FEW, rate=rate, n=shown.n, needed=needed or 0)
        else:  # a higher rate has more requests in the same time
            self._first = min(rate * 4, self._most)

    def _end(self, code: SearchEnd, **values: float) -> None:
        self.ending = SearchEnding(code.value, values)
