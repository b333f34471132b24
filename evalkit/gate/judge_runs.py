"""Rules about speed and resources: the run is the unit, since requests of one run are not independent."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.repeated import (
    LEAST_RUNS,
    RatioBounds,
    quantile_bounds,
    quantile_ratio,
    values_bounds,
    values_ratio,
)
from evalkit.config.gate import GatePolicy
from evalkit.gate.conditions import is_interleaved
from evalkit.gate.facts import Difference, RuleResult, Status
from evalkit.gate.rules import Rule, blank, judged, limits, missing_limits
from evalkit.gate.side import RunValues, Side
from evalkit.metrics.catalogue.gate import GATE
from evalkit.metrics.percentiles import MINIMUM_N
from evalkit.wording import NOTHING, Said, say, say_n

_MEMORY_ORDER = ("memory:GPU, process", "memory:GPU, torch", "memory:GPU, board", "memory:host")


@dataclass(frozen=True, slots=True)
class Timed:
    """One latency of all runs of both sides, over the prompts that both timed; arrays are `[prompts]`."""

    baseline: list[Array]
    candidate: list[Array]
    n_prompts: int


def judge_latency(
    rule: Rule, policy: GatePolicy, sides: tuple[Side, Side], found: Collection[Difference]
) -> Iterator[RuleResult]:
    """Yield the result of a rule on a percentile of a latency.

    Args:
        rule: On `ttft_p50` and so on.
        policy: With its `min_runs` and confidence.
        sides: Baseline and candidate.
        found: Conditions that differ between them.
    """
    name, _, percentile = rule.spec.metric.partition("_p")
    q = int(percentile)
    runs = sides[0].timed_runs, sides[1].timed_runs
    result = blank(rule, None)
    timed = _timed(runs, name) if runs[0] and runs[1] else None
    if timed is None or not timed.n_prompts:
        result = replace(result, reason=_why_untimed(runs))
        yield result
        yield from missing_limits(rule, result)
        return
    compared = quantile_ratio(
        timed.baseline,
        timed.candidate,
        q / 100,
        policy.confidence,
        is_interleaved=is_interleaved(*runs),
    )
    result = _relative(result, compared, lower_is_better=True, floor=rule.spec.floor_s)
    n_runs = min(len(timed.baseline), len(timed.candidate))
    if compared is None:
        result = replace(
            result, baseline=_level(timed.baseline, q), candidate=_level(timed.candidate, q)
        )
    result = replace(result, n=n_runs)
    why = _too_little(n_runs, timed.n_prompts, q, policy) or _not_comparable(
        found, ("hardware", "order")
    )
    yield _undecided(result, why) if why else result
    level = quantile_bounds(timed.candidate, q / 100, policy.confidence)
    if level is not None:
        yield from limits(rule, result, level.least, level.most, level.method)
    else:
        yield from missing_limits(rule, replace(result, reason=_few_runs(policy.min_runs)))


def _timed(runs: tuple[Sequence[RunValues], Sequence[RunValues]], name: str) -> Timed:
    first = runs[0][0].prompts
    if all(r.prompts == first for side in runs for r in side):
        mine, theirs = ([r.latency[name] for r in side] for side in runs)
        return Timed(mine, theirs, len(first))
    shared = [set(r.prompts) for side in runs for r in side]
    prompts = sorted(set.intersection(*shared))
    columns = [[_of_prompts(r, name, prompts) for r in side] for side in runs]
    return Timed(columns[0], columns[1], len(prompts))


def _of_prompts(run: RunValues, name: str, prompts: Sequence[str]) -> Array:
    place = {prompt: i for i, prompt in enumerate(run.prompts)}
    values: Array = run.latency[name][[place[p] for p in prompts]]
    return values


def _level(runs: Sequence[Array], q: int) -> float | None:
    """Return the percentile of all runs' requests together; None where none has a value."""
    values = np.concatenate(runs)
    known = values[np.isfinite(values)]
    return float(np.percentile(known, q)) if len(known) else None


def _why_untimed(runs: tuple[Sequence[RunValues], Sequence[RunValues]]) -> Said:
    if not runs[0] or not runs[1]:
        return say(
            "no request was timed on both sides: latency needs answers that are generated alone"
        )
    return say("the two sides timed no prompt in common")


def _too_little(n_runs: int, n_prompts: int, q: int, policy: GatePolicy) -> Said:
    if n_runs < policy.min_runs:
        return say_n(
            "{n} run per side; {least} in turns are wanted",
            "{n} runs per side; {least} in turns are wanted",
            n_runs,
            least=f"{policy.min_runs}",
        )
    n = n_runs * n_prompts
    if n < MINIMUM_N[q]:
        return say("{n} requests; p{q} needs {least}", n=f"{n}", q=f"{q}", least=f"{MINIMUM_N[q]}")
    return NOTHING


