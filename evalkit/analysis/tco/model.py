"""What a deployment costs at a load: one function for numbers and for thousands of draws at once.

Shapes: an input reads as a number or as `[draws, 1]`; loads and months are `[months]` or `[draws, months]`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.analysis.arrays import Array
from evalkit.analysis.tco.formulas import (
    HOURS_PER_MONTH,
    SECONDS_PER_MONTH,
    discounted,
    energy_kw,
    owned_cost_per_year,
    replicas_needed,
    servers_needed,
)
from evalkit.analysis.tco.values import Input, Reading


@dataclass(frozen=True, slots=True)
class Workload:
    """What is asked of every option, and over how long."""

    requests_per_month: Input
    growth_per_year: Input
    peak_to_mean: Input
    discount_rate: Input
    months: int


@dataclass(frozen=True, slots=True)
class Power:
    """Electricity of owned servers."""

    idle_w: Input
    """Power of an idle GPU."""
    load_w: Input
    pue: Input
    price_per_kwh: Input


@dataclass(frozen=True, slots=True)
class Purchase:
    """A server that is bought."""

    price: Input
    life_years: Input
    residual_share: Input
    maintenance_share: Input
    hosting_per_year: Input
    power: Power


@dataclass(frozen=True, slots=True)
class Fleet:
    """Replicas of a model on own or rented machines."""

    capacity_per_s: Input
    """λ_SLO of one replica."""
    headroom: Input
    spare: int
    gpus_per_replica: int
    gpus_per_server: int
    """What is bought or rented together."""
    machine: Purchase | Input
    """A purchase, or the rent per GPU-hour."""
    licence_per_gpu_year: Input


@dataclass(frozen=True, slots=True)
class Api:
    """Answers by the token."""

    cost_per_request: Input
    decline_per_year: Input


@dataclass(frozen=True, slots=True)
class People:
    """Cost beside machines and API. None: nobody said, so totals are without it."""

    fte: Input | None
    cost_per_year: Input | None
    adoption: Input | None


@dataclass(frozen=True, slots=True)
class Deployment:
    """One option, ready to be costed: machines, an API, or both."""

    name: str
    fleet: Fleet | None
    api: Api | None
    people: tuple[People, ...]
    """Staff of each side, machines or API, that the option needs."""
    local_share: Input | None = None
    """Blend: share of requests the own machines get; None: all."""
    billed_share: Input | None = None
    """Blend: what goes to the API, as a share of its bill for everything; None: all."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost per month by what is paid, and what it takes; arrays of one shape."""

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
    """Return what a deployment costs per month.

    Args:
        deployment: What is deployed.
        workload: Peak and cost of capital.
        volume: Requests per month; along the last axis months follow each other, or the load rises.
        month: Which month it is, from 1; 0 is now. API prices fall with it.
        read: Gives the inputs' values.
    """
    asked = np.asarray(volume, float)
    nothing = np.zeros(np.broadcast_shapes(asked.shape, np.shape(month)))
    parts = Costs(nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing)
    if deployment.fleet is not None:
        share = 1.0 if deployment.local_share is None else read(deployment.local_share)
        parts = _fleet_costs(deployment.fleet, workload, asked * share, read)
    billed = nothing
    if deployment.api is not None:
        share = 1.0 if deployment.billed_share is None else read(deployment.billed_share)
        price = read(deployment.api.cost_per_request)
        left = (1 - read(deployment.api.decline_per_year)) ** (np.asarray(month) / 12)
        billed = asked * share * price * left
    staff = nothing + sum(
        read(p.fte) * read(p.cost_per_year) / 12
        for p in deployment.people
        if p.fte is not None and p.cost_per_year is not None
    )
    return Costs(
        machines=parts.machines + nothing,
        energy=parts.energy + nothing,
        upkeep=parts.upkeep + nothing,
        staff=staff,
        api=billed + nothing,
        energy_kwh=parts.energy_kwh + nothing,
        replicas=parts.replicas + nothing,
        servers=parts.servers + nothing,
    )


