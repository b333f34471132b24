"""What a bench will do, from its config alone: how long each cell takes, what it asks, what that can cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.config.bench import BenchConfig, ProfileSpec, PromptSpec
from evalkit.config.run import ModelSpec
from evalkit.execute.bench_bounds import (
    Bound,
    FewRequests,
    few_requests,
    most_requests,
    price_usd_of,
    within_budget,
)
from evalkit.execute.preflight import check_allowed, check_budget
from evalkit.execute.schedule import Schedule, Setting
from evalkit.loadgen.search import MOST_STEPS
from evalkit.loadgen.sizing import N_PROBES, Sizing, Windows
from evalkit.loadgen.traces import TraceRow, read_trace


@dataclass(frozen=True, slots=True)
class Replay:
    """How much of a trace is due before the steady window ends."""

    replayed_s: float
    total_s: float
    n_replayed: int
    n_total: int


@dataclass(frozen=True, slots=True)
class CellEstimate:
    """One model under one profile, all its repeats. None: it is not known before."""

    model: str
    profile: str
    repeats: int
    least_steps: int
    most_steps: int
    least_s: float
    """Every answer comes at once."""
    most_s: float
    """Idle baseline, single requests and every cool-down in full, answers of at most `fitting_s`; a wait for a target
    that works off what was given up comes on top."""
    fitting_s: float | None
    """Longest answers that make no step longer than the profile says; None: its steps have their own length."""
    longest_step_s: float
    """Length of the longest step, however long answers take."""
    requests: float | None
    """Requests expected to be due until the steady windows end; None: it depends on how fast the answers come."""
    input_tokens: float | None
    """Tokens of the prompts of `requests`."""
    output_tokens: float | None
    """Tokens that the answers to `requests` may have."""
    most_requests: float | None
    """With load through every cool-down; None where prompts are docs of tasks in a closed loop."""
    most_input_tokens: float | None
    most_output_tokens: float | None
    most_cost_usd: float | None
    """About, of `most_requests`; None in process, without a price, or without a bound."""
    bound: Bound | None
    """What `most_requests` follows from."""
    replay: Replay | None = None
    few: FewRequests | None = None
    first_step_s: float | None = None
    """Length of a search's first step where its time limit does not hold even that."""


@dataclass(frozen=True, slots=True)
class _Step:
    least_s: float
    most_s: float
    requests: float | None = None
    most_requests: float | None = None


def plan_bench(config: BenchConfig) -> list[CellEstimate]:
    """Return what each model will be put through, profile by profile; loads no model and asks no server.

    Raises:
        ConfigError: A trace can't be read, or the bench would be refused.
        ModelError: A backend is not known, or can't say where a model is.
    """
    check_budget(config.limits, config.models)
    check_allowed(config)
    traces = {p.name: read_trace(p.load).rows for p in config.profiles if p.load.file is not None}
    return [_cell(config, m, p, traces.get(p.name)) for m in config.models for p in config.profiles]


def _cell(
    config: BenchConfig, model: ModelSpec, profile: ProfileSpec, trace: tuple[TraceRow, ...] | None
) -> CellEstimate:
    steps, sizing = list(_steps(profile, trace)), Sizing(profile)
    is_search = profile.load.kind == "search"
    n, lengths = profile.repeats, _lengths(profile.prompts, trace)
    fitting_s = sizing.fitting_s
    most_s = sum(s.most_s for s in steps) + N_PROBES * (fitting_s or 0.0)
    if is_search:
        most_s = profile.load.max_minutes * 60
    requests = None if is_search else _sum([s.requests for s in steps])
    most, bound = most_requests(
        profile, [(s.most_s, s.most_requests) for s in steps], most_s, lengths
    )
    expected = _Amount.of(None if requests is None else n * requests, lengths)
    price = price_usd_of(model, lengths)
    most, bound = within_budget(
        config.limits.max_cost_usd, price, None if most is None else n * most, bound
    )
    at_most = _Amount.of(most, lengths)
    return CellEstimate(
        model=model.name,
        profile=profile.name,
        repeats=n,
        least_steps=n * len(steps),
        most_steps=n * (MOST_STEPS if is_search else len(steps)),
        least_s=n * sum(s.least_s for s in steps),
        most_s=n * (most_s + profile.idle_s),
        fitting_s=fitting_s,
        longest_step_s=profile.max_s,
        requests=expected.requests,
        input_tokens=expected.input_tokens,
        output_tokens=expected.output_tokens,
        most_requests=at_most.requests,
        most_input_tokens=at_most.input_tokens,
        most_output_tokens=at_most.output_tokens,
        most_cost_usd=None if price is None or most is None else price * math.ceil(most),
        bound=bound,
        replay=None if trace is None else _replay(profile, trace),
        few=few_requests(profile, sizing),
        first_step_s=_too_long_s(profile, sizing),
    )