def _not_comparable(found: Collection[Difference], names: tuple[str, ...]) -> Said:
    for difference in found:
        if difference.name in names and not difference.is_allowed:
            if difference.name == "hardware":
                return say("measured on different hardware")
            return say("the runs did not take turns, so a drift of the machine looks like a change")
    return NOTHING


def _few_runs(least: int) -> Said:
    return say("too few runs; {least} are wanted", least=f"{least}")


def _relative(
    result: RuleResult, found: RatioBounds | None, *, lower_is_better: bool, floor: float = 0.0
) -> RuleResult:
    """Return a result with bounds of how much worse the candidate is, relative to the baseline, judged.

    Args:
        result: Blank.
        found: Of log(candidate / baseline).
        lower_is_better: Else a smaller value is damage.
        floor: Difference in base units that is never a regression: it widens the margin where that is less.
    """
    if found is None:
        return replace(result, status=Status.INCONCLUSIVE, reason=_few_runs(LEAST_RUNS))
    least, most = (found.least, found.most) if lower_is_better else (-found.most, -found.least)
    margin = result.margin
    if margin is not None and floor and found.baseline > 0:
        margin = max(margin, floor / found.baseline)
    p = found.p_worse if lower_is_better else 1 - found.p_worse
    return judged(
        replace(
            result,
            baseline=found.baseline,
            candidate=found.candidate,
            damage=_worse(found.log_ratio, lower_is_better=lower_is_better),
            least=_worse_bound(least, lower_is_better=lower_is_better),
            most=_worse_bound(most, lower_is_better=lower_is_better),
            margin=margin,
            n=found.n_runs,
            method=found.method,
            p_worse=p,
        )
    )


def _worse(log_ratio: float, *, lower_is_better: bool) -> float:
    """Return by which share of the baseline the candidate is worse."""
    return math.expm1(log_ratio) if lower_is_better else -math.expm1(log_ratio)


def _worse_bound(log_damage: float, *, lower_is_better: bool) -> float:
    return math.expm1(log_damage) if lower_is_better else -math.expm1(-log_damage)


def _undecided(result: RuleResult, why: Said) -> RuleResult:
    return replace(result, status=Status.INCONCLUSIVE, reason=why, p_worse=None)


def judge_values(
    rule: Rule, policy: GatePolicy, sides: tuple[Side, Side], found: Collection[Difference]
) -> Iterator[RuleResult]:
    """Yield the result of a rule on a number that each run has one of: peak memory, energy, throughput."""
    name = _value_name(rule.spec.metric, sides)
    result = blank(rule, None)
    if name is None:
        result = replace(result, reason=_NO_VALUE.get(rule.spec.metric, _NOT_BOTH))
        yield result
        yield from missing_limits(rule, result)
        return
    mine, theirs = ([r for r in side.runs if name in r.values] for side in sides)
    values = [[r.values[name] for r in side] for side in (mine, theirs)]
    compared = values_ratio(
        values[0], values[1], policy.confidence, is_interleaved=is_interleaved(mine, theirs)
    )
    lower = not rule.spec.kind.higher_is_better
    n = min(len(mine), len(theirs))
    result = replace(
        _relative(result, compared, lower_is_better=lower), n=n, score=name.partition(":")[2]
    )
    if compared is None:
        result = replace(result, baseline=fmean(values[0]), candidate=fmean(values[1]))
    machine = ("hardware",) if rule.spec.metric == "peak_memory" else ("hardware", "order")
    why = _not_comparable(found, machine)
    yield _undecided(result, why) if why else result
    level = values_bounds(values[1], policy.confidence)
    if level is not None:
        yield from limits(rule, result, level.least, level.most, level.method)
    else:
        yield from missing_limits(rule, replace(result, reason=_few_runs(LEAST_RUNS)))


def _value_name(metric: str, sides: tuple[Side, Side]) -> str | None:
    """Return the first number that both sides have: memory measured at the same place, throughput of one profile."""
    mine, theirs = ({name for r in side.runs for name in r.values} for side in sides)
    shared = mine & theirs
    if metric == "peak_memory":
        return next((name for name in _MEMORY_ORDER if name in shared), None)
    prefix = GATE[metric].prefix or metric
    return next((name for name in sorted(shared) if name.startswith(prefix)), None)


_NOT_BOTH = say("not measured on both sides")
_NO_VALUE = {
    "throughput_at_slo": say(
        "no load test with a service level on both sides; `evalkit bench` makes them"
    ),
    "energy_per_token": say("no energy counter on both sides"),
    "peak_memory": say("memory was not measured at the same place on both sides"),
}
"""Metric → why both sides lack it, where more can be said than that."""
