"""Whether a load is sustained within its service level: yes, no, or too few requests to say.

A `no` needs evidence that chance alone gives in fewer than one of a hundred windows (`SURE`); a `yes` needs as many
requests as make a much worse target show. What is between is a doubt, with the number of requests that would settle it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evalkit.metrics.chance import is_more_often, least_for_percentile, least_for_share
from evalkit.metrics.client_flaws import client_flaws
from evalkit.metrics.latency import tpot_s
from evalkit.metrics.load_point import Doubt, LoadPoint, window_for
from evalkit.metrics.overload import Queue, is_open, overloads, queue_doubts
from evalkit.metrics.percentiles import FEW_N, Percentile, percentile
from evalkit.metrics.request_times import response_first_s, response_whole_s
from evalkit.metrics.slo import ServiceLevel
from evalkit.metrics.values import each
from evalkit.records import LoadStep, Request
from evalkit.wording import Said, numeral, say, verbatim


@dataclass(frozen=True, slots=True)
class Promise:
    """One limit of a service level, and the times that were measured."""

    metric: Said
    limit_s: float
    found: Percentile
    n_over: int

    @property
    def n_needed(self) -> int:
        """Requests to judge it by its percentile alone."""
        return least_for_percentile(self.found.q)


def least_requests(slo: ServiceLevel) -> int:
    """Return how many requests it takes to judge a service level."""
    return least_for_percentile(slo.percentile)


def judged(
    p: LoadPoint, step: LoadStep, slo: ServiceLevel | None, good: Sequence[Request], queue: Queue
) -> LoadPoint:
    """Return a point with what it says of the load.

    Args:
        p: The numbers.
        step: What was asked for.
        slo: The service level, if there is one.
        good: The answered requests due in the window.
        queue: What of the queue is no backlog.
    """
    promises = tuple(_promises(slo, good, p.n_failed)) if slo else ()
    breaches = tuple(_breaches(p, slo, promises)) if slo else ()
    doubts = list(_doubts(p, step, slo, promises, queue))
    needed = [d.n_needed for d in doubts]
    return replace(
        p,
        overloads=tuple(overloads(p, step, queue)),
        breaches=breaches,
        doubts=tuple(d.why for d in doubts),
        n_needed=max((n for n in needed if n is not None), default=None),
        flaws=tuple(client_flaws(p, step, slo)),
    )


# --- the service level --------------------------------------------------------------------------------------------


def _promises(slo: ServiceLevel, good: Sequence[Request], n_failed: int) -> Iterator[Promise]:
    def per_token_s(r: Request) -> float | None:
        return tpot_s(r.attempts[-1], r.output_tokens)

    limits: tuple[tuple[str, float | None, Callable[[Request], float | None], int], ...] = (
        ("TTFT", slo.ttft_s, response_first_s, n_failed),
        ("TPOT", slo.tpot_s, per_token_s, 0),
        ("e2e", slo.e2e_s, response_whole_s, n_failed),
    )
    for name, limit, read, n_endless in limits:
        if limit is not None:
            values = [*each(good, read), *[math.inf] * n_endless]
            n_over = sum(v > limit for v in values)
            yield Promise(verbatim(name), limit, percentile(values, slo.percentile), n_over)


def _is_broken(promise: Promise) -> bool:
    found = promise.found
    if found.n >= promise.n_needed:
        return found.value is not None and found.value > promise.limit_s
    return is_more_often(promise.n_over, found.n, 1 - found.q / 100)


def _breaches(p: LoadPoint, slo: ServiceLevel, promises: Iterable[Promise]) -> Iterator[Said]:
    for promise in promises:
        if _is_broken(promise):
            yield _breach(promise)
    if _is_failing(p, slo):
        share = numeral(f"{100 * p.n_failed / p.n_due:.1f}")
        yield say("{share}% of the requests failed", share=share)


def _is_failing(p: LoadPoint, slo: ServiceLevel) -> bool:
    """Tell whether more requests fail than the service level allows."""
    most = slo.max_error_rate
    if p.n_due >= least_for_share(most):
        return p.n_failed > most * p.n_due
    return is_more_often(p.n_failed, p.n_due, most)


def _breach(promise: Promise) -> Said:
    q, limit = f"{promise.found.q}", numeral(f"{promise.limit_s:g}")
    value = promise.found.value or 0.0
    if promise.found.n < promise.n_needed or math.isinf(value):
        return say(
            "p{q} {metric} > {limit} s: {k} of {n} requests took longer or failed",
            q=q,
            metric=promise.metric,
            limit=limit,
            k=f"{promise.n_over}",
            n=f"{promise.found.n}",
        )
    shown = numeral(f"{value:.3g}")
    return say(
        "p{q} {metric} {value} s > {limit} s", q=q, metric=promise.metric, value=shown, limit=limit
    )


def _doubts(
    p: LoadPoint,
    step: LoadStep,
    slo: ServiceLevel | None,
    promises: Sequence[Promise],
    queue: Queue,
) -> Iterator[Doubt]:
    if not p.n_due:
        yield Doubt(
            say("no request was due in the window: a longer window, or a higher rate, has some"),
            least_requests(slo) if slo else FEW_N,
        )
        return
    if slo is not None:
        yield from _promise_doubts(p, promises)
        yield from _error_doubts(p, slo)
    if is_open(step):
        yield from queue_doubts(p, queue, has_limits=bool(promises))


def _promise_doubts(p: LoadPoint, promises: Iterable[Promise]) -> Iterator[Doubt]:
    few: list[Promise] = []
    for promise in promises:
        q = f"{promise.found.q}"
        if not promise.found.n:
            yield Doubt(say("p{q} {metric} was not measured", q=q, metric=promise.metric))
        elif promise.found.n < promise.n_needed and not _is_broken(promise):
            few.append(promise)
    if few:
        least = min(few, key=lambda promise: promise.found.n)
        n_due = math.ceil(least.n_needed * p.n_due / least.found.n)
        yield Doubt(_few(least, n_due, p), n_due)


def _few(promise: Promise, n_due: int, p: LoadPoint) -> Said:
    """Say that there were too few requests for a percentile, and what would change that."""
    return say(
        "too few requests to judge p{q} {metric} ({n} of {needed} needed): a window of about {s} s (min_requests,"
        " max_s) would hold them, or take a lower percentile",
        n=f"{promise.found.n}",
        q=f"{promise.found.q}",
        metric=promise.metric,
        needed=f"{promise.n_needed}",
        s=window_for(n_due, p),
    )


def _error_doubts(p: LoadPoint, slo: ServiceLevel) -> Iterator[Doubt]:
    most, needed = slo.max_error_rate, least_for_share(slo.max_error_rate)
    is_well = p.n_failed <= most * p.n_due
    if not is_well and p.n_due < needed and not _is_failing(p, slo):
        why = say(
            "{k} of {n} requests failed, too few requests to tell whether more than {share}% do ({needed} needed): a"
            " window of about {s} s (min_requests, max_s) would hold them",
            k=f"{p.n_failed}",
            n=f"{p.n_due}",
            share=numeral(f"{100 * most:g}"),
            needed=f"{needed}",
            s=window_for(needed, p),
        )
        yield Doubt(why, needed)
