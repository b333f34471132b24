"""The load from which one option costs no more than another: per month today, and over the horizon.

Own machines against an API have a closed form between the steps of their replicas, so that every draw has its load. For
all else, and over the horizon, it is looked for at the most likely values, and draws tell whether there is one at all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from evalkit.analysis.arrays import ROUNDING, Array
from evalkit.analysis.tco.deployment import Deployment, Fleet, Workload
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.analysis.tco.model import capacity_per_s, costs, fixed_and_marginal
from evalkit.analysis.tco.values import Reading

_MOST_STEPS = 64
FURTHEST = 1000.0
"""Loads are looked at from a thousandth of the given one to a thousand times."""
_COARSE, _FINE = 241, 65
_GRID, _HALVINGS = 120, 40
"""A search in every draw takes so many steps, then halves the one it found."""


def break_even_per_month(
    own: Deployment, api: Deployment, workload: Workload, read: Reading
) -> Array:
    """Return the least requests per month at which `own` costs no more than `api`; inf when no load makes it so.

    Beyond a thousand times the given load neither cost means anything, and it is inf, too.
    """
    found = crossing_load(own, api, workload, read)
    return np.where(found > FURTHEST * read(workload.requests_per_month), np.inf, found)


def crossing_load(own: Deployment, api: Deployment, workload: Workload, read: Reading) -> Array:
    """Return the same, however far away.

    Between two steps of the staircase both costs are straight lines in the load, V: with n replicas they meet at
    V_n = (A_n − A_api) / (c_req − e), where A is what is paid at no load and e the energy of a request. V_n holds when
    n replicas serve its peak; the least n for which it does gives the answer. With rent only and one replica it is
    λ* = H / (3600 · c_req). Adoption is not in it, since it is no cost per month. API prices are today's.
    """
    fleet = own.fleet
    assert fleet is not None
    if not is_staircase(own, api):
        return _searched(own, api, workload, read)
    people_api, price = fixed_and_marginal(api, workload, np.asarray(0.0), read)
    per_replica = _capacity_per_month(fleet, workload, read)
    low, high = _bounds(own, fleet, workload, read, people_api, price, per_replica)
    low, high, per_replica = np.broadcast_arrays(low, high, per_replica)
    least = _ratio(low, per_replica)
    found = np.where(np.isinf(least), np.inf, np.nan)
    replicas = np.where(np.isinf(least), 1, np.maximum(np.floor(least), 1)) + fleet.spare
    for _ in range(max(_MOST_STEPS, fleet.gpus_per_server + 1)):
        if not np.isnan(found).any():
            break
        fixed, more = fixed_and_marginal(own, workload, replicas, read)
        meet = _ratio(np.maximum(fixed - people_api, 0), price - more)
        meet = np.where(fixed <= people_api, 0, meet)
        is_served = meet <= (replicas - fleet.spare) * per_replica * (1 + 1e-12)
        is_cheaper = (price > more) | (fixed <= people_api)
        found = np.where(np.isnan(found) & is_served & is_cheaper, meet, found)
        # more replicas only cost more, so fewer than those that serve this load can't be enough
        needed = _ratio(np.where(is_cheaper & np.isfinite(meet), meet, 0), per_replica)
        found = np.where(np.isnan(found) & np.isinf(needed), np.inf, found)
        enough = np.where(np.isinf(needed), 0, np.ceil(needed - 1e-12))
        replicas = np.maximum(replicas + 1, enough + fleet.spare)
    # so near to never that the steps hardly matter: the load that is surely enough
    return np.where(np.isnan(found), high, found)


def is_staircase(own: Deployment, api: Deployment) -> bool:
    """Tell whether own cost is a straight line between replicas, and the API's without steps."""
    is_elastic = own.fleet is not None and own.fleet.elastic is not None
    grows = any(p.fte_per_replica is not None for p in own.people)
    extras = (own.failover, own.own_extras, api.api_extras)
    return not (is_elastic or grows or any(x is not None for x in extras))


