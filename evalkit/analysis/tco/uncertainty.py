"""Seeded Monte Carlo over everything uncertain, and what each input does on its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.tco.deployment import Deployment, Workload
from evalkit.analysis.tco.facts import Figure, Swing
from evalkit.analysis.tco.formulas import cumulated
from evalkit.analysis.tco.horizon import Cash, over_horizon
from evalkit.analysis.tco.model import Costs
from evalkit.analysis.tco.values import Input, Provenance, Reading, at_mode, replaced

RANGE = (10, 50, 90)
"""Percentiles of draws that are shown."""


@dataclass(frozen=True, slots=True)
class Future:
    """One deployment in every draw (or at the most likely values, with one row)."""

    deployment: Deployment
    months: Costs
    """`[draws, months]`, servers spread over their life."""
    cash: Cash
    """`[draws, months + 1]`, not discounted."""
    cumulated: Array
    """`[draws, months + 1]`: cash, discounted."""
    resale: Array
    """Present value of what sold servers bring, 0 or less `[draws, 1]`."""

    @property
    def total(self) -> Array:
        """Present value of everything that is paid `[draws]`."""
        return self.cumulated[..., -1]

    @property
    def upfront(self) -> Array:
        """What is paid before the first request: adoption and, where owned, the first servers `[draws, 1]`."""
        return self.cumulated[..., :1]


def future(deployment: Deployment, workload: Workload, read: Reading) -> Future:
    """Return a deployment's costs over the horizon."""
    each, cash = over_horizon(deployment, workload, read)
    rate = read(workload.discount_rate)
    # where no input is uncertain there is one row
    return Future(
        deployment=deployment,
        months=each,
        cash=cash,
        cumulated=np.atleast_2d(cumulated(cash.total, rate)),
        resale=np.atleast_2d(cumulated(cash.resale, rate)[..., -1:]),
    )


def inputs_of(thing: Any) -> Iterator[Input]:
    """Yield every input of a deployment or workload, each key once."""
    seen: set[str] = set()
    for given in _walk(thing):
        if given.key not in seen:
            seen.add(given.key)
            yield given


def figure(values: Array, unit: str, rests_on: Sequence[Input]) -> Figure:
    """Return P50 with P10 to P90 of draws; a percentile that is infinite in so many draws is missing."""
    flat = np.ravel(values)
    # of sorted draws, not interpolated: between a number and "never" there is nothing
    low, mid, high = (float(v) for v in np.percentile(flat, RANGE, method="inverted_cdf"))
    return Figure(
        value=_finite(mid),
        unit=unit,
        low=_finite(low),
        high=_finite(high),
        provenance=provenance_of(rests_on),
    )


def provenance_of(inputs: Sequence[Input]) -> tuple[Provenance, ...]:
    """Return where inputs are from, each kind once, the best evidence first."""
    found = {given.provenance for given in inputs}
    return tuple(kind for kind in Provenance if kind in found)


def swings(one: Deployment, other: Deployment, workload: Workload) -> tuple[Swing, ...]:
    """Return how the saving of `one` against `other` moves with each input between its low and high (a tornado)."""
    given = {i.key: i for part in (workload, one, other) for i in inputs_of(part)}
    found = [
        Swing(
            given=i,
            at_low=saving(one, other, workload, _fixed(i, i.low)),
            at_high=saving(one, other, workload, _fixed(i, i.high)),
        )
        for i in given.values()
        if i.is_varied
    ]
    moving = [s for s in found if s.span > 0]
    return tuple(sorted(moving, key=lambda s: -s.span))


def saving(one: Deployment, other: Deployment, workload: Workload, read: Reading) -> float:
    """Return the present value of `other` − `one` over the horizon."""
    totals = [future(d, workload, read).total for d in (other, one)]
    return float(np.ravel(totals[0])[0] - np.ravel(totals[1])[0])


def _fixed(given: Input, value: float) -> Reading:
    return replaced(at_mode, given.key, lambda _: np.asarray(value))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _walk(thing: Any) -> Iterator[Input]:
    if isinstance(thing, Input):
        yield thing
        if thing.rate is not None:
            yield thing.rate
    elif isinstance(thing, tuple):
        for part in thing:
            yield from _walk(part)
    elif is_dataclass(thing):
        for f in fields(thing):
            yield from _walk(getattr(thing, f.name))
