"""Options of different kinds, two at a time: break-even loads, payback, and how probable it is that one is cheaper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.blend.pairs import pair
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.blends import Blend
from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.breakeven import (
    FURTHEST,
    break_even_per_month,
    is_staircase,
    least_load,
    least_loads,
    today_over_loads,
)
from evalkit.analysis.tco.compare import less
from evalkit.analysis.tco.deployment import Deployment, Purchase, Workload
from evalkit.analysis.tco.facts import Figure, PairFact
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH, payback_month
from evalkit.analysis.tco.model import costs, volumes
from evalkit.analysis.tco.options import Resolved
from evalkit.analysis.tco.uncertainty import Future, figure, future, inputs_of
from evalkit.analysis.tco.values import Reading, at_mode, drawn, replaced
from evalkit.analysis.weighted import difference_estimate
from evalkit.wording import numeral, say, say_n

_FEW_DRAWS = 1000
"""Draws of loads that are looked at one by one; they are the first of the simulation."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One option of a pair, and what it costs at other loads."""

    future: Future
    rank: int
    """0: owned machines, 1: rented ones, 2: a blend, 3: an API."""
    today: Array
    """Cost of a month over loads `[draws, loads]`."""
    ends: Array
    """Total over the horizon at a thousandth and at a thousand times the load `[draws, 2]`."""

    @property
    def name(self) -> str:
        """The option."""
        return self.future.deployment.name


def pair_facts(
    options: Sequence[Resolved],
    mixed: Sequence[Blend],
    futures: Mapping[str, Future],
    work: Workload,
    read: Reading,
    book: Book,
) -> Iterator[PairFact]:
    """Yield every two options of different kinds, both of known cost; own deployments against APIs first."""
    weights = book.scenario.load.task_weights
    by_name = {r.spec.name: r for r in options}
    differences = {(b.fact.local, b.fact.vendor): b.fact.difference for b in mixed}
    few = drawn(min(_FEW_DRAWS, book.scenario.draws), book.scenario.seed)
    sides = [_side(f, work, few) for f in futures.values()]
    both = [tuple(sorted(two, key=lambda s: s.rank)) for two in combinations(sides, 2)]
    pairs = [(one, other) for one, other in both if one.rank < other.rank]
    for one, other in sorted(pairs, key=lambda p: not _is_closed(*p)):
        own, api = by_name.get(one.name), by_name.get(other.name)
        difference = Estimate(None, "share", 0, reason=say("a blend is measured as a whole"))
        if own is not None and api is not None:
            known = differences.get((own.spec.model, api.spec.model))
            difference = known or _difference(own, api, weights)
        found = _pair(one, other, work, (read, few), book.scenario.currency)
        yield replace(found, quality_difference=difference)


def _side(f: Future, work: Workload, few: Reading) -> _Side:
    d = f.deployment
    rank = 3
    if d.fleet is not None:
        is_owned = isinstance(d.fleet.machine, Purchase)
        rank = 2 if d.api is not None else int(not is_owned)
    ends = [_at(d, work, few, 1 / FURTHEST), _at(d, work, few, FURTHEST)]
    return _Side(f, rank, today_over_loads(d, work, few), np.stack(ends, axis=-1))


def _at(d: Deployment, work: Workload, read: Reading, factor: float) -> Array:
    """Return the total over the horizon at a multiple of the load `[draws]`."""
    moved = replaced(read, work.requests_per_month.key, lambda x: x * factor)
    return np.ravel(future(d, work, moved).total)


def _is_closed(one: _Side, other: _Side) -> bool:
    """Tell whether it is machines alone against an API alone."""
    return one.rank < 2 and other.rank == 3


def _difference(own: Resolved, api: Resolved, weights: Mapping[str, float] | None) -> Estimate:
    """Return `api` − `own` over the docs that both answered, for pairs that were not evaluated as a blend."""
    reason = say("not both models were measured on the same docs")
    none = Estimate(None, "share", 0, reason=reason)
    if not own.outcomes or not api.outcomes:
        return none
    pairs = pair(own.outcomes, api.outcomes, lambda _: None, weights)
    return difference_estimate(pairs.parts(pairs.gain)) if pairs.n else none


def _pair(
    one: _Side, other: _Side, work: Workload, reads: tuple[Reading, Reading], currency: str
) -> PairFact:
    """Return a pair from all draws, and from the first of them where each takes a search."""
    read, few = reads
    own, api = one.future, other.future
    rests_on = [*inputs_of(work), *inputs_of(own.deployment), *inputs_of(api.deployment)]
    is_closed = _is_closed(one, other)
    if is_closed:
        draws = read if is_staircase(own.deployment, api.deployment) else few
        per_month = break_even_per_month(own.deployment, api.deployment, work, draws)
    else:
        per_month = least_loads(one.today, other.today, work)
    never = float(np.mean(np.isinf(per_month)))
    even = figure(per_month, "requests/month", rests_on)
    if even.value is None:
        share = numeral(f"{100 * never:.0f}")
        even = Figure(
            None,
            even.unit,
            reason=say("in {share} % of draws no load makes it cheaper", share=share),
        )
    pays = payback_month(own.cumulated, api.cumulated)
    payback = figure(pays, "months", rests_on)
    if payback.value is None:
        late = say_n("no payback within {n} month", "no payback within {n} months", work.months)
        payback = replace(payback, reason=late)
    dearer = own.total > api.total
    first = np.broadcast_to(dearer, (max(len(dearer), len(one.ends)),))[: len(one.ends)]
    return PairFact(
        build=one.name,
        buy=other.name,
        is_own_against_api=is_closed,
        break_even_per_month=even,
        break_even_per_s=_scaled(even, 1 / SECONDS_PER_MONTH, "requests/s"),
        never_share=never,
        load_per_s=float(volumes(work, at_mode)[0]) / SECONDS_PER_MONTH,
        likely_break_even_per_month=_likely(own.deployment, api.deployment, work, is_closed),
        break_even_over_horizon=_over_horizon(own.deployment, api.deployment, work),
        never_over_horizon=float(np.mean(first & np.all(one.ends > other.ends, axis=-1))),
        payback_months=payback,
        payback_share=float(np.mean(np.isfinite(pays))),
        cheaper_by_month=tuple(
            float(x) for x in np.mean(less(own.cumulated, api.cumulated), axis=0).ravel()
        ),
        saving=figure(api.total - own.total, currency, rests_on),
        quality_difference=Estimate(None, "share", 0),
    )


def _likely(own: Deployment, api: Deployment, work: Workload, is_closed: bool) -> float | None:
    """Return the load from which a month costs no more, at the most likely values."""
    if is_closed:
        found = float(break_even_per_month(own, api, work, at_mode))
        return found if np.isfinite(found) else None

    def gap(loads: Array) -> Array:
        one, other = (costs(d, work, loads, 0, at_mode).total for d in (own, api))
        return np.asarray(one - other)

    return least_load(gap, work.requests_per_month.mode)


def _over_horizon(own: Deployment, api: Deployment, work: Workload) -> float | None:
    """Return the load from which the whole horizon costs no more, at the most likely values."""
    key = work.requests_per_month.key

    def gap(loads: Array) -> Array:
        read = replaced(at_mode, key, lambda _: loads[:, None])
        one, other = (future(d, work, read).total for d in (own, api))
        return np.asarray(one - other)

    return least_load(gap, work.requests_per_month.mode)


def _scaled(f: Figure, factor: float, unit: str) -> Figure:
    value, low, high = (None if x is None else x * factor for x in (f.value, f.low, f.high))
    return replace(f, value=value, low=low, high=high, unit=unit)