def _searched(own: Deployment, api: Deployment, workload: Workload, read: Reading) -> Array:
    """Return the least load of a grid at which `own` costs no more, then halved: for costs that are no staircase."""

    def is_cheaper(load: ArrayLike) -> Array:
        mine, other = (costs(d, workload, load, 0, read).total for d in (own, api))
        return np.asarray(mine <= other * (1 + ROUNDING))

    now = read(workload.requests_per_month)
    factors = np.geomspace(1 / FURTHEST, FURTHEST, _GRID + 1)
    crossed = is_cheaper(now * factors)
    # where both cost nothing without load, the smallest load tells
    is_free = np.logical_and(is_cheaper(now * 0.0), crossed[..., :1])
    at = crossed.argmax(axis=-1, keepdims=True)
    high = now * factors[at]
    low = np.where(at > 0, now * factors[np.maximum(at - 1, 0)], 0.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_enough = is_cheaper(middle)
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    found = np.where(is_free, 0.0, np.where(crossed.any(axis=-1, keepdims=True), high, np.inf))
    return np.asarray(found if np.ndim(now) else found[..., 0])


def least_load(gap: Callable[[Array], Array], load: float) -> float | None:
    """Return the least load at which a gap in cost is 0 or less, to a thousandth of it; None: there is none.

    Args:
        gap: Loads → cost of one option − cost of the other, arrays of one shape.
        load: The given one: from a thousandth of it, which stands for any load, to a thousand times.
    """
    coarse = load * np.geomspace(1 / FURTHEST, FURTHEST, _COARSE)
    enough = np.flatnonzero(gap(coarse) <= 0)
    if not len(enough):
        return None
    first = int(enough[0])
    if first == 0:
        return 0.0
    fine = np.geomspace(coarse[first - 1], coarse[first], _FINE)
    nearer = fine[gap(fine) <= 0]
    return float(nearer[0] if len(nearer) else coarse[first])


def today_over_loads(deployment: Deployment, workload: Workload, read: Reading) -> Array:
    """Return the cost of a month at today's prices over loads, for `least_loads` `[draws, loads]`."""
    return np.atleast_2d(costs(deployment, workload, _loads(workload), 0, read).total)


def least_loads(one: Array, other: Array, workload: Workload) -> Array:
    """Return in each draw the least load at which `one` costs no more, to 6 %; 0: any load, inf: none `[draws]`."""
    is_no_more = one <= other
    first = is_no_more.argmax(axis=-1)
    found = np.where(first == 0, 0.0, _loads(workload)[first])
    return np.where(is_no_more.any(axis=-1), found, np.inf)


def _loads(workload: Workload) -> Array:
    return workload.requests_per_month.mode * np.geomspace(1 / FURTHEST, FURTHEST, _COARSE)


def _ratio(amount: Array, each: Array) -> Array:
    """Return how many of `each` make an amount of 0 or more; inf where none do, or more than there are numbers for."""
    is_endless = (each <= 0) | (amount > np.finfo(float).max * np.clip(each, 0.0, 1.0))
    found = np.where(is_endless, 0.0, amount) / np.where(is_endless, 1.0, each)
    return np.where(is_endless, np.inf, found)


def _capacity_per_month(fleet: Fleet, workload: Workload, read: Reading) -> Array:
    """Return requests per month that one replica serves, at the given peak and headroom."""
    usable = read(fleet.headroom) * capacity_per_s(fleet, read) / read(workload.peak_to_mean)
    return np.asarray(usable * SECONDS_PER_MONTH)


def _bounds(
    own: Deployment,
    fleet: Fleet,
    workload: Workload,
    read: Reading,
    people_api: Array,
    price: Array,
    per_replica: Array,
) -> tuple[Array, Array]:
    """Return loads between which the answer lies: were replicas divisible, and with a server too many.

    The lower one is inf where each replica costs more than what the API would charge for all it can serve, unless the
    own side needs so much less staff that it is cheaper at the smallest load.
    """
    n_even = fleet.gpus_per_server  # that many replicas fill their servers exactly
    people, _ = fixed_and_marginal(own, workload, np.asarray(0.0), read)
    filled, more = fixed_and_marginal(own, workload, np.asarray(float(n_even)), read)
    each = (filled - people) / n_even
    gain = price - more - each / per_replica
    owed = people - people_api + each * fleet.spare
    too_many = each * (n_even / fleet.gpus_per_replica + 1)
    low = np.where((gain <= 0) & (owed < 0), 0, _ratio(np.maximum(owed, 0), gain))
    return low, _ratio(np.maximum(owed + too_many, 0), gain)
