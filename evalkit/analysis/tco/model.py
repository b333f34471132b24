"""What a deployment costs at a load: one function for numbers and for thousands of draws at once.

Shapes: an input reads as a number or as `[draws, 1]`; loads and months are `[months]` or `[draws, months]`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.analysis.arrays import ROUNDING, Array
from evalkit.analysis.tco.deployment import (
    Api,
    Deployment,
    Elastic,
    Fleet,
    People,
    Purchase,
    Rent,
    Workload,
)
from evalkit.analysis.tco.elastic import Hours, Level, billed_units
from evalkit.analysis.tco.formulas import (
    HOURS_PER_MONTH,
    SECONDS_PER_MONTH,
    changed,
    energy_kw,
    owned_cost_per_year,
    replicas_needed,
    servers_needed,
)
from evalkit.analysis.tco.values import Reading


@dataclass(frozen=True, slots=True)
class Costs:
    """Unit view: cost of a month by what it is for, servers spread over their life; arrays of one shape."""

    machines: Array
    energy: Array
    upkeep: Array
    staff: Array
    api: Array
    energy_kwh: Array
    replicas: Array
    servers: Array

    @property
    def total(self) -> Array:
        """Everything of a month."""
        return self.machines + self.energy + self.upkeep + self.staff + self.api


def volumes(workload: Workload, read: Reading) -> Array:
    """Return requests in each month, growing from the first `[..., months]`."""
    since = np.arange(workload.months) / 12
    growth = (1 + read(workload.growth_per_year)) ** since
    return np.asarray(read(workload.requests_per_month) * growth)


def costs(
    deployment: Deployment,
    workload: Workload,
    volume: ArrayLike,
    month: ArrayLike,
    read: Reading,
) -> Costs:
    """Return what a month at some load costs, with the machines that this load needs.

    Args:
        deployment: What is deployed.
        workload: Peak and cost of capital.
        volume: Requests per month.
        month: Which month it is, from 1; 0 is now. Prices of APIs and rents move with it.
        read: Gives the inputs' values.
    """
    asked = np.asarray(volume, float)
    parts = None
    if deployment.fleet is not None:
        mean_per_s = asked * local_share(deployment, read) / SECONDS_PER_MONTH
        parts = _fleet_at(deployment.fleet, workload, mean_per_s, month, read)
    return with_api_and_people(deployment, workload, parts, asked, month, read)


def local_share(deployment: Deployment, read: Reading) -> Array:
    """Return the share of requests that own machines get."""
    given = deployment.local_share
    return np.asarray(1.0) if given is None else read(given)


def with_api_and_people(
    deployment: Deployment,
    workload: Workload,
    fleet: Costs | None,
    asked: Array,
    month: ArrayLike,
    read: Reading,
) -> Costs:
    """Return the costs of the machines, if there are any, with those of the API and of people."""
    nothing = np.zeros(np.broadcast_shapes(asked.shape, np.shape(month)))
    parts = fleet or Costs(*[nothing] * 8)
    with_vat = vat_factor(workload, read)
    billed = nothing
    if deployment.api is not None:
        share = 1.0 if deployment.billed_share is None else read(deployment.billed_share)
        price = _price(deployment.api, month, read)
        billed = asked * share * price * with_vat
        if (
            deployment.api_extras is not None
            and deployment.api_extras.minimum_per_month is not None
        ):
            least = read(deployment.api_extras.minimum_per_month) * with_vat
            billed = np.maximum(billed, least)
    if deployment.failover is not None:
        spare = deployment.failover
        price = _price(spare.api, month, read)
        kept = asked * local_share(deployment, read)
        billed = billed + kept * read(spare.outage_share) * price * with_vat
    staff = sum(
        people_needed(p, parts.replicas, read) * read(p.cost_per_year) / 12
        for p in deployment.people
        if p.fte is not None and p.cost_per_year is not None
    )
    return Costs(
        machines=parts.machines + nothing,
        energy=parts.energy + nothing,
        upkeep=parts.upkeep + _extras(deployment, asked, with_vat, read) + nothing,
        staff=staff + nothing,
        api=billed + nothing,
        energy_kwh=parts.energy_kwh + nothing,
        replicas=parts.replicas + nothing,
        servers=parts.servers + nothing,
    )


def _price(api: Api, month: ArrayLike, read: Reading) -> Array:
    """Return what a request costs in a month, at the lengths of the work."""
    price = changed(read(api.cost_per_request), -read(api.decline_per_year), month)
    tokens = api.tokens
    if tokens is None:
        return price
    n_in, n_out = tokens.input_tokens, tokens.output_tokens
    likely = n_in.mode * tokens.input_price + n_out.mode * tokens.output_price
    asked = read(n_in) * tokens.input_price + read(n_out) * tokens.output_price
    return price * asked / likely if likely else price


def people_needed(p: People, replicas: Array, read: Reading) -> Array:
    """Return full-time people for so many replicas; of an API's side there are none."""
    assert p.fte is not None
    found = read(p.fte)
    if p.fte_per_replica is not None:
        found = found + read(p.fte_per_replica) * np.maximum(replicas - 1, 0)
    return found


