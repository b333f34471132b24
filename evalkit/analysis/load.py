"""Load tests: what each level of load showed, over its repeats, and the most a deployment sustains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import scipy

from evalkit.analysis.estimates import too_few
from evalkit.analysis.facts import CapacityFact, Estimate, LevelFact, StepFact
from evalkit.analysis.load_machine import (
    cores,
    energy_j,
    is_consistent,
    peak,
    power_w,
    throttled,
)
from evalkit.config.bench import BenchConfig, ProfileSpec, SloSpec
from evalkit.metrics.capacity import Level, highest_sustained, sustained_per_s
from evalkit.metrics.load import QS, load_point
from evalkit.metrics.load_point import LoadPoint, verdict_of
from evalkit.metrics.percentiles import Percentile
from evalkit.records import IDLE, NO_LOAD, CellRecord, LoadStep, Telemetry
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, joined, numeral, say, verbatim

BRACKET = "bracket"
"""An interval from a rate that held to the lowest that did not."""
RATES = {"constant", "poisson"}
"""Steps whose rate stays the same: only they say what load is sustained."""
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
LATENCIES = (
    "ttft_s", "ttfo_s", "tpot_s", "itl_s", "e2e_s", "response_ttft_s", "response_e2e_s", "adjusted_ttft_s",
    "adjusted_e2e_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Measured:
    """One step with all that was computed of it."""

    cell: CellRecord
    profile: ProfileSpec
    step: LoadStep
    point: LoadPoint
    fact: StepFact


def load_facts(
    run: Run, slo: SloSpec | None = None
) -> tuple[tuple[StepFact, ...], tuple[LevelFact, ...], tuple[CapacityFact, ...]]:
    """Return a fact per step, per level (over repeats), and per model and profile with a service level.

    Args:
        run: A bench; of others there is nothing.
        slo: Judge by this service level instead of the profiles' own.
    """
    if run.manifest.kind != "bench":
        return (), (), ()
    measured = list(_measured(run, slo))
    levels: dict[tuple[object, ...], list[_Measured]] = defaultdict(list)
    for m in measured:
        s = m.step
        # a search tries other rates in every repeat: its steps are levels of their own
        repeat = m.cell.repeat if m.profile.load.kind == "search" else None
        key = (m.cell.model, m.cell.suite, s.kind, s.rate_per_s, s.concurrency, repeat)
        levels[key].append(m)
    by_profile: dict[tuple[str, str], list[_Measured]] = defaultdict(list)
    for m in measured:
        by_profile[m.cell.model, m.cell.suite].append(m)
    return (
        tuple(m.fact for m in measured),
        tuple(_level(some) for some in levels.values()),
        (
            *(
                _capacity(some)
                for some in by_profile.values()
                if some[0].profile.slo is not None and some[0].step.kind in RATES
            ),
            *_unmeasured(run, slo, set(by_profile)),
        ),
    )


def _unmeasured(
    run: Run, slo: SloSpec | None, measured: set[tuple[str, str]]
) -> Iterator[CapacityFact]:
    """Yield what is known of searches that ended before their first step: why."""
    profiles = {p.name: p for p in BenchConfig.model_validate(run.manifest.config).profiles}
    for cell in run.manifest.cells:
        if cell.ending is None or (cell.model, cell.suite) in measured:
            continue
        measured.add((cell.model, cell.suite))
        level = slo_text(slo or profiles[cell.suite].slo)
        unknown = Estimate(None, "requests/s", 0, reason=say("no step was held"))
        yield CapacityFact(cell.model, cell.suite, level, unknown, 0, endings=(cell.ending,))


def _measured(run: Run, slo: SloSpec | None) -> Iterator[_Measured]:
    profiles = {p.name: p for p in BenchConfig.model_validate(run.manifest.config).profiles}
    if slo is not None:
        profiles = {n: p.model_copy(update={"slo": slo}) for n, p in profiles.items()}
    requests = defaultdict(list)
    for r in run.requests:
        requests[r.cell_id].append(r)
    readings = defaultdict(list)
    for t in run.telemetry:
        readings[t.cell_id].append(t)
    steps = defaultdict(list)
    for s in run.steps:
        steps[s.cell_id].append(s)
    for cell in run.manifest.cells:
        idle = next((s for s in steps[cell.cell_id] if s.kind == IDLE and s.state == "done"), None)
        idle_w = None if idle is None else power_w(idle, readings[cell.cell_id])
        for step in steps[cell.cell_id]:
            if step.kind in NO_LOAD or step.state != "done":
                continue
            profile = profiles[cell.suite]
            point = load_point(step, requests[cell.cell_id], profile.slo)
            fact = _step_fact(cell, step, point, readings[cell.cell_id], idle_w)
            yield _Measured(cell, profile, step, point, fact)


def _step_fact(
    cell: CellRecord,
    step: LoadStep,
    point: LoadPoint,
    readings: Sequence[Telemetry],
    idle_w: float | None,
) -> StepFact:
    inside = [t for t in readings if t.session == step.session]
    if not _is_here(cell):  # this machine's boards and packages do not do its work
        inside = [t for t in inside if t.device == "host"]
    window = [t for t in inside if (step.t_steady_ns or 0) <= t.t_ns < (step.t_cool_ns or 0)]
    energy = energy_j(step, inside, "gpu")
    tokens = None
    if point.output_tokens_per_s is not None:
        tokens = point.output_tokens_per_s * point.window_s
    duration = (step.t_end_ns or 0) - step.t_start_ns
    return StepFact(
        cell_id=cell.cell_id,
        step=step.step,
        repeat=cell.repeat,
        load=point,
        gpu_energy_j=energy,
        cpu_energy_j=energy_j(step, inside, "rapl"),
        energy_per_output_token_j=energy / tokens if energy is not None and tokens else None,
        power_w=power_w(step, inside),
        idle_power_w=idle_w,
        is_energy_consistent=is_consistent(step, inside),
        server_rss_peak_bytes=peak(window, "server", "rss_bytes"),
        client_rss_peak_bytes=peak(window, "host", "rss_bytes"),
        gpu_memory_peak_bytes=peak(window, "gpu", "memory_used_bytes"),
        server_cpu_cores=cores(window, "server"),
        throttled=throttled(window),
        lag_p99_s=step.lag_p99_s,
        sampler_cpu_share=(
            None
            if step.sampler_cpu_s is None or not duration
            else step.sampler_cpu_s * 1e9 / duration
        ),
    )


def _is_here(cell: CellRecord) -> bool:
    """Tell whether the model computes on this machine."""
    host = "" if cell.endpoint is None else cell.endpoint.host.rpartition(":")[0]
    return not host or host in LOOPBACK


def _level(some: Sequence[_Measured]) -> LevelFact:
    first = some[0]
    points = [m.point for m in some]
    valid = [m for m in some if not m.point.flaws]
    judged = valid or list(some)
    latencies = {
        f"{name}_p{q}": _percentile([getattr(m.point.latency, name).at(q) for m in judged], q)
        for name in LATENCIES
        for q in QS
    }

    overloads = _distinct(m.point.overloads for m in judged)
    breaches = _distinct(m.point.breaches for m in judged)
    doubts = _distinct(m.point.doubts for m in judged)

    def mean(read: Callable[[_Measured], float | None], unit: str) -> Estimate:
        return _mean([read(m) for m in judged], unit, sum(p.n_due for p in points))

    return LevelFact(
        model=first.cell.model,
        profile=first.cell.suite,
        kind=first.step.kind,
        is_search=first.profile.load.kind == "search",
        rate_per_s=first.step.rate_per_s,
        concurrency=first.step.concurrency,
        n_repeats=len(some),
        n_invalid=len(some) - len(valid),
        n_requests=sum(p.n_due for p in points),
        latencies=latencies,
        offered_per_s=mean(lambda m: m.point.offered_per_s, "requests/s"),
        completed_per_s=mean(lambda m: m.point.completed_per_s, "requests/s"),
        goodput_per_s=mean(lambda m: m.point.goodput_per_s, "requests/s"),
        error_rate=mean(lambda m: m.point.error_rate, ""),
        output_tokens_per_s=mean(lambda m: m.point.output_tokens_per_s, "tokens/s"),
        peak_output_tokens_per_s=mean(lambda m: m.point.peak_output_tokens_per_s, "tokens/s"),
        tokens_per_s_per_user=mean(lambda m: m.point.tokens_per_s_per_user, "tokens/s"),
        in_flight_mean=mean(lambda m: m.point.in_flight_mean, ""),
        energy_per_output_token_j=mean(lambda m: m.fact.energy_per_output_token_j, "J/token"),
        power_w=mean(lambda m: m.fact.power_w, "W"),
        passed=None if first.profile.slo is None else _passed(judged),
        flaws=_distinct(p.flaws for p in points),
        overloads=overloads,
        breaches=breaches,
        doubts=doubts,
        verdict=verdict_of(
            () if valid else _distinct(p.flaws for p in points), overloads, breaches, doubts
        ),
        n_needed=max((n for m in judged if (n := m.point.n_needed) is not None), default=None),
    )


def _passed(judged: Sequence[_Measured]) -> bool | None:
    """Tell whether every repeat passed; None where none is known to have failed, and not all to have passed."""
    if any(m.point.overloads or m.point.breaches for m in judged):
        return False
    return True if all(m.point.passed for m in judged) else None


def _capacity(some: Sequence[_Measured]) -> CapacityFact:
    """Return λ_SLO: the highest rate within the service level, that no lower measured rate contradicts."""
    first = some[0]
    slo = first.profile.slo
    assert slo is not None
    by_repeat: dict[int, list[_Measured]] = defaultdict(list)
    for m in some:
        by_repeat[m.cell.repeat].append(m)
    found = [_highest(runs) for runs in by_repeat.values()]
    best = [value for value, _ in found if value is not None]
    above = [rate for _, rate in found if rate is not None]
    invalid = [m for m in some if m.point.flaws]
    unclear = [m for m in some if m.point.is_unclear and not m.point.flaws]
    reason = NOTHING
    if len(invalid) == len(some):
        reason = say("every step is INVALID: evalkit was the bottleneck")
    elif not best:
        reason = (
            _none_held(unclear) if not above else say("no measured rate kept the service level")
        )
    elif len(best) < len(found):
        reason = say(
            "in {n} of {all} repeats no rate is known to have kept the service level",
            n=f"{len(found) - len(best)}",
            all=f"{len(found)}",
        )
    elif not above:
        reason = _may_be_more(some, unclear)
    estimate = _mean([value for value, _ in found], "requests/s", len(best))
    if len(best) == len(found) == 1 and above:
        estimate = Estimate(best[0], "requests/s", 1, best[0], max(*above, best[0]), BRACKET)
    return CapacityFact(
        model=first.cell.model,
        profile=first.cell.suite,
        slo=slo_text(slo),
        lambda_per_s=replace(estimate, reason=reason),
        n_invalid=len(invalid),
        n_unclear=len(unclear),
        below_per_s=min(above, default=None),
        is_inconclusive=bool(unclear) and not (best or above),
        endings=tuple(
            runs[0].cell.ending for runs in by_repeat.values() if runs[0].cell.ending is not None
        ),
    )


def _none_held(unclear: Sequence[_Measured]) -> Said:
    """Say why nothing can be said at all: no step was conclusive."""
    best = max(unclear, key=lambda m: m.point.n_due)
    needed = best.point.n_needed
    if needed is None:
        return joined(best.point.doubts, "; ")
    return say(
        "no step had enough requests to judge it: {n} at most, {needed} needed",
        n=f"{best.point.n_due}",
        needed=f"{needed}",
    )


def _may_be_more(some: Sequence[_Measured], unclear: Sequence[_Measured]) -> Said:
    """Say why only a lower bound is known: no step passed the service level's limits."""
    held = max(m.step.rate_per_s or 0.0 for m in some if m not in unclear and not m.point.flaws)
    if any((m.step.rate_per_s or 0.0) > held for m in unclear):
        return say("steps at higher rates had too few requests to judge them: it may sustain more")
    return say("no higher rate was measured: it may sustain more")


