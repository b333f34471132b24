"""What one replica serves, from another harness' load curve: by the rule that a bench has.

Along the axis, the highest level *below the first that failed* counts; what holds again above it may be luck. A level
holds if every repeat of it does, and its rate is their mean. With an open loop (`offered_per_s`) that is the highest
rate offered; with a closed one (`concurrency`), where more at once may be answered no faster or slower, the level that
answers most per second.

low and high are a hull, as of a bench: the bracket (up to the rate offered, or answered, at the first level that
failed), Student's interval of the repeats' mean, and, where the file tells `n_requests`, the Poisson limits of their
count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import scipy

from evalkit.analysis.load import slo_text
from evalkit.analysis.stats import poisson_limits
from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.curve import (
    COMPLETED,
    GOOD,
    N_REQUESTS,
    Curve,
    CurvePoint,
    check_token_rate,
    rate_of,
    read_curve,
)
from evalkit.analysis.tco.replica import MOST_BELOW, Capacity, gap
from evalkit.analysis.tco.values import Provenance
from evalkit.config.bench import SloSpec
from evalkit.config.capacity import OFFERED, ImportSpec
from evalkit.errors import ConfigError
from evalkit.metrics.chance import least_for_percentile
from evalkit.metrics.overload import LEAST_COMPLETED
from evalkit.wording import Said, joined, numeral, say, say_n, verbatim

_LIMITS = ("ttft_s", "tpot_s", "e2e_s")
_STILL_RISING = 1.05
"""A closed loop that answers so much more than at the level below may answer more yet with more at once."""


@dataclass(frozen=True, slots=True)
class CurveLevel:
    """One level of an imported load curve, over its repeats."""

    amount: float
    """Along the curve's axis."""
    repeats: tuple[CurvePoint, ...]
    rates: tuple[float, ...]
    """Requests per second that each repeat sustained."""
    holds: bool

    @property
    def per_s(self) -> float:
        """Mean of the repeats."""
        return fmean(self.rates)


def curve_levels(curve: Curve, spec: ImportSpec, slo: SloSpec | None) -> list[CurveLevel]:
    """Return the levels of a load curve, the lowest first, and whether each held the service level."""
    by_amount: dict[float, list[CurvePoint]] = defaultdict(list)
    for point in curve.points:
        by_amount[point.values[curve.axis]].append(point)
    is_open = curve.axis == OFFERED
    return [
        CurveLevel(
            amount,
            tuple(points),
            tuple(min(rate_of(p), amount) if is_open else rate_of(p) for p in points),
            all([_holds(p, curve.axis, spec, slo) for p in points]),
        )
        for amount, points in sorted(by_amount.items())
    ]


def imported_capacity(spec: ImportSpec, n_gpus: int, asked: Asked, book: Book) -> Capacity:
    """Return the capacity of a load curve; see the module.

    Raises:
        ConfigError: The curve can't be read or judged, or contradicts the scenario's lengths.
    """
    slo = book.scenario.service_level
    level = slo_text(slo)
    curve = read_curve(spec)
    levels = curve_levels(curve, spec, slo)
    below = levels[: next((i for i, one in enumerate(levels) if not one.holds), len(levels))]
    if not below:
        return Capacity(None, _none_held(levels, level), level)
    best = below[-1] if curve.axis == OFFERED else max(below, key=lambda one: one.per_s)
    above = levels[len(below) :]
    check_token_rate(spec, best.repeats)
    n, needed = _count(best.repeats), _needed(slo)
    doubt = joined(_doubts(spec, slo, best, needed), "; ")
    notes = (*_notes(curve, below, above, best), *_told(spec, slo), doubt)
    low, high = _range(curve, best, above, n)
    given = book.fixed(asked, best.per_s, Provenance.IMPORTED, verbatim(spec.source))
    watts = [w for p in best.repeats if (w := p.get("power_w")) is not None]
    return Capacity(
        per_s=replace(
            given,
            low=low,
            high=high,
            date=spec.date.isoformat(),
            note=joined(notes, "; "),
            is_old=book.is_old(spec.date),
        ),
        reason=joined((say("imported, not measured here"), *notes), "; "),
        service_level=level,
        input_tokens=spec.input_tokens,
        output_tokens=spec.output_tokens,
        load_w=fmean(watts) / n_gpus if watts else None,
        n=n,
        n_needed=None if n is None else needed,
        doubt=doubt,
    )


# --- whether a level holds ----------------------------------------------------------------------------------------


def _holds(point: CurvePoint, axis: str, spec: ImportSpec, slo: SloSpec | None) -> bool:
    """Tell whether a level is sustained within the limits; a closed loop sustains whatever it completes."""
    rate = rate_of(point)
    if not rate or (axis == OFFERED and rate < LEAST_COMPLETED * point.values[OFFERED]):
        return False
    if slo is None:
        return True
    if (share := _good_share(point, axis)) is not None and share < slo.percentile / 100:
        return False
    for name, limit in _limits(slo):
        if name not in spec.columns:
            _check_is_judged(name, point, axis, spec)
        elif point.values[name] > limit:
            return False
    return (point.get("error_rate") or 0.0) <= slo.max_error_rate


def _limits(slo: SloSpec) -> Iterator[tuple[str, float]]:
    for name in _LIMITS:
        limit: float | None = getattr(slo, name)
        if limit is not None:
            yield name, limit


