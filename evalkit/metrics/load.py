"""What one step of a load test says: computed from its stored requests alone, also while a search still runs.

A request belongs to the window in which it was due, and a request that failed is never good, never fast, and never left
out of a rate. Times are given in two views: service (from sending) and response (from the moment it was due), which
also holds what waiting for a late client costs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from evalkit.config.bench import SloSpec
from evalkit.metrics.latency import generated_events, itl_s, tpot_s
from evalkit.metrics.percentiles import MINIMUM_N, Percentile, percentile
from evalkit.metrics.values import each, total
from evalkit.records import NS_PER_S, EventKind, LoadStep, Request
from evalkit.wording import Said, numeral, say, verbatim

QS = (50, 90, 95, 99)
LEAST_COMPLETED = 0.95
"""Completed / offered below this is overload."""
LEAST_SENT = 0.98
"""Sent / due below this is a client that is too slow."""
MOST_LAG_SHARE = 0.1
MOST_LAG_S = 0.010
"""Delays of evalkit's own, at p99, spoil a step when above this and above a tenth of the median, or allowed, TTFT."""
MOST_CPU = 0.8
"""Share of a core: above it the client has no reserve."""
_BIN_S = 1.0
_LACKING = {
    "no request was due",
    "p{q} {metric} was not measured",
    "p{q} {metric} needs n ≥ {least}, there were {n}",
}
"""What is said of a limit that could not be judged."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """p50, p90, p95 and p99 of one latency."""

    p50: Percentile
    p90: Percentile
    p95: Percentile
    p99: Percentile

    def at(self, q: int) -> Percentile:
        """Return one of the four."""
        found: Percentile = getattr(self, f"p{q}")
        return found


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of the answered requests due in the window, but for `adjusted_*`."""

    ttft_s: Percentiles
    ttfo_s: Percentiles
    tpot_s: Percentiles
    itl_s: Percentiles
    e2e_s: Percentiles
    response_ttft_s: Percentiles
    """From the moment a request was due."""
    response_e2e_s: Percentiles
    adjusted_ttft_s: Percentiles
    """Response view; a failed request counts as one that never answers."""
    adjusted_e2e_s: Percentiles


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """Metrics of the steady window of one step. None: not measured, or nothing to measure."""

    window_s: float
    n_due: int
    """Requests due in the window."""
    n_failed: int
    """Of these."""
    failed_by_class: dict[str, int]
    offered_per_s: float
    """Requests due / window."""
    sent_share: float | None
    """Requests sent in the window / due in it."""
    completed_per_s: float
    """Answers that ended in the window / window."""
    completed_share: float | None
    """The same / requests due."""
    error_rate: float | None
    goodput_per_s: float | None
    """Requests due in the window that kept every limit of the service level / window; None without one."""
    good_share: float | None
    latency: Latencies
    input_tokens: int | None
    """Of the answered requests due in the window."""
    output_tokens: int | None
    output_tokens_per_s: float | None
    """Tokens that arrived in the window / window; a chunk carries its share of the tokens the server billed."""
    peak_output_tokens_per_s: float | None
    """The best whole second of the window."""
    visible_share: float | None
    """Share of chunks that carry text for the reader, not reasoning."""
    tokens_per_s_per_user: float | None
    """1 / median TPOT: how fast text appears for one user."""
    in_flight_mean: float
    in_flight_max: int
    growth: float
    """Requests by which those in flight grew over the window (straight line through it)."""
    schedule_lag_p50_s: float | None
    """Sent − due."""
    schedule_lag_p99_s: float | None
    loop_cpu_share: float | None
    overloads: tuple[Said, ...]
    """Why the load is more than the target sustains; empty: it is stable."""
    breaches: tuple[Said, ...]
    """Limits of the service level that did not hold; empty: all held."""
    flaws: tuple[Said, ...]
    """Why the step is INVALID: evalkit itself was the bottleneck; empty: it was not."""

    @property
    def passed(self) -> bool:
        """Whether the load is sustained within the service level."""
        return not (self.overloads or self.breaches)

    @property
    def is_unclear(self) -> bool:
        """Whether there were too few requests to say that the load is sustained, or that it is not."""
        lacks = [b.template in _LACKING for b in self.breaches]
        return not self.overloads and bool(lacks) and all(lacks)