def vat_factor(workload: Workload, read: Reading) -> Array:
    """Return what is paid for a net amount of 1."""
    return np.asarray(1.0) if workload.vat is None else 1 + read(workload.vat)


def _sent_share(deployment: Deployment, read: Reading) -> Array:
    """Return the share of requests that the API gets; of a cascade, whose machines get all, that of its bill."""
    if deployment.local_share is not None:
        return 1 - read(deployment.local_share)
    return np.asarray(1.0 if deployment.billed_share is None else read(deployment.billed_share))


def _extras(deployment: Deployment, asked: Array, with_vat: Array, read: Reading) -> Array:
    """Return egress and re-validation of a month, of both sides."""
    found = np.asarray(0.0)
    own = 1.0 if deployment.api is None else local_share(deployment, read)
    sent = _sent_share(deployment, read)
    for extras, share in ((deployment.own_extras, own), (deployment.api_extras, sent)):
        if extras is None:
            continue
        if extras.egress_per_request is not None:
            found = found + asked * share * read(extras.egress_per_request) * with_vat
        if extras.revalidation_cost is not None and extras.revalidations_per_year is not None:
            often = read(extras.revalidations_per_year) / 12
            found = found + read(extras.revalidation_cost) * often
    return found


def fixed_and_marginal(
    deployment: Deployment, workload: Workload, replicas: Array, read: Reading
) -> tuple[Array, Array]:
    """Return cost per month with so many replicas at no load, and what each request adds.

    Between two steps of the staircase cost is a straight line in the load: these are its parts. Blends excluded.
    """
    fleet = deployment.fleet
    people = costs(deployment, workload, 0.0, 0, read).staff
    per_request = np.asarray(0.0)
    if deployment.api is not None:
        per_request = _price(deployment.api, 0, read) * vat_factor(workload, read)
    if fleet is None:
        return people, per_request
    rent = None if isinstance(fleet.machine, Purchase) else read(fleet.machine.price)

    def at(n: Array, mean_per_s: ArrayLike) -> Costs:
        return fleet_costs(fleet, workload, n, units_of(fleet, n), mean_per_s, rent, read)

    idle = at(replicas, 0.0)
    if isinstance(fleet.machine, Purchase):
        # all of one replica's capacity for a month, over the requests it serves
        one, full = np.asarray(1.0), capacity_per_s(fleet, read)
        busy, resting = at(one, full), at(one, 0.0)
        per_request = per_request + (busy.energy - resting.energy) / (full * SECONDS_PER_MONTH)
    return people + idle.machines + idle.energy + idle.upkeep, per_request


def capacity_per_s(fleet: Fleet, read: Reading) -> Array:
    """Return λ_SLO of one replica at the lengths of the work.

    λ · ((i_m/ratio + o_m) / (i/ratio + o))^γ: i and o are input and output tokens per request, of the measurement (m)
    and of the work; γ = 1 where a replica does the same work per second at any length.
    """
    found, tokens = read(fleet.capacity_per_s), fleet.tokens
    if tokens is None:
        return found
    ratio = read(tokens.ratio)
    tested = tokens.tested_input / ratio + tokens.tested_output
    asked = read(tokens.input_tokens) / ratio + read(tokens.output_tokens)
    return found * (tested / asked) ** read(tokens.exponent)


def replicas_at(fleet: Fleet, workload: Workload, mean_per_s: ArrayLike, read: Reading) -> Array:
    """Return the replicas that serve the busiest moment, spare ones included."""
    peak = np.asarray(mean_per_s) * _peak_to_mean(fleet, workload, read)
    return replicas_needed(peak, read(fleet.headroom), capacity_per_s(fleet, read), fleet.spare)


def _peak_to_mean(fleet: Fleet, workload: Workload, read: Reading) -> Array:
    """Return busiest / mean load; what comes in few hours a week has a peak of its own."""
    given = read(workload.peak_to_mean)
    elastic = fleet.elastic
    if elastic is None or workload.profile is not None:
        return given
    return np.maximum(given, 1 / elastic.active_share)


def units_of(fleet: Fleet, replicas: ArrayLike) -> Array:
    """Return the servers, or the units that are rented together, that hold so many replicas."""
    return servers_needed(replicas, fleet.gpus_per_replica, fleet.gpus_per_server)