def _good_share(point: CurvePoint, axis: str) -> float | None:
    """Return which share of the requests kept the file's own limits; None where it does not tell."""
    good, asked = point.get(GOOD), point.get(COMPLETED)
    if axis == OFFERED and asked is None:
        asked = point.values[OFFERED]
    return None if good is None or not asked else good / asked


def _check_is_judged(name: str, point: CurvePoint, axis: str, spec: ImportSpec) -> None:
    """Refuse a limit that no column shows to be kept."""
    if GOOD not in spec.columns:
        raise ConfigError(
            f"{spec.file}: the service level limits {name}, and no column is named for it.",
            "Name it under `columns`, or leave the limit out of `service_level`.",
        )
    if _good_share(point, axis) is None:
        raise ConfigError(
            f"{spec.file}: {GOOD} alone does not tell which share of a closed loop's requests is good.",
            f"Name the column of {COMPLETED}, too, or one for {name}.",
        )


def _none_held(levels: Sequence[CurveLevel], level: Said) -> Said:
    if any(one.holds for one in levels):
        return say(
            "capacity: the lowest imported level, {amount}, does not hold ({limits}), and what holds above it may be"
            " luck: measure lower ones",
            amount=numeral(f"{levels[0].amount:g}"),
            limits=level or say("no limits"),
        )
    return say("capacity: no imported level holds {level}", level=level)


# --- how far it is known ------------------------------------------------------------------------------------------


def _range(
    curve: Curve, best: CurveLevel, above: Sequence[CurveLevel], n: int | None
) -> tuple[float, float]:
    mode = best.per_s
    bounds = [mode]
    if above:
        bounds.append(above[0].amount if curve.axis == OFFERED else above[0].per_s)
    if n:
        bounds += [mode * limit / n for limit in poisson_limits(n)]
    if len(best.rates) > 1 and len(set(best.rates)) > 1:
        low, high = scipy.stats.t.interval(
            0.95, len(best.rates) - 1, loc=mode, scale=scipy.stats.sem(best.rates)
        )
        bounds += [max(float(low), mode / MOST_BELOW), float(high)]
    return min(bounds), max(bounds)


def _count(points: Sequence[CurvePoint]) -> int | None:
    counts = [p.get(N_REQUESTS) for p in points]
    return round(sum(n for n in counts if n is not None)) if None not in counts else None


def _needed(slo: SloSpec | None) -> int:
    return 1 if slo is None or not any(_limits(slo)) else least_for_percentile(slo.percentile)


def _doubts(spec: ImportSpec, slo: SloSpec | None, best: CurveLevel, needed: int) -> Iterator[Said]:
    """Yield why the file can't tell that the service level holds."""
    limits = [] if slo is None else [name for name, _ in _limits(slo)]
    if slo is None or not limits:
        return
    if any(name in spec.columns for name in limits):
        if spec.percentile == "mean":
            yield say(
                "the file has means, not p{wanted}: whether that holds is not known",
                wanted=f"{slo.percentile}",
            )
        elif spec.percentile < slo.percentile:
            yield say(
                "the file has p{of_file}, not p{wanted}: whether that holds is not known",
                of_file=f"{spec.percentile}",
                wanted=f"{slo.percentile}",
            )
    if any(name not in spec.columns for name in limits):
        yield say("what is good was judged by the file's own limits, not by yours")
    counts = [n for p in best.repeats if (n := _count([p])) is not None]
    if counts and min(counts) < needed:
        yield say_n(
            "it rests on {n} request, too few to judge p{q} ({needed} needed)",
            "it rests on {n} requests, too few to judge p{q} ({needed} needed)",
            min(counts),
            q=f"{slo.percentile}",
            needed=numeral(f"{needed}"),
        )


def _notes(
    curve: Curve, below: Sequence[CurveLevel], above: Sequence[CurveLevel], best: CurveLevel
) -> Iterator[Said]:
    """Yield which rows were chosen, and what a reader should know of those that were not."""
    yield say("taken from {rows}", rows=", ".join(p.place for p in best.repeats))
    if not above and _may_sustain_more(curve, below, best):
        yield say("no higher level that fails was measured: it may sustain more")
    if above and curve.axis == OFFERED:
        yield gap(best.per_s, above[0].amount)
    again = [numeral(f"{one.amount:g}") for one in above if one.holds]
    if again:
        yield say(
            "what holds again above a level that does not is left out: {levels}",
            levels=joined(again),
        )
    if curve.n_copies:
        yield say_n(
            "{n} row is there twice and counts once",
            "{n} rows are there twice and count once",
            curve.n_copies,
        )


def _may_sustain_more(curve: Curve, below: Sequence[CurveLevel], best: CurveLevel) -> bool:
    """Tell whether nothing bounds it: no level failed, nor did a closed loop cease to answer more."""
    if curve.axis == OFFERED or len(below) == 1:
        return True
    return best is below[-1] and best.per_s > _STILL_RISING * below[-2].per_s


def _told(spec: ImportSpec, slo: SloSpec | None) -> Iterator[Said]:
    if slo is None:
        return
    if spec.percentile != "mean" and spec.percentile > slo.percentile:
        yield say(
            "p{of_file} of the file is taken for p{wanted}",
            of_file=f"{spec.percentile}",
            wanted=f"{slo.percentile}",
        )
    if "error_rate" not in spec.columns:
        yield say("the file does not tell errors")