def _highest(steps: Sequence[_Measured]) -> tuple[float | None, float | None]:
    """Return the sustained rate of the highest step below every one that did not pass, and the rate of that one.

    Steps where evalkit was the bottleneck, or that had too few requests to be judged, are not used.
    """
    best, ceiling = highest_sustained(
        Level(m.step.rate_per_s or 0.0, sustained_per_s(m.point), m.point.passed)
        for m in steps
        if not m.point.flaws and not m.point.is_unclear
    )
    return None if best is None else best.sustained_per_s, ceiling


def slo_text(slo: SloSpec | None) -> Said:
    """Write a service level for a reader."""
    if slo is None:
        return NOTHING
    limits = (("TTFT", slo.ttft_s), ("TPOT", slo.tpot_s), ("e2e", slo.e2e_s))
    parts = [
        say(
            "p{q} {metric} ≤ {limit} s",
            q=f"{slo.percentile}",
            metric=verbatim(name),
            limit=numeral(f"{limit:g}"),
        )
        for name, limit in limits
        if limit
    ]
    errors = say("errors ≤ {share}%", share=numeral(f"{100 * slo.max_error_rate:.1f}"))
    return joined((*parts, errors))


def _mean(values: Sequence[float | None], unit: str, n: int) -> Estimate:
    """Return the mean over repeats, with Student's 95 % interval from two on; missing when a repeat has no value."""
    known = [v for v in values if v is not None]
    if not known or len(known) < len(values):
        return Estimate(None, unit, n, reason=say("not measured"))
    mean = fmean(known)
    if len(known) == 1:
        return Estimate(mean, unit, n, method="one run", reason=say("one run has no interval"))
    low, high = scipy.stats.t.interval(
        0.95, len(known) - 1, loc=mean, scale=scipy.stats.sem(known) or 1e-300
    )
    return Estimate(
        mean, unit, n, float(low), float(high), f"mean of {len(known)} runs, t interval"
    )


def _percentile(values: Sequence[Percentile], q: int) -> Estimate:
    """Return the mean of a percentile over repeats; refused where a run has too few requests for it."""
    n = sum(p.n for p in values)
    if any(p.value is None for p in values):
        return Estimate(None, "s", n, reason=say("not measured"))
    if not all(p.is_supported for p in values):
        least = min(p.n for p in values)
        return Estimate(None, "s", n, reason=too_few(least, q), is_supported=False)
    if any(p.value == float("inf") for p in values):
        return Estimate(None, "s", n, reason=say("too many requests failed: it never comes"))
    return _mean([p.value for p in values], "s", n)


def _distinct(each: Iterator[tuple[Said, ...]]) -> tuple[Said, ...]:
    return tuple(dict.fromkeys(text for some in each for text in some))
