"""The load from which own machines cost no more than an API, replicas being added in steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.analysis.arrays import ROUNDING, Array
from evalkit.analysis.tco.deployment import Deployment, Elastic, Fleet, Rent, Workload
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.analysis.tco.model import costs, fixed_and_marginal
from evalkit.analysis.tco.values import Reading

_MOST_STEPS = 64
_AROUND, _GRID, _HALVINGS = 1000.0, 120, 40
"""The search goes from a thousandth of the load to a thousand times, in so many steps, then halves the one it found."""


def break_even_per_month(
    own: Deployment, api: Deployment, workload: Workload, read: Reading
) -> Array:
    """Return the least requests per month at which `own` costs no more than `api`; inf when no load makes it so.

    Between two steps of the staircase both costs are straight lines in the load, V: with n replicas they meet at
    V_n = (A_n − A_api) / (c_req − e), where A is what is paid at no load and e the energy of a request. V_n holds when
    n replicas serve its peak; the least n for which it does gives the answer. With rent only and one replica it is
    λ* = H / (3600 · c_req). Adoption is not in it, since it is no cost per month. API prices are today's.
    """
    fleet = own.fleet
    assert fleet is not None
    is_elastic = isinstance(fleet.machine, Rent) and isinstance(fleet.machine.billing, Elastic)
    if is_elastic or own.failover is not None:
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


def _searched(own: Deployment, api: Deployment, workload: Workload, read: Reading) -> Array:
    """Return the least load of a grid at which `own` costs no more, then halved: for costs that are no staircase."""

    def is_cheaper(load: ArrayLike) -> Array:
        mine, other = (costs(d, workload, load, 0, read).total for d in (own, api))
        return np.asarray(mine <= other * (1 + ROUNDING))

    now = read(workload.requests_per_month)
    factors = np.geomspace(1 / _AROUND, _AROUND, _GRID + 1)
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


def _ratio(amount: Array, each: Array) -> Array:
    """Return how many of `each` make an amount of 0 or more; inf where none do, or more than there are numbers for."""
    is_endless = (each <= 0) | (amount > np.finfo(float).max * np.clip(each, 0.0, 1.0))
    found = np.where(is_endless, 0.0, amount) / np.where(is_endless, 1.0, each)
    return np.where(is_endless, np.inf, found)


def _capacity_per_month(fleet: Fleet, workload: Workload, read: Reading) -> Array:
    """Return requests per month that one replica serves, at the given peak and headroom."""
    usable = read(fleet.headroom) * read(fleet.capacity_per_s) / read(workload.peak_to_mean)
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