def _fleet_at(
    fleet: Fleet, workload: Workload, mean_per_s: Array, month: ArrayLike, read: Reading
) -> Costs:
    replicas = replicas_at(fleet, workload, mean_per_s, read)
    units, rent = units_of(fleet, replicas), None
    if isinstance(fleet.machine, Rent):
        rent = changed(read(fleet.machine.price), read(fleet.machine.change_per_year), month)
        if fleet.elastic is not None:
            units = elastic_units(fleet, fleet.elastic, workload, mean_per_s, read)
    return fleet_costs(fleet, workload, replicas, units, mean_per_s, rent, read)


def elastic_units(
    fleet: Fleet, billing: Elastic, workload: Workload, mean_per_s: Array, read: Reading
) -> Array:
    """Return units that are billed on average over a month's hours, for rent that follows the load."""

    def units(mean_load: Array, is_active: bool) -> tuple[Array, Array]:
        exact = mean_load / (read(fleet.headroom) * capacity_per_s(fleet, read))
        running = np.maximum(np.ceil(exact - ROUNDING), billing.minimum if is_active else 0)
        rented = units_of(fleet, np.where(running > 0, running + fleet.spare, 0))
        if billing.is_per_second:
            return exact * fleet.gpus_per_replica / fleet.gpus_per_server, rented
        return rented, rented

    lost = read(billing.start_up_minutes) / 60 + billing.billing_step_hours / 2
    hours = _hours(billing, workload, read)
    each = [units(h.level * mean_per_s, h.is_active) for h in hours.levels]
    return billed_units(hours, each, lost)


def _hours(billing: Elastic, workload: Workload, read: Reading) -> Hours:
    """Return the hours that come again: the profile's, or of a day the busy ones, the idle ones, and those without."""
    peak, profile = read(workload.peak_to_mean), workload.profile
    if profile is not None:
        highest: Array = np.maximum(peak, profile.levels[-1])
        levels: tuple[Array | float, ...] = (*profile.levels[:-1], highest)
        each = (Level(x, n) for x, n in zip(levels, profile.hours, strict=True))
        return Hours(tuple(each), profile.rises)
    active = billing.active_share
    peak = np.maximum(peak, 1 / active)
    idle_hours = 24 * active - 24 / peak
    has_idle = np.where(idle_hours > ROUNDING, 1.0, 0.0)
    ends = float(active < 1)
    off, idle = Level(0.0, 24 * (1 - active), is_active=False), Level(0.0, idle_hours)
    starts = ((1, 2, has_idle), (0, 1, ends * has_idle), (0, 2, ends * (1 - has_idle)))
    return Hours((off, idle, Level(peak, 24 / peak)), starts)


def fleet_costs(
    fleet: Fleet,
    workload: Workload,
    replicas: Array,
    units: Array,
    mean_per_s: ArrayLike,
    rent: Array | None,
    read: Reading,
) -> Costs:
    """Return the fleet's part: machines, energy and upkeep.

    Args:
        fleet: The machines.
        workload: Its cost of capital.
        replicas: That run.
        units: Servers or rented units that are there; more than the replicas need where they stay from busier months.
        mean_per_s: Requests per second on average.
        rent: Mean rent per GPU-hour of those units; None: they are owned.
        read: Gives the inputs' values.
    """
    n_gpus = units * fleet.gpus_per_server
    with_vat = vat_factor(workload, read)
    licences = n_gpus * read(fleet.licence_per_gpu_year) / 12 * with_vat
    nothing = np.zeros(np.broadcast_shapes(units.shape, np.shape(mean_per_s)))
    machine = fleet.machine
    if isinstance(machine, Rent):
        assert rent is not None
        paid = n_gpus * rent * HOURS_PER_MONTH * with_vat
        return Costs(paid, nothing, licences, nothing, nothing, nothing, replicas, units)
    price = read(machine.price) * with_vat
    yearly = owned_cost_per_year(
        price,
        price * read(machine.residual_share),
        read(workload.discount_rate),
        read(machine.life_years),
    )
    kept_up = price * read(machine.maintenance_share) + read(machine.hosting_per_year) * with_vat
    # without replicas nothing is busy
    served = np.maximum(replicas, 1) * capacity_per_s(fleet, read)
    busy = np.minimum(np.asarray(mean_per_s) / served, 1)
    power = machine.power
    kw = energy_kw(
        n_gpus, replicas * fleet.gpus_per_replica, read(power.idle_w), read(power.load_w), busy
    )
    kwh = kw * read(power.pue) * HOURS_PER_MONTH
    return Costs(
        machines=units * yearly / 12,
        energy=kwh * read(power.price_per_kwh) * with_vat,
        upkeep=licences + units * kept_up / 12,
        staff=nothing,
        api=nothing,
        energy_kwh=kwh,
        replicas=replicas,
        servers=units,
    )
