"""What it is worth, in money, to know more before deciding: each uncertain input, more documents, a longer bench.

The options' totals and the inputs' draws are those of the simulation, so nothing is simulated anew. Benefit is −cost,
and the choice is the admissible option of the least expected cost.

- Expected value of perfect information about one input: E[max over options of E[benefit | input]] − max over options of
  E[benefit]. The inner expectation is the mean within bins of the sorted input (Strong and Oakley 2013, Medical
  Decision Making 33: 755–766). It is an upper bound: no measurement gives more.
- Expected value of a longer bench: the same with draws that are drawn towards their mean by √(share of the variance
  that the bench removes) (Jalal and Alarid-Escudero 2018, Medical Decision Making 38: 174–188).
- Expected value of more documents, for an option whose quality is unclear: chance that its rule then passes · what is
  saved if it does. The estimate after m more documents is normal around the present one, with variance
  se² · m / (n + m) (Ades, Lu and Claxton 2004, Medical Decision Making 24: 207–227).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, sqrt
from statistics import NormalDist

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.uncertainty import inputs_of
from evalkit.analysis.tco.values import Provenance, drawn
from evalkit.decision.checks import task_quality
from evalkit.decision.facts import Check, Information, Outcome, Source
from evalkit.decision.grounds import Grounds

LONGER = 4
"""A longer bench takes so many times the requests."""
_BINS = 20
_LEAST_DRAWS = 50
"""Draws that a bin needs at least."""
_DEVIATIONS = 4.0
"""What bins explain by chance alone lies within so many standard deviations of its mean."""
_MOST_DOCS = 20_000
_SURE = NormalDist().inv_cdf(0.975)


def worth_knowing(g: Grounds) -> tuple[Information, ...]:
    """Return what it is worth to find out, most first; nothing where no option keeps every rule."""
    if not g.standing.passing:
        return ()
    found = [*_inputs(g), *_rules(g)]
    return tuple(sorted(found, key=lambda i: -i.worth))


# --- inputs -------------------------------------------------------------------------------------------------------


def _inputs(g: Grounds) -> Iterator[Information]:
    """Yield every uncertain input that the choice among the admissible options hangs on."""
    names = [n for n in g.standing.passing if n in g.case.futures]
    benefits = _benefits(g, names)
    if len(names) < 2 or len(benefits) < 2 * _LEAST_DRAWS:
        return
    read = drawn(g.scenario.draws, g.scenario.seed)
    parts = (g.case.workload, *(g.case.futures[n].deployment for n in names))
    given = {i.key: i for part in parts for i in inputs_of(part) if i.is_varied}
    capacities = {
        fleet.capacity_per_s.key: n
        for n in names
        if (fleet := g.case.futures[n].deployment.fleet) is not None
    }
    for i in given.values():
        values = np.ravel(read(i))
        worth = value_of_information(values, benefits)
        if worth <= 0:
            continue
        yield Information(Source.INPUT, worth, given=i)
        if i.key in capacities and i.provenance is Provenance.MEASURED:
            removed = (LONGER - 1) / LONGER
            worth = value_of_information(values, benefits, removed)
            if worth > 0:
                yield Information(Source.BENCH, worth, option=capacities[i.key], given=i, n=LONGER)


def _benefits(g: Grounds, names: Sequence[str]) -> Array:
    """Return −total `[draws, options]`."""
    totals = np.broadcast_arrays(*(np.ravel(g.case.futures[n].total) for n in names))
    return -np.stack(totals, axis=-1)


def value_of_information(values: Array, benefits: Array, removed: float = 1.0) -> float:
    """Return what knowing an input is worth, by the mean benefit within bins of it.

    Args:
        values: Its draws `[draws]`.
        benefits: What each option gives in them `[draws, options]`.
        removed: Share of its variance that is removed; 1: it is known exactly.
    """
    # beside the present choice, so that what moves all options alike is gone
    gains = benefits - benefits[:, [int(benefits.mean(axis=0).argmax())]]
    n_bins = min(_BINS, len(values) // _LEAST_DRAWS)
    order = np.argsort(values, kind="stable")
    starts = np.linspace(0, len(values), n_bins, endpoint=False).astype(int)
    counts = np.diff([*starts, len(values)])
    means = np.add.reduceat(gains[order], starts, axis=0) / counts[:, None]
    if not _is_beyond_chance(means, counts, gains):
        return 0.0
    if removed >= 1:
        return float(np.average(means.max(axis=1), weights=counts))
    centres = np.add.reduceat(values[order], starts) / counts
    nearer = values.mean() + sqrt(removed) * (values - values.mean())
    each = [np.interp(nearer, centres, column) for column in means.T]
    return float(np.mean(np.max(each, axis=0)))


def _is_beyond_chance(means: Array, counts: Array, gains: Array) -> bool:
    """Tell whether bins explain more of a difference between options than bins of anything would.

    Of an input that does nothing, the share of variance that k bins explain is (k − 1) / draws on average, with a
    standard deviation of √(2(k − 1)) / draws.
    """
    explained = np.average((means - gains.mean(axis=0)) ** 2, axis=0, weights=counts)
    free = len(counts) - 1
    limit = (free + _DEVIATIONS * sqrt(2 * free)) / len(gains)
    return bool(np.any(explained > limit * gains.var(axis=0)))


# --- rules --------------------------------------------------------------------------------------------------------


def _rules(g: Grounds) -> Iterator[Information]:
    """Yield what it is worth to settle the unclear rules of options that would be cheaper."""
    best = min(float(g.case.futures[n].total.mean()) for n in g.standing.passing)
    for name in g.standing.unclear:
        future = g.case.futures.get(name)
        saving = 0.0 if future is None else best - float(future.total.mean())
        if saving <= 0:
            continue
        open_ones = [c for c in g.checks if c.option == name and c.outcome is Outcome.UNCLEAR]
        found = _documents(g, open_ones[0], saving) if len(open_ones) == 1 else None
        yield found or Information(Source.RULE, saving, option=name)


def _documents(g: Grounds, check: Check, saving: float) -> Information | None:
    """Return what more documents are worth where quality is all that is unclear; None where it was not measured."""
    task = check.rule.partition(" of ")[2]
    option = g.by_name[check.option]
    e = task_quality(option, task, g.case) if task else option.quality
    needed = docs_needed(e, check.limit)
    if not check.rule.startswith("quality") or needed is None or check.limit is None:
        return None
    more = max(needed - e.n, 1)
    api = g.case.futures[check.option].deployment.api
    return Information(
        source=Source.DOCUMENTS,
        worth=chance_to_pass(e, check.limit, more) * saving,
        cost=None if api is None else more * api.cost_per_request.mode,
        option=check.option,
        n=more,
    )


def chance_to_pass(e: Estimate, required: float, more: int) -> float:
    """Return how probable it is that the 95 % interval is above a limit after `more` documents."""
    if e.value is None or e.low is None or e.high is None or e.high <= e.low:
        return 0.0
    error = (e.high - e.low) / 2 / _SURE
    left = error * sqrt(e.n / (e.n + more))
    moves = error * sqrt(more / (e.n + more))
    return NormalDist().cdf((e.value - _SURE * left - required) / moves)


def docs_needed(e: Estimate, required: float | None) -> int | None:
    """Return how many docs would tell an estimate from a limit, if its value stays; None when absurdly many.

    The interval shrinks with the root of n: n · (half width / distance)².
    """
    if e.value is None or e.low is None or e.high is None or required is None:
        return None
    distance = abs(e.value - required)
    half = (e.high - e.low) / 2
    if distance == 0:
        return None
    n = ceil(e.n * max((half / distance) ** 2, 1))
    return n if n <= _MOST_DOCS else None
