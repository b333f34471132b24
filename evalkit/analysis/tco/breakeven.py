"""The load from which own machines cost no more than an API, replicas being added in steps."""

from __future__ import annotations

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.analysis.tco.model import Deployment, Fleet, Workload, fixed_and_marginal
from evalkit.analysis.tco.values import Reading

_MOST_STEPS = 64


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
    people_api, price = fixed_and_marginal(api, workload, np.asarray(0.0), read)
    per_replica = _capacity_per_month(fleet, workload, read)
    low, high = _bounds(own, fleet, workload, read, people_api, price, per_replica)
    low, high, per_replica = np.broadcast_arrays(low, high, per_replica)
    replicas = np.where(
        np.isfinite(low), np.maximum(np.floor(low / per_replica), 1) + fleet.spare, 1 + fleet.spare
    )
    found = np.full(low.shape, np.nan)
    found = np.where(np.isinf(low), np.inf, found)
    for _ in range(max(_MOST_STEPS, fleet.gpus_per_server + 1)):
        if not np.isnan(found).any():
            break
        fixed, more = fixed_and_marginal(own, workload, replicas, read)
        with np.errstate(divide="ignore", invalid="ignore"):
            meet = np.where(fixed <= people_api, 0, (fixed - people_api) / (price - more))
        is_served = meet <= (replicas - fleet.spare) * per_replica * (1 + 1e-12)
        is_cheaper = (price > more) | (fixed <= people_api)
        found = np.where(np.isnan(found) & is_served & is_cheaper, meet, found)
        # more replicas only cost more, so fewer than those that serve this load can't be enough
        enough = np.where(is_cheaper & np.isfinite(meet), np.ceil(meet / per_replica - 1e-12), 0)
        replicas = np.maximum(replicas + 1, enough + fleet.spare)
    # so near to never that the steps hardly matter: the load that is surely enough
    return np.where(np.isnan(found), high, found)


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
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(gain > 0, np.maximum(owed / gain, 0), np.where(owed < 0, 0, np.inf))
        high = np.where(gain > 0, np.maximum((owed + too_many) / gain, 0), np.inf)
    return low, high
