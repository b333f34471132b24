"""What one step of a load test says: computed from its stored requests alone, also while a search still runs.

A request belongs to the window in which it was due, and a request that failed is never good, never fast, and never left
out of a rate. Times are given in two views: service (from sending) and response (from the moment it was due), which
also holds what waiting for a late client costs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from evalkit.metrics.in_flight import in_flight, n_young, unevenness
from evalkit.metrics.latency import generated_events, itl_s, tpot_s
from evalkit.metrics.load_point import Latencies, LoadPoint, Percentiles
from evalkit.metrics.load_verdict import judged
from evalkit.metrics.overload import Queue
from evalkit.metrics.percentiles import percentile
from evalkit.metrics.request_times import (
    VISIBLE,
    due_ns,
    first_s,
    first_visible_s,
    is_ok,
    keeps,
    response_first_s,
    response_whole_s,
    whole_s,
)
from evalkit.metrics.slo import ServiceLevel
from evalkit.metrics.values import each, total
from evalkit.records import NS_PER_S, LoadStep, Request

QS = (50, 90, 95, 99)
_BIN_S = 1.0


def load_point(step: LoadStep, requests: Iterable[Request], slo: ServiceLevel | None) -> LoadPoint:
    """Compute every metric of a step.

    Args:
        step: A step that is done.
        requests: Of the same cell; others of it are left out.
        slo: Service level, if there is one.
    """
    start, end = step.t_steady_ns or 0, step.t_cool_ns or 0
    window_s = max((end - start) / NS_PER_S, 1e-9)
    all_of_it = [r for r in requests if r.step == step.step and r.attempts]
    due = [r for r in all_of_it if start <= due_ns(r) < end]
    good = [r for r in due if is_ok(r)]
    failed = [r for r in due if not is_ok(r)]
    sent = [r for r in all_of_it if start <= r.attempts[-1].t_send_ns < end]
    completed = sum(is_ok(r) and start <= r.attempts[-1].t_end_ns < end for r in all_of_it)
    latency = _latencies(good, len(failed))
    lags = [(r.attempts[0].t_send_ns - due_ns(r)) / NS_PER_S for r in due]
    open_ = in_flight(all_of_it, start, end)
    tokens = _tokens_by_second(all_of_it, start, end)
    n_good = None if slo is None else sum(keeps(r, slo) for r in good)
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
        in_flight_mean=open_.mean,
        in_flight_max=open_.most,
        growth=open_.growth,
        schedule_lag_p50_s=percentile(lags, 50).value,
        schedule_lag_p99_s=percentile(lags, 99).value,
        loop_cpu_share=None if step.loop_cpu_s is None else step.loop_cpu_s / window_s,
        overloads=(),
        breaches=(),
        doubts=(),
        n_needed=None,
        flaws=(),
    )
    uneven = unevenness(due, all_of_it, start, end)
    queue = Queue(n_young(due, all_of_it, end), uneven, open_.idle_share)
    return judged(point, step, slo, good, queue)


def _latencies(good: Sequence[Request], n_failed: int) -> Latencies:
    first, whole = each(good, response_first_s), each(good, response_whole_s)
    endless = [math.inf] * n_failed
    return Latencies(
        ttft_s=_percentiles(each(good, first_s)),
        ttfo_s=_percentiles(each(good, first_visible_s)),
        tpot_s=_percentiles(each(good, lambda r: tpot_s(r.attempts[-1], r.output_tokens))),
        itl_s=_percentiles([gap for r in good for gap in itl_s(r.attempts[-1])]),
        e2e_s=_percentiles(each(good, whole_s)),
        response_ttft_s=_percentiles(first),
        response_e2e_s=_percentiles(whole),
        adjusted_ttft_s=_percentiles([*first, *endless]),
        adjusted_e2e_s=_percentiles([*whole, *endless]),
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
    return sum(kind in VISIBLE for kind in kinds) / len(kinds) if kinds else None
