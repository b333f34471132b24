"""What a scenario costs at the most likely value of every input, or with some of them moved: one row instead of draws.

The report's sliders compute the same in the page; `evalkit tco` prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.breakeven import break_even_per_month
from evalkit.analysis.tco.deployment import Workload
from evalkit.analysis.tco.facts import PairFact
from evalkit.analysis.tco.formulas import payback_month
from evalkit.analysis.tco.model import volumes
from evalkit.analysis.tco.uncertainty import Future, future, inputs_of
from evalkit.analysis.tco.values import Reading, at_mode, replaced


@dataclass(frozen=True, slots=True)
class LikelyOption:
    """What one option costs; money in the scenario's currency."""

    name: str
    first_month: float
    """Cost of the first month, without adoption."""
    per_month: float
    """Mean cost of all months, not discounted, without adoption."""
    total: float
    """Present value of everything over the horizon, adoption first."""
    replicas: tuple[int, int] | None
    """Replicas in the first and the last month; None: an API has none."""
    servers: tuple[int, int] | None
    """Servers bought, or units rented, in the first and the last month."""
    per_1000_requests: float
    """Cost of 1000 requests in the first month."""
    per_correct_answer: float | None
    """Cost per request in the first month / quality; None: quality is not known, or nothing was right."""


@dataclass(frozen=True, slots=True)
class LikelyPair:
    """One own deployment against one API."""

    build: str
    buy: str
    break_even_per_month: float | None
    """Least requests per month at which own machines cost no more, at today's prices; None: no load."""
    payback_months: float | None
    """Months until adoption has paid back; None: not within the horizon."""
    saving: float
    """Present value of API − own over the horizon."""


@dataclass(frozen=True, slots=True)
class Likely:
    """Every option whose costs are known, in the order of the facts."""

    currency: str
    horizon_months: int
    requests_per_month: float
    """Requests in the first month."""
    options: tuple[LikelyOption, ...]
    pairs: tuple[LikelyPair, ...]


def likely(case: Case) -> Likely:
    """Return costs, break-even loads and paybacks at the most likely value of every input."""
    return likely_under(case, {}, None)


def likely_under(case: Case, changed: Mapping[str, float], months: int | None) -> Likely:
    """Return the same with other values of some inputs.

    Args:
        case: What was analysed.
        changed: Key of an input → its value.
        months: Another horizon; None: the scenario's.

    Raises:
        ValueError: No input has such a key, or the horizon has no month.
    """
    _check(case, changed, months)
    work = case.workload if months is None else replace(case.workload, months=months)
    read = _reading(changed)
    futures = {name: future(f.deployment, work, read) for name, f in case.futures.items()}
    quality = {o.name: o.quality.value for o in case.facts.options}
    first = float(volumes(work, read)[0])
    return Likely(
        currency=case.facts.currency,
        horizon_months=work.months,
        requests_per_month=first,
        options=tuple(_option(f, first, quality.get(name)) for name, f in futures.items()),
        pairs=tuple(
            _pair(p, futures, work, read) for p in case.facts.pairs if p.is_own_against_api
        ),
    )


def _check(case: Case, changed: Mapping[str, float], months: int | None) -> None:
    parts = (case.workload, *(f.deployment for f in case.futures.values()))
    unknown = sorted(set(changed) - {i.key for part in parts for i in inputs_of(part)})
    if unknown:
        raise ValueError(f"no input has the key {unknown[0]!r}")
    if months is not None and months < 1:
        raise ValueError(f"a horizon of {months} months has no costs")


def _reading(changed: Mapping[str, float]) -> Reading:
    read: Reading = at_mode
    for key, value in changed.items():
        read = replaced(read, key, lambda _, value=value: np.asarray(float(value)))  # type: ignore[misc]
    return read


def _option(f: Future, requests: float, quality: float | None) -> LikelyOption:
    monthly = np.ravel(f.months.total)
    per_request = float(monthly[0]) / requests
    has_fleet = f.deployment.fleet is not None
    return LikelyOption(
        name=f.deployment.name,
        first_month=float(monthly[0]),
        per_month=float(monthly.mean()),
        total=float(np.ravel(f.total)[0]),
        replicas=_ends(f.months.replicas) if has_fleet else None,
        servers=_ends(f.months.servers) if has_fleet else None,
        per_1000_requests=1000 * per_request,
        per_correct_answer=per_request / quality if quality else None,
    )


def _ends(counts: Array) -> tuple[int, int]:
    each = np.ravel(counts)
    return round(float(each[0])), round(float(each[-1]))


def _pair(
    pair: PairFact, futures: Mapping[str, Future], work: Workload, read: Reading
) -> LikelyPair:
    own, api = futures[pair.build], futures[pair.buy]
    even = float(break_even_per_month(own.deployment, api.deployment, work, read))
    pays = float(np.ravel(payback_month(own.cumulated, api.cumulated))[0])
    return LikelyPair(
        build=pair.build,
        buy=pair.buy,
        break_even_per_month=even if np.isfinite(even) else None,
        payback_months=pays if np.isfinite(pays) else None,
        saving=float(np.ravel(api.total - own.total)[0]),
    )
