"""Errors, tokens and cost of models behind an API, from their recorded attempts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import fsum

from evalkit.analysis.estimates import latency_of
from evalkit.analysis.facts import EndpointFact, Estimate
from evalkit.analysis.stats import share_estimate
from evalkit.config.asked import STANDARD_TIERS
from evalkit.metrics.latency import is_timed, response_time_s
from evalkit.metrics.values import each, total
from evalkit.records import Attempt, CellRecord, EndpointRecord, Request, Usage
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, joined, say, say_n


def endpoint_facts(run: Run) -> tuple[EndpointFact, ...]:
    """Return a fact per API model and suite, and one per API model over all its suites."""
    requests: dict[str, list[Request]] = defaultdict(list)
    for r in run.requests:
        requests[r.cell_id].append(r)
    by_model: dict[str, list[CellRecord]] = defaultdict(list)
    by_suite: dict[tuple[str, str], list[CellRecord]] = defaultdict(list)
    for cell in run.manifest.cells:
        if cell.endpoint is not None:
            by_model[cell.model].append(cell)
            by_suite[cell.model, cell.suite].append(cell)
    overall = [_fact(model, None, cells, requests) for model, cells in by_model.items()]
    apart = [_fact(m, suite, cells, requests) for (m, suite), cells in by_suite.items()]
    return (*overall, *apart)


def _fact(
    model: str, suite: str | None, cells: Sequence[CellRecord], by_cell: dict[str, list[Request]]
) -> EndpointFact:
    endpoints = [c.endpoint for c in cells if c.endpoint is not None]
    everything = [r for c in cells for r in by_cell[c.cell_id]]
    requests = [r for r in everything if r.is_measured]
    failed = [r for r in requests if r.answer is None]
    attempts = [a for r in everything for a in r.attempts]
    usages = [a.usage for a in attempts if a.usage is not None]
    flags = Counter(flag for r in requests for flag in r.flags)
    lags = [e.lag_p99_s for e in endpoints if e.lag_p99_s is not None]
    return EndpointFact(
        model=model,
        suite=suite,
        host=endpoints[0].host,
        api=endpoints[0].api,
        concurrency=max((n for e in endpoints if (n := e.concurrency) is not None), default=None),
        served_models=_served(endpoints),
        n_requests=len(requests),
        n_attempts=len(attempts),
        n_retried=sum(len(r.attempts) > 1 for r in requests),
        error_rate=share_estimate(len(failed), len(requests)),
        failed_by_class=_classes(r.attempts[-1] for r in failed),
        errors_by_class=_classes(attempts),
        n_lost=sum(a.status == "lost" for a in attempts),
        n_filtered=flags["filtered"],
        n_implausible_usage=flags["implausible_usage"],
        n_not_streamed=flags["not_streamed"],
        n_new_connections=sum(bool(a.is_new_connection) for a in attempts),
        **_tokens(usages),
        reasoning_cost_usd=_sum(a.reasoning_cost_usd for a in attempts),
        cost_usd=_cost(attempts),
        cost_without_answer_usd=_sum(a.cost_usd for a in attempts if a.status != "ok"),
        cost_per_request_usd=_cost_per_request(requests),
        response_time_s=latency_of(
            each([r for r in requests if is_timed(r)], response_time_s), "s", NOTHING
        ),
        bytes_sent=total(a.bytes_sent for a in attempts),
        bytes_received=total(a.bytes_received for a in attempts),
        lag_p99_s=max(lags, default=None),
    )


def _served(endpoints: Iterable[EndpointRecord]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for e in endpoints for name in e.served_models))


def _classes(attempts: Iterable[Attempt]) -> dict[str, int]:
    return dict(Counter(a.error_class for a in attempts if a.error_class).most_common())


def _tokens(usages: Sequence[Usage]) -> dict[str, int | None]:
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")
    return {name: total(getattr(u, name) for u in usages) for name in names}


def _cost(attempts: Sequence[Attempt]) -> Estimate:
    """Return the sum of the known costs, warm-up included: it was paid, too.

    Errors cost 0 at any price, so they alone do not make a sum.
    """
    unknown = sum(a.cost_usd is None for a in attempts)
    known = _sum(a.cost_usd for a in attempts)
    is_priced = any(a.cost_usd is not None and (a.cost_usd or a.status == "ok") for a in attempts)
    if not attempts or (unknown and not is_priced):
        reason = unknown_cost_reason(attempts) if attempts else say("nothing sent")
        return Estimate(None, "USD", 0, reason=reason)
    reason = NOTHING
    if unknown:
        reason = say_n(
            "{n} attempt of unknown cost is not in it",
            "{n} attempts of unknown cost are not in it",
            unknown,
        )
        reason = _with_service(reason, attempts)
    return Estimate(known, "USD", len(attempts) - unknown, method="sum", reason=reason)


def unknown_cost_reason(attempts: Sequence[Attempt]) -> Said:
    """Return why nobody knows what attempts cost: their counts, what else was billed, or the price."""
    usages = [a.usage for a in attempts if a.cost_usd is None and a.status == "ok"]
    told = [u for u in usages if u is not None]
    if usages and not told:
        return say("the server tells no token counts")
    if told and not any(u.is_usable for u in told):
        return say(
            "the server's token counts can't be used: they contradict themselves or the answer"
        )
    if told and all(u.has_other_charges for u in told if u.is_usable):
        return say("more than text was billed")
    return _with_service(say("price not known"), attempts)


def _with_service(reason: Said, attempts: Sequence[Attempt]) -> Said:
    """Add as what attempts without a cost were served, where the answers name anything but the ordinary service."""
    usages = [a.usage for a in attempts if a.cost_usd is None and a.usage is not None]
    named = {n for u in usages for n in (u.service_tier, u.speed, u.region) if n}
    served = sorted(named - STANDARD_TIERS)
    if not served:
        return reason
    return joined((reason, say("served as {what}", what=joined(served))), "; ")


def request_cost_usd(request: Request) -> float | None:
    """Return what a request's attempts cost together; None when one of them is unknown."""
    costs = [a.cost_usd for a in request.attempts]
    return fsum(c for c in costs if c is not None) if costs and None not in costs else None


def _cost_per_request(requests: Sequence[Request]) -> float | None:
    """Return the mean over answered requests of all their attempts' cost; None when one of them is unknown."""
    answered = [r for r in requests if r.answer is not None]
    costs = [a.cost_usd for r in answered for a in r.attempts]
    if not answered or any(cost is None for cost in costs):
        return None
    return fsum(cost for cost in costs if cost is not None) / len(answered)


def _sum(costs: Iterable[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return fsum(known) if known else None