def adoption(deployment: Deployment, read: Reading) -> Array:
    """Return what is paid once at the beginning, servers apart."""
    known = [read(p.adoption) for p in deployment.people if p.adoption is not None]
    return np.asarray(sum(known, np.asarray(0.0)))


def cumulated(monthly: Array, once: Array, rate: Array | float) -> Array:
    """Return discounted cost after 0, 1, … months `[..., months + 1]`, what is paid once first."""
    values = discounted(monthly, rate)
    start = np.broadcast_to(once, (*values.shape[:-1], 1)) if np.ndim(once) else once
    first = np.broadcast_to(start, (*values.shape[:-1], 1))
    return np.concatenate([first, first + np.cumsum(values, axis=-1)], axis=-1)


def upfront(deployment: Deployment, servers: Array, read: Reading) -> Array:
    """Return adoption and the price of the first servers."""
    once = adoption(deployment, read)
    machine = None if deployment.fleet is None else deployment.fleet.machine
    return once + servers * read(machine.price) if isinstance(machine, Purchase) else once


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
        per_request = per_request + read(deployment.api.cost_per_request)
    if fleet is None:
        return people, per_request
    idle = _at_replicas(fleet, workload, replicas, 0.0, read)
    if isinstance(fleet.machine, Purchase):
        # all of one replica's capacity for a month, over the requests it serves
        one, full = np.asarray(1.0), read(fleet.capacity_per_s)
        busy = _at_replicas(fleet, workload, one, full, read)
        resting = _at_replicas(fleet, workload, one, 0.0, read)
        per_request = per_request + (busy.energy - resting.energy) / (full * SECONDS_PER_MONTH)
    return people + idle.machines + idle.energy + idle.upkeep, per_request


def _fleet_costs(fleet: Fleet, workload: Workload, asked: Array, read: Reading) -> Costs:
    mean_per_s = asked / SECONDS_PER_MONTH
    peak = mean_per_s * read(workload.peak_to_mean)
    replicas = replicas_needed(peak, read(fleet.headroom), read(fleet.capacity_per_s), fleet.spare)
    if isinstance(fleet.machine, Purchase) and replicas.ndim:
        # a server that was bought stays when the load falls
        replicas = np.maximum.accumulate(replicas, axis=-1)
    return _at_replicas(fleet, workload, replicas, mean_per_s, read)


def _at_replicas(
    fleet: Fleet, workload: Workload, replicas: Array, mean_per_s: ArrayLike, read: Reading
) -> Costs:
    """Return the fleet's part: machines, energy and upkeep."""
    servers = servers_needed(replicas, fleet.gpus_per_replica, fleet.gpus_per_server)
    n_gpus = servers * fleet.gpus_per_server
    licences = n_gpus * read(fleet.licence_per_gpu_year) / 12
    nothing = np.zeros(np.broadcast_shapes(servers.shape, np.shape(mean_per_s)))
    machine = fleet.machine
    if not isinstance(machine, Purchase):
        rent = n_gpus * read(machine) * HOURS_PER_MONTH
        return Costs(rent, nothing, licences, nothing, nothing, nothing, replicas, servers)
    price = read(machine.price)
    yearly = owned_cost_per_year(
        price,
        price * read(machine.residual_share),
        read(workload.discount_rate),
        read(machine.life_years),
    )
    kept_up = price * read(machine.maintenance_share) + read(machine.hosting_per_year)
    # without replicas nothing is busy
    served = np.maximum(replicas, 1) * read(fleet.capacity_per_s)
    busy = np.minimum(np.asarray(mean_per_s) / served, 1)
    power = machine.power
    kw = energy_kw(
        n_gpus, replicas * fleet.gpus_per_replica, read(power.idle_w), read(power.load_w), busy
    )
    kwh = kw * read(power.pue) * HOURS_PER_MONTH
    return Costs(
        machines=servers * yearly / 12,
        energy=kwh * read(power.price_per_kwh),
        upkeep=licences + servers * kept_up / 12,
        staff=nothing,
        api=nothing,
        energy_kwh=kwh,
        replicas=replicas,
        servers=servers,
    )
