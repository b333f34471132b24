"""The break-even load is where the two curves of cost over the load cross, and nowhere below."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, settings
from hypothesis import given as for_all

from evalkit.analysis.tco.breakeven import crossing_load
from evalkit.analysis.tco.deployment import Deployment, Workload
from evalkit.analysis.tco.model import costs, fixed_and_marginal
from evalkit.analysis.tco.values import at_mode, drawn
from tests.scenarios import bought, fleet, given, own, people, purchase, workload
from tests.unit.analysis.tco.fleets import api_sides, own_sides, workloads

CLOSE = 1e-7


def cost(deployment: Deployment, work: Workload, load: float | np.ndarray) -> np.ndarray:
    return np.asarray(costs(deployment, work, load, 0, at_mode).total)


def even(owned: Deployment, api: Deployment, work: Workload) -> float:
    return float(crossing_load(owned, api, work, at_mode))


@settings(max_examples=300)
@for_all(own_sides(), api_sides(), workloads())
def test_it_is_where_the_curves_cross(owned: Deployment, api: Deployment, work: Workload) -> None:
    """There own machines cost no more; a little below they do, if there is a below."""
    load = even(owned, api, work)
    assume(np.isfinite(load))
    mine, theirs = float(cost(owned, work, load)), float(cost(api, work, load))
    assert mine <= theirs * (1 + CLOSE) + CLOSE
    if load > 0:
        below = load * (1 - 1e-6)
        assert cost(owned, work, below) > cost(api, work, below) * (1 - CLOSE) - CLOSE


@settings(max_examples=300)
@for_all(own_sides(), api_sides(), workloads())
def test_no_smaller_load_is_cheaper(owned: Deployment, api: Deployment, work: Workload) -> None:
    load = even(owned, api, work)
    assume(load > 0)
    top = load if np.isfinite(load) else 1e12
    below = np.concatenate([np.geomspace(top * 1e-9, top * (1 - 1e-9), 4000), [0.0]])
    mine, theirs = cost(owned, work, below), cost(api, work, below)
    assert (mine >= theirs * (1 - CLOSE) - CLOSE).all()


@settings(max_examples=100)
@for_all(own_sides(), api_sides(), workloads())
def test_many_draws_give_what_each_gives_alone(
    owned: Deployment, api: Deployment, work: Workload
) -> None:
    assert owned.fleet is not None
    assert api.api is not None
    unsure = replace(api.api, cost_per_request=given("price", 1e-5, 1e-3, 1e-1))
    dear = replace(api, api=unsure)
    read = drawn(8, 1)
    prices = read(unsure.cost_per_request)
    together = np.ravel(crossing_load(owned, dear, work, read))
    for price, found in zip(np.ravel(prices), together, strict=True):
        alone = even(
            owned,
            replace(api, api=replace(unsure, cost_per_request=given("p", float(price)))),
            work,
        )
        assert found == pytest.approx(alone, rel=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("more", [0.0, 5e-324, 1e-300, 1e-30])
def test_prices_that_hardly_differ_meet_at_no_load_that_is_a_number(more: float) -> None:
    """What a replica saves per request may be nearer to 0 than any other number: then no load pays for it."""
    machines = fleet(2.0, capacity_per_s=given("capacity", 1e9))
    load = even(own(machines, people("own", 1.0, 1e9)), bought(more, people("api")), workload())
    assert load > 1e30 or load == np.inf


def test_without_load_it_is_cheaper_where_the_api_needs_more_people() -> None:
    """A request that costs the same on both sides turns nothing."""
    machines = purchase(1000.0, maintenance_share=given("maintenance", 0.0))
    owned = own(fleet(machines), people("own"))
    power = fixed_and_marginal(owned, workload(), np.asarray(1.0), at_mode)[1]
    api = bought(float(power) * (1 - 1e-15), people("api", 1.0, 1e6))
    assert even(owned, api, workload()) == 0


def test_a_second_replica_moves_it_in_a_step() -> None:
    """One GPU is $1460 and serves 5.256 M requests at its peak; with 2,000 of staff two are needed."""
    staff = people("own", 1, 24_000)
    served = 5 * 0.8 / 2 * 730 * 3600
    price = 0.001
    assert (2000 + 1460) / price < served
    assert even(own(fleet(), staff), bought(price), workload()) == pytest.approx(3460 / price)
    price = 0.0005
    assert (2000 + 1460) / price > served
    assert even(own(fleet(), staff), bought(price), workload()) == pytest.approx(4920 / price)


def test_spare_replicas_and_whole_servers_are_paid() -> None:
    spare = fleet(spare=1)
    assert even(own(spare), bought(0.001), workload()) == pytest.approx(2 * 1460 / 0.001)
    eight = fleet(gpus_per_server=8)
    assert even(own(eight), bought(0.01), workload()) == pytest.approx(8 * 1460 / 0.01)


def test_staff_of_the_api_counts_for_own_machines() -> None:
    busy = bought(0.001, people("api", 1, 12_000))
    assert even(own(), busy, workload()) == pytest.approx(460 / 0.001)
    assert even(own(), bought(0.001, people("api", 1, 60_000)), workload()) == 0


def test_there_is_none_where_a_full_replica_costs_more_than_the_api() -> None:
    price = 1460 / (5 * 0.8 / 2 * 730 * 3600)
    assert np.isfinite(even(own(), bought(price * 1.001), workload()))
    assert np.isinf(even(own(), bought(price * 0.999), workload()))
    assert np.isinf(even(own(), bought(0.0), workload()))


def test_adoption_is_not_in_it() -> None:
    dear = own(fleet(), people("own", adoption=1e9))
    assert even(dear, bought(), workload()) == even(own(), bought(), workload())


@pytest.mark.parametrize("per_server", [8, 64, 72, 128])
def test_large_servers_are_filled_before_the_next_is_bought(per_server: int) -> None:
    """A replica a little cheaper than the API, and staff: only nearly full servers pay."""
    machines = fleet(gpus_per_server=per_server)
    each = 5 * 0.8 / 2 * 730 * 3600
    owned, api = own(machines, people("own", 1, 1200)), bought(1460 / each * 1.0005)
    load = even(owned, api, workload())
    assert np.isfinite(load)
    below = np.linspace(each / 10, load * (1 - 1e-6), 20_000)
    assert (cost(owned, workload(), below) > cost(api, workload(), below)).all()
    assert cost(owned, workload(), load) <= cost(api, workload(), load) * (1 + CLOSE)