def _too_long_s(profile: ProfileSpec, sizing: Sizing) -> float | None:
    if profile.load.kind != "search":
        return None
    first_s = sizing.step_s(profile.load.first_rate)
    return first_s if first_s > profile.load.max_minutes * 60 else None


@dataclass(frozen=True, slots=True)
class _Amount:
    requests: float | None
    input_tokens: float | None
    output_tokens: float | None

    @classmethod
    def of(cls, requests: float | None, lengths: tuple[float, float] | None) -> _Amount:
        if requests is None or lengths is None:
            return cls(requests, None, None)
        return cls(requests, requests * lengths[0], requests * lengths[1])


def _sum(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(values) else None


def _steps(profile: ProfileSpec, trace: tuple[TraceRow, ...] | None) -> Iterator[_Step]:
    """Yield the steps that are known before; of a search, its first."""
    schedule = Schedule(profile, trace)
    windows = schedule.windows()
    if profile.load.kind == "search":
        yield _Step(windows.warmup_s + windows.measure_s, windows.max_s)
        return
    while (setting := schedule.next()) is not None:
        if trace is not None:
            yield _trace_step(profile, windows, trace)
        else:
            yield _step(profile, windows, setting)


def _step(profile: ProfileSpec, windows: Windows, setting: Setting) -> _Step:
    shortest = windows.warmup_s + windows.measure_s
    longest = max(windows.max_s - windows.cooldown_s, shortest)
    if setting.rate_per_s is None:
        until = longest if windows.min_requests else shortest
        return _Step(shortest, min(until + windows.cooldown_s, windows.max_s))
    turns = profile.prompts.turns
    first, last = setting.rate_per_s, setting.to_rate_per_s or setting.rate_per_s
    needed_s = windows.warmup_s + windows.min_requests / (min(first, last) * turns)
    until = min(max(shortest, needed_s), longest)
    end = min(until + windows.cooldown_s, windows.max_s)
    within = (first + last) / 2 * shortest
    due = [turns * (within + last * (t - shortest)) for t in (until, end)]
    return _Step(until, end, *due)


def _trace_step(profile: ProfileSpec, windows: Windows, trace: tuple[TraceRow, ...]) -> _Step:
    until = _trace_until(profile, windows, trace)
    longest = max(windows.max_s - windows.cooldown_s, windows.warmup_s + windows.measure_s)
    is_whole = trace[-1].at_s / profile.load.speed <= until
    load_s = longest if is_whole else until  # a trace that has ended waits for its answers
    end = min(load_s + windows.cooldown_s, windows.max_s)
    turns = profile.prompts.turns
    due = [
        float(turns * sum(r.at_s / profile.load.speed <= t for r in trace)) for t in (until, end)
    ]
    return _Step(until, end, *due)


def _trace_until(profile: ProfileSpec, windows: Windows, trace: tuple[TraceRow, ...]) -> float:
    """Return when the steady window ends, at the earliest."""
    shortest = windows.warmup_s + windows.measure_s
    at = [row.at_s / profile.load.speed for row in trace]
    steady = [t for t in at if t >= windows.warmup_s]
    n = math.ceil(windows.min_requests / profile.prompts.turns)
    needed = steady[n - 1] if 0 < n <= len(steady) else (at[-1] if n else 0.0)
    until = min(max(shortest, needed), max(windows.max_s - windows.cooldown_s, shortest))
    return max(windows.warmup_s, min(until, at[-1]))


def _replay(profile: ProfileSpec, trace: tuple[TraceRow, ...]) -> Replay:
    until = _trace_until(profile, Schedule(profile, trace).windows(), trace)
    at = [row.at_s / profile.load.speed for row in trace]
    return Replay(min(until, at[-1]), at[-1], sum(t <= until for t in at), len(at))


def _lengths(spec: PromptSpec, trace: tuple[TraceRow, ...] | None) -> tuple[float, float] | None:
    """Return mean prompt and answer tokens of a request; a turn sends all that was said before. None: of tasks."""
    if spec.suite is not None:
        return None
    if trace is not None:
        pairs = [(r.input_tokens, r.output_tokens, 1.0) for r in trace]
    else:
        pairs = [(p[0], p[1], float(p[2]) if len(p) == 3 else 1.0) for p in spec.lengths]
    weight = sum(w for *_, w in pairs)
    n_in, n_out = (sum(p[i] * p[2] for p in pairs) / weight for i in (0, 1))
    before = (spec.turns - 1) / 2
    return n_in * (1 + before) + n_out * before, n_out
