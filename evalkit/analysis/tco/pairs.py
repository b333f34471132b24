"""Own machines against an API: break-even load, payback, and how probable it is that they are cheaper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from evalkit.analysis.blend.pairs import pair
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.blends import Blend
from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.breakeven import break_even_per_month
from evalkit.analysis.tco.compare import less
from evalkit.analysis.tco.deployment import Workload
from evalkit.analysis.tco.facts import Figure, PairFact
from evalkit.analysis.tco.formulas import (
    HOURS_PER_MONTH,
    SECONDS_PER_MONTH,
    break_even_per_s,
    payback_month,
)
from evalkit.analysis.tco.model import fixed_and_marginal, volumes
from evalkit.analysis.tco.options import Resolved
from evalkit.analysis.tco.uncertainty import Future, figure, future, inputs_of
from evalkit.analysis.tco.values import Reading, at_mode
from evalkit.analysis.weighted import difference_estimate
from evalkit.wording import joined, numeral, say, say_n


def pair_facts(
    options: Sequence[Resolved],
    mixed: Sequence[Blend],
    futures: dict[str, Future],
    work: Workload,
    read: Reading,
    book: Book,
) -> Iterator[PairFact]:
    """Yield every own deployment against every API, both of known cost."""
    currency, weights = book.scenario.currency, book.scenario.load.task_weights
    differences = {(b.fact.local, b.fact.vendor): b.fact.difference for b in mixed}
    for own in options:
        for api in options:
            is_pair = own.spec.is_self_hosted and not api.spec.is_self_hosted
            if is_pair and own.spec.name in futures and api.spec.name in futures:
                difference = differences.get((own.spec.model, api.spec.model))
                yield replace(
                    _pair(futures[own.spec.name], futures[api.spec.name], work, read, currency),
                    quality_difference=difference or _difference(own, api, weights),
                )


def _difference(own: Resolved, api: Resolved, weights: Mapping[str, float] | None) -> Estimate:
    """Return API − own over the docs that both answered, for pairs that are not blended."""
    reason = say("not both models were measured on the same docs")
    none = Estimate(None, "share", 0, reason=reason)
    if not own.outcomes or not api.outcomes:
        return none
    pairs = pair(own.outcomes, api.outcomes, lambda _: None, weights)
    return difference_estimate(pairs.parts(pairs.gain)) if pairs.n else none


def _pair(own: Future, api: Future, work: Workload, read: Reading, currency: str) -> PairFact:
    rests_on = [*inputs_of(work), *inputs_of(own.deployment), *inputs_of(api.deployment)]
    per_month = break_even_per_month(own.deployment, api.deployment, work, read)
    even = figure(per_month, "requests/month", rests_on)
    is_feasible = even.value is not None
    if not is_feasible:
        even = _out_of_reach(own, api, work, float(np.mean(np.isinf(per_month))))
    pays = payback_month(own.cumulated, api.cumulated)
    payback = figure(pays, "months", rests_on)
    share = float(np.mean(np.isfinite(pays)))
    if payback.value is None:
        late = say_n("no payback within {n} month", "no payback within {n} months", work.months)
        payback = replace(payback, reason=late)
    return PairFact(
        build=own.deployment.name,
        buy=api.deployment.name,
        break_even_per_s=_scaled(even, 1 / SECONDS_PER_MONTH, "requests/s"),
        is_feasible=is_feasible,
        load_per_s=float(volumes(work, at_mode)[0]) / SECONDS_PER_MONTH,
        break_even_per_month=even,
        likely_break_even_per_month=_likely(own, api, work),
        payback_months=payback,
        payback_share=share,
        cheaper_by_month=tuple(
            float(x) for x in np.mean(less(own.cumulated, api.cumulated), axis=0).ravel()
        ),
        saving=figure(api.total - own.total, currency, rests_on),
        quality_difference=Estimate(None, "share", 0),
    )


def _likely(own: Future, api: Future, work: Workload) -> float | None:
    found = float(break_even_per_month(own.deployment, api.deployment, work, at_mode))
    return found if np.isfinite(found) else None


def _out_of_reach(own: Future, api: Future, work: Workload, share: float) -> Figure:
    """Return λ* of the replicas that the load needs, which serve less than that."""
    likely = future(own.deployment, work, at_mode)
    replicas = likely.months.replicas[..., 0]
    fixed, more = fixed_and_marginal(own.deployment, work, replicas, at_mode)
    people, price = fixed_and_marginal(api.deployment, work, np.asarray(0.0), at_mode)
    gain = float(price - more)
    per_s = None
    if gain > 0:
        per_s = float(break_even_per_s((fixed - people) / HOURS_PER_MONTH, gain))
    n = round(float(replicas.item()))
    reason = say(
        "in {share} % of draws no load makes own machines cheaper",
        share=numeral(f"{100 * share:.0f}"),
    )
    if per_s is not None:
        too_much = say_n(
            "{n} replica would have to serve {rate}/s, and can't",
            "{n} replicas would have to serve {rate}/s, and can't",
            n,
            rate=numeral(f"{per_s:.3g}"),
        )
        reason = joined((reason, too_much), "; ")
    per_month = None if per_s is None else per_s * SECONDS_PER_MONTH
    return Figure(per_month, "requests/month", reason=reason)


def _scaled(f: Figure, factor: float, unit: str) -> Figure:
    value, low, high = (None if x is None else x * factor for x in (f.value, f.low, f.high))
    return replace(f, value=value, low=low, high=high, unit=unit)
