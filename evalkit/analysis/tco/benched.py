"""What one replica serves, from a bench: the highest rate that held, with all that is uncertain about it.

The range of a measured capacity is the hull of what is not known, so that nothing is counted as sure twice:

- the bracket: the truth lies between the highest rate that held and the lowest that did not;
- counting: k answers in a window are a sample. Their exact Poisson limits (Garwood 1936), as rates;
- repeats: where there are several, Student's interval of their mean.

low is the lowest of the three lower limits, high the highest of the upper ones; the rate that held is the mode.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from evalkit.analysis.facts import CapacityFact, Estimate, StepFact
from evalkit.analysis.load import BRACKET
from evalkit.analysis.stats import poisson_limits, share_estimate
from evalkit.analysis.tco.replica import MOST_BELOW, Capacity, gap
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.config.bench import BenchConfig, SloSpec
from evalkit.metrics.capacity import sustained_per_s
from evalkit.metrics.chance import least_for_percentile
from evalkit.metrics.load_point import LoadPoint
from evalkit.metrics.percentiles import FEW_N, MINIMUM_N
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, joined, numeral, say, say_n


@dataclass(frozen=True, slots=True)
class Benched:
    """A bench of one model under one profile."""

    run: Run
    fact: CapacityFact
    steps: tuple[StepFact, ...]
    """Steps of this model under this profile."""
    slo: SloSpec
    """The service level they were judged by."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The load that one repeat sustained within the service level."""

    step: StepFact
    is_sure: bool
    """False: as far as too few requests show."""

    @property
    def per_s(self) -> float:
        return sustained_per_s(self.step.load)

    @property
    def n_answers(self) -> int:
        return round(self.per_s * self.step.load.window_s)


def slo_of(run: Run, profile: str, own: SloSpec | None) -> SloSpec:
    """Return the service level that a profile is judged by: the scenario's own, else the profile's."""
    if own is not None:
        return own
    profiles = {p.name: p.slo for p in BenchConfig.model_validate(run.manifest.config).profiles}
    return profiles[profile] or SloSpec()


def bench_capacity(bench: Benched) -> Capacity:
    """Return the capacity a bench found, and how far it is known.

    Where a repeat has no rate that surely held, for want of requests, the highest that held as far as they show stands
    in: good enough for a first cost, with the range of so few, and not for a verdict on the service level (`doubt`).
    """
    e = bench.fact.lambda_per_s
    kept = list(_kept(bench))
    if not kept or any(one.n_answers == 0 for one in kept):
        why = e.reason or say("nothing was completed")
        return Capacity(None, say("capacity: {why}", why=why), bench.fact.slo)
    loads = [one.step.load for one in kept]
    n = sum(load.n_due for load in loads)
    doubt, needed = _doubt(kept, bench.slo), _needed(bench.slo)
    wide = gap(fmean(one.per_s for one in kept), bench.fact.below_per_s)
    reason = joined((_bound(bench) if doubt else e.reason, wide, doubt or _few(n)), "; ")
    answered = sum(load.n_due - load.n_failed for load in loads)
    gpus = bench.run.manifest.hardware.gpus
    return Capacity(
        per_s=_input(kept, bench, reason),
        reason=reason,
        service_level=bench.fact.slo,
        input_tokens=_per_request([load.input_tokens for load in loads], answered),
        output_tokens=_per_request([load.output_tokens for load in loads], answered),
        good_share=_good_share(loads),
        idle_w=_each([one.step.idle_power_w for one in kept], len(gpus)),
        load_w=_each([one.step.power_w for one in kept], len(gpus)),
        machine=", ".join(dict.fromkeys(g.name for g in gpus)) or bench.run.manifest.hardware.cpu,
        n=n,
        n_needed=needed,
        doubt=doubt,
    )


def _kept(bench: Benched) -> Iterator[_Kept]:
    """Yield what each repeat sustained; nothing where one sustained nothing, as the mean is then not known."""
    rates = {(s.cell_id, s.step): s.rate_per_s or 0.0 for s in bench.run.steps}
    repeats: dict[int, list[StepFact]] = defaultdict(list)
    for step in bench.steps:
        repeats[step.repeat].append(step)

    def highest(steps: Sequence[StepFact], holds: Callable[[LoadPoint], bool]) -> StepFact | None:
        def rate(step: StepFact) -> float:
            return rates[step.cell_id, step.step]

        ceiling = min((rate(s) for s in steps if not holds(s.load)), default=float("inf"))
        below = [s for s in steps if holds(s.load) and rate(s) < ceiling]
        return max(below, key=rate, default=None)

    found = []
    for repeat in repeats.values():
        steps = [s for s in repeat if not s.load.flaws]
        known = [s for s in steps if not s.load.is_unclear]
        sure = highest(known, lambda load: load.passed)
        best = sure or highest(steps, lambda load: _seems_to_hold(load, bench.slo))
        if best is None:
            return
        found.append(_Kept(best, sure is not None))
    yield from found


