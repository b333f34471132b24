"""Which steps a profile has, one after the other: a list, or a search that depends on what came out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from evalkit.config.bench import ProfileSpec
from evalkit.loadgen import arrivals
from evalkit.loadgen.driver import Windows
from evalkit.loadgen.search import SloSearch
from evalkit.loadgen.traces import TraceRow
from evalkit.metrics.load import LoadPoint, least_requests

_WINDOW, _COOLDOWN = 5, 3
"""Least length of a search's steady windows and cool-downs, in times of one answer."""


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
        self._search = SloSearch(profile.load) if profile.load.kind == "search" else None
        self._fixed = iter(() if self._search else _fixed(profile))

    def next(self) -> Setting | None:
        """Return the next step, None when there is no other."""
        if self._search is None:
            return next(self._fixed, None)
        rate = self._search.next_rate()
        return None if rate is None else Setting(self._profile.load.arrivals, rate)

    def tell(self, setting: Setting, point: LoadPoint, took_s: float = 0.0) -> None:
        """Note what a step showed."""
        if self._search is not None and setting.rate_per_s is not None:
            is_valid = not point.flaws
            self._search.tell(
                setting.rate_per_s,
                passed=point.passed,
                is_valid=is_valid,
                is_unclear=point.is_unclear,
                e2e_s=point.latency.e2e_s.p50.value,
                took_s=took_s,
            )

    @property
    def reason(self) -> str:
        """Why a search ended without a result, or too early."""
        return self._search.reason if self._search is not None else ""

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
        """Return how long the parts of a step last.

        A search needs enough requests for its percentile, and times several times as long as an answer takes.
        """
        p = self._profile
        needed = least_requests(p.slo) if self._search and p.slo else 0
        e2e_s = (self._search.e2e_s if self._search else None) or 0.0
        return Windows(
            warmup_s=p.warmup_s,
            measure_s=max(p.measure_s, min(_WINDOW * e2e_s, p.max_s / 2)),
            cooldown_s=max(p.cooldown_s, min(_COOLDOWN * e2e_s, p.max_s / 4)),
            max_s=p.max_s,
            min_requests=max(p.min_requests, needed),
        )


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
