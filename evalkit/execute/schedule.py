"""Which steps a profile has, one after the other: a list, or a search that depends on what came out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from evalkit.config.bench import ProfileSpec
from evalkit.loadgen import arrivals
from evalkit.loadgen.search import Shown, SloSearch
from evalkit.loadgen.sizing import SIZED, Sizing, Windows
from evalkit.loadgen.traces import TraceRow
from evalkit.metrics.load_point import LoadPoint
from evalkit.records import SearchEnding


@dataclass(frozen=True, slots=True)
class Setting:
    """The load of one step."""

    kind: str
    rate_per_s: float | None = None
    to_rate_per_s: float | None = None
    concurrency: int | None = None


class Schedule:
    """Hands out the steps of one cell.

    Args:
        profile: What the config says.
        trace: Rows of its trace, if it has one.
    """

    def __init__(self, profile: ProfileSpec, trace: tuple[TraceRow, ...] | None = None) -> None:
        self._profile = profile
        self._trace = trace
        self._sizing = Sizing(profile)
        is_search = profile.load.kind == "search"
        self._search = SloSearch(profile.load, self._sizing) if is_search else None
        self._fixed = iter(() if self._search else _fixed(profile))

    @property
    def wants_probe(self) -> bool:
        """Whether it helps to know how long one answer takes before the first step."""
        return self._profile.load.kind in SIZED

    def probed(self, e2e_s: float | None, took_s: float) -> None:
        """Note how long one answer takes when it is alone; None: nothing was answered."""
        self._sizing.note(e2e_s)
        if self._search is not None:
            self._search.spend(took_s)

    def waited(self, seconds: float, *, is_settled: bool) -> bool:
        """Note how long the target took to work off what was given up; return whether the next step is still held."""
        if self._search is None:
            return True
        self._search.wait(seconds, is_settled=is_settled)
        return self._search.next_rate() is not None

    def next(self) -> Setting | None:
        """Return the next step, None when there is no other."""
        if self._search is None:
            return next(self._fixed, None)
        rate = self._search.next_rate()
        return None if rate is None else Setting(self._profile.load.arrivals, rate)

    def tell(self, setting: Setting, point: LoadPoint, took_s: float) -> None:
        """Note what a step showed, and how long it took with all that was waited for."""
        if self._search is None or setting.rate_per_s is None:
            return
        shown = Shown(
            passed=point.passed,
            is_valid=not point.flaws,
            is_unclear=point.is_unclear,
            n=point.n_due,
            n_needed=point.n_needed,
            e2e_s=point.latency.e2e_s.p50.value,
            took_s=took_s,
        )
        self._search.tell(setting.rate_per_s, shown)

    @property
    def left_s(self) -> float:
        """Time that is left for the next step, and for waiting before it."""
        return math.inf if self._search is None else self._search.left_s

    @property
    def ending(self) -> SearchEnding | None:
        """Why a search is over."""
        return None if self._search is None else self._search.ending

    def offsets(self, setting: Setting, seed: str) -> Iterator[float] | None:
        """Return when conversations of a step are due, in seconds; None in a closed loop."""
        rng, load = Random(f"{seed}/arrivals"), self._profile.load
        match setting.kind:
            case "concurrency":
                return None
            case "trace":
                return (row.at_s / load.speed for row in self._trace or ())
            case "ramp":
                assert setting.rate_per_s is not None
                assert setting.to_rate_per_s is not None
                over_s = self._profile.warmup_s + self._profile.measure_s
                is_even = load.arrivals == "constant"
                unit = arrivals.constant(1.0) if is_even else arrivals.poisson(1.0, rng)
                return arrivals.ramp(setting.rate_per_s, setting.to_rate_per_s, over_s, unit)
            case "constant":
                return arrivals.constant(setting.rate_per_s or math.nan)
            case _:
                return arrivals.poisson(setting.rate_per_s or math.nan, rng)

    def windows(self) -> Windows:
        """Return how long the parts of the next step last."""
        n_wanted = 0 if self._search is None else self._search.n_wanted
        return self._sizing.windows(n_wanted, self.left_s)


def _fixed(profile: ProfileSpec) -> Iterator[Setting]:
    load = profile.load
    match load.kind:
        case "concurrency":
            yield from (Setting(load.kind, concurrency=n) for n in load.concurrency)
        case "ramp":
            yield Setting(load.kind, load.from_rate, load.to_rate)
        case "trace":
            yield Setting(load.kind)
        case _:
            yield from (Setting(load.kind, rate) for rate in load.rates)