def _seems_to_hold(load: LoadPoint, slo: SloSpec) -> bool:
    """Tell whether nothing is known against a load, and as many requests as promised kept their times."""
    if load.overloads or load.breaches or not load.n_due:
        return False
    is_good = load.good_share is None or load.good_share >= slo.percentile / 100
    return is_good and (load.error_rate or 0.0) <= slo.max_error_rate


def _needed(slo: SloSpec) -> int:
    """Return how many requests a level needs: what the percentile takes, where times are promised."""
    has_times = any((slo.ttft_s, slo.tpot_s, slo.e2e_s))
    return least_for_percentile(slo.percentile) if has_times else FEW_N


def _doubt(kept: Sequence[_Kept], slo: SloSpec) -> Said:
    """Say why the service level is not known to hold; nothing where it is."""
    needed = _needed(slo)
    weak = [one for one in kept if not one.is_sure or one.step.load.n_due < needed]
    if not weak:
        return NOTHING
    worst = min(weak, key=lambda one: one.step.load.n_due).step.load
    if worst.n_due >= needed:
        return joined(worst.doubts, "; ")
    return say_n(
        "it rests on {n} request, too few to judge p{q} ({needed} needed)",
        "it rests on {n} requests, too few to judge p{q} ({needed} needed)",
        worst.n_due,
        q=f"{slo.percentile}",
        needed=numeral(f"{needed}"),
    )


def _bound(bench: Benched) -> Said:
    """Say where a capacity in doubt is not bounded from above, either."""
    if bench.fact.below_per_s is None:
        return say("no rate is known that does not hold: it may sustain more")
    return NOTHING


def _few(n: int) -> Said:
    if n >= MINIMUM_N[90]:
        return NOTHING
    return say_n("it rests on {n} request", "it rests on {n} requests", n)


def _input(kept: Sequence[_Kept], bench: Benched, reason: Said) -> Input:
    run, fact = bench.run, bench.fact
    source = say("{run}, profile {profile}", run=run.manifest.run_id, profile=fact.profile)
    mode = fmean(one.per_s for one in kept)
    low, high = _range(kept, fact)
    return Input(
        key=f"capacity.{fact.model}.{source}",
        label=say("capacity of {name}", name=fact.model),
        unit="requests/s",
        low=low,
        mode=mode,
        high=high,
        provenance=Provenance.MEASURED,
        source=source,
        date=run.manifest.started_at[:10],
        note=reason,
    )


def _range(kept: Sequence[_Kept], fact: CapacityFact) -> tuple[float, float]:
    """Return the hull of bracket, counting error and repeats; see the module."""
    mode = fmean(one.per_s for one in kept)
    k = sum(one.n_answers for one in kept)
    fewest, most = poisson_limits(k)
    lows, highs = [mode * fewest / k], [mode * most / k]
    if fact.below_per_s is not None:
        highs.append(fact.below_per_s)
    e = fact.lambda_per_s
    if len(kept) > 1 and e.method != BRACKET and e.low is not None and e.high is not None:
        lows.append(max(e.low, mode / MOST_BELOW))
        highs.append(e.high)
    return min(lows), max(highs)


def _good_share(loads: Sequence[LoadPoint]) -> Estimate | None:
    n_good = [round(load.good_share * load.n_due) for load in loads if load.good_share is not None]
    if len(n_good) < len(loads):
        return None
    return share_estimate(sum(n_good), sum(load.n_due for load in loads))


def _each(watts: Sequence[float | None], n_gpus: int) -> float | None:
    known = [w for w in watts if w is not None]
    return fmean(known) / max(n_gpus, 1) if known else None


def _per_request(tokens: Sequence[int | None], n: int) -> float | None:
    known = [t for t in tokens if t is not None]
    return sum(known) / n if len(known) == len(tokens) and n else None