def load_point(step: LoadStep, requests: Iterable[Request], slo: SloSpec | None) -> LoadPoint:
    """Compute every metric of a step.

    Args:
        step: A step that is done.
        requests: Of the same cell; others of it are left out.
        slo: Service level, if there is one.
    """
    start, end = step.t_steady_ns or 0, step.t_cool_ns or 0
    window_s = max((end - start) / NS_PER_S, 1e-9)
    all_of_it = [r for r in requests if r.step == step.step and r.attempts]
    due = [r for r in all_of_it if start <= _due(r) < end]
    good = [r for r in due if _is_ok(r)]
    failed = [r for r in due if not _is_ok(r)]
    sent = [r for r in all_of_it if start <= r.attempts[-1].t_send_ns < end]
    completed = sum(_is_ok(r) and start <= r.attempts[-1].t_end_ns < end for r in all_of_it)
    latency = _latencies(good, len(failed))
    lags = [(r.attempts[0].t_send_ns - _due(r)) / NS_PER_S for r in due]
    open_times, open_counts = _in_flight(all_of_it, start, end)
    tokens = _tokens_by_second(all_of_it, start, end)
    n_good = None if slo is None else sum(_keeps(r, slo) for r in good)
    median = latency.tpot_s.p50.value
    point = LoadPoint(
        window_s=window_s,
        n_due=len(due),
        n_failed=len(failed),
        failed_by_class=_classes(failed),
        offered_per_s=len(due) / window_s,
        sent_share=len(sent) / len(due) if due else None,
        completed_per_s=completed / window_s,
        completed_share=completed / len(due) if due else None,
        error_rate=len(failed) / len(due) if due else None,
        goodput_per_s=None if n_good is None else n_good / window_s,
        good_share=None if n_good is None or not due else n_good / len(due),
        latency=latency,
        input_tokens=total(r.input_tokens for r in good),
        output_tokens=total(r.output_tokens for r in good),
        output_tokens_per_s=None if tokens is None else sum(tokens) / window_s,
        peak_output_tokens_per_s=_peak(tokens, window_s),
        visible_share=_visible_share(good),
        tokens_per_s_per_user=1 / median if median else None,
        in_flight_mean=_mean_count(open_times, open_counts, start, end),
        in_flight_max=max(open_counts, default=0),
        growth=_growth(open_times, open_counts, start, end),
        schedule_lag_p50_s=percentile(lags, 50).value,
        schedule_lag_p99_s=percentile(lags, 99).value,
        loop_cpu_share=None if step.loop_cpu_s is None else step.loop_cpu_s / window_s,
        overloads=(),
        breaches=(),
        flaws=(),
    )
    return _judged(point, step, slo, _n_young(due, all_of_it, end))


def _latencies(good: Sequence[Request], n_failed: int) -> Latencies:
    first, whole = each(good, _response_first_s), each(good, _response_whole_s)
    endless = [math.inf] * n_failed
    return Latencies(
        ttft_s=_percentiles(each(good, _first_s)),
        ttfo_s=_percentiles(each(good, _first_visible_s)),
        tpot_s=_percentiles(each(good, lambda r: tpot_s(r.attempts[-1], r.output_tokens))),
        itl_s=_percentiles([gap for r in good for gap in itl_s(r.attempts[-1])]),
        e2e_s=_percentiles(each(good, _whole_s)),
        response_ttft_s=_percentiles(first),
        response_e2e_s=_percentiles(whole),
        adjusted_ttft_s=_percentiles([*first, *endless]),
        adjusted_e2e_s=_percentiles([*whole, *endless]),
    )


def least_requests(slo: SloSpec) -> int:
    """Return how many requests the service level's percentile needs."""
    return MINIMUM_N[slo.percentile]


