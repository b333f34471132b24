"""A deployment over the horizon, in two views that are never mixed: what months cost, and when money is paid.

Unit view (`Costs`): servers are spread over their life; for cost per month, request, token, correct answer. Cash view
(`Cash`): purchases when they are paid, and what is left of them at the end; for totals, payback and the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.tco.deployment import Deployment, Elastic, Fleet, Purchase, Workload
from evalkit.analysis.tco.formulas import (
    HOURS_PER_MONTH,
    SECONDS_PER_MONTH,
    changed,
    during,
    kept,
    worth_left,
)
from evalkit.analysis.tco.model import (
    Costs,
    elastic_units,
    fleet_costs,
    local_share,
    replicas_at,
    units_of,
    vat_factor,
    volumes,
    with_api_and_people,
)
from evalkit.analysis.tco.values import Reading


@dataclass(frozen=True, slots=True)
class Cash:
    """Money by when it is paid, `[..., months + 1]` each: now, and at the end of months 1, 2, …; not discounted."""

    adoption: Array
    purchases: Array
    """Servers; those that a month needs are paid at the end of the one before."""
    rent: Array
    energy: Array
    upkeep: Array
    staff: Array
    api: Array
    resale: Array
    """What sold servers bring: 0 or less."""
    exit: Array
    """What leaving costs, at the end."""
    tax: Array
    """Less tax on profits: 0 or less, but where sold servers bring more than their book value."""

    @property
    def total(self) -> Array:
        """Everything that is paid at a time."""
        return np.asarray(sum(getattr(self, f.name) for f in fields(self)))


def over_horizon(deployment: Deployment, workload: Workload, read: Reading) -> tuple[Costs, Cash]:
    """Return what the months of the horizon cost `[..., months]`, and what is paid when."""
    asked = volumes(workload, read)
    month = np.arange(1, workload.months + 1)
    found = None
    if deployment.fleet is not None:
        mean_per_s = asked * local_share(deployment, read) / SECONDS_PER_MONTH
        found = _fleet(deployment.fleet, workload, mean_per_s, read)
    parts = None if found is None else found.each
    each = with_api_and_people(deployment, workload, parts, asked, month, read)
    times = np.arange(workload.months + 1)
    never = np.zeros(len(times))

    def at_end(values: Array) -> Array:
        return np.concatenate([np.zeros((*values.shape[:-1], 1)), values], axis=-1)

    def once(values: Array | float, at: int) -> Array:
        return np.asarray(np.where(times == at, values, 0.0))

    adoption = sum(read(p.adoption) for p in deployment.people if p.adoption is not None)
    leaving = sum(
        read(x.exit_cost)
        for x in (deployment.own_extras, deployment.api_extras)
        if x is not None and x.exit_cost is not None
    )
    owed = 0.0 if found is None or found.owed is None else found.owed
    is_owned = found is not None and found.purchases is not None
    cash = Cash(
        adoption=once(adoption, 0),
        purchases=never if found is None or found.purchases is None else found.purchases,
        rent=never if is_owned else at_end(each.machines),
        energy=at_end(each.energy),
        upkeep=at_end(each.upkeep),
        staff=at_end(each.staff),
        api=at_end(each.api),
        resale=never if found is None or found.resale is None else -found.resale,
        exit=once(leaving + owed, workload.months),
        tax=never,
    )
    if workload.income_tax is None:
        return each, cash
    return each, replace(cash, tax=_tax(deployment, cash, read(workload.income_tax), read))


def _tax(deployment: Deployment, cash: Cash, rate: Array, read: Reading) -> Array:
    """Return what costs save in tax on profits, 0 or less `[..., months + 1]`.

    Costs lower it when they are paid; a server in equal parts over its life, and what is left of its book value when it
    is sold. What it is sold for is taxed.
    """
    running = (
        cash.adoption + cash.rent + cash.energy + cash.upkeep + cash.staff + cash.api + cash.exit
    )
    fleet = deployment.fleet
    if fleet is None or not isinstance(fleet.machine, Purchase):
        return np.asarray(-rate * (running + cash.resale))
    paid = cash.purchases[..., :-1]
    life = _life_months(fleet.machine, read)
    worn = np.concatenate([np.zeros((*paid.shape[:-1], 1)), during(paid / life, life)], axis=-1)
    age = paid.shape[-1] - np.arange(paid.shape[-1])
    worn[..., -1] += np.sum(paid * np.maximum(1 - age / life, 0), axis=-1)
    return np.asarray(-rate * (running + worn + cash.resale))


def _life_months(machine: Purchase, read: Reading) -> Array:
    return np.maximum(np.rint(np.asarray(read(machine.life_years)) * 12), 1).astype(int)


@dataclass(frozen=True, slots=True)
class _Machines:
    """What machines cost in each month, and what of it is paid at other times."""

    each: Costs
    purchases: Array | None = None
    """What is paid for owned ones `[..., months + 1]`."""
    resale: Array | None = None
    """What they bring `[..., months + 1]`."""
    owed: Array | None = None
    """What reservations still cost after the horizon `[..., 1]`."""


def _fleet(fleet: Fleet, workload: Workload, mean_per_s: Array, read: Reading) -> _Machines:
    replicas = replicas_at(fleet, workload, mean_per_s, read)
    needed, machine = units_of(fleet, replicas), fleet.machine
    months = np.arange(workload.months)  # at the beginning of each
    if isinstance(machine, Purchase):
        life = _life_months(machine, read)
        units, bought = kept(needed, life)
        paid = bought * changed(read(machine.price), read(machine.price_change_per_year), months)
        each = fleet_costs(fleet, workload, replicas, units, mean_per_s, None, read)
        gross = _before(paid * vat_factor(workload, read))
        return _Machines(each, gross, _resale(machine, paid, life, read))
    rates = changed(read(machine.price), read(machine.change_per_year), months)
    billing = machine.billing
    if isinstance(billing, Elastic):
        units = elastic_units(fleet, billing, workload, mean_per_s, read)
        each = fleet_costs(fleet, workload, replicas, units, mean_per_s, rates, read)
        # units are a mean over the hours; those of the busiest are what there may be
        return _Machines(replace(each, servers=needed))
    term = billing.term_months
    units, taken = kept(needed, term)
    signed = during(taken * rates, term)
    # where nothing is rented any rate will do
    mean = signed / np.where(units > 0, units, 1)
    each = fleet_costs(fleet, workload, replicas, units, mean_per_s, mean, read)
    if billing.ends_with_horizon:
        return _Machines(each)
    left = np.maximum(months + term - workload.months, 0)
    hours = fleet.gpus_per_server * HOURS_PER_MONTH * vat_factor(workload, read)
    owed = np.sum(taken * rates * left, axis=-1, keepdims=True) * hours
    return _Machines(each, owed=owed)


def _before(values: Array) -> Array:
    """Return what is paid at the beginning of months 1, 2, … as paid at the end of months 0, 1, …"""
    return np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)


def _resale(machine: Purchase, paid: Array, life: Array, read: Reading) -> Array:
    """Return what servers bring when their life or the horizon is over `[..., months + 1]`."""
    n = paid.shape[-1]
    age = n - np.arange(n)
    share = worth_left(age, life, read(machine.residual_share), read(machine.resale_share))
    paid = np.broadcast_to(paid, np.broadcast_shapes(paid.shape, share.shape))
    found = np.zeros((*paid.shape[:-1], n + 1))
    is_left = age < life
    found[..., n] = np.sum(np.where(is_left, paid * share, 0), axis=-1)
    ended = np.where(is_left, 0, paid) * read(machine.residual_share)
    for t in np.flatnonzero(ended.reshape(-1, n).any(axis=0)):
        at = np.broadcast_to(np.minimum(t + life, n), (*found.shape[:-1], 1))
        more = np.take_along_axis(found, at, axis=-1) + ended[..., t : t + 1]
        np.put_along_axis(found, at, more, axis=-1)
    return found