def _n_young(due: Iterable[Request], all_of_it: Iterable[Request], end: int) -> int:
    """Return how many requests were in flight at the window's end for no longer than the step's first answers took.

    They are no backlog: an idle server has them, too.
    """
    answered = sorted((r for r in all_of_it if _is_ok(r)), key=_due)
    first = [r.attempts[-1].t_end_ns - _due(r) for r in answered[: max(1, len(answered) // 4)]]
    usual = percentile(first, 50).value or 0.0
    return sum(r.attempts[-1].t_end_ns >= end and end - _due(r) <= usual for r in due)


def _judged(p: LoadPoint, step: LoadStep, slo: SloSpec | None, n_young: int) -> LoadPoint:
    return replace(
        p,
        overloads=tuple(_overloads(p, step, n_young)),
        breaches=tuple(_breaches(p, slo)) if slo else (),
        flaws=tuple(_flaws(p, step, slo)),
    )


def _overloads(p: LoadPoint, step: LoadStep, n_young: int) -> Iterable[Said]:
    """Say why a load is not sustained. A closed loop can't be overloaded, but it can hang."""
    if step.reason.startswith("overloaded"):
        yield verbatim(step.reason)
    if not p.n_due and p.in_flight_max:
        waiting = numeral(f"{p.in_flight_max}")
        yield say("nothing moved: {n} requests were waiting all along", n=waiting)
    if step.rate_per_s is None and step.kind != "trace":
        return
    # the queue of a stable server varies by about the root of what is in flight
    at_begin = max(p.in_flight_mean - p.growth / 2, 0)
    noise = 2 + 2 * math.sqrt(at_begin)
    share = p.completed_share
    if share is not None and share < LEAST_COMPLETED:
        allowed = n_young + noise
        if share * p.n_due + allowed < LEAST_COMPLETED * p.n_due:
            shown = numeral(f"{100 * share:.0f}")
            yield say("only {share}% of what was offered was completed", share=shown)
    if p.growth - max(n_young - at_begin, 0) > noise:
        yield say("the queue grew by {n} requests", n=numeral(f"{p.growth:.0f}"))


def _breaches(p: LoadPoint, slo: SloSpec) -> Iterable[Said]:
    limits = (
        ("TTFT", slo.ttft_s, p.latency.adjusted_ttft_s),
        ("TPOT", slo.tpot_s, p.latency.tpot_s),
        ("e2e", slo.e2e_s, p.latency.adjusted_e2e_s),
    )
    for name, limit, values in limits:
        if limit is not None:
            yield from _breach(verbatim(name), limit, values.at(slo.percentile))
    if p.error_rate is None:
        yield say("no request was due")
    elif p.error_rate > slo.max_error_rate:
        share = numeral(f"{100 * p.error_rate:.1f}")
        yield say("{share}% of the requests failed", share=share)


def _breach(metric: Said, limit: float, found: Percentile) -> Iterable[Said]:
    q, value = f"{found.q}", found.value
    if value is None:
        yield say("p{q} {metric} was not measured", q=q, metric=metric)
    elif not found.is_supported:
        least, n = f"{MINIMUM_N[found.q]}", f"{found.n}"
        yield say(
            "p{q} {metric} needs n ≥ {least}, there were {n}", q=q, metric=metric, least=least, n=n
        )
    elif value > limit:
        shown, most = numeral(f"{value:.3g}"), numeral(f"{limit:g}")
        yield say(
            "p{q} {metric} {value} s > {limit} s", q=q, metric=metric, value=shown, limit=most
        )


def _flaws(p: LoadPoint, step: LoadStep, slo: SloSpec | None) -> Iterable[Said]:
    """Say what makes the step a measurement of evalkit instead of the target."""
    scale_s = max(p.latency.ttft_s.p50.value or 0.0, (slo.ttft_s if slo else None) or 0.0)
    most_lag = max(MOST_LAG_S, MOST_LAG_SHARE * scale_s)
    if p.schedule_lag_p99_s is not None and p.schedule_lag_p99_s > most_lag:
        lag = numeral(f"{p.schedule_lag_p99_s * 1000:.0f}")
        yield say("requests were sent up to {lag} ms late (p99)", lag=lag)
    if step.loop_cpu_s is None:
        return  # the model computes in this process: its load is not the client's
    if step.lag_p99_s is not None and step.lag_p99_s > most_lag:
        lag = numeral(f"{step.lag_p99_s * 1000:.0f}")
        yield say("evalkit's event loop was {lag} ms late (p99)", lag=lag)
    if p.loop_cpu_share is not None and p.loop_cpu_share > MOST_CPU:
        share = numeral(f"{100 * p.loop_cpu_share:.0f}")
        yield say("the thread that sends was busy {share}% of the time", share=share)
    if step.rate_per_s is not None and p.sent_share is not None and p.sent_share < LEAST_SENT:
        share = numeral(f"{100 * p.sent_share:.0f}")
        yield say("only {share}% of the requests that were due could be sent", share=share)


def _due(r: Request) -> int:
    return r.attempts[0].t_intended_ns


def _is_ok(r: Request) -> bool:
    return r.attempts[-1].status == "ok"


def _since(
    r: Request, from_ns: int, kinds: frozenset[EventKind] | None, which: int
) -> float | None:
    if "not_streamed" in r.flags:
        return None
    tokens = generated_events(r.attempts[-1])
    chosen = [e for e in tokens if kinds is None or e.kind in kinds]
    return (chosen[which].t_ns - from_ns) / NS_PER_S if chosen else None


_VISIBLE = frozenset({EventKind.CONTENT, EventKind.TOOL})


def _first_s(r: Request) -> float | None:
    return _since(r, r.attempts[-1].t_send_ns, None, 0)


def _first_visible_s(r: Request) -> float | None:
    return _since(r, r.attempts[-1].t_send_ns, _VISIBLE, 0)


def _whole_s(r: Request) -> float | None:
    return _since(r, r.attempts[-1].t_send_ns, None, -1)


def _response_first_s(r: Request) -> float | None:
    return _since(r, _due(r), None, 0)


def _response_whole_s(r: Request) -> float | None:
    return _since(r, _due(r), None, -1)


def _keeps(r: Request, slo: SloSpec) -> bool:
    """Tell whether a request that was answered kept every limit; a limit that can't be told is not kept."""
    limits = (
        (slo.ttft_s, _response_first_s(r)),
        (slo.e2e_s, _response_whole_s(r)),
    )
    kept = all(limit is None or (value is not None and value <= limit) for limit, value in limits)
    per_token = tpot_s(r.attempts[-1], r.output_tokens)
    is_single = r.output_tokens is not None and r.output_tokens < 2
    return kept and (
        slo.tpot_s is None or is_single or (per_token is not None and per_token <= slo.tpot_s)
    )


def _percentiles(values: Sequence[float]) -> Percentiles:
    return Percentiles(*(percentile(values, q) for q in QS))


def _classes(failed: Iterable[Request]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for r in failed:
        name = r.attempts[-1].error_class or "unknown"
        counts[name] = counts.get(name, 0) + 1
    return counts


def _tokens_by_second(requests: Iterable[Request], start: int, end: int) -> list[float] | None:
    """Return tokens that arrived in each second of the window, the last perhaps shorter; None: none is known."""
    bins = [0.0] * max(1, math.ceil((end - start) / NS_PER_S / _BIN_S))
    is_known = False
    for r in requests:
        events = generated_events(r.attempts[-1])
        if not events or r.output_tokens is None:
            continue
        is_known = True
        share = r.output_tokens / len(events)
        for event in events:
            if start <= event.t_ns < end:
                bins[int((event.t_ns - start) / NS_PER_S / _BIN_S)] += share
    return bins if is_known else None


def _peak(tokens: list[float] | None, window_s: float) -> float | None:
    whole = None if tokens is None else tokens[: int(window_s / _BIN_S)]
    return max(whole) / _BIN_S if whole else None


def _visible_share(requests: Iterable[Request]) -> float | None:
    kinds = [e.kind for r in requests for e in generated_events(r.attempts[-1])]
    return sum(kind in _VISIBLE for kind in kinds) / len(kinds) if kinds else None


def _in_flight(requests: Iterable[Request], start: int, end: int) -> tuple[list[int], list[int]]:
    """Return when the number of requests that are due and not ended changes within the window, and what it then is."""
    changes = [(_due(r), 1) for r in requests]
    changes += [(r.attempts[-1].t_end_ns, -1) for r in requests]
    changes.sort()
    before = sum(step for t, step in changes if t < start)
    inside = [(t, step) for t, step in changes if start <= t < end]
    counts = accumulate((step for _, step in inside), initial=before)
    return [start, *(t for t, _ in inside)], list(counts)


def _mean_count(times: list[int], counts: list[int], start: int, end: int) -> float:
    ends = [*times[1:], end]
    area = sum(n * (b - a) for n, a, b in zip(counts, times, ends, strict=True))
    return area / max(end - start, 1)


def _growth(times: list[int], counts: list[int], start: int, end: int) -> float:
    """Return the rise of the least-squares line through the number in flight, over the window.

    With n(t) constant between changes, slope·T = 12/T² · ∫ n(t)·(t − T/2) dt.
    """
    length = max(end - start, 1)
    middle = length / 2
    moment = 0.0
    for n, a, b in zip(counts, times, [*times[1:], end], strict=True):
        a0, b0 = a - start - middle, b - start - middle
        moment += n * (b0 * b0 - a0 * a0) / 2
    return 12 * moment / length**2
